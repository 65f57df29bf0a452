//! Faults of a node: each is injected and cleared while the runtime runs, goes with the others, and counts how
//! often it took effect. [regions 1.7]
//!
//! They stand between the runtime and any node, so that a scenario may have what a machine's own faults do not
//! offer: a clock that goes back at each k-th read. When a fault of the clock is cleared, the clock is set right,
//! as a time server would: it jumps by all that was wrong.

use std::time::Duration;

use super::event::Event;
use super::handle::Kind;
use super::invariants::Violation;
use super::node::{Node, Step};
use super::time::Time;
use super::view::View;

/// How a clock goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// Once, at the first read at or after a time.
    At {
        /// When, by the clock itself.
        at: Time,
        /// How far.
        by: Duration,
    },
    /// At each k-th read, and it goes on from there.
    EachRead {
        /// At every so many reads; 0 and 1 mean each.
        every: u64,
        /// How far.
        by: Duration,
    },
}

/// Which slots are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// So many are granted first.
    pub after: u64,
    /// Then so many are refused.
    pub count: u64,
    /// Only of this kind, if one is named.
    pub kind: Option<Kind>,
}

/// How often each fault took effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Reads that were ahead.
    pub skewed_reads: u64,
    /// Times that the clock went back.
    pub reversals: u64,
    /// Draws that were another word than the node drew.
    pub constant_draws: u64,
    /// Slots that were refused.
    pub refusals: u64,
}

impl Effects {
    /// All of them together.
    pub const fn total(&self) -> u64 {
        self.skewed_reads + self.reversals + self.constant_draws + self.refusals
    }
}

/// A node with faults.
#[derive(Clone, Debug, Default)]
pub struct Faulty<N> {
    node: N,
    skew: Option<Duration>,
    /// Reads since the skew began.
    skewed: u64,
    reversal: Option<Reversal>,
    reads: u64,
    /// How far the clock went back in all.
    behind_ns: i64,
    constant: Option<u64>,
    refusal: Option<Refusal>,
    effects: Effects,
}

impl<N: Node> Faulty<N> {
    /// A node, as it is.
    pub fn new(node: N) -> Faulty<N> {
        Faulty {
            node,
            skew: None,
            skewed: 0,
            reversal: None,
            reads: 0,
            behind_ns: 0,
            constant: None,
            refusal: None,
            effects: Effects::default(),
        }
    }

    /// From now on the clock is so much further ahead at each read; `None` clears it.
    pub fn set_skew(&mut self, per_read: Option<Duration>) {
        self.skew = per_read;
        self.skewed = 0;
    }

    /// From now on the clock goes back; `None` clears it.
    pub fn set_reversal(&mut self, reversal: Option<Reversal>) {
        self.reversal = reversal;
        self.reads = 0;
        self.behind_ns = 0;
    }

    /// From now on every draw is this word; `None` clears it.
    pub fn set_constant_entropy(&mut self, word: Option<u64>) {
        self.constant = word;
    }

    /// From now on slots are refused; `None` clears it.
    pub fn set_refusal(&mut self, refusal: Option<Refusal>) {
        self.refusal = refusal;
    }

    /// How often each fault took effect, since the node was made.
    pub fn effects(&self) -> Effects {
        self.effects
    }

    /// The node below.
    pub fn node(&self) -> &N {
        &self.node
    }

    /// The node below.
    pub fn node_mut(&mut self) -> &mut N {
        &mut self.node
    }

    fn step_back(&mut self, by: Duration) {
        let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self.behind_ns = self.behind_ns.saturating_add(by);
        self.effects.reversals += u64::from(by > 0);
    }
}

impl<N: Node> Node for Faulty<N> {
    fn clock(&mut self) -> Time {
        let read = self.node.clock();
        let mut ahead_ns = 0;
        if let Some(skew) = self.skew {
            self.skewed += 1;
            let skew = i64::try_from(skew.as_nanos()).unwrap_or(i64::MAX);
            ahead_ns = skew.saturating_mul(i64::try_from(self.skewed).unwrap_or(i64::MAX));
            self.effects.skewed_reads += u64::from(ahead_ns > 0);
        }
        self.reads += 1;
        let believed = Time(read.0.saturating_add(ahead_ns).saturating_sub(self.behind_ns));
        match self.reversal {
            Some(Reversal::At { at, by }) if self.behind_ns == 0 && believed >= at => self.step_back(by),
            Some(Reversal::EachRead { every, by }) if self.reads.is_multiple_of(every.max(1)) => {
                self.step_back(by);
            }
            _ => {}
        }
        Time(read.0.saturating_add(ahead_ns).saturating_sub(self.behind_ns))
    }

    fn entropy(&mut self) -> u64 {
        let drawn = self.node.entropy();
        let Some(constant) = self.constant else { return drawn };
        self.effects.constant_draws += u64::from(constant != drawn);
        constant
    }

    fn may_allocate(&mut self, kind: Kind, bytes: u64) -> bool {
        let granted = self.node.may_allocate(kind, bytes);
        let Some(refusal) = &mut self.refusal else { return granted };
        if refusal.kind.is_some_and(|meant| meant != kind) {
            return granted;
        }
        if refusal.after > 0 {
            refusal.after -= 1;
            return granted;
        }
        if refusal.count == 0 {
            return granted;
        }
        refusal.count -= 1;
        self.effects.refusals += u64::from(granted);
        false
    }

    fn tell(&mut self, event: &Event) {
        self.node.tell(event);
    }

    fn spend(&mut self, cost: u64) {
        self.node.spend(cost);
    }

    fn stepped(&mut self, step: Step, view: &dyn View) {
        self.node.stepped(step, view);
    }

    fn violated(&mut self, violation: &Violation) {
        self.node.violated(violation);
    }
}
