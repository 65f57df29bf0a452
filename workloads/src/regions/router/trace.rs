//! 007: the pack's mixed load, twice on the same answers and in every class.

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Config, Profile};

use super::cancel::Cancel;
use super::churn::Churn;
use super::obligations;
use super::poison::Poison;
use crate::regions::accept::Acceptance;
use crate::regions::again::{self, CLASS_UNITS};
use crate::regions::pack;
use crate::regions::rig::Rig;

/// The scenario.
pub fn scenario() -> Scenario {
    let about = "the pack's mixed load twice, and in R1, R2 and R3: equal digests, equal meaning";
    let name = "router-storm/router-storm-007.trace_deterministic";
    pack::scenario(Profile::EmbeddedRouter, name, about, |config: Config| async move {
        let churn = Churn::draw();
        let obligations = obligations::Churn::draw();
        let (poison, cancel) = (Poison::draw(), Cancel::draw());
        again::judge(Acceptance("router-storm.007"), config, async move |rig: &mut Rig| {
            churn.play(rig).await;
            obligations.play(rig).await;
            poison.play(rig, true).await;
            cancel.play(rig).await;
        })
        .await;
    })
    .hosts(CLASS_UNITS.map(Host::new))
}
