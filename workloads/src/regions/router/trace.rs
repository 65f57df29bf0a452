//! 007: the pack's mixed load, twice on the same answers and in every class.

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Class, Config, Profile};

use super::cancel::Cancel;
use super::churn::Churn;
use super::obligations;
use super::poison::Poison;
use crate::regions::accept::Acceptance;
use crate::regions::again::{self, CLASS_UNITS, CLASSES};
use crate::regions::pack::{self, Load};
use crate::regions::rig::Rig;

/// The pack's mixed load: one after another, and each leaves nothing open.
pub struct Mixed {
    churn: Churn,
    obligations: obligations::Churn,
    poison: Poison,
    cancel: Cancel,
}

impl Mixed {
    /// A load drawn from the seed.
    pub fn draw() -> Mixed {
        let (churn, obligations) = (Churn::draw(), obligations::Churn::draw());
        Mixed { churn, obligations, poison: Poison::draw(), cancel: Cancel::draw() }
    }

    /// Plays it, but for parts that a run was given nothing of.
    pub async fn play(&self, rig: &mut Rig) {
        self.churn.play(rig).await;
        if !self.obligations.is_empty() {
            self.obligations.play(rig).await;
        }
        if !self.poison.is_empty() {
            self.poison.play(rig, true).await;
        }
        if !self.cancel.is_empty() {
            self.cancel.play(rig).await;
        }
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let about = "the pack's mixed load twice, and in R1, R2 and R3: equal digests, equal meaning";
    let name = "router-storm/router-storm-007.trace_deterministic";
    pack::scenario(Profile::EmbeddedRouter, name, about, |config: Config| async move {
        let load = Mixed::draw();
        again::judge(Acceptance("router-storm.007"), config, async move |rig: &mut Rig| load.play(rig).await)
            .await;
    })
    .hosts(CLASS_UNITS.map(Host::new))
    .size(CLASSES, Class::ALL.len() as u64, 1)
}
