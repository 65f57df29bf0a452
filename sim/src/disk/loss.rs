//! Power loss: what is left of a file that was not synced.
//!
//! The cache may have written any dirty sector at any time, so each sector is left in one of the states
//! that it had since the last sync, and so is the size. Data and size are not ordered. What is tied
//! together: a truncation's sectors and its size.

use super::SECTOR_BYTES;
use super::dice::Dice;
use super::effect::Effects;
use super::file::File;
use super::journal::Link;
use super::page::{Pages, Sector, Spares};

/// What becomes of what was not synced when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsynced {
    /// Drawn: all kept, all lost, cut at a moment, or each sector and name for itself.
    Any,
    /// All is kept: the cache was written just in time.
    Keep,
    /// All is lost.
    Lose,
    /// Each sector for itself is kept or lost, so that writes are torn between sectors.
    Tear,
}

/// What happens to each operation of one power loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Lose,
    /// What came before the operation of this number is kept; that one is torn.
    Before(u64),
    /// Every sector, size and name for itself.
    Each,
}

/// What was left, in sectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Sectors that were dirty and have the bytes that were written last.
    pub(crate) kept: u32,
    /// Sectors that have older bytes, or a mixture.
    pub(crate) lost: u32,
}

/// What a power loss needs beside the file.
pub(super) struct Storm<'a, 'b> {
    pub(super) fate: Fate,
    /// Whether a sector may be torn in itself.
    pub(super) torn_sectors: bool,
    /// The number of the next operation.
    pub(super) number: u64,
    pub(super) dice: &'a mut Dice<'b>,
    pub(super) spares: &'a mut Spares,
    pub(super) effects: &'a mut Effects,
    pub(super) left: Left,
}

impl File {
    /// Whether a power loss may change anything.
    pub(super) fn is_unsynced(&self) -> bool {
        !self.journal.ops.is_empty() || !self.abandoned.is_empty()
    }

    pub(super) fn lose_power(&mut self, storm: &mut Storm<'_, '_>) {
        let version = self.choose_size(storm);
        let sizes: Vec<u64> = self.journal.ops.iter().map(|op| op.size_before).chain([self.size]).collect();
        let mut harm: Vec<u32> = self
            .lies
            .iter()
            .map(|lie| {
                let promised = self.journal.count_before(lie.before);
                u32::from(version < promised && sizes[version] != sizes[promised])
            })
            .collect();
        let links = self.journal.chains();
        let mut holes = Vec::new();
        for chain in links.chunk_by(|one, next| one.undo.sector == next.undo.sector) {
            let sector = chain[0].undo.sector;
            let (state, most) = self.choose_state(chain, version, storm);
            let current = self.pages.sector(sector).copied();
            let at = |index: usize| match chain.get(index) {
                Some(link) => self.journal.image(link.undo).copied(),
                None => current,
            };
            let mut bytes = at(state);
            // A truncation that the size has not seen tears nothing: it takes sectors away, it does not write them.
            if storm.torn_sectors && state < most && storm.dice.below(2) == 1 {
                bytes = torn(bytes, at(state + 1), storm.dice.below(SECTOR_BYTES as u64 + 1) as usize);
            }
            for (lie, harm) in self.lies.iter().zip(&mut harm) {
                let promised =
                    chain.iter().filter(|link| self.journal.ops[link.op].number < lie.before).count();
                *harm += u32::from(state < promised && bytes != at(promised));
            }
            if bytes == current {
                storm.left.kept += 1;
            } else {
                storm.left.lost += 1;
            }
            if bytes.is_none() && current.is_some() {
                holes.push(sector);
            }
            self.replace_sector(sector, bytes.as_ref(), storm.spares);
            self.revert_marks(sector, state == 0);
        }
        for (sector, given_up) in std::mem::take(&mut self.abandoned) {
            if self.pages.sector(sector) != given_up.image.as_deref() {
                storm.effects.push(given_up.fault, sector as u32);
                storm.left.lost += 1;
            }
            if given_up.image.is_none() {
                holes.push(sector);
            }
            self.replace_sector(sector, given_up.image.as_deref(), storm.spares);
            self.revert_marks(sector, true);
        }
        for (lie, harm) in std::mem::take(&mut self.lies).iter().zip(harm) {
            if harm > 0 {
                storm.effects.push(lie.fault, harm);
            }
        }
        self.journal.clear();
        self.base = storm.number;
        self.cut(sizes[version], storm.spares);
        self.size_durable = self.size;
        self.note_unwritten(&holes, storm.spares);
        self.settle_marks();
    }

    /// Sectors within the size whose bytes were lost before they were written for the first time.
    fn note_unwritten(&mut self, holes: &[u64], spares: &mut Spares) {
        for &sector in holes {
            if sector * (SECTOR_BYTES as u64) < self.size {
                let (number, slot) = Pages::place(sector);
                self.pages.make(number, spares).unwritten |= 1 << slot;
            }
        }
    }

    /// How many operations have given the file their size.
    fn choose_size(&self, storm: &mut Storm<'_, '_>) -> usize {
        let count = self.journal.ops.len();
        match storm.fate {
            Fate::Keep => count,
            Fate::Lose => 0,
            Fate::Before(number) => {
                let before = self.journal.count_before(number);
                let torn = self.journal.ops.get(before).is_some_and(|op| op.number == number);
                before + usize::from(torn && storm.dice.below(2) == 1)
            }
            Fate::Each => storm.dice.below(count as u64 + 1) as usize,
        }
    }

    /// In which state a sector is left, and in which latest one it could be: as the operation of that index in
    /// its chain found it, or, beyond the last, as it is. `version` is how many operations have given the file
    /// their size.
    fn choose_state(&self, chain: &[Link], version: usize, storm: &mut Storm<'_, '_>) -> (usize, usize) {
        let ops = &self.journal.ops;
        let (mut least, mut most) = (0, chain.len());
        for (index, link) in chain.iter().enumerate().filter(|(_, link)| ops[link.op].tied) {
            if link.op < version {
                least = index + 1;
            } else {
                most = most.min(index);
            }
        }
        // A damaged sector is left as at the last sync or as it is, so that its mark can follow.
        let marked = !self.marks.is_empty() && self.is_marked(chain[0].undo.sector);
        let state = match storm.fate {
            Fate::Keep => most,
            Fate::Lose => least,
            _ if marked => {
                if storm.dice.below(2) == 1 {
                    most
                } else {
                    least
                }
            }
            Fate::Before(number) => {
                let before = chain.iter().filter(|link| ops[link.op].number < number).count();
                let torn = chain.get(before).is_some_and(|link| ops[link.op].number == number);
                (before + usize::from(torn && storm.dice.below(2) == 1)).clamp(least, most)
            }
            Fate::Each => least + storm.dice.below((most - least) as u64 + 1) as usize,
        };
        (state, most)
    }
}

/// A sector of which only the first bytes had been written.
fn torn(older: Option<Sector>, newer: Option<Sector>, count: usize) -> Option<Sector> {
    let mut bytes = older.unwrap_or([0; SECTOR_BYTES]);
    bytes[..count].copy_from_slice(&newer.unwrap_or([0; SECTOR_BYTES])[..count]);
    (older.is_some() || count > 0).then_some(bytes)
}
