//! The end of a task: what it held is given up, its slot is freed, its region hears how it ended.

use super::{Runtime, What};
use crate::regions::body::Body;
use crate::regions::handle::Handle;
use crate::regions::node::Node;
use crate::regions::outcome::Outcome;
use crate::regions::points::Bug;

impl<N: Node, B: Body<N>> Runtime<N, B> {
    pub(super) fn complete(&mut self, task: Handle, outcome: Outcome, forced: bool) {
        self.leak_obligations(task);
        self.drop_timers(task);
        self.give_up_turn(task);
        self.core.deadlines_due.remove(task);
        self.core.ready.retain(|ready| ready.task != task);
        let subject = self.core.subject(task);
        let gone = if forced && self.has(Bug::CountDrift) {
            self.core.tasks.remove_uncounted(task)
        } else {
            self.core.tasks.remove(task)
        };
        let region = self.core.regions.get_mut(gone.region).expect("nothing outlives its region");
        region.tasks -= 1;
        region.outcome = region.outcome.join(outcome);
        self.tell(subject, task, What::Completed { outcome, forced });
        if gone.body.is_some() {
            drop_body(gone.body);
        }
        self.grant_slots();
    }

    /// What the task still holds is given up by the runtime, in the order in which it was reserved.
    fn leak_obligations(&mut self, task: Handle) {
        if self.has(Bug::LeakIgnored) {
            return;
        }
        while self.core.tasks.get(task).expect("a live task").obligations > 0 {
            let held = self.core.obligations.iter().filter(|(_, obligation)| obligation.task == task);
            let (first, _) =
                held.min_by_key(|(_, held)| held.sequence).expect("the task counts what it holds");
            let name = self.core.obligations.get(first).expect("it was just seen").name;
            self.core.leak_count += 1;
            self.core.first_leak.get_or_insert(first);
            self.release_obligation(first, What::Leaked { name });
        }
    }
}

/// Drops a body. One that panics meanwhile has ended all the same, and its outcome is told.
pub(super) fn drop_body<B>(body: B) {
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(body)));
    drop(dropped);
}
