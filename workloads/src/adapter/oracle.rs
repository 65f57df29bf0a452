//! The oracle of one run: it hears of transitions and of what the remote holds, and judges the disks at the end.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use models::adapter::api::{Hash, Job, Reason, Record, State, TRIES_MAX, Trouble, Witness};

use super::escalation::{
    CURSOR_ACKNOWLEDGED, Judged, MODES_AGREE, NAMED_REASON, PROVOKED, RETRIES_BOUNDED, Violation,
};

/// Watches one run. It is shared by all machines, which is harmless: it wakes nobody and tells nobody.
#[derive(Default)]
pub struct Oracle {
    runs: RefCell<BTreeMap<u64, Seen>>,
    provoked: RefCell<BTreeSet<Reason>>,
}

/// What was seen of one run.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Where and what each durable record was.
    pub audited: Vec<(u64, Hash)>,
    /// How many chunks are acknowledged, by the client's word.
    pub cursor: u32,
    /// How many chunks the remote holds.
    pub held: u32,
    /// How the client ended.
    pub ended: Option<State>,
    /// How long each chunk took.
    pub took: Vec<Duration>,
}

impl Oracle {
    /// A new oracle.
    pub fn new() -> Rc<Oracle> {
        Rc::new(Oracle::default())
    }

    /// What was seen of a run.
    pub fn seen(&self, run: u64) -> Seen {
        self.runs.borrow().get(&run).cloned().unwrap_or_default()
    }

    /// Whether every run named has ended: the first that has not, if one has not.
    pub fn pending(&self, runs: &[u64]) -> Option<u64> {
        runs.iter().copied().find(|run| self.seen(*run).ended.is_none())
    }

    /// Judges how a run ended against what was provoked.
    ///
    /// # Errors
    /// When another reason was named, or what was to be provoked was not.
    pub fn named(&self, job: &Job, trouble: &Trouble, ended: State) -> Judged {
        let expected = trouble.first(job.mode).map_or(State::Done, State::Failed);
        if ended != expected {
            let message =
                format!("run {} in {:?} mode ended in {ended}, not in {expected}", job.run, job.mode);
            return Err(Violation::new(NAMED_REASON, message));
        }
        let State::Failed(reason) = expected else { return Ok(()) };
        if !self.provoked.borrow().contains(&reason) {
            let message = format!("{reason:?} was named and nobody had provoked it");
            return Err(Violation::new(PROVOKED, message));
        }
        Ok(())
    }
}

/// Judges whether clients in different modes, who met the same trouble, gave the same answer.
///
/// # Errors
/// When they did not.
pub fn modes_agree(ends: &[(Job, State)]) -> Judged {
    let Some(((first, first_ended), others)) = ends.split_first() else { return Ok(()) };
    match others.iter().find(|(_, ended)| ended != first_ended) {
        None => Ok(()),
        Some((other, ended)) => Err(Violation::new(
            MODES_AGREE,
            format!("{:?} mode ended in {first_ended}, {:?} mode in {ended}", first.mode, other.mode),
        )),
    }
}

impl Witness for Oracle {
    fn audited(&self, run: u64, record: &Record) {
        let mut runs = self.runs.borrow_mut();
        let seen = runs.entry(run).or_default();
        seen.audited.push((record.index, record.hash()));
        seen.cursor = record.cursor;
        if record.tries > TRIES_MAX + 1 {
            let message = format!("run {run}: try {} in a row, {TRIES_MAX} are allowed", record.tries);
            Violation::new(RETRIES_BOUNDED, message).fail();
        }
        if record.cursor > seen.held {
            let message = format!("run {run}: cursor {}, the remote holds {}", record.cursor, seen.held);
            Violation::new(CURSOR_ACKNOWLEDGED, message).fail();
        }
    }

    fn ended(&self, run: u64, state: State) {
        self.runs.borrow_mut().entry(run).or_default().ended = Some(state);
    }

    fn chunk_took(&self, run: u64, took: Duration) {
        self.runs.borrow_mut().entry(run).or_default().took.push(took);
    }

    fn holds(&self, run: u64, count: u32) {
        self.runs.borrow_mut().entry(run).or_default().held = count;
    }

    fn provoked(&self, reason: Reason) {
        self.provoked.borrow_mut().insert(reason);
    }
}
