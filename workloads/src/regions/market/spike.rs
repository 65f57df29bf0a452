//! 001: orders come far faster than there is room for: capacity is reached exactly, and each refusal is clean.
//!
//! The seed says what the host does when it is full: refuse, or let go of what it has not begun with.

use faults::scenario::Scenario;
use models::regions::api::{Budget, Config, Kind, Name, Operation, Overload, Profile, Status, What};
use sim::Ratio;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("market-open-burst.001");

/// What is done, for any capacity.
#[derive(Clone, Debug)]
struct Spike {
    overload: Overload,
    /// Orders beyond capacity in each wave.
    beyond: u64,
    /// The jobs of the orders, again and again: they work on until they are asked to end.
    jobs: Vec<Job>,
}

impl Load for Spike {
    fn draw() -> Spike {
        let rng = &mut load::rng();
        let (sheds, beyond) = load::once(rng, "spike", |rng| (rng.chance(Ratio::of(1, 2)), rng.range(8..24)));
        let jobs = load::crowd(rng).into_iter().map(|job| job.ending(Ending::Works)).collect();
        Spike { overload: if sheds { Overload::ShedOldest } else { Overload::Reject }, beyond, jobs }
    }

    fn tight(self) -> Spike {
        Spike { overload: Overload::Reject, ..self }
    }

    fn config(&self, config: Config) -> Config {
        config.overload(self.overload)
    }

    /// Three waves: one that fills, one before all have begun, one after.
    async fn play(&self, rig: &mut Rig) {
        let book = rig.open(name("book", 0));
        let capacity = rig.tasks_max() as u64;
        for (order, job) in (0..capacity).zip(self.jobs.iter().cycle()) {
            rig.spawn(book, name("order", order), job.clone());
        }
        // As many as come next have not begun: they are who may be let go.
        rig.runtime.run(Budget::polls(capacity.saturating_sub(self.beyond)));
        let wave =
            |number: u64| (0..self.beyond).map(move |order| name("order.late", number * 1_000 + order));
        match self.overload {
            Overload::ShedOldest => {
                for order in wave(1) {
                    rig.spawn(book, order, self.jobs[0].clone());
                }
            }
            _ => rig.refused(book, wave(1)),
        }
        sim::task::yield_now().await;
        // Now all have begun, and nobody is let go any more.
        rig.runtime.run(Budget::polls(capacity));
        rig.refused(book, wave(2));
        rig.drain(book).await;
    }

    fn accept(&self, remains: &Remains) {
        let capacity = remains.tasks_max;
        let seen = &remains.seen;
        let beyond = usize::try_from(self.beyond).expect("a few");
        ACCEPT.equal("capacity-reached-exactly", &seen.alive_max(Kind::Task), &capacity);
        let refused = seen.refused(Operation::Spawn, Status::ResourceExhausted);
        let is_shedding = self.overload == Overload::ShedOldest;
        ACCEPT.equal("each-refusal-told", &refused, &if is_shedding { beyond } else { 2 * beyond });
        let shed: Vec<Option<Name>> = seen
            .events()
            .iter()
            .filter(|event| event.what == What::Shed)
            .map(|event| event.subject.task)
            .collect();
        let first = (capacity as u64).saturating_sub(self.beyond);
        let oldest = (0..self.beyond).map(|order| Some(name("order", first + order)));
        let oldest = if is_shedding { oldest.collect() } else { Vec::new() };
        ACCEPT.equal("the-oldest-not-begun-are-let-go", &shed, &oldest);
        let spawned = seen.count(|what| matches!(what, What::Spawned { .. }));
        ACCEPT.equal("admitted", &spawned, &(capacity + shed.len()));
        ACCEPT.equal("drains", &seen.closed().len(), &1);
    }
}

/// The scenario at the capacity of its class, and at that of the tight class wherever it runs. There it refuses:
/// who sheds must know that its arena is full, and in a larger class it is not.
pub fn scenarios() -> [Scenario; 2] {
    let name = "market-open-burst/market-open-burst-001.admission_spike";
    let about =
        "orders come far faster than there is room for: capacity is reached exactly, refusals are clean";
    pack::filled::<Spike>(Profile::Hft, name, about).map(|scenario| scenario.required(["regions.refused"]))
}
