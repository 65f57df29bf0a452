//! A file: its bytes as a reader sees them, and what of them is durable.
//!
//! Everything here acts on the operating system's cache. What a power loss makes of it is `loss.rs`; what
//! faults make of single sectors is `damage.rs`.

use std::collections::BTreeMap;

use super::SECTOR_BYTES;
use super::damage::Mark;
use super::dice::Dice;
use super::journal::Journal;
use super::page::{PAGE_BYTES, PAGE_SECTORS, Page, Pages, Sector, Spares};

/// Images in a file's journal at which it is merged, and written back when that does not help: 4 MiB.
const IMAGE_COUNT_MAX: usize = 8192;
/// Entries, and operations, at which the same is done: 32 MiB of dirty sectors.
const ENTRY_COUNT_MAX: usize = 65_536;

#[derive(Default)]
pub(super) struct File {
    pub(super) pages: Pages,
    pub(super) size: u64,
    /// What a sync has promised; a power loss never leaves less without a fault.
    pub(super) size_durable: u64,
    pub(super) journal: Journal,
    /// Operations with lower numbers are durable, or given up.
    pub(super) base: u64,
    /// Sectors that a failed sync gave up, with what the disk has of them: they read as written, but they
    /// are clean, and no later sync writes them.
    pub(super) abandoned: BTreeMap<u64, Abandoned>,
    /// Where the bytes are not those that were written, and which fault is to blame.
    pub(super) marks: Vec<Mark>,
    pub(super) lies: Vec<Lie>,
    /// Sectors with space on the disk.
    pub(super) allocated: u64,
}

/// What the disk has of a sector that a failed sync gave up.
pub(super) struct Abandoned {
    pub(super) fault: u32,
    pub(super) image: Option<Box<Sector>>,
}

/// A sync that said that operations below a number are durable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lie {
    pub(super) before: u64,
    pub(super) fault: u32,
}

/// Notes how a sector is found, and by which operation it is touched.
#[inline]
fn touch(
    journal: &mut Journal,
    abandoned: &mut BTreeMap<u64, Abandoned>,
    page: &mut Page,
    sector: u64,
    number: u64,
) {
    let slot = (sector % PAGE_SECTORS as u64) as usize;
    let bit = 1u8 << slot;
    if page.allocated & bit == 0 {
        journal.note(sector, None);
    } else if !abandoned.is_empty()
        && let Some(given_up) = abandoned.remove(&sector)
    {
        journal.note(sector, given_up.image.as_deref());
    } else {
        journal.note(sector, Some(page.sector(slot)));
    }
    page.touched[slot] = number;
    page.asked &= !bit;
    page.unwritten &= !bit;
}

impl File {
    /// An empty file; `number` is that of the next operation.
    pub(super) fn new(number: u64) -> File {
        File { base: number, ..File::default() }
    }

    /// Copies bytes from `offset` on; the answer is how many there were.
    #[inline]
    pub(super) fn read(&self, offset: u64, out: &mut [u8]) -> usize {
        let count = self.size.saturating_sub(offset).min(out.len() as u64) as usize;
        self.pages.copy_to(offset, &mut out[..count]);
        count
    }

    /// Whether a sector has bytes that only the cache has.
    pub(super) fn is_dirty(&self, sector: u64) -> bool {
        let (page, slot) = Pages::place(sector);
        self.pages.get(page).is_some_and(|page| page.touched[slot] >= self.base && page.touched[slot] > 0)
            || self.abandoned.contains_key(&sector)
    }

    pub(super) fn write(&mut self, number: u64, offset: u64, bytes: &[u8], spares: &mut Spares) {
        assert!(!bytes.is_empty(), "an empty write is answered before");
        self.journal.begin(number, self.size, false);
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let within = (at % PAGE_BYTES as u64) as usize;
            let count = (PAGE_BYTES - within).min(rest.len());
            let page = self.pages.make(at / PAGE_BYTES as u64, spares);
            let first = at / SECTOR_BYTES as u64;
            let last = (at + count as u64 - 1) / SECTOR_BYTES as u64;
            for sector in first..=last {
                touch(&mut self.journal, &mut self.abandoned, page, sector, number);
                let bit = 1u8 << (sector % PAGE_SECTORS as u64);
                self.allocated += u64::from(page.allocated & bit == 0);
                page.allocated |= bit;
            }
            page.bytes[within..within + count].copy_from_slice(&rest[..count]);
            at += count as u64;
            rest = &rest[count..];
        }
        self.size = self.size.max(offset + bytes.len() as u64);
        if !self.marks.is_empty() {
            self.overwrite_marks(offset, bytes);
        }
    }

    /// How many sectors a write would have to allocate.
    pub(super) fn fresh_sectors(&self, offset: u64, length: u64) -> u64 {
        let (first, end) = (offset / SECTOR_BYTES as u64, (offset + length).div_ceil(SECTOR_BYTES as u64));
        (first..end).filter(|&sector| self.pages.sector(sector).is_none()).count() as u64
    }

    pub(super) fn set_len(&mut self, number: u64, size: u64, spares: &mut Spares) {
        if size == self.size {
            return;
        }
        self.journal.begin(number, self.size, size < self.size);
        if size < self.size {
            self.shrink(number, size, spares);
        }
        self.size = size;
    }

    fn shrink(&mut self, number: u64, size: u64, spares: &mut Spares) {
        if !self.marks.is_empty() {
            self.shrink_marks(size);
        }
        let begin = size / SECTOR_BYTES as u64;
        let end = self.size.div_ceil(SECTOR_BYTES as u64);
        // Holes may be huge: only pages that exist are visited.
        let pages: Vec<u64> = self.pages.numbers(Pages::place(begin).0);
        for page_number in pages {
            let page = self.pages.get_mut(page_number).expect("the number was just listed");
            for slot in 0..PAGE_SECTORS {
                let sector = page_number * PAGE_SECTORS as u64 + slot as u64;
                if sector < begin || sector >= end {
                    continue;
                }
                let bit = 1u8 << slot;
                let within = if sector == begin { (size % SECTOR_BYTES as u64) as usize } else { 0 };
                if page.allocated & bit == 0 {
                    page.unwritten &= if within > 0 { !0 } else { !bit };
                    continue;
                }
                touch(&mut self.journal, &mut self.abandoned, page, sector, number);
                page.sector_mut(slot)[within..].fill(0);
                if within == 0 {
                    page.allocated &= !bit;
                    self.allocated -= 1;
                }
            }
        }
        self.pages.cut(size.div_ceil(PAGE_BYTES as u64), spares);
    }

    /// Operations below a number are durable from now on.
    #[inline]
    pub(super) fn make_durable(&mut self, before: u64) {
        let count = self.journal.count_before(before);
        if count == self.journal.ops.len() {
            self.size_durable = self.size;
            self.journal.clear();
        } else {
            self.size_durable = self.journal.ops[count].size_before;
            self.journal.forget(count);
        }
        self.base = self.base.max(before);
        if !self.lies.is_empty() {
            self.lies.retain(|lie| lie.before > before);
        }
        if !self.marks.is_empty() {
            self.settle_marks();
        }
    }

    /// A sync fails: each dirty sector was written, or is given up while it seems clean. The size stays
    /// to be written, as a journal keeps it apart from the data.
    pub(super) fn abandon(&mut self, fault: u32, dice: &mut Dice<'_>) {
        let Some(last) = self.journal.ops.last() else { return };
        let (number, chains) = (last.number, self.journal.chains());
        let mut previous = None;
        for link in chains {
            let sector = link.undo.sector;
            if previous.replace(sector) == Some(sector) {
                continue;
            }
            let written = dice.below(2) == 1;
            let (page, slot) = Pages::place(sector);
            if let Some(page) = self.pages.get_mut(page) {
                page.touched[slot] = 0;
            }
            // What a truncation took away is no data to be written: it goes with the size.
            if !(written && self.pages.sector(sector).is_some()) {
                let image = self.journal.image(link.undo).map(|image| Box::new(*image));
                self.abandoned.insert(sector, Abandoned { fault, image });
            }
        }
        self.journal.clear();
        self.base = number + 1;
        if self.size != self.size_durable {
            self.journal.begin(number, self.size_durable, false);
        }
    }

    /// Keeps the journal of a file that is never synced within bounds. `boundaries` are the numbers at
    /// which syncs, true and false, were called.
    #[inline]
    pub(super) fn relieve(&mut self, boundaries: impl FnOnce() -> Vec<u64>) {
        let Journal { ops, undo, images } = &self.journal;
        if images.len() >= IMAGE_COUNT_MAX || ops.len().max(undo.len()) >= ENTRY_COUNT_MAX {
            self.relieve_now(&boundaries());
        }
    }

    #[cold]
    #[inline(never)]
    fn relieve_now(&mut self, boundaries: &[u64]) {
        let mut boundaries = boundaries.to_vec();
        boundaries.extend(self.lies.iter().map(|lie| lie.before));
        self.journal.merge(&boundaries);
        let Journal { undo, images, .. } = &self.journal;
        if images.len() >= IMAGE_COUNT_MAX / 2 || undo.len() >= ENTRY_COUNT_MAX / 2 {
            // The operating system has too much that is dirty and writes it without being asked.
            let last = self.journal.ops.last().map_or(0, |op| op.number);
            self.make_durable(last + 1);
        }
    }

    /// What a reader finds at a sector: zeros in a hole.
    pub(super) fn sector_or_zeros(&self, sector: u64) -> Sector {
        self.pages.sector(sector).copied().unwrap_or([0; SECTOR_BYTES])
    }

    /// Gives a sector other bytes, behind everybody's back; `None` takes its space away.
    pub(super) fn replace_sector(&mut self, sector: u64, bytes: Option<&Sector>, spares: &mut Spares) {
        let (number, slot) = Pages::place(sector);
        let bit = 1u8 << slot;
        match bytes {
            Some(bytes) => {
                let page = self.pages.make(number, spares);
                *page.sector_mut(slot) = *bytes;
                self.allocated += u64::from(page.allocated & bit == 0);
                page.allocated |= bit;
                page.unwritten &= !bit;
            }
            None => {
                if let Some(page) = self.pages.get_mut(number) {
                    page.sector_mut(slot).fill(0);
                    self.allocated -= u64::from(page.allocated & bit != 0);
                    page.allocated &= !bit;
                }
            }
        }
    }

    /// Cuts what is beyond a size, behind everybody's back.
    pub(super) fn cut(&mut self, size: u64, spares: &mut Spares) {
        let begin = size / SECTOR_BYTES as u64;
        for number in self.pages.numbers(Pages::place(begin).0) {
            for slot in 0..PAGE_SECTORS as u64 {
                let sector = number * PAGE_SECTORS as u64 + slot;
                let within = (size % SECTOR_BYTES as u64) as usize;
                if sector < begin {
                    continue;
                }
                if sector == begin && within > 0 {
                    let page = self.pages.get_mut(number).expect("the number was just listed");
                    page.sector_mut(slot as usize)[within..].fill(0);
                } else {
                    self.replace_sector(sector, None, spares);
                    let page = self.pages.get_mut(number).expect("the number was just listed");
                    page.unwritten &= !(1 << slot);
                }
            }
        }
        self.pages.cut(size.div_ceil(PAGE_BYTES as u64), spares);
        self.size = size;
        if !self.marks.is_empty() {
            self.cut_marks();
        }
    }
}
