//! 001: the clock gets 5000 ns ahead at each read, and operations complete.

use std::time::Duration;

use faults::scenario::Scenario;
use models::regions::api::{Budget, Outcome, Profile, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.001");

/// What the plan says, in nanoseconds a read. [regions 1.7]
const SKEW_NS: i64 = 5_000;
const PLAN: &str = r#"faults = [{ at = "500us", clock = "unit", creep = "5us" }]"#;

/// Far beyond what the clock can be wrong by: no operation may be ended by it.
const GENEROUS: Duration = Duration::from_secs(10);

/// What is done.
#[derive(Clone, Debug)]
struct Sensors {
    jobs: Vec<Job>,
}

impl Load for Sensors {
    fn draw() -> Sensors {
        let rng = &mut load::rng();
        let sensors = load::count(rng, 12, 20);
        let sensor = |rng: &mut Rng| {
            let rounds = load::count(rng, 1, 3);
            let mut acts = Vec::new();
            for round in 0..rounds as u64 {
                let (delay, keeps) = (load::micros(rng, 50, 800), rng.choose(3) > 0);
                acts.extend([Act::Reserve(name("sample", round)), Act::Sleep(delay)]);
                acts.push(if keeps { Act::Commit } else { Act::Abort });
            }
            Job::new(acts)
        };
        Sensors { jobs: load::items(rng, "sensors", sensors, sensor) }
    }

    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("sensors", 0));
        for (sensor, job) in (0..).zip(&self.jobs) {
            let until = Budget::UNLIMITED.until(rig.runtime.now().after(GENEROUS));
            let spawned = rig.try_spawn(region, name("sensor", sensor), until, job.clone());
            spawned.unwrap_or_else(|error| panic!("a task that there is room for: {error}"));
        }
        rig.settle().await;
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let (seen, given) = (&remains.seen, remains.given);
        let skewed = SKEW_NS * i64::try_from(given.readings - 1).unwrap_or(i64::MAX);
        ACCEPT.require("the-clock-ran-ahead", skewed > 0 && given.ahead_max_ns >= skewed, || {
            format!("after {} readings it was {} ns ahead", given.readings, given.ahead_max_ns)
        });
        let ends = seen.ends();
        let well = ends.values().flatten().filter(|end| end.outcome == Outcome::Ok && !end.was_asked).count();
        ACCEPT.equal("operations-complete", &well, &self.jobs.len());
        let set = seen.count(|what| matches!(what, What::TimerSet { .. }));
        let fired = seen.count(|what| matches!(what, What::TimerFired { .. }));
        ACCEPT.equal("every-timer-fires", &fired, &set);
        ACCEPT.at_least("timers-were-set", set, self.jobs.len());
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "automotive-fault-burst/auto-fault-burst-001.clock_skew";
    let about = "the clock gets 5000 ns ahead at each read: operations complete";
    pack::played::<Sensors>(Profile::Automotive, name, about).plan(PLAN).required(["regions.timer_fired"])
}
