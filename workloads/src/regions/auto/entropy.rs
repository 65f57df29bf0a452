//! 003: entropy is one value: ids are unique all the same, turns are fair, everything completes.

use std::collections::BTreeSet;

use faults::scenario::Scenario;
use models::regions::api::{Budget, CancelKind, Profile, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::Job;
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.003");

const PLAN: &str = r#"faults = [{ at = "500us", entropy = "unit", value = 7 }]"#;

/// What is done.
#[derive(Clone, Debug)]
struct Frames {
    /// Twice: the second time in slots that were used before.
    rounds: [Vec<Job>; 2],
}

impl Load for Frames {
    fn draw() -> Frames {
        let rng = &mut load::rng();
        let rounds = ["frames", "frames.later"].map(|round| {
            let frames = load::count(rng, 10, 20);
            let mut waits = false;
            load::items(rng, round, frames, |rng| {
                waits = !waits;
                if waits { load::waiter(rng) } else { load::errand(rng) }
            })
        });
        Frames { rounds }
    }

    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("frames", 0));
        for (round, jobs) in (0..).zip(&self.rounds) {
            let place = rig.seen.place();
            for (frame, job) in (0..).zip(jobs) {
                rig.spawn(region, name("frame", round * 100 + frame), job.clone());
            }
            rig.runtime.run(Budget::polls(jobs.len() as u64));
            let turns: BTreeSet<_> = {
                let events = rig.seen.events();
                let polled = events[place..].iter().filter(|event| event.what == What::Polled);
                polled.map(|event| event.object).collect()
            };
            ACCEPT.equal("each-has-had-one-turn", &turns.len(), &jobs.len());
            rig.settle().await;
            let asked = rig.runtime.cancel(region, CancelKind::Timeout);
            asked.unwrap_or_else(|error| panic!("a region that is open: {error}"));
            rig.settle().await;
        }
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let (seen, given) = (&remains.seen, remains.given);
        let frames: usize = self.rounds.iter().map(Vec::len).sum();
        ACCEPT.require(
            "entropy-was-constant",
            given.draws > 1 && given.draws_same == given.draws - 1,
            || format!("{} of {} draws were as the one before", given.draws_same, given.draws),
        );
        let events = seen.events();
        let ids = events.iter().filter_map(|event| match event.what {
            What::Spawned { id, .. } => Some(id),
            _ => None,
        });
        ACCEPT.equal("ids-are-unique", &ids.collect::<BTreeSet<_>>().len(), &frames);
        ACCEPT.equal("everything-completes", &seen.ends().values().flatten().count(), &frames);
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "automotive-fault-burst/auto-fault-burst-003.entropy_const";
    let about = "entropy is one value: ids are unique, everything completes";
    pack::played::<Frames>(Profile::Automotive, name, about).plan(PLAN)
}
