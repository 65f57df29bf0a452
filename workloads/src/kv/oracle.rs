//! The oracle of one run: it watches replicas and clients, and ends the run when a property does not hold.

use std::cell::RefCell;
use std::rc::Rc;

use models::kv::api::{Answer, Applied, Command, Operation, Outcome, Status, Value, Witness};
use points::{Kind, Point, mark};

use super::order::{Order, Violation};
use crate::check::{CallId, History, Model, Verdict, linearizable};

/// What clients saw is what a single copy would have shown them, as the general checker finds.
pub const LINEARIZABLE: &str = "kv.linearizable";
/// In calm, calls are answered.
pub const ANSWERED: &str = "kv.calls_are_answered";
/// The points of load and oracle. `kv.call_answered` is hit once for each operation that was answered.
pub static POINTS: [Point; 4] = [
    Point::new("kv.call_answered", Kind::Reachable),
    Point::new("kv.linearizable_unknown", Kind::Reachable),
    Point::new("kv.read", Kind::Mark),
    Point::new("kv.written", Kind::Mark),
];
/// Steps after which the general checker has no opinion.
const STEPS_MAX: u64 = 200_000;

/// Watches one run. It is shared by all machines, which is harmless: it wakes nobody and tells nobody.
#[derive(Default)]
pub struct Oracle {
    order: RefCell<Order>,
    history: RefCell<History<Operation, Outcome>>,
    in_calm: RefCell<Answered>,
}

/// How many calls there were, and how many were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Calls begun.
    pub calls: u64,
    /// Calls answered.
    pub answered: u64,
}

/// A call under way.
pub struct Open {
    id: CallId,
    told: u64,
    in_calm: bool,
}

impl Oracle {
    /// A new oracle.
    pub fn new() -> Rc<Oracle> {
        Rc::new(Oracle::default())
    }

    /// A client calls; `in_calm` when all trouble is over.
    pub fn calls(&self, client: u32, operation: &Operation, in_calm: bool) -> Open {
        self.in_calm.borrow_mut().calls += u64::from(in_calm);
        let id = self.history.borrow_mut().call(client, operation.clone());
        Open { id, told: self.order.borrow().told(), in_calm }
    }

    /// The call was answered.
    pub fn answered(&self, open: Open, operation: &Operation, answer: &Answer) {
        points::reachable!("kv.call_answered");
        self.in_calm.borrow_mut().answered += u64::from(open.in_calm);
        judge(self.order.borrow_mut().answered(operation, open.told, answer));
        self.history.borrow_mut().returned(open.id, answer.outcome.clone());
        if let Outcome::Found(value) = &answer.outcome {
            mark!("kv.read", &**operation.key(), value.as_deref().unwrap_or_default());
        }
    }

    /// What is still awaited before the replicas hold the same.
    pub fn pending(&self, statuses: &[Option<Status>]) -> Option<String> {
        judge(self.order.borrow().equal(statuses));
        self.order.borrow().pending(statuses)
    }

    /// All clients are done: were they answered?
    pub fn judge_answers(&self) {
        let Answered { calls, answered } = *self.in_calm.borrow();
        if answered * 100 < calls * 99 {
            sim::fail(ANSWERED, format!("in calm, {answered} of {calls} calls were answered"));
        }
    }

    /// Judges the whole history at the end.
    pub fn judge_history(&self) {
        let history = self.history.borrow();
        match linearizable(&Keys, history.calls(), |operation| operation.key().clone(), STEPS_MAX) {
            Verdict::Holds => {}
            Verdict::Unknown => points::reachable!("kv.linearizable_unknown"),
            Verdict::Violated(stuck) => {
                let call = &history.calls()[stuck.call];
                let placed = stuck.order.len();
                sim::fail(
                    LINEARIZABLE,
                    format!("{call:?} has no place in any order; the longest has {placed} calls"),
                );
            }
        }
    }
}

impl Witness for Oracle {
    fn booted(&self, replica: u8) {
        self.order.borrow_mut().booted(replica);
    }

    fn led(&self, replica: u8, term: u64) {
        judge(self.order.borrow_mut().led(replica, term));
    }

    fn applied(&self, replica: u8, applied: &Applied) {
        let judged = self.order.borrow_mut().applied(replica, applied);
        match judged {
            Ok(true) => tell(applied),
            Ok(false) => {}
            Err(violation) => judge(Err(violation)),
        }
    }
}

fn judge(judged: Result<(), Violation>) {
    if let Err(Violation { property, message }) = judged {
        sim::fail(property, message);
    }
}

/// What the service did, key by key, for the semantic digest: no places, which depend on elections.
fn tell(applied: &Applied) {
    let (Command::Write { operation, .. }, Some(outcome)) = (&*applied.command, &applied.effect) else {
        return;
    };
    let value: &[u8] = match operation {
        Operation::Put(_, value) | Operation::CompareAndSet { value, .. } => value,
        Operation::Get(_) | Operation::Remove(_) => &[],
    };
    mark!("kv.written", &**operation.key(), value, *outcome != Outcome::Swapped(false));
}

/// A single copy of one key, for the general checker.
struct Keys;

impl Model for Keys {
    type State = Option<Value>;
    type Operation = Operation;
    type Outcome = Outcome;

    fn start(&self) -> Option<Value> {
        None
    }

    fn step(
        &self,
        held: &Option<Value>,
        operation: &Operation,
        outcome: Option<&Outcome>,
    ) -> Option<Option<Value>> {
        let (after, expected) = match operation {
            Operation::Get(_) => (held.clone(), Outcome::Found(held.clone())),
            Operation::Put(_, value) => (Some(value.clone()), Outcome::Done),
            Operation::Remove(_) => (None, Outcome::Done),
            Operation::CompareAndSet { expected, value, .. } if held == expected => {
                (Some(value.clone()), Outcome::Swapped(true))
            }
            Operation::CompareAndSet { .. } => (held.clone(), Outcome::Swapped(false)),
        };
        outcome.is_none_or(|outcome| *outcome == expected).then_some(after)
    }
}
