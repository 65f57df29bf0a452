//! A node by a script: a clock that goes as it is told, draws from a number, and everything that was told.
//! For tests and examples; it is as deterministic as what drives it.

use std::time::Duration;

use super::event::Event;
use super::handle::Kind;
use super::invariants::Violation;
use super::node::Node;
use super::time::Time;

/// The script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// What the clock reads next.
    pub clock: Time,
    /// How far it goes at each read.
    pub tick: Duration,
    /// From which entropy is drawn.
    pub seed: u64,
    /// Whether memory is refused.
    pub refuses_memory: bool,
    /// Whether a violation is kept instead of ending everything.
    pub keeps_violations: bool,
    /// The violations, when they are kept.
    pub violations: Vec<Violation>,
    /// All that was told.
    pub events: Vec<Event>,
    /// What all polls cost.
    pub spent: u64,
}

impl Node for Script {
    fn clock(&mut self) -> Time {
        let read = self.clock;
        self.clock = self.clock.after(self.tick);
        read
    }

    /// splitmix64.
    fn entropy(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ self.seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn may_allocate(&mut self, _kind: Kind, _bytes: u64) -> bool {
        !self.refuses_memory
    }

    fn tell(&mut self, event: &Event) {
        self.events.push(*event);
    }

    fn spend(&mut self, cost: u64) {
        self.spent = self.spent.saturating_add(cost);
    }

    fn violated(&mut self, violation: &Violation) {
        assert!(self.keeps_violations, "{violation}");
        self.violations.push(violation.clone());
    }
}
