//! What a replay says: the same failure with the same digest, the same with another, or none.

use std::fmt;

use super::Case;
use super::scan::Item;
use crate::ShortDigest;

/// What makes two failures the same: the property that failed, and its place in the sources.
///
/// Written `property@place`. Line and column of a place do not count, because sources move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The failed property.
    pub property: String,
    /// Where it failed, such as `models/src/kv/check.rs:88:5`, when that is known.
    pub place: Option<String>,
}

impl Signature {
    /// Whether both are the same failure.
    pub fn is_same_failure(&self, other: &Signature) -> bool {
        let places = (self.file(), other.file());
        self.property == other.property && (places.0 == places.1 || places.0.is_none() || places.1.is_none())
    }

    /// The place without line and column.
    fn file(&self) -> Option<&str> {
        let mut place = self.place.as_deref()?;
        while let Some((rest, number)) = place.rsplit_once(':') {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                break;
            }
            place = rest;
        }
        Some(place)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Item::of(&self.property))?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, "@{}", Item::of(place)))
    }
}

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
        recorded: Signature,
        /// What happened now.
        now: Signature,
    },
    /// It no longer fails, or never did: the case may have recorded a run that held.
    Holds {
        /// Whether the case says that it failed.
        failed_before: bool,
        /// Whether the digest is the recorded one; `None` when the case recorded none.
        same_digest: Option<bool>,
    },
}

impl From<&sim::Failure> for Signature {
    fn from(failure: &sim::Failure) -> Signature {
        let place = (!failure.place.is_empty()).then(|| failure.place.clone());
        Signature { property: failure.property.clone(), place }
    }
}

impl Case {
    /// The same case with what its run came to: how it failed, and its digest.
    pub fn recorded(mut self, report: &sim::Report) -> Case {
        self.fails = report.failure().map(Signature::from);
        self.digest = Some(report.digests.trace.into());
        self
    }

    /// Compares a replay of this case with what the case recorded.
    pub fn replayed(&self, failure: Option<&Signature>, digest: ShortDigest) -> Replayed {
        let same_digest = self.digest.map(|recorded| recorded == digest);
        match (&self.fails, failure) {
            (Some(recorded), Some(now)) if !recorded.is_same_failure(now) => {
                Replayed::OtherFailure { recorded: recorded.clone(), now: now.clone() }
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
