//! The injector: carries out a plan in a run, line by line, and undoes it when it heals.
//!
//! It lives on no machine and draws nothing: a plan decides everything beforehand. Lines strike at exact
//! times, or in the poll of the task that hits a point. What each line did is counted by the kernel where
//! somebody could notice it; what kept a line from striking is told by [`Injection::notes`].

mod act;
mod holds;
mod links;
mod targets;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use sim::fault::{self, FaultId};
use sim::machine::{Ending, Process};

use crate::plan::{Line, Plan, Trigger, Trouble};
use holds::Holds;

/// Why a line did not strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Its point was not hit so often, or its time never came.
    NotReached,
    /// It was healed or calm.
    Quiet,
    /// Too many machines would have been down.
    Guarded,
    /// Nobody was selected.
    Nobody,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The faults of the run that the line began; several when it strikes machine by machine.
    pub faults: Vec<FaultId>,
    /// Why it did not strike, when it did not.
    pub skipped: Option<Skipped>,
}

/// A plan being carried out.
#[derive(Clone)]
pub struct Injection {
    state: Rc<RefCell<State>>,
}

struct State {
    lines: Vec<Line>,
    notes: Vec<Note>,
    /// Lines that have struck and not ended.
    active: Vec<Active>,
    /// Who is down or hung, and by which lines.
    holds: Holds,
    /// Processes to boot as soon as their machine has power.
    owed: Vec<Process>,
    quiet_until: Duration,
    calm: bool,
}

/// A line that has struck.
struct Active {
    line: usize,
    faults: Vec<FaultId>,
}

/// Begins to carry out a plan in the current run. Lines that cannot be carried out fail the run by the
/// property `plan`.
///
/// # Panics
/// Outside of a simulation.
pub fn inject(plan: &Plan) -> Injection {
    let note = Note { faults: Vec::new(), skipped: Some(Skipped::NotReached) };
    let state = State {
        lines: plan.faults.clone(),
        notes: vec![note; plan.faults.len()],
        active: Vec::new(),
        holds: Holds::default(),
        owed: Vec::new(),
        quiet_until: Duration::ZERO,
        calm: false,
    };
    let injection = Injection { state: Rc::new(RefCell::new(state)) };
    for (index, line) in plan.faults.iter().enumerate() {
        let this = injection.clone();
        match &line.trigger {
            Trigger::At(at) => fault::at(*at, move || this.strike(index, None)),
            Trigger::On { point, hit } => {
                fault::on_point(point, u64::from(hit.get()), move |hitter| this.strike(index, Some(hitter)));
            }
        }
    }
    injection
}

impl Injection {
    /// What became of each line, in the plan's order.
    pub fn notes(&self) -> Vec<Note> {
        self.state.borrow().notes.clone()
    }

    /// A line's time has come. `itself` hit its point.
    fn strike(&self, index: usize, itself: Option<Process>) {
        let line = self.state.borrow().lines[index].clone();
        let now = fault::now();
        let healing = matches!(line.trouble, Trouble::Heal {} | Trouble::Calm {});
        if self.is_quiet(now) && !healing {
            return self.skip(index, Skipped::Quiet);
        }
        match line.trouble {
            Trouble::Calm {} => {
                self.note(index, Vec::new());
                self.heal();
                self.state.borrow_mut().calm = true;
            }
            Trouble::Heal {} => {
                self.note(index, Vec::new());
                self.heal();
                self.state.borrow_mut().quiet_until = now.saturating_add(line.lasts.unwrap_or_default());
            }
            _ => self.begin(index, &line, itself),
        }
    }

    fn is_quiet(&self, now: Duration) -> bool {
        let state = self.state.borrow();
        state.calm || now < state.quiet_until
    }

    fn skip(&self, index: usize, why: Skipped) {
        self.state.borrow_mut().notes[index].skipped = Some(why);
    }

    fn note(&self, index: usize, faults: Vec<FaultId>) {
        self.state.borrow_mut().notes[index] = Note { faults, skipped: None };
    }

    /// Ends a line: its conditions are lifted, and whom only it kept down is up again.
    fn finish(&self, index: usize) {
        let ended = {
            let mut state = self.state.borrow_mut();
            let position = state.active.iter().position(|active| active.line == index);
            position.map(|position| state.active.remove(position))
        };
        // It may have been healed before its time.
        if let Some(ended) = ended {
            ended.faults.into_iter().for_each(fault::end);
            self.release(index);
        }
    }

    /// Ends all lines, and starts again what crashed by itself meanwhile.
    fn heal(&self) {
        let lines: Vec<usize> = self.state.borrow().active.iter().map(|active| active.line).collect();
        lines.into_iter().for_each(|line| self.finish(line));
        for machine in sim::machines() {
            let crashed = |process: &Process| {
                let ending = process.ending().filter(|_| !process.is_running());
                matches!(ending, Some(Ending::Panicked | Ending::Errored))
            };
            for process in machine.processes().into_iter().filter(crashed) {
                process.restart();
            }
        }
    }
}
