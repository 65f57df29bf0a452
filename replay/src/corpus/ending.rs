//! How a case of the corpus ends now, and whether it may.

use std::fmt;

use crate::ShortDigest;
use crate::case::{Case, Signature};

/// How a case ends now, beside what it recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A planted bug is still caught, and in the same way.
    Caught {
        /// Whether the digest is the recorded one; `None` when the case recorded none.
        same_digest: Option<bool>,
    },
    /// A mended bug stays mended.
    Holds {
        /// Whether the digest is the recorded one, as far as one can expect of a run that ends otherwise.
        same_digest: Option<bool>,
    },
    /// A mended bug is back, or another one is in its place.
    FailsAgain {
        /// How it fails.
        now: Box<Signature>,
    },
    /// A planted bug is caught in another way.
    CaughtOtherwise {
        /// What the case recorded.
        recorded: Box<Signature>,
        /// How it fails now.
        now: Box<Signature>,
    },
    /// A planted bug is no longer caught.
    NoLongerFails,
}

impl Ending {
    /// Judges a run of a case: how it failed, if it did, and its trace digest.
    pub fn of(case: &Case, failed: Option<&Signature>, digest: ShortDigest) -> Ending {
        let same_digest = case.digest.map(|recorded| recorded == digest);
        match (case.quirks.is_empty(), failed) {
            (true, None) => Ending::Holds { same_digest },
            (true, Some(now)) => Ending::FailsAgain { now: Box::new(now.clone()) },
            (false, None) => Ending::NoLongerFails,
            (false, Some(now)) => match &case.fails {
                Some(recorded) if !recorded.is_same_failure(now) => Ending::CaughtOtherwise {
                    recorded: Box::new(recorded.clone()),
                    now: Box::new(now.clone()),
                },
                _ => Ending::Caught { same_digest },
            },
        }
    }

    /// Whether the case may end so.
    pub fn is_right(&self) -> bool {
        matches!(self, Ending::Caught { .. } | Ending::Holds { .. })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, same_digest) = match self {
            Ending::Caught { same_digest } => ("still caught", same_digest),
            Ending::Holds { same_digest } => ("stays mended", same_digest),
            Ending::FailsAgain { now } => {
                return write!(f, "fails: {now}; without a planted bug it must hold");
            }
            Ending::CaughtOtherwise { recorded, now } => {
                return write!(f, "another failure: recorded {recorded}, now {now}");
            }
            Ending::NoLongerFails => {
                return f.write_str("no longer fails: it holds, though a bug is planted in it");
            }
        };
        match same_digest {
            None => f.write_str(what),
            Some(true) => write!(f, "{what}, same digest"),
            Some(false) => write!(f, "{what}, digest moved"),
        }
    }
}
