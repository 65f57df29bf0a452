//! Marks of a run in buckets: a cheap look at which states it went through.

use std::cell::RefCell;
use std::rc::Rc;

use sim::trace::{Kind, RECORD_BYTES, Reader, Record};

/// How many buckets there are.
const BUCKETS: usize = 1 << 16;

/// Which of 2^16 buckets the marks of a run fell into. A mark's hash is over its subject, its number within that
/// subject, its name and its values, so equal histories of a subject fall into equal buckets.
///
/// ```
/// use sim::{Config, World, points::mark};
/// use tourbillon_search::coverage::Marks;
///
/// let marks = Marks::default();
/// let mut world = World::new(Config::default());
/// world.read_along(marks.reader());
/// world.run(|| async { mark!("ledger.posted", "alice", 3u64) }).unwrap();
/// assert_eq!(marks.buckets().count(), 1);
/// ```
#[derive(Clone, Default)]
pub struct Marks(Rc<RefCell<Vec<u16>>>);

struct Ear {
    seen: Rc<RefCell<Vec<u16>>>,
    /// One bit a bucket.
    bits: Vec<u64>,
}

impl Marks {
    /// A reader for one run, to be given to its world; it tells when the run is finished.
    pub fn reader(&self) -> Box<dyn Reader> {
        self.0.borrow_mut().clear();
        Box::new(Ear { seen: Rc::clone(&self.0), bits: vec![0; BUCKETS / 64] })
    }

    /// The same in fewer buckets: 2^`bits`.
    pub fn folded(&self, bits: u32) -> Marks {
        let mask = u16::try_from((1u32 << bits.min(16)) - 1).expect("sixteen bits at most");
        let mut buckets: Vec<u16> = self.0.borrow().iter().map(|bucket| bucket & mask).collect();
        buckets.sort_unstable();
        buckets.dedup();
        Marks(Rc::new(RefCell::new(buckets)))
    }

    /// The buckets that were hit, in order of first hit.
    pub fn buckets(&self) -> impl Iterator<Item = u16> + use<> {
        self.0.borrow().clone().into_iter()
    }
}

impl Reader for Ear {
    fn read(&mut self, _first: u64, records: &[u8]) {
        for bytes in records.as_chunks::<RECORD_BYTES>().0 {
            let record = Record::decode(bytes).expect("a run writes records that can be read");
            if record.kind != Kind::Mark {
                continue;
            }
            // Half of a BLAKE3: any bits of it are as good as others.
            let bucket = record.a as u16;
            let (word, bit) = (usize::from(bucket / 64), 1 << (bucket % 64));
            if self.bits[word] & bit == 0 {
                self.bits[word] |= bit;
                self.seen.borrow_mut().push(bucket);
            }
        }
    }
}
