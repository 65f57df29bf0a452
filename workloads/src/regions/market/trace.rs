//! 007: the pack's mixed load, twice on the same answers and in every class.

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Class, Config, Profile};

use super::cancel::MassCancel;
use super::obligations::Bursts;
use crate::regions::accept::Acceptance;
use crate::regions::again::{self, CLASS_UNITS, CLASSES};
use crate::regions::pack::{self, Load};
use crate::regions::rig::Rig;

/// The scenario.
pub fn scenario() -> Scenario {
    let about = "the pack's mixed load twice, and in R1, R2 and R3: equal digests, equal meaning";
    let name = "market-open-burst/market-open-burst-007.trace_deterministic";
    pack::scenario(Profile::Hft, name, about, |config: Config| async move {
        let (bursts, cancel) = (Bursts::draw(), MassCancel::draw());
        again::judge(Acceptance("market-open-burst.007"), config, async move |rig: &mut Rig| {
            bursts.play(rig).await;
            cancel.play(rig).await;
        })
        .await;
    })
    .hosts(CLASS_UNITS.map(Host::new))
    .size(CLASSES, Class::ALL.len() as u64, 1)
}
