//! The write-ahead log's bytes: what is appended, and what is believed of them after a crash.
//!
//! A file is a magic word and records: length (4), checksum (4), body. Each checksum also covers the one
//! before it, so a record is believed only after the very records it was written behind. The first record
//! that is cut, empty or wrong ends the log: nothing after it was ever synced, so nobody was told of it.

use std::rc::Rc;

use super::codec::{BYTES_MAX, Reader, Write, write_command};
use super::log::{Entry, Log};

/// What a log file begins with.
pub const MAGIC: &[u8; 8] = b"TBKVLOG1";
const HEADER_BYTES: usize = 8;

/// What is appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The replica's term, and whom it voted for in it.
    Vote {
        /// The term.
        term: u64,
        /// The candidate, if it voted.
        vote: Option<u8>,
    },
    /// An entry at its place; what was there and after it is replaced.
    Entry {
        /// The place.
        index: u64,
        /// The entry.
        entry: Entry,
    },
}

/// Makes records into bytes, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    chain: u32,
}

impl Writer {
    /// Appends one record to `out`.
    pub fn append(&mut self, out: &mut Vec<u8>, record: &Record) {
        let start = out.len();
        out.u64(0);
        match record {
            Record::Vote { term, vote } => {
                out.u8(0);
                out.u64(*term);
                out.u8(vote.unwrap_or(u8::MAX));
            }
            Record::Entry { index, entry } => {
                out.u8(1);
                out.u64(*index);
                out.u64(entry.term);
                write_command(out, &entry.command);
            }
        }
        let body = start + HEADER_BYTES;
        self.chain = checksum(self.chain, &out[body..]);
        let length = (out.len() - body) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..body].copy_from_slice(&self.chain.to_le_bytes());
    }
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The last term written.
    pub term: u64,
    /// The vote in that term.
    pub vote: Option<u8>,
    /// The log.
    pub log: Log,
    /// How many bytes at the end were not believed.
    pub torn_bytes: usize,
}

/// Whether a record whose checksum is wrong ends the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TornTail {
    /// It does: it was being written when the machine stopped.
    Refused,
    /// A planted bug: no checksum is compared, and what a short read leaves of the buffer is zeros.
    Accepted,
}

/// Reads a file back. `None` when it is no log file at all.
pub fn recover(bytes: &[u8], tail: TornTail) -> Option<Recovered> {
    let padding = if tail == TornTail::Accepted { BYTES_MAX } else { 0 };
    let bytes = if padding > 0 { &[bytes, &vec![0; padding]].concat()[..] } else { bytes };
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut recovered = Recovered::default();
    let mut chain = 0;
    while let Some((body, sum)) = split(rest) {
        let intact = checksum(chain, body) == sum;
        if !intact && tail == TornTail::Refused {
            break;
        }
        let Some(record) = read(body) else { break };
        if !recovered.take(record) {
            break;
        }
        chain = sum;
        rest = &rest[HEADER_BYTES + body.len()..];
    }
    recovered.torn_bytes = rest.len().saturating_sub(padding);
    Some(recovered)
}

impl Recovered {
    /// Takes a record over; `false` when it does not fit behind what was read before.
    fn take(&mut self, record: Record) -> bool {
        match record {
            Record::Vote { term, vote } => {
                self.term = term;
                self.vote = vote;
                true
            }
            Record::Entry { index, entry } => {
                let fits = index >= 1 && index <= self.log.last() + 1;
                if fits {
                    self.log.place(index, entry);
                }
                fits
            }
        }
    }

    /// The shortest file that says the same, and the writer that goes on behind it.
    pub fn rewrite(&self) -> (Vec<u8>, Writer) {
        let mut writer = Writer::default();
        let mut out = MAGIC.to_vec();
        writer.append(&mut out, &Record::Vote { term: self.term, vote: self.vote });
        for index in 1..=self.log.last() {
            let entry = self.log.get(index).expect("places up to the last are filled").clone();
            writer.append(&mut out, &Record::Entry { index, entry });
        }
        (out, writer)
    }
}

fn checksum(chain: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&chain.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

/// The body of the first record and its checksum.
fn split(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let mut reader = Reader::new(bytes);
    let length = reader.u32()? as usize;
    let sum = reader.u32()?;
    // A sector that was never written reads as zeros: no record is empty.
    if length == 0 {
        return None;
    }
    Some((reader.take(length)?, sum))
}

fn read(body: &[u8]) -> Option<Record> {
    let mut reader = Reader::new(body);
    let record = match reader.u8()? {
        0 => {
            let (term, vote) = (reader.u64()?, reader.u8()?);
            Record::Vote { term, vote: (vote != u8::MAX).then_some(vote) }
        }
        1 => {
            let (index, term) = (reader.u64()?, reader.u64()?);
            Record::Entry { index, entry: Entry { term, command: Rc::new(reader.command()?) } }
        }
        _ => return None,
    };
    reader.end().map(|()| record)
}
