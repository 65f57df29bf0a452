//! 005: memory fails in one region; the unit sees it, poisons the region, and the healthy one is unaffected.
//!
//! Only the radio sets timers, and memory for timers is what fails. A twin without fault and without poison tells
//! what the brakes should have done.

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Budget, Config, Event, Operation, Profile, Status, Subject, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack;
use crate::regions::rig::{Remains, Rig, UNIT, on};
use crate::regions::seen::difference;

const ACCEPT: Acceptance = Acceptance("auto-fault-burst.005");

/// The machine without a fault.
const TWIN: &str = "twin";

const PLAN: &str = r#"faults = [
    { at = "500us", allocation = "unit", after = 2, count = 1000, point = "regions.allocate_timer" },
]"#;

/// Polls between two looks at the trace, and looks after which nothing will be seen.
const LOOK_POLLS: u64 = 4;
const LOOKS_MAX: u32 = 100;

/// What is done.
#[derive(Clone, Debug)]
struct Vehicle {
    brakes: Vec<Job>,
    radio: Vec<Job>,
}

impl Vehicle {
    fn draw() -> Vehicle {
        let rng = &mut load::rng();
        let (brakes, radio) = (load::count(rng, 4, 10), load::count(rng, 4, 8));
        let brake = |rng: &mut Rng| {
            let (polls, keeps) = (load::count(rng, 1, 12), rng.choose(4) > 0);
            let mut acts = vec![Act::Reserve(name("pressure", 0))];
            acts.extend(load::work(polls));
            acts.push(if keeps { Act::Commit } else { Act::Abort });
            Job::new(acts)
        };
        let brakes = load::items(rng, "brakes", brakes, brake);
        let station = |rng: &mut Rng| {
            let delay = load::micros(rng, 400, 800);
            Job::new([Act::Reserve(name("tune", 0)), Act::Sleep(delay), Act::Commit]).ending(Ending::Waits)
        };
        Vehicle { brakes, radio: load::items(rng, "stations", radio, station) }
    }

    async fn play(&self, rig: &mut Rig, is_faulty: bool) {
        let (brakes, radio) = (rig.open(name("brakes", 0)), rig.open(name("radio", 0)));
        for (task, job) in (0..).zip(&self.brakes) {
            rig.spawn(brakes, name("brake", task), job.clone());
        }
        for (task, job) in (0..).zip(&self.radio) {
            rig.spawn(radio, name("station", task), job.clone());
        }
        if is_faulty {
            for _ in 0..LOOKS_MAX {
                if rig.seen.count_since(0, is_the_fault) > 0 {
                    break;
                }
                rig.runtime.run(Budget::polls(LOOK_POLLS));
                sim::task::yield_now().await;
            }
            rig.runtime.poison(radio).unwrap_or_else(|error| panic!("a region that is open: {error}"));
        }
        rig.settle().await;
        rig.drain(brakes).await;
        rig.drain(radio).await;
    }

    fn accept(&self, faulty: &Remains, twin: &Remains) {
        let events = faulty.seen.events();
        let seen_at = events.iter().position(is_the_fault);
        let poisoned_at = events.iter().position(|event| event.what == What::Poisoned);
        ACCEPT.require("the-fault-was-seen-first", seen_at.is_some() && seen_at < poisoned_at, || {
            format!("memory was refused at event {seen_at:?}, and poison came at {poisoned_at:?}")
        });
        ACCEPT.require("memory-was-refused", faulty.given.refused > 0 && twin.given.refused == 0, || {
            format!("{:?}, and without the fault {:?}", faulty.given, twin.given)
        });
        let braking = events.iter().skip(poisoned_at.unwrap_or(events.len()));
        let is_brakes = |subject: &Subject| subject.region == Some(name("brakes", 0));
        let braking = braking.filter(|event| event.what == What::Polled && is_brakes(&event.subject)).count();
        ACCEPT.at_least("brakes-were-at-work", braking, 1);
        let (found, expected) = (faulty.seen.meaning_of(is_brakes), twin.seen.meaning_of(is_brakes));
        ACCEPT.equal("all-brakes-were-there", &expected.len(), &(self.brakes.len() + 1));
        let differs = difference(&found, &expected);
        ACCEPT.require("healthy-region-unaffected", differs.is_none(), || differs.unwrap_or_default());
        ACCEPT.equal("both-close", &faulty.seen.closed().len(), &2);
    }
}

/// Memory for a timer was refused.
fn is_the_fault(event: &Event) -> bool {
    let status = Status::ResourceExhausted;
    matches!(event.what, What::Refused { operation: Operation::SetTimer, status: word, .. } if word == status)
}

/// The scenario.
pub fn scenario() -> Scenario {
    let about = "a fault is seen and its region poisoned: the healthy region is unaffected";
    let name = "automotive-fault-burst/auto-fault-burst-005.fault_containment";
    pack::scenario(Profile::Automotive, name, about, |config: Config| async move {
        let vehicle = Vehicle::draw();
        let (faulty, twin) = (vehicle.clone(), vehicle.clone());
        let faulty = on(UNIT, async move {
            let mut rig = Rig::new(config);
            faulty.play(&mut rig, true).await;
            rig.finish().await
        })
        .await;
        let twin = on(TWIN, async move {
            let mut rig = Rig::new(config);
            twin.play(&mut rig, false).await;
            rig.finish().await
        })
        .await;
        vehicle.accept(&faulty, &twin);
    })
    .host(Host::new(TWIN))
    .plan(PLAN)
    .required(["regions.refused"])
}
