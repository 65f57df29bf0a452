//! 007: the pack's mixed load under all its faults, twice on the same answers and in every class.

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Class, Config, Profile};

use super::cascade::{Cascade, PLAN};
use super::deadline::Deadlines;
use crate::regions::accept::Acceptance;
use crate::regions::again::{self, CLASS_UNITS, CLASSES};
use crate::regions::pack::{self, Load};
use crate::regions::rig::Rig;

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.007");

/// The scenario.
pub fn scenario() -> Scenario {
    let about =
        "the pack's mixed load under its faults twice, and in R1, R2 and R3: equal digests, equal meaning";
    let name = "automotive-fault-burst/auto-fault-burst-007.trace_deterministic";
    pack::scenario(Profile::Automotive, name, about, |config: Config| async move {
        let (cascade, deadlines) = (Cascade::draw(), Deadlines::draw());
        let first = again::judge(ACCEPT, config, async move |rig: &mut Rig| {
            cascade.play(rig).await;
            deadlines.play(rig).await;
        })
        .await;
        let given = first.given;
        let took_effect = given.readings_back > 0 && given.draws_same > 0 && given.refused > 0;
        ACCEPT.require("faults-took-effect", took_effect, || format!("{given:?}"));
    })
    .hosts(CLASS_UNITS.map(Host::new))
    .size(CLASSES, Class::ALL.len() as u64, 1)
    .plan(PLAN)
    .required(["regions.refused"])
}
