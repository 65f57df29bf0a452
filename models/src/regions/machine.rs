//! The node over a simulated machine: its wall clock, its entropy, its allocation sites, and the trace.
//!
//! The clock is the machine's *wall* clock, as in a router or a control unit whose time is set from outside: it is
//! the one that faults skew at each read, set back and freeze. Waiting goes by the machine's timers. A semantic
//! event is a mark of its subject; a schedule event is told to the [`Witness`] alone, and some are points.

use std::rc::Rc;
use std::time::Duration;

use sim::time::SystemTime;

use super::event::{Event, What};
use super::faulty::Faulty;
use super::handle::Kind;
use super::invariants::{Violation, Watched};
use super::node::Node;
use super::points::allocation_site;
use super::time::Time;

/// What a poll of cost 1 takes of the processor. (ours)
pub const POLL_COST: Duration = Duration::from_micros(1);

/// Hears every event of one runtime, in order. It may count and compare; it decides nothing.
pub trait Witness {
    /// Something happened.
    fn told(&self, event: &Event);
}

/// Nobody.
impl Witness for () {
    fn told(&self, _event: &Event) {}
}

/// The current machine, as the runtime's node.
pub struct MachineNode {
    witness: Rc<dyn Witness>,
}

impl MachineNode {
    /// The current machine.
    pub fn new(witness: Rc<dyn Witness>) -> MachineNode {
        MachineNode { witness }
    }
}

/// The current machine, with faults that may be injected, under the eyes of the observer.
pub type OnMachine = Watched<Faulty<MachineNode>>;

/// What a runtime on the current machine is given.
pub fn on_machine(witness: Rc<dyn Witness>) -> OnMachine {
    Watched::new(Faulty::new(MachineNode::new(witness)))
}

impl Node for MachineNode {
    fn clock(&mut self) -> Time {
        Time(i64::try_from(SystemTime::now().as_nanos()).unwrap_or(i64::MAX))
    }

    fn entropy(&mut self) -> u64 {
        let mut word = [0; 8];
        sim::entropy(&mut word);
        u64::from_le_bytes(word)
    }

    fn may_allocate(&mut self, kind: Kind, bytes: u64) -> bool {
        sim::try_reserve(allocation_site(kind), bytes).is_ok()
    }

    fn tell(&mut self, event: &Event) {
        if let Some([number, first, second]) = event.meaning() {
            points::mark!("regions.meant", &event.subject.encode()[..], number, first, second);
        }
        match event.what {
            What::Polled => points::reachable!("regions.polled"),
            What::TimerFired { .. } => points::reachable!("regions.timer_fired"),
            What::Refused { .. } => points::reachable!("regions.refused"),
            What::Completed { forced: true, .. } => points::reachable!("regions.forced"),
            What::Shed => points::reachable!("regions.shed"),
            What::Leaked { .. } => points::reachable!("regions.leaked"),
            _ => {}
        }
        self.witness.told(event);
    }

    fn spend(&mut self, cost: u64) {
        let nanos = u64::try_from(POLL_COST.as_nanos()).unwrap_or(u64::MAX);
        sim::work(Duration::from_nanos(nanos.saturating_mul(cost)));
    }

    fn violated(&mut self, violation: &Violation) {
        sim::fail(&violation.rule.property(), violation.message.clone());
    }
}
