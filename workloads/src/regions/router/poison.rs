//! 005: one region is poisoned in mid-load, another while it drains; the healthy ones do not notice.
//!
//! The load is played twice, on two machines: with the poison and without. What was told of the healthy regions
//! must mean the same.

use std::collections::BTreeSet;

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Budget, CancelKind, Config, Handle, Name, Profile, Status, Subject, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack;
use crate::regions::rig::{Remains, Rig, UNIT, on};
use crate::regions::seen::difference;

const ACCEPT: Acceptance = Acceptance("router-storm.005");

/// The machine where nothing is poisoned.
const TWIN: &str = "twin";

/// Regions that are not poisoned, at most.
const HEALTHY_MAX: usize = 4;

/// What is done.
#[derive(Clone, Debug)]
pub struct Poison {
    /// For each region its jobs; the last two are poisoned.
    regions: Vec<Vec<Job>>,
    /// Polls before the poison.
    polls: u64,
}

impl Poison {
    /// A load drawn from the seed.
    pub fn draw() -> Poison {
        let rng = &mut load::rng();
        let healthy = load::count(rng, 2, HEALTHY_MAX as u64);
        let tasks = |rng: &mut Rng| load::count(rng, 2, 5);
        let mut regions = load::groups(rng, "healthy", (healthy, HEALTHY_MAX), tasks, load::errand);
        for sick in ["sick", "sick.late"] {
            let tasks = tasks(rng);
            // They work on and clean up for a while: the poison finds them alive.
            let stubborn = |rng: &mut Rng| load::resident(rng).ending(Ending::Works);
            regions.push(load::items(rng, sick, tasks, stubborn));
        }
        let tasks = regions.iter().map(Vec::len).sum::<usize>() as u64;
        // Each had its first turn: what was promised before the poison depends on nothing else.
        Poison { regions, polls: tasks + load::once(rng, "polls", |rng| rng.choose(tasks.max(1))) }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.regions.iter().all(Vec::is_empty)
    }

    fn sick(&self) -> [Name; 2] {
        let last = self.regions.len() as u64;
        [name("rack", last - 2), name("rack", last - 1)]
    }

    /// Plays it, with the poison or without.
    pub async fn play(&self, rig: &mut Rig, poisons: bool) {
        assert!(!self.is_empty(), "nobody is there to be poisoned");
        let hall = rig.open(name("hall", 0));
        let mut racks = Vec::new();
        let mut tasks = Vec::new();
        for (rack, jobs) in (0..).zip(&self.regions) {
            let region = rig.open_in(Some(hall), name("rack", rack), Budget::UNLIMITED);
            racks.push(region);
            for (task, job) in (0..).zip(jobs) {
                tasks.push(rig.spawn(region, name("rack.task", task), job.clone()));
            }
        }
        rig.runtime.run(Budget::polls(self.polls));
        let [.., sick, late] = racks[..] else { unreachable!("two of them are to be poisoned") };
        if poisons {
            let last = self.regions[racks.len() - 1].len();
            // Of a run that was given fewer, one that nobody poisons.
            self.strike(rig, sick, tasks[(tasks.len() - last).saturating_sub(1)]);
        } else {
            rig.runtime.cancel(sick, CancelKind::Shutdown).unwrap_or_else(|error| panic!("{error}"));
        }
        rig.runtime.close(late).unwrap_or_else(|error| panic!("{error}"));
        rig.runtime.run(Budget::polls(1));
        // Where a run was given no task for it, it has closed.
        if poisons && self.regions.last().is_some_and(|jobs| !jobs.is_empty()) {
            // It drains; it may not go back.
            rig.runtime.poison(late).unwrap_or_else(|error| panic!("a region that drains: {error}"));
        }
        rig.settle().await;
        for region in racks {
            rig.drain(region).await;
        }
        rig.drain(hall).await;
    }

    /// Poison, and everything that a poisoned region must refuse, open and closing.
    fn strike(&self, rig: &mut Rig, sick: Handle, task: Handle) {
        for _ in 0..2 {
            rig.runtime.poison(sick).unwrap_or_else(|error| panic!("a region that is alive: {error}"));
        }
        for _ in 0..2 {
            // The answers are judged by what is told of them.
            let _ = rig.try_spawn(sick, name("late", 0), Budget::UNLIMITED, Job::new([]));
            let _ = rig.runtime.reserve(task, name("late", 1));
            let _ = rig.runtime.open(Some(sick), name("late", 2), Budget::UNLIMITED);
            rig.runtime.close(sick).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    fn accept(&self, struck: &Remains, twin: &Remains) {
        let sick = self.sick();
        let seen = &struck.seen;
        let poisoned: BTreeSet<Option<Name>> =
            seen.subjects(|what| *what == What::Poisoned).into_iter().map(|subject| subject.region).collect();
        ACCEPT.equal("both-are-poisoned-once", &poisoned, &sick.map(Some).into());
        ACCEPT.equal("poison-told-once", &seen.count(|what| *what == What::Poisoned), &2);
        let asked = seen.subjects(|what| *what == What::CancelRequested { kind: CancelKind::Poison });
        ACCEPT.require(
            "poison-ends-tasks",
            asked.iter().any(|subject| subject.region == Some(sick[0])),
            || format!("asked to end because of it were {asked:?}"),
        );
        let refused = seen
            .count(|what| matches!(what, What::Refused { status, .. } if *status == Status::RegionPoisoned));
        ACCEPT.equal("poisoned-takes-no-work", &refused, &6);
        let is_healthy = |subject: &Subject| subject.region.is_some_and(|region| !sick.contains(&region));
        let (found, expected) = (seen.meaning_of(is_healthy), twin.seen.meaning_of(is_healthy));
        let differs = difference(&found, &expected);
        ACCEPT.require("healthy-regions-do-not-notice", differs.is_none(), || differs.unwrap_or_default());
        let healthy: BTreeSet<_> = expected.keys().map(|subject| subject.region).collect();
        // The hall around them is one of them.
        ACCEPT.equal("healthy-regions-were-there", &healthy.len(), &(self.regions.len() - 1));
        ACCEPT.equal("every-region-closes", &seen.closed().len(), &(self.regions.len() + 1));
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let about = "one region is poisoned in mid-load: healthy regions do as they do without it";
    let name = "router-storm/router-storm-005.poison_isolation";
    pack::scenario(Profile::EmbeddedRouter, name, about, |config: Config| async move {
        let poison = Poison::draw();
        let struck = poison.clone();
        let struck = on(UNIT, async move {
            let mut rig = Rig::new(config);
            struck.play(&mut rig, true).await;
            rig.finish().await
        })
        .await;
        let twin = poison.clone();
        let twin = on(TWIN, async move {
            let mut rig = Rig::new(config);
            twin.play(&mut rig, false).await;
            rig.finish().await
        })
        .await;
        poison.accept(&struck, &twin);
    })
    .host(Host::new(TWIN))
    .required(["regions.refused"])
}
