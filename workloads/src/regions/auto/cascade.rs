//! 004: skew, reversal, constant entropy and refused memory together: the unit still works, and each took effect.

use faults::scenario::Scenario;
use models::regions::api::{Budget, Operation, Outcome, Profile, Status};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.004");

/// The refusals fall into the first turn of every task, where the order of requests is the order of spawning,
/// whatever time does.
pub const PLAN: &str = r#"faults = [
    { at = "500us", clock = "unit*", creep = "5us" },
    { at = "500us", entropy = "unit*", value = 11 },
    { at = "500us", allocation = "unit*", after = 2, count = 3, point = "regions.allocate_task" },
    { at = "500us", allocation = "unit*", after = 1, count = 2, point = "regions.allocate_obligation" },
    { at = "500us", allocation = "unit*", after = 3, count = 2, point = "regions.allocate_timer" },
    { at = "1030us", clock = "unit*", reverse = "300us" },
    { at = "1090us", clock = "unit*", reverse = "900us" },
]"#;

/// Refusals of each kind that the plan says.
const REFUSED: [(Operation, usize); 3] =
    [(Operation::Spawn, 3), (Operation::Reserve, 2), (Operation::SetTimer, 2)];

/// What is done.
#[derive(Clone, Debug)]
pub struct Cascade {
    jobs: Vec<Job>,
}

impl Load for Cascade {
    fn draw() -> Cascade {
        let rng = &mut load::rng();
        let tasks = load::count(rng, 10, 16);
        let job = |rng: &mut Rng| {
            let (rounds, keeps) = (load::count(rng, 1, 3), rng.choose(2) == 0);
            let mut acts = vec![Act::Reserve(name("torque", 0))];
            acts.extend((0..rounds).map(|_| Act::Sleep(load::micros(rng, 400, 900))));
            acts.push(if keeps { Act::Commit } else { Act::Abort });
            Job::new(acts)
        };
        let mut jobs = load::items(rng, "cylinders", tasks, job);
        jobs.extend(load::items(rng, "control", 1, load::control_loop));
        Cascade { jobs }
    }

    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("engine", 0));
        for (task, job) in (0..).zip(&self.jobs) {
            rig.insist(region, name("cylinder", task), Budget::UNLIMITED, job);
        }
        rig.settle().await;
        // Memory is back: what is spawned now is admitted at once.
        rig.spawn(region, name("cylinder.late", 0), Job::new([]));
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let (seen, given) = (&remains.seen, remains.given);
        ACCEPT.require("the-clock-ran-ahead", given.ahead_max_ns >= 5_000, || format!("{given:?}"));
        ACCEPT.require("time-went-back", given.readings_back >= 2, || format!("{given:?}"));
        ACCEPT.require(
            "entropy-was-constant",
            given.draws > 1 && given.draws_same + 1 == given.draws,
            || format!("{given:?}"),
        );
        for (operation, expected) in REFUSED {
            let refused = seen.refused(operation, Status::ResourceExhausted);
            ACCEPT.require("memory-was-refused", refused == expected, || {
                format!("{operation:?} was refused {refused} times, expected {expected}")
            });
        }
        let ends = seen.ends();
        let well = ends.values().flatten().filter(|end| end.outcome == Outcome::Ok).count();
        // And the late one, which may have been asked to end before its first turn.
        ACCEPT.at_least("still-functional", well, self.jobs.len());
        ACCEPT.equal("everything-completes", &ends.values().flatten().count(), &(self.jobs.len() + 1));
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "automotive-fault-burst/auto-fault-burst-004.multi_fault_cascade";
    let about = "skew, reversal, constant entropy and refused memory together: still functional";
    pack::played::<Cascade>(Profile::Automotive, name, about)
        .plan(PLAN)
        .required(["regions.refused", "regions.timer_fired"])
}
