//! What a remote has done, record by record: the only truth about chunks and seals. Pure.

use super::bytes::{Hash, Reader, Write};

/// Something that a remote did, and that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A chunk was applied.
    Applied {
        /// Whose it is.
        run: u64,
        /// The seed of that run.
        seed: u64,
        /// Its place in the run, from 0.
        index: u32,
        /// Its name.
        id: u64,
        /// What is in it.
        content: Vec<u8>,
    },
    /// A run was sealed: all of it is published at once.
    Sealed {
        /// The run.
        run: u64,
        /// How many chunks it has.
        count: u32,
        /// The head of its client's audit chain.
        audit: Hash,
    },
}

impl Entry {
    /// The bytes of the record.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Entry::Applied { run, seed, index, id, content } => {
                out.push(0);
                out.u64(*run);
                out.u64(*seed);
                out.u32(*index);
                out.u64(*id);
                out.bytes(content);
            }
            Entry::Sealed { run, count, audit } => {
                out.push(1);
                out.u64(*run);
                out.u32(*count);
                out.extend_from_slice(audit);
            }
        }
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn read(bytes: &[u8]) -> Option<Entry> {
        let mut reader = Reader::new(bytes);
        let entry = match reader.u8()? {
            0 => Entry::Applied {
                run: reader.u64()?,
                seed: reader.u64()?,
                index: reader.u32()?,
                id: reader.u64()?,
                content: reader.bytes()?.to_vec(),
            },
            1 => Entry::Sealed { run: reader.u64()?, count: reader.u32()?, audit: reader.array()? },
            _ => return None,
        };
        reader.end(entry)
    }
}
