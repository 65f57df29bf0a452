//! The unit: the node of all scenarios. It is the current machine, and it keeps what that machine gave.
//!
//! What the machine gave is how a scenario knows that a fault took effect: the runtime tells nothing of its clock
//! or its entropy. Kept on a [`Tape`] it can be given once more, to the last word, which is what `…-007` does.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use models::regions::api::{Event, Kind, MachineNode, Node, Time, Violation, What, Witness};
use sim::time::Instant;

/// What a machine gave to its runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Readings of the clock.
    pub readings: u64,
    /// Readings that were earlier than the one before.
    pub readings_back: u64,
    /// How far the clock got ahead of true time since the first reading, in nanoseconds.
    pub ahead_max_ns: i64,
    /// Words of entropy.
    pub draws: u64,
    /// Words that were the same as the one before.
    pub draws_same: u64,
    /// Slots that were granted.
    pub granted: u64,
    /// Slots that were refused.
    pub refused: u64,
}

/// One answer of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What the clock read.
    Clock(Time),
    /// What was drawn.
    Entropy(u64),
    /// Whether memory was granted.
    Memory(bool),
}

/// All answers, in order.
pub type Tape = Rc<RefCell<VecDeque<Answer>>>;

/// Where answers come from.
#[derive(Clone, Debug, Default)]
pub enum Source {
    /// The machine.
    #[default]
    Machine,
    /// The machine; they are kept as well.
    Recorded(Tape),
    /// A tape.
    Played(Tape),
}

/// The current machine.
pub struct Unit {
    machine: MachineNode,
    source: Source,
    /// The machine has memory for so many tasks, whatever its class; all that the arena holds when absent.
    tasks_max: Option<u16>,
    tasks: u16,
    given: Rc<Cell<Given>>,
    last_reading: Option<Time>,
    /// How far the clock was ahead of the machine's timers at the first reading.
    began_ahead_ns: Option<i64>,
    last_draw: Option<u64>,
    epoch: Instant,
}

/// A tape was played to a runtime that asked for something else.
const REPLAY: &str = "regions.same-answers-same-questions";

impl Unit {
    /// The current machine, with memory for so many tasks.
    pub fn new(witness: Rc<dyn Witness>, source: Source, tasks_max: Option<u16>) -> Unit {
        Unit {
            machine: MachineNode::new(witness),
            source,
            tasks_max,
            tasks: 0,
            given: Rc::default(),
            last_reading: None,
            began_ahead_ns: None,
            last_draw: None,
            epoch: Instant::now(),
        }
    }

    /// What it gives, from now on to the end.
    pub fn given(&self) -> Rc<Cell<Given>> {
        self.given.clone()
    }

    fn answer(&mut self, ask: impl FnOnce(&mut Unit) -> Answer, is_meant: fn(&Answer) -> bool) -> Answer {
        if let Source::Played(tape) = &self.source {
            let next = tape.borrow_mut().pop_front();
            if let Some(answer) = next.filter(is_meant) {
                return answer;
            }
            sim::fail(REPLAY, format!("the tape goes on with {next:?}, which was not what was asked for"));
        }
        let answer = ask(self);
        if let Source::Recorded(tape) = &self.source {
            tape.borrow_mut().push_back(answer);
        }
        answer
    }

    fn count(&self, count: impl FnOnce(&mut Given)) {
        let mut given = self.given.get();
        count(&mut given);
        self.given.set(given);
    }
}

impl Node for Unit {
    fn clock(&mut self) -> Time {
        let answer =
            self.answer(|unit| Answer::Clock(unit.machine.clock()), |it| matches!(it, Answer::Clock(_)));
        let Answer::Clock(time) = answer else { unreachable!("it was asked for") };
        let truth = i64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let ahead = time.0.saturating_sub(truth);
        let began = *self.began_ahead_ns.get_or_insert(ahead);
        let is_back = self.last_reading.replace(time).is_some_and(|last| time < last);
        self.count(|given| {
            given.readings += 1;
            given.readings_back += u64::from(is_back);
            given.ahead_max_ns = given.ahead_max_ns.max(ahead.saturating_sub(began));
        });
        time
    }

    fn entropy(&mut self) -> u64 {
        let answer = self
            .answer(|unit| Answer::Entropy(unit.machine.entropy()), |it| matches!(it, Answer::Entropy(_)));
        let Answer::Entropy(word) = answer else { unreachable!("it was asked for") };
        let is_same = self.last_draw.replace(word) == Some(word);
        self.count(|given| {
            given.draws += 1;
            given.draws_same += u64::from(is_same);
        });
        word
    }

    fn may_allocate(&mut self, kind: Kind, bytes: u64) -> bool {
        let has_room = kind != Kind::Task || self.tasks_max.is_none_or(|most| self.tasks < most);
        let answer = self.answer(
            |unit| Answer::Memory(has_room && unit.machine.may_allocate(kind, bytes)),
            |it| matches!(it, Answer::Memory(_)),
        );
        let Answer::Memory(granted) = answer else { unreachable!("it was asked for") };
        self.count(|given| {
            given.granted += u64::from(granted);
            given.refused += u64::from(!granted);
        });
        granted
    }

    fn tell(&mut self, event: &Event) {
        match event.what {
            What::Spawned { .. } => self.tasks += 1,
            What::Completed { .. } => self.tasks = self.tasks.saturating_sub(1),
            _ => {}
        }
        self.machine.tell(event);
    }

    fn spend(&mut self, cost: u64) {
        self.machine.spend(cost);
    }

    fn violated(&mut self, violation: &Violation) {
        #[cfg(test)]
        if blind::is_blind() {
            return;
        }
        self.machine.violated(violation);
    }
}

/// Without the observer, what is left to catch a bug is acceptance by what was told.
#[cfg(test)]
pub mod blind {
    use std::cell::Cell;

    thread_local! {
        static BLIND: Cell<bool> = const { Cell::new(false) };
    }

    /// Whether nobody hears of violations.
    pub fn is_blind() -> bool {
        BLIND.get()
    }

    /// Does this while nobody hears of violations.
    pub fn blindly<T>(act: impl FnOnce() -> T) -> T {
        BLIND.set(true);
        let done = act();
        BLIND.set(false);
        done
    }
}
