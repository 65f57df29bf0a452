//! Every schedule, one after the other: depth-first search over the choices of a small world.
//!
//! Nothing is saved and restored. Each run is made from its beginning: it repeats the choices of the one before up to
//! the last that has an answer left, takes that, and goes on with first answers. So a world is searched that knows
//! nothing of it, and each schedule is a few edits of a case: [`Dfs::path`].
//!
//! ```
//! use sim::{Config, World, machine, task::yield_now};
//! use tourbillon_search::dfs::Dfs;
//!
//! let mut dfs = Dfs::schedules();
//! while let Some(explorer) = dfs.next_run().unwrap() {
//!     let mut world = World::new(Config::default());
//!     world.explore(explorer);
//!     world.run(|| async {
//!         let lab = machine("lab").create();
//!         let tasks = [lab.spawn(yield_now()), lab.spawn(yield_now())];
//!         for task in tasks {
//!             task.await.unwrap();
//!         }
//!     });
//! }
//! assert_eq!(dfs.counts().complete, 6); // 4! / (2! 2!): each task is polled twice
//! assert!(dfs.counts().is_exhaustive());
//! ```
//!
//! [`Dfs::reduced`] leaves out schedules that differ only in the order of steps that do not touch each other.

mod accesses;
mod outcome;
mod sleep;
mod tree;
mod walk;

use std::cell::RefCell;
use std::rc::Rc;

use sim::choice::{Edit, Explorer};

pub use accesses::Accesses;
pub use outcome::{Counts, DfsError, Limit};
use walk::{Scope, Search, Walk};

/// A search through all schedules, or through all answers to the draws of some streams.
///
/// The driver asks for an explorer, makes the same run with it each time, and asks for the next. The run's other
/// chance comes from its seed: keep it.
pub struct Dfs {
    search: Rc<RefCell<Search>>,
    schedules_max: u64,
    counts: Counts,
    /// Whether an explorer is out, whose run is not counted yet.
    is_out: bool,
    is_finished: bool,
}

impl Dfs {
    /// Searches the choices of all schedulers, `sched/*`.
    pub fn schedules() -> Dfs {
        Dfs::over(&["sched/*"], u64::MAX)
    }

    /// Searches every draw of some streams, named as in an [`Edit`], which has at most `bound_max` answers. Draws
    /// with more are left as drawn and counted.
    pub fn over(streams: &[&str], bound_max: u64) -> Dfs {
        let streams = streams.iter().map(|stream| Edit::all_from(stream, 0, 0)).collect();
        Dfs::of(Search::new(Scope { streams, bound_max, tasks_only: false }, None))
    }

    /// Searches one schedule of each kind: those that differ only in the order of polls without a conflict are one
    /// (sleep sets: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", 1996).
    ///
    /// The final results are those of the full search, if the tasks of *one* machine are searched, each of them is
    /// [followed](Accesses::follow), and what they share is declared before it is touched: variables, locks, channels,
    /// a stream that they draw from, a handle that one of them joins. The time of the clock is shared by all, so a
    /// world whose tasks look at it, or sleep, is none for this.
    pub fn reduced(accesses: &Accesses) -> Dfs {
        let streams = vec![Edit::all_from("sched/*", 0, 0)];
        let scope = Scope { streams, bound_max: u64::MAX, tasks_only: true };
        Dfs::of(Search::new(scope, Some(accesses.clone())))
    }

    fn of(search: Search) -> Dfs {
        let search = Rc::new(RefCell::new(search));
        Dfs { search, schedules_max: u64::MAX, counts: Counts::default(), is_out: false, is_finished: false }
    }

    /// Stops after so many runs.
    pub fn schedules_max(mut self, schedules: u64) -> Dfs {
        self.schedules_max = schedules;
        self
    }

    /// Searches only the first choices of each run; those behind are left as drawn. A reduced search may then leave
    /// out more than it says: the schedule that another repeats may itself have been cut.
    pub fn depth_max(self, choices: usize) -> Dfs {
        self.search.borrow_mut().depth_max = choices;
        self
    }

    /// The explorer of the next run; none when all were made, or the limit is reached.
    ///
    /// # Errors
    /// When the last run was not what a search can rely on; then it answers this for good.
    pub fn next_run(&mut self) -> Result<Option<Box<dyn Explorer>>, DfsError> {
        let mut search = self.search.borrow_mut();
        if std::mem::take(&mut self.is_out) {
            search.end_run(&mut self.counts);
            self.is_finished = search.error.is_none() && !search.tree.backtrack();
        }
        if let Some(error) = &search.error {
            return Err(error.clone());
        }
        if self.is_finished {
            return Ok(None);
        }
        if self.counts.runs() >= self.schedules_max {
            self.counts.limit = Some(Limit::Schedules(self.schedules_max));
            return Ok(None);
        }
        search.begin_run();
        self.is_out = true;
        Ok(Some(Box::new(Walk(Rc::clone(&self.search)))))
    }

    /// Whether every schedule was made.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// The choices of the run that was just made, as edits of its case. To be asked before the next one.
    pub fn path(&self) -> Vec<Edit> {
        self.search.borrow().tree.edits()
    }

    /// Whether the run that was just made repeats another but for the order of polls without a conflict. To be asked
    /// before the next one; what it came to may be thrown away.
    pub fn is_redundant(&self) -> bool {
        let mut search = self.search.borrow_mut();
        search.absorb();
        search.is_redundant
    }

    /// What was made, without a run that is still out.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}
