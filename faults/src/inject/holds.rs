//! Who is down, hung or without power, and by which lines: up again when the last of them lets go.

use sim::machine::{Machine, Process};

/// What a line keeps from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Down(Process),
    Hung(Process),
    Dark(Machine),
}

impl Hold {
    fn machine(self) -> Machine {
        match self {
            Hold::Down(process) | Hold::Hung(process) => process.machine(),
            Hold::Dark(machine) => machine,
        }
    }
}

/// Every hold, with the index of its line.
#[derive(Default)]
pub(super) struct Holds(Vec<(usize, Hold)>);

impl Holds {
    pub(super) fn take(&mut self, line: usize, hold: Hold) {
        if !self.0.contains(&(line, hold)) {
            self.0.push((line, hold));
        }
    }

    /// What only this line held.
    pub(super) fn release(&mut self, line: usize) -> Vec<Hold> {
        let (released, kept): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|(holder, _)| *holder == line);
        self.0 = kept;
        released.into_iter().map(|(_, hold)| hold).filter(|hold| !self.holds(*hold)).collect()
    }

    /// Lets go of one thing; whether nobody holds it any more.
    pub(super) fn let_go(&mut self, line: usize, hold: Hold) -> bool {
        let held = self.0.contains(&(line, hold));
        self.0.retain(|entry| *entry != (line, hold));
        held && !self.holds(hold)
    }

    pub(super) fn holds(&self, hold: Hold) -> bool {
        self.0.iter().any(|(_, held)| *held == hold)
    }

    /// Whether a line other than this one holds it.
    pub(super) fn others_hold(&self, line: usize, hold: Hold) -> bool {
        self.0.iter().any(|(holder, held)| *holder != line && *held == hold)
    }

    /// How many machines would not work if these did not, either.
    pub(super) fn machines_with(&self, struck: &[Machine]) -> usize {
        let mut machines = struck.to_vec();
        machines.extend(self.0.iter().map(|(_, hold)| hold.machine()));
        machines.sort();
        machines.dedup();
        machines.len()
    }
}
