//! Pages: the bytes of a file as the operating system has them in memory, sparse, in pages of 4,096 bytes.
//!
//! What makes them durable is not told here; a page only keeps, for each of its sectors, which operation
//! touched it last.

use super::SECTOR_BYTES;

/// As Linux's page cache has them, and so that a small file costs one allocation.
pub(super) const PAGE_BYTES: usize = 4096;
pub(super) const PAGE_SECTORS: usize = PAGE_BYTES / SECTOR_BYTES;
const _: () = assert!(PAGE_SECTORS == 8, "a page's sectors are the bits of one byte");
/// Pages of removed files kept for the next ones, so that a log that goes round allocates nothing.
const SPARE_COUNT_MAX: usize = 256;

pub(super) type Sector = [u8; SECTOR_BYTES];

pub(super) struct Page {
    /// Invariant: zero beyond the file's size, and in sectors that are not allocated.
    pub(super) bytes: [u8; PAGE_BYTES],
    /// The operation that touched a sector last; 0 for none that matters.
    pub(super) touched: [u64; PAGE_SECTORS],
    /// Bits: the sector has space on the disk.
    pub(super) allocated: u8,
    /// Bits: the file's size says that the sector is there, but its bytes were lost before they were written.
    pub(super) unwritten: u8,
    /// Bits: whether the sector rots was decided, in the season `asked_in`.
    pub(super) asked: u8,
    pub(super) asked_in: u32,
}

impl Page {
    fn new() -> Page {
        Page {
            bytes: [0; PAGE_BYTES],
            touched: [0; PAGE_SECTORS],
            allocated: 0,
            unwritten: 0,
            asked: 0,
            asked_in: 0,
        }
    }

    pub(super) fn sector(&self, slot: usize) -> &Sector {
        let bytes = &self.bytes[slot * SECTOR_BYTES..(slot + 1) * SECTOR_BYTES];
        bytes.try_into().expect("the range is one sector long")
    }

    pub(super) fn sector_mut(&mut self, slot: usize) -> &mut Sector {
        let bytes = &mut self.bytes[slot * SECTOR_BYTES..(slot + 1) * SECTOR_BYTES];
        bytes.try_into().expect("the range is one sector long")
    }
}

/// Pages without a file.
#[derive(Default)]
pub(super) struct Spares(Vec<Box<Page>>);

impl Spares {
    fn take(&mut self) -> Box<Page> {
        match self.0.pop() {
            Some(mut page) => {
                *page = Page::new();
                page
            }
            None => Box::new(Page::new()),
        }
    }

    pub(super) fn keep(&mut self, page: Box<Page>) {
        if self.0.len() < SPARE_COUNT_MAX {
            self.0.push(page);
        }
    }
}

/// The pages of one file.
#[derive(Default)]
pub(super) struct Pages {
    /// Invariant: sorted by page number, each number once.
    list: Vec<(u64, Box<Page>)>,
}

impl Pages {
    /// Where a page stands or would stand. A file without holes and an append are found without a search.
    #[inline]
    fn position(&self, number: u64) -> Result<usize, usize> {
        if let Some((found, _)) = self.list.get(number as usize)
            && *found == number
        {
            return Ok(number as usize);
        }
        match self.list.last() {
            None => Err(0),
            Some((last, _)) if *last < number => Err(self.list.len()),
            Some((last, _)) if *last == number => Ok(self.list.len() - 1),
            Some(_) => self.list.binary_search_by_key(&number, |(number, _)| *number),
        }
    }

    #[inline]
    pub(super) fn get(&self, number: u64) -> Option<&Page> {
        self.position(number).ok().map(|index| &*self.list[index].1)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Page> {
        self.position(number).ok().map(|index| &mut *self.list[index].1)
    }

    #[inline]
    pub(super) fn make(&mut self, number: u64, spares: &mut Spares) -> &mut Page {
        let index = match self.position(number) {
            Ok(index) => index,
            Err(index) => {
                self.list.insert(index, (number, spares.take()));
                index
            }
        };
        &mut self.list[index].1
    }

    /// The page and slot of a sector.
    #[inline]
    pub(super) fn place(sector: u64) -> (u64, usize) {
        (sector / PAGE_SECTORS as u64, (sector % PAGE_SECTORS as u64) as usize)
    }

    /// The bytes of a sector; `None` where the file has a hole.
    pub(super) fn sector(&self, sector: u64) -> Option<&Sector> {
        let (number, slot) = Pages::place(sector);
        let page = self.get(number)?;
        (page.allocated & 1 << slot != 0).then(|| page.sector(slot))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Page)> {
        self.list.iter().map(|(number, page)| (*number, &**page))
    }

    /// The numbers of the pages from `from` on.
    pub(super) fn numbers(&self, from: u64) -> Vec<u64> {
        let index = match self.position(from) {
            Ok(index) | Err(index) => index,
        };
        self.list[index..].iter().map(|(number, _)| *number).collect()
    }

    /// Takes away the pages from `number` on.
    pub(super) fn cut(&mut self, number: u64, spares: &mut Spares) {
        let index = match self.position(number) {
            Ok(index) | Err(index) => index,
        };
        for (_, page) in self.list.drain(index..) {
            spares.keep(page);
        }
    }

    /// Copies bytes from `offset` on; holes are zeros.
    pub(super) fn copy_to(&self, offset: u64, out: &mut [u8]) {
        let mut done = 0;
        while done < out.len() {
            let at = offset + done as u64;
            let within = (at % PAGE_BYTES as u64) as usize;
            let count = (PAGE_BYTES - within).min(out.len() - done);
            let target = &mut out[done..done + count];
            match self.get(at / PAGE_BYTES as u64) {
                Some(page) => target.copy_from_slice(&page.bytes[within..within + count]),
                None => target.fill(0),
            }
            done += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_file_has_only_the_pages_that_were_made() {
        let (mut pages, mut spares) = (Pages::default(), Spares::default());
        for number in [1 << 40, 3, 0, 7, 3] {
            pages.make(number, &mut spares).bytes[0] = number as u8 + 1;
        }
        let numbers: Vec<u64> = pages.iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [0, 3, 7, 1 << 40]);
        assert_eq!(pages.get(3).map(|page| page.bytes[0]), Some(4));
        assert!(pages.get(1).is_none());
        assert!(pages.get(1 << 41).is_none());
        let mut out = [9; 2];
        pages.copy_to(3 * PAGE_BYTES as u64 - 1, &mut out);
        assert_eq!(out, [0, 4]);
        pages.cut(4, &mut spares);
        assert_eq!(pages.iter().count(), 2);
        assert_eq!(pages.make(9, &mut spares).bytes[0], 0, "a spare page is as good as new");
    }
}
