//! 003: a full host is drained with few polls at a time: it says when they are spent, nothing is lost, and in the
//! end it is drained.

use std::collections::BTreeSet;

use faults::scenario::Scenario;
use models::regions::api::{Budget, Kind, Profile, RegionState, Status, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::Job;
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("market-open-burst.003");

/// Slices of the tight budget, before the rest goes in one.
const SLICES: u64 = 6;

/// What is done, for any capacity.
#[derive(Clone, Debug)]
struct Drain {
    jobs: Vec<Job>,
    /// The polls of a slice, as a share of capacity: one in so many.
    share: u64,
}

impl Load for Drain {
    fn draw() -> Drain {
        let rng = &mut load::rng();
        Drain { jobs: load::crowd(rng), share: load::once(rng, "share", |rng| rng.range(8..16)) }
    }

    async fn play(&self, rig: &mut Rig) {
        let book = rig.open(name("book", 0));
        let capacity = rig.tasks_max();
        for (order, job) in (0..capacity as u64).zip(self.jobs.iter().cycle()) {
            rig.spawn(book, name("order", order), job.clone());
        }
        rig.refused(book, (0..2).map(|order| name("order.late", order)));
        let slice = self.slice(capacity);
        rig.runtime.run(Budget::polls(slice));
        for number in 0..SLICES {
            let place = rig.seen.place();
            let status = rig.runtime.drain(book, Budget::polls(slice));
            let polls = rig.seen.count_since(place, |event| event.what == What::Polled);
            let stands = rig.runtime.state(book).ok();
            ACCEPT.equal(
                "a-slice-is-spent",
                &(status, polls as u64, stands),
                &(Status::PollBudgetExhausted, slice, Some(RegionState::Draining)),
            );
            if number % 2 == 0 {
                sim::task::yield_now().await;
            }
        }
        rig.drain(book).await;
    }

    fn accept(&self, remains: &Remains) {
        let capacity = remains.tasks_max;
        let seen = &remains.seen;
        ACCEPT.equal("arena-full", &seen.alive_max(Kind::Task), &capacity);
        let events = seen.events();
        let at = |is: fn(&What) -> bool| events.iter().position(|event| is(&event.what));
        let draining_at = at(|what| *what == What::Draining).unwrap_or(events.len());
        let closed_at = at(|what| matches!(what, What::Closed { .. })).unwrap_or(draining_at);
        let polled = events[draining_at..closed_at].iter().filter(|event| event.what == What::Polled).count();
        let in_slices = SLICES * self.slice(capacity);
        ACCEPT.require("it-took-more-than-the-slices", polled as u64 > in_slices, || {
            format!("{polled} polls from draining to closed, {in_slices} of them in slices")
        });
        let of_tasks = |is: fn(&What) -> bool| -> BTreeSet<_> {
            events.iter().filter(|event| is(&event.what)).map(|event| event.object).collect()
        };
        let spawned = of_tasks(|what| matches!(what, What::Spawned { .. }));
        let ended = of_tasks(|what| matches!(what, What::Completed { .. }));
        ACCEPT.equal("nothing-is-lost", &ended, &spawned);
        ACCEPT.equal("drains", &seen.closed().len(), &1);
    }
}

impl Drain {
    fn slice(&self, capacity: usize) -> u64 {
        capacity as u64 / self.share
    }
}

/// The scenario at the capacity of its class, and at that of the tight class wherever it runs.
pub fn scenarios() -> [Scenario; 2] {
    let name = "market-open-burst/market-open-burst-003.partial_drain";
    let about = "a full host is drained with few polls at a time: they are spent, and then all is drained";
    pack::filled::<Drain>(Profile::Hft, name, about).map(|scenario| scenario.required(["regions.refused"]))
}
