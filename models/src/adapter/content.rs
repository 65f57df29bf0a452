//! What is in a run: chunks with names, and the checksum that proves them. Pure.

use super::bytes::Hash;

/// The name of a run's chunk, of which there is one at a remote, whoever commits it.
pub fn chunk_id(run: u64, index: u32) -> u64 {
    run << 32 | u64::from(index)
}

/// The hash of a chunk's content.
pub fn content_hash(content: &[u8]) -> Hash {
    *blake3::hash(content).as_bytes()
}

/// The proof that somebody holds these chunks, in this order, now: an old proof has another nonce.
pub fn checksum<'a>(run: u64, nonce: u64, hashes: impl IntoIterator<Item = &'a Hash>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tourbillon adapter checksum");
    hasher.update(&run.to_le_bytes());
    hasher.update(&nonce.to_le_bytes());
    for hash in hashes {
        hasher.update(hash);
    }
    *hasher.finalize().as_bytes()
}
