//! Damage: sectors whose bytes are not those that were written to them.
//!
//! A fault changes a file's bytes in place, so whatever reads them later finds the same. A mark remembers
//! what should be there: damage counts as an effect when a reader gets bytes that differ from it, and the
//! mark is gone once the sector has been written anew.

use super::SECTOR_BYTES;
use super::effect::Effects;
use super::file::File;
use super::page::{Pages, Sector, Spares};

/// What became of a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// A bit flipped at rest.
    Rotted,
    /// A write went elsewhere: this sector is stale, or has what belongs elsewhere.
    Misdirected,
    /// Its space has what lay there before.
    Uninitialized,
    /// It has a copy of another part of its file.
    Copied,
}

pub(super) struct Mark {
    pub(super) sector: u64,
    pub(super) fault: u32,
    pub(super) damage: Damage,
    /// What a reader should find.
    expected: Box<Sector>,
    /// What a reader should find after the writes since the last sync were lost; set by the first of them.
    expected_durable: Option<Box<Sector>>,
}

impl File {
    /// Damages a sector that is clean, as far as the file's size goes. Nothing happens where the bytes are
    /// the same.
    pub(super) fn damage(
        &mut self,
        sector: u64,
        bytes: &Sector,
        fault: u32,
        damage: Damage,
        spares: &mut Spares,
    ) -> bool {
        let sound = self.sector_or_zeros(sector);
        let mut bytes = *bytes;
        let valid = self.size.saturating_sub(sector * SECTOR_BYTES as u64).min(SECTOR_BYTES as u64);
        bytes[valid as usize..].fill(0);
        if sound == bytes {
            return false;
        }
        // A sector that is damaged twice should still have what was first written to it; each fault has
        // its mark, and both are to blame for what a reader finds.
        let first = self.marks.iter().find(|mark| mark.sector == sector);
        let expected = first.map_or_else(|| Box::new(sound), |mark| mark.expected.clone());
        self.replace_sector(sector, Some(&bytes), spares);
        self.marks.push(Mark { sector, fault, damage, expected, expected_durable: None });
        true
    }

    /// Counts the faults whose damage is in bytes that were just read from `offset` on.
    #[cold]
    #[inline(never)]
    pub(super) fn count_damage(&self, offset: u64, bytes: &[u8], effects: &mut Effects) {
        for mark in &self.marks {
            let begin = mark.sector * SECTOR_BYTES as u64;
            let from = begin.max(offset);
            let to = (begin + SECTOR_BYTES as u64).min(offset + bytes.len() as u64);
            if from >= to {
                continue;
            }
            let found = &bytes[(from - offset) as usize..(to - offset) as usize];
            if found != &mark.expected[(from - begin) as usize..(to - begin) as usize] {
                effects.push(mark.fault, mark.sector as u32);
            }
        }
    }

    /// A write replaces what should be there.
    #[cold]
    #[inline(never)]
    pub(super) fn overwrite_marks(&mut self, offset: u64, bytes: &[u8]) {
        for mark in &mut self.marks {
            let begin = mark.sector * SECTOR_BYTES as u64;
            let from = begin.max(offset);
            let to = (begin + SECTOR_BYTES as u64).min(offset + bytes.len() as u64);
            if from < to {
                mark.expected_durable.get_or_insert_with(|| mark.expected.clone());
                mark.expected[(from - begin) as usize..(to - begin) as usize]
                    .copy_from_slice(&bytes[(from - offset) as usize..(to - offset) as usize]);
            }
        }
    }

    /// Beyond a new size zeros should be.
    pub(super) fn shrink_marks(&mut self, size: u64) {
        for mark in &mut self.marks {
            let begin = mark.sector * SECTOR_BYTES as u64;
            if begin + SECTOR_BYTES as u64 > size {
                mark.expected_durable.get_or_insert_with(|| mark.expected.clone());
                mark.expected[size.saturating_sub(begin) as usize..].fill(0);
            }
        }
    }

    /// As [`File::shrink_marks`], for what cannot be taken back.
    pub(super) fn cut_marks(&mut self) {
        self.shrink_marks(self.size);
        self.marks.iter_mut().for_each(|mark| mark.expected_durable = None);
        self.settle_marks();
    }

    /// Sectors became clean: what was written anew is sound again.
    #[cold]
    #[inline(never)]
    pub(super) fn settle_marks(&mut self) {
        let mut marks = std::mem::take(&mut self.marks);
        marks.retain_mut(|mark| {
            if self.is_dirty(mark.sector) {
                return true;
            }
            mark.expected_durable = None;
            self.sector_or_zeros(mark.sector) != *mark.expected
        });
        self.marks = marks;
    }

    /// A power loss left a sector as it was at the last sync (`durable`), or as it was written last.
    pub(super) fn revert_marks(&mut self, sector: u64, durable: bool) {
        for mark in self.marks.iter_mut().filter(|mark| mark.sector == sector) {
            if let Some(expected) = mark.expected_durable.take()
                && durable
            {
                mark.expected = expected;
            }
        }
    }

    pub(super) fn is_marked(&self, sector: u64) -> bool {
        self.marks.iter().any(|mark| mark.sector == sector)
    }

    pub(super) fn misdirected(&self) -> usize {
        self.marks.iter().filter(|mark| mark.damage == Damage::Misdirected).count()
    }

    /// Whether a sector's space has bytes that were lost before they were written, and nobody has asked yet
    /// what lies there instead. It is asked once.
    pub(super) fn ask_unwritten(&mut self, sector: u64) -> bool {
        let (number, slot) = Pages::place(sector);
        let Some(page) = self.pages.get_mut(number) else { return false };
        let unwritten = page.unwritten & 1 << slot != 0;
        page.unwritten &= !(1 << slot);
        unwritten
    }

    /// Whether it is still open in this season whether a clean sector has rotted. It is asked once.
    pub(super) fn ask_rot(&mut self, sector: u64, season: u32) -> bool {
        if self.is_dirty(sector) {
            return false;
        }
        let (number, slot) = Pages::place(sector);
        let Some(page) = self.pages.get_mut(number) else { return false };
        if page.asked_in != season {
            (page.asked, page.asked_in) = (0, season);
        }
        let open = page.allocated & !page.asked & 1 << slot != 0;
        page.asked |= 1 << slot;
        open
    }
}
