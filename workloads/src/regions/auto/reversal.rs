//! 002: time goes back, again and again, while timers and deadlines are set: none is lost, none fires twice.

use std::collections::BTreeMap;
use std::time::Duration;

use faults::scenario::Scenario;
use models::regions::api::{Budget, Handle, Profile, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.002");

const PLAN: &str = r#"faults = [
    { at = "1030us", clock = "unit", reverse = "200us" },
    { at = "1070us", clock = "unit", reverse = "70us" },
    { at = "1120us", clock = "unit", reverse = "400us" },
]"#;
const REVERSALS: u64 = 3;

/// Jobs that work for a while before they set their only timer.
const LATE: usize = 3;

/// What is done.
#[derive(Clone, Debug)]
struct Pulses {
    jobs: Vec<Job>,
    /// For each of those who wait for their deadline, how far it is.
    deadlines: Vec<Duration>,
}

impl Load for Pulses {
    fn draw() -> Pulses {
        let rng = &mut load::rng();
        let (pulses, deadlines) = (load::count(rng, 8, 14), load::count(rng, 1, 4));
        let pulse = |rng: &mut Rng| {
            let rounds = load::count(rng, 2, 5);
            let sleeps = (0..rounds).map(|_| Act::Sleep(load::micros(rng, 30, 70)));
            Job::new(sleeps.collect::<Vec<_>>())
        };
        let mut jobs = load::items(rng, "pulses", pulses, pulse);
        jobs.extend(load::items(rng, "control", 1, load::control_loop));
        // These set their timers after time went back, at readings that have been before.
        jobs.extend(load::items(rng, "late", LATE, |rng| {
            let mut acts = load::work(load::count(rng, 20, 60));
            acts.push(Act::Sleep(load::micros(rng, 30, 70)));
            Job::new(acts)
        }));
        let deadlines = load::items(rng, "deadlines", deadlines, |rng| load::micros(rng, 20, 150));
        Pulses { jobs, deadlines }
    }

    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("pulses", 0));
        for (pulse, job) in (0..).zip(&self.jobs) {
            rig.spawn(region, name("pulse", pulse), job.clone());
        }
        for (number, &delay) in (0..).zip(&self.deadlines) {
            let until = Budget::UNLIMITED.until(rig.runtime.now().after(delay));
            let waits = Job::new([]).ending(Ending::Waits);
            let spawned = rig.try_spawn(region, name("guard", number), until, waits);
            spawned.unwrap_or_else(|error| panic!("a task that there is room for: {error}"));
        }
        rig.settle().await;
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let (seen, given) = (&remains.seen, remains.given);
        ACCEPT.at_least(
            "time-went-back",
            usize::try_from(given.readings_back).unwrap_or(0),
            REVERSALS as usize,
        );
        let mut fired: BTreeMap<Handle, usize> = BTreeMap::new();
        let mut passed = 0;
        for event in seen.events().iter() {
            match event.what {
                What::TimerSet { .. } => drop(fired.insert(event.object, 0)),
                What::TimerFired { .. } => *fired.entry(event.object).or_default() += 1,
                What::DeadlinePassed { .. } => passed += 1,
                _ => {}
            }
        }
        let wrong: Vec<_> = fired.iter().filter(|(_, fired)| **fired != 1).collect();
        ACCEPT.require("every-timer-fires-once", wrong.is_empty(), || {
            format!("how often they fired: {wrong:?}")
        });
        ACCEPT.at_least("timers-were-set", fired.len(), self.jobs.len().saturating_sub(1 + LATE) * 2 + LATE);
        ACCEPT.equal("every-deadline-passes-once", &passed, &self.deadlines.len());
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "automotive-fault-burst/auto-fault-burst-002.clock_reversal";
    let about = "time goes back while timers are set: no deadline is lost or fires twice";
    pack::played::<Pulses>(Profile::Automotive, name, about).plan(PLAN).required(["regions.timer_fired"])
}
