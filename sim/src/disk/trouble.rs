//! Trouble: the conditions that faults impose on a disk, and their draws.
//!
//! Every condition that concerns an operation draws for it, in the order of imposing and whether or not an
//! earlier one has already struck: lifting one moves no draw of another's chance.

use super::SECTOR_BYTES;
use super::dice::Dice;
use crate::Ratio;

/// Which operations of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Open,
    Read,
    Write,
    Sync,
    Name,
}

/// A condition of a disk, in nanoseconds and sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Operations take longer by something between these.
    Latency {
        min: u64,
        max: u64,
    },
    /// In every period since `since` the disk stands still for a while.
    Stall {
        since: u64,
        period: u64,
        lasts: u64,
    },
    /// Bytes pass no faster than this.
    Throttle {
        bytes_per_second: u64,
    },
    /// Somebody else has taken the space: so many sectors may be used in all. He gives back so many bytes in each
    /// second since then, or takes them.
    Full {
        since: u64,
        sectors_max: u64,
        bytes_per_second: i32,
    },
    Error {
        work: Work,
        chance: Ratio,
    },
    LyingSync(Ratio),
    SyncError(Ratio),
    BitRot(Ratio),
    MisdirectWrite(Ratio),
    MisdirectRead(Ratio),
    Uninitialized(Ratio),
    /// At a power loss a file loses some of its end.
    LostTail(Ratio),
    /// At a power loss a part of a file is found copied over another.
    CopiedChunk(Ratio),
}

impl Trouble {
    /// How many sectors may be used, where space is short.
    pub(super) fn sectors_max(self, now: u64) -> Option<u64> {
        let Trouble::Full { since, sectors_max, bytes_per_second } = self else { return None };
        let bytes = i128::from(bytes_per_second) * i128::from(now - since) / 1_000_000_000;
        let sectors = i128::from(sectors_max) + bytes.div_euclid(SECTOR_BYTES as i128);
        Some(u64::try_from(sectors.max(0)).unwrap_or(u64::MAX))
    }
}

/// The conditions of one disk.
#[derive(Default)]
pub(super) struct Troubles {
    /// Invariant: in the order of imposing.
    list: Vec<(u32, Trouble)>,
}

impl Troubles {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn impose(&mut self, fault: u32, trouble: Trouble) {
        self.list.push((fault, trouble));
    }

    /// Whether there was anything to lift.
    pub(super) fn lift(&mut self, fault: u32) -> bool {
        let before = self.list.len();
        self.list.retain(|&(of, _)| of != fault);
        self.list.len() < before
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Trouble)> + '_ {
        self.list.iter().copied()
    }

    /// Draws for every condition that has a chance by `of`; the answer is the first that struck.
    pub(super) fn strike(&self, dice: &mut Dice<'_>, of: impl Fn(Trouble) -> Option<Ratio>) -> Option<u32> {
        let mut struck = None;
        for &(fault, trouble) in &self.list {
            if let Some(chance) = of(trouble)
                && dice.chance(chance)
            {
                struck = struck.or(Some(fault));
            }
        }
        struck
    }

    /// Whether an operation fails.
    pub(super) fn error(&self, dice: &mut Dice<'_>, wanted: Work) -> Option<u32> {
        self.strike(dice, |trouble| match trouble {
            Trouble::Error { work, chance } if work == wanted => Some(chance),
            _ => None,
        })
    }

    /// Whether any condition is one of these.
    pub(super) fn any(&self, is: impl Fn(Trouble) -> bool) -> bool {
        self.list.iter().any(|&(_, trouble)| is(trouble))
    }
}
