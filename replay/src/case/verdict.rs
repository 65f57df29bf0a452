//! What a replay says: the same failure with the same digest, the same with another, or none.

use std::fmt;

use faults::scenario::Run;

use super::{Case, Signature};
use crate::ShortDigest;

/// A replay beside what its case recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It failed, and nothing in the case says otherwise.
    SameFailure {
        /// Whether the digest is the recorded one; `None` when the case recorded none.
        same_digest: Option<bool>,
    },
    /// It failed in another way.
    OtherFailure {
        /// What the case recorded.
        recorded: Box<Signature>,
        /// What happened now.
        now: Box<Signature>,
    },
    /// It no longer fails, or never did: the case may have recorded a run that held.
    Holds {
        /// Whether the case says that it failed.
        failed_before: bool,
        /// Whether the digest is the recorded one; `None` when the case recorded none.
        same_digest: Option<bool>,
    },
}

impl Case {
    /// The same case with what its run came to: how it failed, and its digest.
    pub fn recorded(mut self, run: &Run) -> Case {
        self.fails = Signature::of(run);
        self.digest = Some(run.report.digests.trace.into());
        self
    }

    /// Compares a replay of this case with what the case recorded.
    pub fn replayed(&self, failure: Option<&Signature>, digest: ShortDigest) -> Replayed {
        let same_digest = self.digest.map(|recorded| recorded == digest);
        match (&self.fails, failure) {
            (Some(recorded), Some(now)) if !recorded.is_same_failure(now) => {
                Replayed::OtherFailure { recorded: Box::new(recorded.clone()), now: Box::new(now.clone()) }
            }
            (_, Some(_)) => Replayed::SameFailure { same_digest },
            (recorded, None) => Replayed::Holds { failed_before: recorded.is_some(), same_digest },
        }
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, same_digest) = match self {
            Replayed::SameFailure { same_digest: None } => return f.write_str("it fails"),
            Replayed::SameFailure { same_digest } => ("same failure", same_digest),
            Replayed::OtherFailure { recorded, now } => {
                return write!(f, "another failure: recorded {recorded}, now {now}");
            }
            Replayed::Holds { failed_before: true, same_digest } => ("no longer fails", same_digest),
            Replayed::Holds { failed_before: false, same_digest } => ("it holds", same_digest),
        };
        match same_digest {
            None => f.write_str(what),
            Some(true) => write!(f, "{what}, same digest"),
            Some(false) => write!(f, "{what}, digest moved"),
        }
    }
}
