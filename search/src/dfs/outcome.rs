//! What a search through schedules came to, and what it cannot go on with.

use std::fmt;

/// How many runs were made, and of which kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs that were made to their end, each a schedule of its own.
    pub complete: u64,
    /// Runs that turned out to repeat another but for the order of polls without a conflict.
    pub redundant: u64,
    /// Of the complete ones, those with choices behind the greatest depth, which were left as drawn.
    pub cut: u64,
    /// Draws of the searched streams with too many answers, over all runs; they were left as drawn.
    pub left_as_drawn: u64,
    /// Why the search stopped, if it did before its end.
    pub limit: Option<Limit>,
}

/// Where a search stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many runs were made.
    Schedules(u64),
}

impl Counts {
    /// All runs.
    pub fn runs(&self) -> u64 {
        self.complete + self.redundant
    }

    /// Whether nothing was left out. It says so of a search that is [finished](super::Dfs::is_finished).
    pub fn is_exhaustive(&self) -> bool {
        self.cut == 0 && self.left_as_drawn == 0 && self.limit.is_none()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} schedules", self.complete)?;
        if self.redundant > 0 {
            write!(f, ", {} more repeated one of them", self.redundant)?;
        }
        if self.cut > 0 {
            write!(f, ", {} of them with choices behind the depth limit", self.cut)?;
        }
        if self.left_as_drawn > 0 {
            write!(f, ", {} draws with too many answers left as drawn", self.left_as_drawn)?;
        }
        match self.limit {
            Some(Limit::Schedules(limit)) => write!(f, "; stopped at the limit of {limit}, more remain"),
            None => Ok(()),
        }
    }
}

/// Why a search cannot go on: it relies on the same choices giving the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DfsError {
    /// A run asked for another choice than the one before it, after the same answers.
    Nondeterminism {
        /// The number of the choice within the run, from 0.
        choice: usize,
        /// What was asked.
        found: String,
        /// What had been asked.
        expected: String,
    },
    /// The task that a reduced search let go on was not followed, or did something else than the last time.
    NotFollowed {
        /// The number of the choice that let it go on, from 0.
        choice: usize,
        /// What was polled next.
        found: String,
        /// What should have been.
        expected: String,
    },
    /// A reduced search was asked by a second scheduler.
    TwoSchedulers {
        /// The stream of the first.
        first: String,
        /// The stream of the second.
        second: String,
    },
    /// An access was declared outside of the poll of a followed task.
    Undeclared {
        /// What was accessed.
        resource: String,
    },
}

impl fmt::Display for DfsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DfsError::Nondeterminism { choice, found, expected } => write!(
                f,
                "choice {choice}: found {found}, expected {expected} as in the run before, whose answers were the \
                 same: give each run the same seed and an explorer of its own, and keep what outlives a run (statics, \
                 shared cells) from deciding in it"
            ),
            DfsError::NotFollowed { choice, found, expected } => write!(
                f,
                "choice {choice}: found {found}, expected {expected}: wrap every task of the searched machine in \
                 Accesses::follow, abort none, and give no other machine followed tasks"
            ),
            DfsError::TwoSchedulers { first, second } => write!(
                f,
                "`{second}` asks which task goes on, and so did `{first}`: a reduced search is over one machine; use \
                 Dfs::schedules for more"
            ),
            DfsError::Undeclared { resource } => write!(
                f,
                "`{resource}` was accessed outside of a followed task's poll, expected within: wrap the task in \
                 Accesses::follow"
            ),
        }
    }
}

impl std::error::Error for DfsError {}
