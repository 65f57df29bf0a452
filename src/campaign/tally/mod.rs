//! Tallies: what a sweep, or a part of one, came to, as a file. `merge` joins those of the parts.
//!
//! A tally holds nothing of the wall clock: the same part of the same sweep gives the same bytes on any machine,
//! and joined parts are what the whole sweep would have been. `file` is how it lies on a disk, `runs` how the
//! runs of a scenario lie in it, `join` makes one of many.

mod file;
mod join;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use super::rows::Verdict;
use super::summary::{Summary, histogram};

pub(crate) use join::{Joined, join};

/// What a sweep, or some parts of it, came to.
pub(crate) struct Tally {
    pub(crate) sweep: Sweep,
    pub(crate) parts: Parts,
    /// Whether the scenario that must fail did so, in every part.
    pub(crate) canary_failed: bool,
    /// Whether somebody stopped it, or one of its parts.
    pub(crate) interrupted: bool,
    /// The cases of the corpus that were run first, by name.
    pub(crate) past: Vec<PastCase>,
    pub(crate) summary: Summary,
}

/// What was swept, whoever ran which part of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sweep {
    /// The build and all that was asked for, each under its name. Parts of one sweep agree in every word.
    pub(crate) asked: Vec<(String, String)>,
    /// How the program was called, for lines to paste.
    pub(crate) program: String,
    /// Whether bugs were planted or faults drawn by another profile: points may then be out of reach.
    pub(crate) planted: bool,
    /// What was chosen and not run, and why.
    pub(crate) left_out: Vec<String>,
}

/// How a case of the corpus ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PastCase {
    /// Its file below the corpus.
    pub(crate) name: String,
    /// How it ended, beside what it recorded.
    pub(crate) told: String,
    /// Passed means: as it should.
    pub(crate) verdict: Verdict,
    /// Its line.
    pub(crate) case: String,
}

/// Some of the equal parts of a sweep: its seeds in turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// How many there are.
    pub(crate) count: u64,
    /// Which of them these are, from 0; at least one.
    pub(crate) present: BTreeSet<u64>,
}

impl Parts {
    /// One of some.
    pub(crate) fn one(index: u64, count: u64) -> Parts {
        assert!(index < count, "shard {index} of {count}");
        Parts { count, present: BTreeSet::from([index]) }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.present.len() as u64 == self.count
    }

    /// Those that are not here.
    pub(crate) fn missing(&self) -> Vec<u64> {
        (0..self.count).filter(|index| !self.present.contains(index)).collect()
    }

    /// Whether the seed at that place is of one of them.
    pub(super) fn have(&self, position: u64) -> bool {
        self.present.contains(&(position % self.count))
    }
}

/// `3/8`, or `0, 3, 5 of 8`.
impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<String> = self.present.iter().map(u64::to_string).collect();
        match &present[..] {
            [one] => write!(f, "{one}/{}", self.count),
            _ => write!(f, "{} of {}", present.join(", "), self.count),
        }
    }
}
