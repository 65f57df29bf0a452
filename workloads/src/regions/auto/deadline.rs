//! 006: deadlines under skew: who looks ends at its checkpoint, who is deaf is ended by force.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use faults::scenario::Scenario;
use models::regions::api::{
    Budget, CLEANUP_POLLS, CancelKind, Handle, Name, Operation, Profile, Status, What,
};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Ending, Job, Manner};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.006");

const PLAN: &str = r#"faults = [{ at = "500us", clock = "unit", creep = "5us" }]"#;

/// What is done.
#[derive(Clone, Debug)]
pub struct Deadlines {
    /// How far the deadline of each is, and what it does; the first so many are deaf.
    tasks: Vec<(Duration, Job)>,
    deaf: usize,
}

impl Load for Deadlines {
    const LEAKS: bool = true;

    fn draw() -> Deadlines {
        let rng = &mut load::rng();
        let (deaf, listening) = (load::count(rng, 1, 4), load::count(rng, 3, 9));
        let task = |rng: &mut Rng| {
            // Long enough for everybody's first turn, however fast the clock.
            let (delay, works) = (load::micros(rng, 1_500, 4_000), rng.choose(2) == 0);
            (delay, if works { Ending::Works } else { Ending::Waits })
        };
        let deaf = load::items(rng, "deaf", deaf, task);
        let listening = load::items(rng, "listening", listening, task);
        let listens = || Job::new([Act::Reserve(name("lock", 0))]).manner(Manner::Cleans(1));
        let mut tasks: Vec<(Duration, Job)> = Vec::new();
        for (task, &(delay, ending)) in (0..).zip(&deaf) {
            tasks.push((delay, load::deaf(name("deaf.lock", task)).ending(ending)));
        }
        tasks.extend(listening.into_iter().map(|(delay, ending)| (delay, listens().ending(ending))));
        Deadlines { tasks, deaf: deaf.len() }
    }

    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("gearbox", 0));
        for (task, (delay, job)) in (0..).zip(&self.tasks) {
            let until = Budget::UNLIMITED.until(rig.runtime.now().after(*delay));
            rig.insist(region, name("gear", task), until, job);
        }
        rig.settle().await;
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let (seen, given) = (&remains.seen, remains.given);
        ACCEPT.require("the-clock-ran-ahead", given.ahead_max_ns >= 5_000, || format!("{given:?}"));
        let passed = seen.count(|what| matches!(what, What::DeadlinePassed { .. }));
        ACCEPT.equal("every-deadline-is-noticed-once", &passed, &self.tasks.len());
        let asked = seen.count(|what| *what == What::CancelRequested { kind: CancelKind::Deadline });
        ACCEPT.equal("a-deadline-asks-to-end", &asked, &self.tasks.len());
        let deaf: BTreeSet<Option<Name>> =
            (0..self.deaf as u64).map(|task| Some(name("gear", task))).collect();
        let forced = seen.subjects(|what| matches!(what, What::Completed { forced: true, .. }));
        let forced: BTreeSet<_> = forced.into_iter().map(|subject| subject.task).collect();
        ACCEPT.equal("the-deaf-are-forced", &forced, &deaf);
        ACCEPT.equal("what-the-deaf-held-is-named", &seen.leaked().len(), &self.deaf);
        // Polls since a task was asked to end.
        let mut polls: BTreeMap<Handle, u32> = BTreeMap::new();
        for event in seen.events().iter() {
            match event.what {
                What::CancelRequested { .. } => drop(polls.insert(event.object, 0)),
                What::Polled => {
                    if let Some(polls) = polls.get_mut(&event.object) {
                        *polls += 1;
                    }
                }
                What::Completed { forced, .. } => {
                    let took = polls.remove(&event.object);
                    // Its own checkpoint may be what noticed: then it ends in that very poll.
                    let most = if forced { CLEANUP_POLLS } else { 1 };
                    ACCEPT.require("ends-at-its-checkpoint", took.is_some_and(|took| took <= most), || {
                        format!("{} took {took:?} polls after it was asked, at most {most}", event.object)
                    });
                }
                _ => {}
            }
        }
        ACCEPT.equal("nothing-refused", &seen.refused(Operation::Spawn, Status::ResourceExhausted), &0);
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "automotive-fault-burst/auto-fault-burst-006.deadline_under_fault";
    let about = "deadlines under skew: who looks ends at its checkpoint, who is deaf by force";
    pack::played::<Deadlines>(Profile::Automotive, name, about)
        .plan(PLAN)
        .required(["regions.forced", "regions.leaked"])
}
