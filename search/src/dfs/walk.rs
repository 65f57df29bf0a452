//! One run of a search: which draws are searched, and how each is answered.

use std::cell::RefCell;
use std::rc::Rc;

use sim::choice::{Edit, Explorer, StreamId};
use sim::task;

use super::accesses::{Accesses, Poll};
use super::outcome::{Counts, DfsError};
use super::sleep::Sleepers;
use super::tree::{Asked, Tree};

/// Which draws are searched.
pub(super) struct Scope {
    /// Only their streams matter.
    pub(super) streams: Vec<Edit>,
    pub(super) bound_max: u64,
    /// Whether nothing is searched but which task goes on.
    pub(super) tasks_only: bool,
}

/// The search as the driver and the explorer of the present run share it.
pub(super) struct Search {
    pub(super) tree: Tree,
    pub(super) depth_max: usize,
    pub(super) error: Option<DfsError>,
    /// Whether the present run repeats another.
    pub(super) is_redundant: bool,
    scope: Scope,
    accesses: Option<Accesses>,
    /// The streams of the present run by number, and whether they are searched: numbers go by first use, which
    /// differs from schedule to schedule.
    streams: Vec<(Rc<str>, bool)>,
    sleepers: Sleepers,
    /// Whether the last choice was searched and its poll is still to be heard of.
    awaits_poll: bool,
    is_cut: bool,
    left_as_drawn: u64,
}

impl Search {
    pub(super) fn new(scope: Scope, accesses: Option<Accesses>) -> Search {
        Search {
            tree: Tree::default(),
            depth_max: usize::MAX,
            error: None,
            is_redundant: false,
            scope,
            accesses,
            streams: Vec::new(),
            sleepers: Sleepers::default(),
            awaits_poll: false,
            is_cut: false,
            left_as_drawn: 0,
        }
    }

    pub(super) fn begin_run(&mut self) {
        self.tree.begin_run();
        self.streams.clear();
        self.sleepers = Sleepers::default();
        self.awaits_poll = false;
        self.is_redundant = false;
        self.is_cut = false;
        self.left_as_drawn = 0;
        if let Some(accesses) = &self.accesses {
            accesses.clear();
        }
    }

    pub(super) fn end_run(&mut self, counts: &mut Counts) {
        self.absorb();
        if self.error.is_none() {
            self.error = self.tree.end_run().err();
        }
        if self.error.is_some() {
            return;
        }
        if self.is_redundant {
            counts.redundant += 1;
        } else {
            counts.complete += 1;
            counts.cut += u64::from(self.is_cut);
        }
        counts.left_as_drawn += self.left_as_drawn;
    }

    /// Hears of the polls since the last choice.
    pub(super) fn absorb(&mut self) {
        let Some(accesses) = &self.accesses else { return };
        let absorbed = accesses.take().and_then(|polls| self.pass(&polls));
        if let Err(error) = absorbed {
            self.error.get_or_insert(error);
        }
    }

    fn pass(&mut self, mut polls: &[Poll]) -> Result<(), DfsError> {
        if self.awaits_poll {
            self.sleepers = self.tree.went_on(polls.first())?;
            self.awaits_poll = false;
            polls = &polls[1..];
        }
        // A task that is ready alone goes on unasked.
        for poll in polls {
            self.is_redundant |= self.sleepers.pass(poll);
        }
        Ok(())
    }

    fn is_searched(&mut self, stream: StreamId, bound: u64, is_task: bool) -> bool {
        let (_, in_scope) = self.streams[stream.index()];
        if !in_scope || bound == 1 || (self.scope.tasks_only && !is_task) {
            return false;
        }
        let fits = bound != 0 && bound <= self.scope.bound_max;
        self.left_as_drawn += u64::from(!fits);
        fits
    }

    /// The answer to a draw; what is not searched stays as drawn, so that the edits of the path say all.
    fn answer(&mut self, stream: StreamId, index: u64, bound: u64, ready: &[task::Id], drawn: u64) -> u64 {
        if self.error.is_some() || !self.is_searched(stream, bound, !ready.is_empty()) {
            return drawn;
        }
        self.absorb();
        if self.error.is_some() || self.is_redundant {
            return drawn;
        }
        let name = Rc::clone(&self.streams[stream.index()].0);
        match self.decide(&Asked { stream: &name, index, options: bound, ready }) {
            Ok(answer) => answer.unwrap_or(drawn),
            Err(error) => {
                self.error = Some(error);
                drawn
            }
        }
    }

    fn decide(&mut self, asked: &Asked<'_>) -> Result<Option<u64>, DfsError> {
        if let (Some(_), Some(first)) = (&self.accesses, self.tree.first_stream())
            && first != asked.stream
        {
            let (first, second) = (first.to_string(), asked.stream.to_string());
            return Err(DfsError::TwoSchedulers { first, second });
        }
        let mut answer = self.tree.repeat(asked)?;
        if answer.is_none() {
            if self.tree.depth() >= self.depth_max {
                self.is_cut = true;
                return Ok(None);
            }
            answer = self.tree.grow(asked, self.sleepers.clone());
            // All who could go on sleep: whatever comes now was seen.
            self.is_redundant = answer.is_none();
        }
        self.awaits_poll = answer.is_some() && self.accesses.is_some();
        Ok(answer)
    }
}

/// The explorer of one run.
pub(super) struct Walk(pub(super) Rc<RefCell<Search>>);

impl Explorer for Walk {
    fn stream_opened(&mut self, stream: StreamId, name: &str) {
        let mut search = self.0.borrow_mut();
        let in_scope = search.scope.streams.iter().any(|pattern| pattern.is_of(name));
        assert!(stream.index() == search.streams.len(), "streams are shown in the order of their numbers");
        search.streams.push((Rc::from(name), in_scope));
    }

    fn choose(&mut self, stream: StreamId, index: u64, bound: u64, drawn: u64) -> u64 {
        self.0.borrow_mut().answer(stream, index, bound, &[], drawn)
    }

    fn choose_task(&mut self, stream: StreamId, index: u64, ready: &[task::Id], drawn: u64) -> u64 {
        self.0.borrow_mut().answer(stream, index, ready.len() as u64, ready, drawn)
    }
}
