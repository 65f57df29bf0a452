//! The observer: it keeps books of its own, written from events alone, and holds them against what must be true.
//! [regions 1.9]
//!
//! It sees the raw readings of the clock as well, because it stands between the runtime and its node
//! ([`Watched`]); so it judges deadlines by what the clock said, and not by what the runtime made of it. After
//! every step it compares its books with what the runtime shows.

mod books;
mod clock;
mod lifecycles;
mod rule;
mod shown;
mod watched;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, What};
use super::handle::{Handle, Kind};
use super::status::Status;
use super::time::Time;
use books::{RegionBook, TaskBook, TimerBook};
use clock::ClockBook;

pub use rule::{Rule, Violation};
pub use watched::Watched;

/// Watches one runtime from its beginning.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    regions: BTreeMap<Handle, RegionBook>,
    tasks: BTreeMap<Handle, TaskBook>,
    /// The task that holds each.
    obligations: BTreeMap<Handle, Handle>,
    timers: BTreeMap<Handle, TimerBook>,
    /// The deadline of each timer that is set, and its sequence: in this order they fire.
    timers_due: BTreeSet<(Time, u64, Handle)>,
    /// The deadline of each task that has one which nobody noticed yet.
    tasks_due: BTreeSet<(Time, Handle)>,
    /// The last generation that each slot was seen with.
    generations: BTreeMap<(Kind, u16), u32>,
    /// Every id that was ever given.
    ids: BTreeSet<u64>,
    /// Who is to be polled, in order.
    ready: BTreeSet<(u64, u64, Handle)>,
    clock: ClockBook,
    timers_set: u64,
    steps: u64,
    /// Whether something was polled in this step.
    polled: bool,
    /// The region of a task that made room, until the task that it made room for is there.
    room_made_in: Option<Handle>,
}

type Judged = Result<(), Violation>;

impl Observer {
    /// Books with nothing in them.
    pub fn new() -> Observer {
        Observer::default()
    }

    /// Writes an event down.
    ///
    /// # Errors
    /// The invariant that it breaks.
    pub fn observe(&mut self, event: &Event) -> Result<(), Violation> {
        let at = event.object;
        match event.what {
            What::Opened { parent, asked } => self.opened(at, parent, asked),
            What::Closing | What::Draining | What::Finalizing => self.moved(at, event.what),
            What::Closed { outcome } => self.closed(at, outcome),
            What::Poisoned => self.poisoned(at),
            What::Deferred { name } => self.deferred(at, name),
            What::Finalized { name, outcome, forced } => self.finalized(at, name, outcome, forced),
            What::Spawned { region, id, asked } => self.spawned(at, region, id, asked),
            What::Ready { moment } => self.readied(at, moment),
            What::Polled => self.polled(at),
            What::Waits => self.waits(at),
            What::CancelRequested { kind } => self.cancel_requested(at, kind),
            What::DeadlinePassed { deadline } => self.deadline_passed(at, deadline),
            What::Shed => self.shed(at),
            What::Completed { outcome, forced } => self.completed(at, outcome, forced),
            What::Reserved { task, .. } => self.reserved(at, task),
            What::Committed { .. } | What::Aborted { .. } | What::Leaked { .. } => self.resolved(at),
            What::TimerSet { task, deadline } => self.timer_set(at, task, deadline),
            What::TimerFired { deadline } => self.timer_fired(at, deadline),
            What::TimerCancelled => self.timer_cancelled(at),
            What::Refused { status, before, after, .. } => self.refused(at, status, before, after),
        }
    }

    /// Nothing may be alive any more.
    ///
    /// # Errors
    /// with what is left.
    pub fn finish(&self) -> Result<(), Violation> {
        let left = |rule, first: Option<&Handle>| match first {
            Some(handle) => Err(Violation::new(rule, format!("{handle} never ended"))),
            None => Ok(()),
        };
        left(Rule::EndsOnce, self.tasks.keys().next())?;
        left(Rule::ResolvesOnce, self.obligations.keys().next())?;
        left(Rule::Counts, self.timers.keys().next())?;
        left(Rule::Counts, self.regions.keys().next())
    }

    fn refused(&self, at: Handle, status: Status, before: u64, after: u64) -> Judged {
        Rule::RefusalChangesNothing.holds(before == after, || {
            format!("{status} of {at} changed the state from {before:016x} to {after:016x}")
        })?;
        let may_be_swapped = status == Status::RegionNotOpen && self.is_poisoned(at);
        Rule::Precedence.holds(!may_be_swapped, || format!("{at} is poisoned, and the answer was {status}"))
    }

    /// A slot is never seen twice with one generation.
    fn fresh(&mut self, handle: Handle) -> Judged {
        let before = self.generations.insert((handle.kind, handle.slot), handle.generation);
        Rule::Generations.holds(before.is_none_or(|before| before < handle.generation), || {
            format!("{handle} was handed out, after generation {}", before.unwrap_or_default())
        })
    }

    /// Whether a region or one above it is poisoned, by these books.
    fn is_poisoned(&self, region: Handle) -> bool {
        self.lineage(region).any(|(_, book)| book.is_poisoned)
    }

    /// A region and those above it.
    fn lineage(&self, region: Handle) -> impl Iterator<Item = (Handle, &RegionBook)> {
        let entry = |handle: Handle| self.regions.get(&handle).map(|book| (handle, book));
        std::iter::successors(entry(region), move |(_, book)| book.parent.and_then(entry))
    }
}
