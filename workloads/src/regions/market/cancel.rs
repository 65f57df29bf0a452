//! 005: all are asked to end in the middle of a burst, and the burst goes on: every task ends.

use faults::scenario::Scenario;
use models::regions::api::{Budget, CancelKind, Profile, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::{Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("market-open-burst.005");

/// What is done.
#[derive(Clone, Debug)]
pub struct MassCancel {
    /// Who came before the first request, and between the two.
    bursts: [Vec<Job>; 2],
}

impl Load for MassCancel {
    fn draw() -> MassCancel {
        let rng = &mut load::rng();
        let bursts = [("orders", 16, 28), ("orders.later", 12, 20)].map(|(burst, least, most)| {
            let orders = load::count(rng, least, most);
            // Half of them wait, so that one cause makes many ready at once.
            let mut waits = false;
            load::items(rng, burst, orders, |rng| {
                let job = load::resident(rng);
                waits = !waits;
                if waits { job.ending(Ending::Waits) } else { job }
            })
        });
        MassCancel { bursts }
    }

    /// Plays it. Everybody has had one turn when all are asked: what they hold depends on nothing else.
    async fn play(&self, rig: &mut Rig) {
        let book = rig.open(name("auction", 0));
        for (number, burst) in (0..).zip(&self.bursts) {
            for (order, job) in (0..).zip(burst) {
                rig.spawn(book, name("bid", number * 100 + order), job.clone());
            }
            // Those before them may clean up meanwhile, for no longer than they have polls for it.
            rig.runtime.run(Budget::polls(self.tasks() as u64 * 2));
            for kind in [CancelKind::Shutdown, CancelKind::Timeout] {
                let asked = rig.runtime.cancel(book, kind);
                asked.unwrap_or_else(|error| panic!("a region that is open: {error}"));
            }
            sim::task::yield_now().await;
        }
        rig.settle().await;
        rig.drain(book).await;
    }

    fn accept(&self, remains: &Remains) {
        let seen = &remains.seen;
        let ends = seen.ends();
        ACCEPT.equal("every-order-came", &ends.len(), &self.tasks());
        let asked = ends.values().flatten().filter(|end| end.was_asked && !end.forced).count();
        ACCEPT.equal("every-task-ends-as-asked", &asked, &self.tasks());
        let requests = seen.count(|what| *what == What::CancelRequested { kind: CancelKind::Shutdown });
        ACCEPT.equal("asked-once-each", &requests, &self.tasks());
        let events = seen.events();
        let at = |is: fn(&What) -> bool| events.iter().position(|event| is(&event.what));
        let asked_at = at(|what| matches!(what, What::CancelRequested { .. }));
        let last_spawn = events.iter().rposition(|event| matches!(event.what, What::Spawned { .. }));
        ACCEPT.require("in-mid-burst", asked_at.is_some() && asked_at < last_spawn, || {
            format!("first asked at event {asked_at:?}, and the last order came at {last_spawn:?}")
        });
        ACCEPT.equal("closes", &seen.closed().len(), &1);
    }
}

impl MassCancel {
    fn tasks(&self) -> usize {
        self.bursts.iter().map(Vec::len).sum()
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "market-open-burst/market-open-burst-005.mass_cancel_burst";
    let about = "all are asked to end in mid-burst, and the burst goes on: every task ends";
    pack::played::<MassCancel>(Profile::Hft, name, about)
}
