//! The sidecar of a file: the hash of each of its symbols, and repair symbols with theirs. Pure but for names.
//!
//! RaptorQ mends what is lost, not what is wrong: a symbol with a flipped bit would spoil all others. So every
//! symbol has a hash, and one that does not have it counts as lost.
//!
//! ```text
//! magic 8 | bytes of the file 8 | for each block: hash 16 × source symbols, (id 4, hash 16, bytes 1024) × repair symbols
//! ```

use std::path::{Path, PathBuf};

use crate::block::{
    BLOCK_BYTES_MAX, SYMBOL_BYTES, Symbol, repair_count, repair_symbols, source_count, source_symbols,
};

/// What the name of a sidecar ends with.
pub const SIDECAR_SUFFIX: &str = ".raptorq";

const MAGIC: &[u8; 8] = b"TbEvid01";
const HASH_BYTES: usize = 16;
const REPAIR_BYTES: usize = 4 + HASH_BYTES + SYMBOL_BYTES;

/// Enough of a BLAKE3 hash to tell a symbol from any other.
pub type SymbolHash = [u8; HASH_BYTES];

/// The sidecar's symbols of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarBlock {
    /// How many bytes of the file it stands for.
    pub bytes: usize,
    /// The hashes of the file's own symbols.
    pub source: Vec<SymbolHash>,
    /// The repair symbols that are whole.
    pub repair: Vec<Symbol>,
}

/// Where a file's sidecar lies.
pub fn sidecar_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(SIDECAR_SUFFIX);
    PathBuf::from(name)
}

/// The hash of a symbol: of its number as well, since a whole symbol in the wrong place spoils all others too.
pub fn symbol_hash(symbol: &Symbol) -> SymbolHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&symbol.id.to_le_bytes());
    hasher.update(&symbol.bytes);
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

/// The lengths of a file's blocks.
pub fn block_lengths(file_bytes: u64) -> Vec<usize> {
    let file_bytes = file_bytes as usize;
    (0..file_bytes.div_ceil(BLOCK_BYTES_MAX))
        .map(|block| BLOCK_BYTES_MAX.min(file_bytes - block * BLOCK_BYTES_MAX))
        .collect()
}

/// How many bytes the sidecar of a file has.
pub fn sidecar_bytes(file_bytes: u64) -> u64 {
    let block = |bytes: usize| {
        let count = source_count(bytes);
        count * HASH_BYTES + repair_count(count) * REPAIR_BYTES
    };
    (16 + block_lengths(file_bytes).into_iter().map(block).sum::<usize>()) as u64
}

/// Makes the sidecar of a file.
pub fn encode(file: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&(file.len() as u64).to_le_bytes());
    for block in file.chunks(BLOCK_BYTES_MAX) {
        for symbol in source_symbols(block) {
            out.extend_from_slice(&symbol_hash(&symbol));
        }
        for symbol in repair_symbols(block) {
            out.extend_from_slice(&symbol.id.to_le_bytes());
            out.extend_from_slice(&symbol_hash(&symbol));
            out.extend_from_slice(&symbol.bytes);
        }
    }
    assert_eq!(out.len() as u64, sidecar_bytes(file.len() as u64), "a sidecar has the size it should");
    out
}

/// Reads as much of a sidecar as is there. A repair symbol that is cut off or does not have its hash is lost; a
/// block whose list of hashes is cut off has no whole symbol at all, since none can be told from another.
pub fn decode(file_bytes: u64, sidecar: &[u8]) -> Vec<SidecarBlock> {
    let mut rest = sidecar.get(16..).unwrap_or_default();
    let mut blocks = Vec::new();
    for bytes in block_lengths(file_bytes) {
        let count = source_count(bytes);
        let (hashes, after) = rest.split_at(rest.len().min(count * HASH_BYTES));
        let (symbols, after) = after.split_at(after.len().min(repair_count(count) * REPAIR_BYTES));
        rest = after;
        let source = hashes.as_chunks::<HASH_BYTES>().0.to_vec();
        let repair = symbols.as_chunks::<REPAIR_BYTES>().0.iter().filter_map(read_repair).collect();
        blocks.push(SidecarBlock { bytes, source, repair });
    }
    blocks
}

/// Whether a sidecar begins as that of a file of this length.
pub fn has_head(file_bytes: u64, sidecar: &[u8]) -> bool {
    sidecar.get(..8) == Some(MAGIC) && sidecar.get(8..16) == Some(&file_bytes.to_le_bytes())
}

fn read_repair(record: &[u8; REPAIR_BYTES]) -> Option<Symbol> {
    let (id, rest) = record.split_first_chunk::<4>()?;
    let (hash, bytes) = rest.split_first_chunk::<HASH_BYTES>()?;
    let symbol = Symbol { id: u32::from_le_bytes(*id), bytes: bytes.to_vec() };
    (symbol_hash(&symbol) == *hash).then_some(symbol)
}
