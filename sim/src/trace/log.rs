//! The log: records are appended to one block, hashed when it is full, and shown to whoever reads along.
//!
//! A record is written *before* the act it tells of, so a panic leaves its cause. Readers are folds over
//! the same bytes and return nothing to the run.

use super::digest::Digest;
use super::record::{RECORD_BYTES, Record};

/// Records from one checkpoint to the next.
pub const WINDOW_RECORDS: usize = 4096;
const BLOCK_RECORDS: usize = 2048;
const BLOCK_BYTES: usize = BLOCK_RECORDS * RECORD_BYTES;
const WINDOW_BYTES: usize = WINDOW_RECORDS * RECORD_BYTES;
const _: () = assert!(WINDOW_RECORDS.is_multiple_of(BLOCK_RECORDS));

/// Reads a run's records as they are written, a block at a time.
///
/// A reader sees whole records in order, from the first to the last, and cannot reach the run.
pub trait Reader {
    /// Encoded records; the first has sequence number `first`.
    fn read(&mut self, first: u64, records: &[u8]);

    /// The running digest over all records before `sequence`, every [`WINDOW_RECORDS`].
    fn checkpoint(&mut self, sequence: u64, digest: Digest) {
        let _ = (sequence, digest);
    }
}

/// Whether the trace is kept. Only benches turn it off, to show what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tracing {
    /// Records are written and hashed.
    #[default]
    On,
    /// Nothing is written and the digests say nothing. For benches alone.
    OffForBenches,
}

pub(crate) struct Log {
    /// The current window and the one before it: always at hand for a failure's last events.
    window: Vec<u8>,
    previous: Vec<u8>,
    /// Bytes of `window` already hashed.
    hashed: usize,
    /// Sequence number of the first record of `window`.
    window_first: u64,
    /// Sequence number of the next record.
    sequence: u64,
    hasher: blake3::Hasher,
    checkpoints: Vec<Digest>,
    readers: Vec<Box<dyn Reader>>,
    on: bool,
}

impl Log {
    pub(crate) fn new(tracing: Tracing) -> Log {
        Log {
            window: Vec::with_capacity(WINDOW_BYTES),
            previous: Vec::new(),
            hashed: 0,
            window_first: 0,
            sequence: 0,
            hasher: blake3::Hasher::new(),
            checkpoints: Vec::new(),
            readers: Vec::new(),
            on: tracing == Tracing::On,
        }
    }

    pub(crate) fn add_reader(&mut self, reader: Box<dyn Reader>) {
        self.readers.push(reader);
    }

    /// The sequence number of the next record.
    #[inline]
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Appends a record and answers its sequence number.
    #[inline]
    pub(crate) fn push(&mut self, record: Record) -> u64 {
        if !self.on {
            return 0;
        }
        let sequence = self.sequence;
        self.sequence += 1;
        self.window.extend_from_slice(&record.encode());
        if self.window.len() - self.hashed == BLOCK_BYTES {
            self.flush();
        }
        sequence
    }

    #[cold]
    #[inline(never)]
    fn flush(&mut self) {
        let block = &self.window[self.hashed..];
        self.hasher.update(block);
        let first = self.window_first + (self.hashed / RECORD_BYTES) as u64;
        for reader in &mut self.readers {
            reader.read(first, block);
        }
        self.hashed = self.window.len();
        if self.window.len() == WINDOW_BYTES {
            self.window_first += WINDOW_RECORDS as u64;
            let digest = Digest(*self.hasher.finalize().as_bytes());
            self.checkpoints.push(digest);
            for reader in &mut self.readers {
                reader.checkpoint(self.window_first, digest);
            }
            std::mem::swap(&mut self.window, &mut self.previous);
            self.window.clear();
            self.hashed = 0;
        }
    }

    /// Hashes what is left and answers the digest over all records.
    pub(crate) fn finish(&mut self) -> Digest {
        if self.window.len() > self.hashed {
            self.flush();
        }
        Digest(*self.hasher.finalize().as_bytes())
    }

    pub(crate) fn checkpoints(&self) -> &[Digest] {
        &self.checkpoints
    }

    /// The last records, oldest first, with the sequence number of the first: at least one whole window
    /// where the run was that long.
    pub(crate) fn tail(&self) -> (u64, Vec<Record>) {
        let first = self.window_first - (self.previous.len() / RECORD_BYTES) as u64;
        let records = self.previous.chunks_exact(RECORD_BYTES).chain(self.window.chunks_exact(RECORD_BYTES));
        let decode = |bytes: &[u8]| {
            let bytes = bytes.try_into().expect("a chunk is one record");
            Record::decode(bytes).expect("the log holds only what it encoded")
        };
        (first, records.map(decode).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::trace::Kind;

    fn record(at: u64) -> Record {
        Record { at, kind: Kind::Poll, flag: 0, machine: 0, cause: 1, a: 2, b: 3 }
    }

    #[derive(Default)]
    struct Seen {
        bytes: Vec<u8>,
        checkpoints: Vec<(u64, Digest)>,
    }

    struct Along(Rc<RefCell<Seen>>);

    impl Reader for Along {
        fn read(&mut self, first: u64, records: &[u8]) {
            let mut seen = self.0.borrow_mut();
            assert_eq!(first as usize * RECORD_BYTES, seen.bytes.len());
            seen.bytes.extend_from_slice(records);
        }

        fn checkpoint(&mut self, sequence: u64, digest: Digest) {
            self.0.borrow_mut().checkpoints.push((sequence, digest));
        }
    }

    /// The digest is the plain BLAKE3 of all records, however long the run, and readers see those bytes.
    #[test]
    fn digest_checkpoints_readers_and_tail_agree_with_the_plain_hash() {
        for count in [0u64, 1, 1023, 1024, 4095, 4096, 4097, 8192, 10_000] {
            let seen = Rc::new(RefCell::new(Seen::default()));
            let mut log = Log::new(Tracing::On);
            log.add_reader(Box::new(Along(seen.clone())));
            let mut plain = Vec::new();
            for at in 0..count {
                assert_eq!(log.push(record(at)), at);
                plain.extend_from_slice(&record(at).encode());
            }
            assert_eq!(log.finish(), Digest::of(&plain));
            let seen = seen.borrow();
            assert_eq!(seen.bytes, plain);
            assert_eq!(log.checkpoints().len() as u64, count / WINDOW_RECORDS as u64);
            for (sequence, digest) in &seen.checkpoints {
                assert_eq!(*digest, Digest::of(&plain[..*sequence as usize * RECORD_BYTES]));
            }
            let (first, tail) = log.tail();
            assert_eq!(first + tail.len() as u64, count);
            assert!(tail.len() as u64 >= count.min(WINDOW_RECORDS as u64));
            assert!(tail.iter().zip(first..).all(|(record, at)| record.at == at));
        }
    }
}
