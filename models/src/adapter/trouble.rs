//! The trouble that a scenario gives a remote: each provokes one reason, and nothing else is wrong. Pure.
//!
//! Trouble in mid-run begins at a chunk's index. Where several begin at one index, the reason of the earlier
//! state is named ([`Reason::ALL`]); where one begins earlier, it is met earlier. The remote answers in that
//! order, so [`Trouble::first`] can say beforehand which reason a correct client names.

use std::time::Duration;

use super::capability::{Capability, Offer, Versions, needed};
use super::ledger::Entry;
use super::machine::Mode;
use super::message::Reply;
use super::remote::Answer;
use super::state::Reason;

/// What is wrong with a proof of integrity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is the proof of something else.
    Differs,
    /// It comes too late.
    Late {
        /// How long after the question.
        by: Duration,
    },
    /// It never comes.
    Absent,
    /// It is no checksum.
    Malformed,
    /// It is right until the chunk of this index is held, and that chunk has rotted.
    Damage {
        /// The chunk's index.
        index: u32,
    },
}

/// A latency of the remote's own making: a planted bug of the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowness {
    /// Every so many chunks.
    pub every: u32,
    /// The answer waits so long.
    pub by: Duration,
}

/// What is wrong with a remote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// It cannot do this.
    pub lacks: Option<Capability>,
    /// It can, in other versions.
    pub differs: Option<Capability>,
    /// Its proofs are in doubt.
    pub doubt: Option<Doubt>,
    /// What others had committed before: entries that take a run's names.
    pub held_before: Vec<Entry>,
    /// The index of the first chunk whose name is among those.
    pub conflict_at: Option<u32>,
    /// From this chunk on it answers neither commits nor resumptions nor completions; the number of chunks means
    /// that the completion alone is not answered.
    pub silent_from: Option<u32>,
    /// Once it holds so many chunks of a run, it takes the run for one of another seed.
    pub other_seed_from: Option<u32>,
    /// Its answers to commits are slow.
    pub slowness: Option<Slowness>,
}

impl Trouble {
    /// What the remote can do.
    pub fn offer(&self) -> Offer {
        let mut offer = needed();
        if let Some(differs) = self.differs {
            offer.insert(differs, Versions { least: 5, greatest: 7 });
        }
        if let Some(lacks) = self.lacks {
            offer.remove(&lacks);
        }
        offer
    }

    /// The reason that the offer provokes.
    pub fn provoked_by_offer(&self) -> Option<Reason> {
        match (self.lacks, self.differs) {
            (Some(_), _) => Some(Reason::UnsupportedCapability),
            (None, Some(_)) => Some(Reason::CapabilityMismatch),
            (None, None) => None,
        }
    }

    /// The reason that a correct client names; nothing when nothing is provoked. A chunk that rots in mid-run
    /// is found before the next chunk in hardened mode, and by the seal in strict mode.
    pub fn first(&self, mode: Mode) -> Option<Reason> {
        let damage = match (self.doubt, mode) {
            (Some(Doubt::Damage { index }), Mode::Hardened) => Some(index + 1),
            (Some(Doubt::Damage { .. }), Mode::Strict) => Some(u32::MAX),
            _ => None,
        };
        let from_the_beginning = self.doubt.is_some() && damage.is_none();
        let in_mid_run = [
            (damage, Reason::IntegrityPrecheckFailed),
            (self.conflict_at, Reason::ConflictDetected),
            (self.silent_from, Reason::RetryExhausted),
            (self.other_seed_from, Reason::ResumeSeedMismatch),
        ];
        self.provoked_by_offer().or(from_the_beginning.then_some(Reason::IntegrityPrecheckFailed)).or_else(
            || {
                let met = in_mid_run.into_iter().filter_map(|(index, reason)| Some((index?, reason)));
                met.min().map(|(_, reason)| reason)
            },
        )
    }

    /// An answer to the commit of this chunk.
    pub fn slowed(&self, index: u32, reply: Reply) -> Answer {
        match self.slowness {
            Some(Slowness { every, by }) if index % every == every - 1 => Answer::After(by, reply),
            _ => Answer::Now(reply),
        }
    }
}
