//! The undo journal of a file: what each write since the last sync found, so that a power loss can take it
//! back, all of it or in part.

use super::page::Sector;

/// The image of a sector that had no space on the disk: zeros.
pub(super) const FRESH: u32 = u32::MAX;

/// One operation on a file that is not durable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    /// Its number on the whole volume.
    pub(super) number: u64,
    /// The first of its entries in `undo`.
    pub(super) undo_first: u32,
    /// Whether its sectors and the size it gave the file survive together or not at all: a truncation does
    /// not leave a long file with holes.
    pub(super) tied: bool,
    pub(super) size_before: u64,
}

/// A sector as an operation found it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undo {
    pub(super) sector: u64,
    /// Index into `images`, or [`FRESH`].
    pub(super) image: u32,
}

#[derive(Default)]
pub(super) struct Journal {
    /// Invariant: rising numbers; the first one's `size_before` is the durable size.
    pub(super) ops: Vec<Op>,
    /// Invariant: in order of the operations; within one of them each sector is named once. Images are
    /// numbered in this order.
    pub(super) undo: Vec<Undo>,
    pub(super) images: Vec<Sector>,
}

impl Journal {
    #[inline]
    pub(super) fn begin(&mut self, number: u64, size_before: u64, tied: bool) {
        self.ops.push(Op { number, undo_first: self.undo.len() as u32, tied, size_before });
    }

    /// Notes how the operation that was begun last found a sector.
    #[inline]
    pub(super) fn note(&mut self, sector: u64, found: Option<&Sector>) {
        let image = match found {
            Some(bytes) => {
                self.images.push(*bytes);
                (self.images.len() - 1) as u32
            }
            None => FRESH,
        };
        self.undo.push(Undo { sector, image });
    }

    pub(super) fn image(&self, undo: Undo) -> Option<&Sector> {
        (undo.image != FRESH).then(|| &self.images[undo.image as usize])
    }

    /// How many operations have a number below `before`.
    #[inline]
    pub(super) fn count_before(&self, before: u64) -> usize {
        match self.ops.last() {
            Some(last) if last.number < before => self.ops.len(),
            _ => self.ops.partition_point(|op| op.number < before),
        }
    }

    /// The first entry of an operation, or the end.
    fn undo_first(&self, op_index: usize) -> usize {
        self.ops.get(op_index).map_or(self.undo.len(), |op| op.undo_first as usize)
    }

    pub(super) fn clear(&mut self) {
        self.ops.clear();
        self.undo.clear();
        self.images.clear();
    }

    /// Forgets the first operations: they can no longer be taken back.
    pub(super) fn forget(&mut self, op_count: usize) {
        let undo_count = self.undo_first(op_count);
        let later = self.undo[undo_count..].iter().find(|undo| undo.image != FRESH);
        let image_count = later.map_or(self.images.len(), |undo| undo.image as usize);
        self.ops.drain(..op_count);
        self.undo.drain(..undo_count);
        self.images.drain(..image_count);
        for op in &mut self.ops {
            op.undo_first -= undo_count as u32;
        }
        for undo in &mut self.undo {
            if undo.image != FRESH {
                undo.image -= image_count as u32;
            }
        }
    }

    /// Every entry with the index of its operation, sector by sector, each sector's in order.
    pub(super) fn chains(&self) -> Vec<Link> {
        let mut links = Vec::with_capacity(self.undo.len());
        for (op, _) in self.ops.iter().enumerate() {
            for &undo in &self.undo[self.undo_first(op)..self.undo_first(op + 1)] {
                links.push(Link { undo, op });
            }
        }
        links.sort_by_key(|link| (link.undo.sector, link.op));
        links
    }

    /// Makes one operation of many, between each two boundaries: what a power loss may leave is then one of
    /// fewer states, and no state is new.
    pub(super) fn merge(&mut self, boundaries: &[u64]) {
        let segment = |number: u64| boundaries.iter().filter(|&&boundary| boundary <= number).count();
        let mut merged = Journal::default();
        let mut begin = 0;
        while begin < self.ops.len() {
            let of = segment(self.ops[begin].number);
            let count = self.ops[begin..].iter().take_while(|op| segment(op.number) == of).count();
            let (first, last) = (self.ops[begin], self.ops[begin + count - 1]);
            // A truncation among them ties all: its sectors must not survive without its size.
            let tied = self.ops[begin..begin + count].iter().any(|op| op.tied);
            merged.begin(last.number, first.size_before, tied);
            let mut undo = self.undo[self.undo_first(begin)..self.undo_first(begin + count)].to_vec();
            undo.sort_by_key(|undo| undo.sector);
            undo.dedup_by_key(|undo| undo.sector);
            for undo in undo {
                merged.note(undo.sector, self.image(undo));
            }
            begin += count;
        }
        *self = merged;
    }
}

/// One entry of a sector's chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) undo: Undo,
    /// The index of the operation.
    pub(super) op: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        let mut journal = Journal::default();
        journal.begin(5, 0, false);
        journal.note(0, None);
        journal.note(1, None);
        journal.begin(6, 1024, false);
        journal.note(1, Some(&[1; 512]));
        journal.begin(9, 1024, false);
        journal.note(0, Some(&[2; 512]));
        journal.note(1, Some(&[3; 512]));
        journal
    }

    #[test]
    fn forgetting_leaves_the_later_images_in_place() {
        let mut journal = journal();
        journal.forget(2);
        assert_eq!(journal.ops.len(), 1);
        assert_eq!(journal.image(journal.undo[0]), Some(&[2; 512]));
        assert_eq!(journal.image(journal.undo[1]), Some(&[3; 512]));
        assert_eq!(journal.chains().len(), 2);
    }

    #[test]
    fn merging_keeps_the_oldest_image_of_each_segment() {
        let mut one = journal();
        one.merge(&[]);
        assert_eq!((one.ops.len(), one.undo.len(), one.images.len()), (1, 2, 0));
        let mut two = journal();
        two.merge(&[6]);
        assert_eq!((two.ops.len(), two.undo.len()), (2, 4));
        assert_eq!(two.ops[1].size_before, 1024);
        let images: Vec<u8> = two.images.iter().map(|image| image[0]).collect();
        assert_eq!(images, [2, 1]);
    }
}
