//! 004: saturate, drain, verify, and again: the region is as healthy after each burst as before the first.
//!
//! The seed says what the host does when it is full: refuse, or let the spawner wait. Then a feeder has one order
//! more than there is room for, and must get it in when there is.

use faults::scenario::Scenario;
use models::regions::api::{
    CancelKind, Config, Handle, Kind, Name, Operation, Outcome, Overload, Profile, RegionState, Status,
    Subject, What,
};
use sim::Ratio;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("market-open-burst.004");

const BURSTS: u64 = 2;

/// What is done, for any capacity.
#[derive(Clone, Debug)]
struct Recovery {
    overload: Overload,
    jobs: Vec<Job>,
    beyond: u64,
}

impl Load for Recovery {
    fn draw() -> Recovery {
        let rng = &mut load::rng();
        let waits = load::once(rng, "waits", |rng| rng.chance(Ratio::of(1, 2)));
        let overload = if waits { Overload::Backpressure } else { Overload::Reject };
        let jobs = load::crowd(rng);
        Recovery { overload, jobs, beyond: load::once(rng, "beyond", |rng| rng.range(1..9)) }
    }

    fn tight(self) -> Recovery {
        Recovery { overload: Overload::Reject, ..self }
    }

    fn config(&self, config: Config) -> Config {
        config.overload(self.overload)
    }

    async fn play(&self, rig: &mut Rig) {
        let (book, feed) = (rig.open(name("book", 0)), rig.open(name("feed", 0)));
        for burst in 0..BURSTS {
            self.saturate(rig, burst, book, feed).await;
            let asked = rig.runtime.cancel(book, CancelKind::Timeout);
            asked.unwrap_or_else(|error| panic!("a region that is open: {error}"));
            let status = rig.settle().await;
            let alive = Kind::ALL.map(|kind| rig.runtime.live(kind));
            let stands = (rig.runtime.state(book), rig.runtime.state(feed));
            let is_healthy = status == Status::Ok
                && alive == [2, 0, 0, 0]
                && stands == (Ok(RegionState::Open), Ok(RegionState::Open));
            ACCEPT.require("healthy-after-each-burst", is_healthy, || {
                format!("after burst {burst}: {status}, alive {alive:?} of {:?}, {stands:?}", Kind::ALL)
            });
        }
        rig.drain(book).await;
        rig.drain(feed).await;
    }

    fn accept(&self, remains: &Remains) {
        let capacity = remains.tasks_max;
        let seen = &remains.seen;
        ACCEPT.equal("saturated", &seen.alive_max(Kind::Task), &capacity);
        let spawned = seen.count(|what| matches!(what, What::Spawned { .. }));
        let fed_in = if self.waits() { BURSTS } else { 0 };
        ACCEPT.equal("each-burst-fills", &(spawned as u64), &(BURSTS * capacity as u64 + fed_in));
        let refused = seen.refused(Operation::Spawn, Status::ResourceExhausted) as u64;
        ACCEPT.equal("each-refusal-told", &refused, &if self.waits() { 0 } else { BURSTS * self.beyond });
        for burst in 0..fed_in {
            let order = Subject { region: Some(name("feed", 0)), task: Some(fed(burst)) };
            let events = seen.events();
            let ended = events.iter().any(|event| {
                let is_end = event.what == What::Completed { outcome: Outcome::Ok, forced: false };
                is_end && event.subject == order
            });
            ACCEPT.require("who-waited-got-in", ended, || {
                format!("the order that waited in burst {burst} is not done")
            });
        }
        ACCEPT.equal("closes", &seen.closed().len(), &2);
    }
}

impl Recovery {
    fn waits(&self) -> bool {
        self.overload == Overload::Backpressure
    }

    /// Fills the host; whoever comes then is refused, or waits.
    async fn saturate(&self, rig: &mut Rig, burst: u64, book: Handle, feed: Handle) {
        let mut room = rig.tasks_max() as u64;
        if self.waits() {
            let order = Job::new(load::work(1));
            let feeder = Job::new([Act::Work(1), Act::Spawn(fed(burst), Box::new(order))]);
            rig.spawn(feed, name("feeder", burst), feeder);
            room -= 1;
        }
        for (order, job) in (0..room).zip(self.jobs.iter().cycle()) {
            rig.spawn(book, name("order", burst * 10_000 + order), job.clone());
        }
        if !self.waits() {
            rig.refused(book, (0..self.beyond).map(|order| name("order.late", burst * 100 + order)));
        }
        rig.settle().await;
    }
}

fn fed(burst: u64) -> Name {
    name("fed", burst)
}

/// The scenario at the capacity of its class, and at that of the tight class wherever it runs. There it refuses:
/// who waits for a slot must know that its arena is full, and in a larger class it is not.
pub fn scenarios() -> [Scenario; 2] {
    let name = "market-open-burst/market-open-burst-004.burst_recovery";
    let about = "saturate, drain, verify, and again: the region is healthy after each burst";
    pack::filled::<Recovery>(Profile::Hft, name, about)
}
