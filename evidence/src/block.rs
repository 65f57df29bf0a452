//! One block of a file: its symbols, the repair symbols made from them, and the way back. Pure.

use raptorq::{
    EncodingPacket, ObjectTransmissionInformation, PayloadId, SourceBlockDecoder, SourceBlockEncoder,
};

/// Bytes of a symbol; the last of a file is filled up with zeros.
pub const SYMBOL_BYTES: usize = 1024;
/// Source symbols of a block at most: 256 KiB, so that memory and time stay small whatever a file's size.
pub const BLOCK_SYMBOLS_MAX: usize = 256;
/// Bytes of a block at most.
pub const BLOCK_BYTES_MAX: usize = SYMBOL_BYTES * BLOCK_SYMBOLS_MAX;
/// RaptorQ decodes from as many symbols as the block has in 99 of 100 cases, and from two more in all but one of
/// a million [RFC 6330, 1]. What would be luck is refused: a proof must not depend on which symbol was lost.
pub const MARGIN: usize = 2;

/// How many symbols of a block with so many source symbols may be lost.
pub fn budget(source_count: usize) -> usize {
    (source_count / 8).max(2)
}

/// How many repair symbols are made for so many source symbols.
pub fn repair_count(source_count: usize) -> usize {
    budget(source_count) + MARGIN
}

/// How many source symbols so many bytes are.
pub fn source_count(bytes: usize) -> usize {
    bytes.div_ceil(SYMBOL_BYTES)
}

/// A symbol of a block. Source symbols have numbers below [`source_count`], repair symbols above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its number in RaptorQ's terms.
    pub id: u32,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The source symbols of a block.
pub fn source_symbols(bytes: &[u8]) -> Vec<Symbol> {
    let symbol = |(id, chunk): (u32, &[u8])| {
        let mut bytes = chunk.to_vec();
        bytes.resize(SYMBOL_BYTES, 0);
        Symbol { id, bytes }
    };
    (0..).zip(bytes.chunks(SYMBOL_BYTES)).map(symbol).collect()
}

/// The repair symbols of a block.
///
/// # Panics
/// When the block is empty or too large: files are cut before.
pub fn repair_symbols(bytes: &[u8]) -> Vec<Symbol> {
    assert!(!bytes.is_empty() && bytes.len() <= BLOCK_BYTES_MAX, "a block of {} bytes", bytes.len());
    let padded = padded(bytes);
    let encoder = SourceBlockEncoder::new(0, &information(padded.len()), &padded);
    let count = repair_count(source_count(bytes.len())) as u32;
    let symbol = |packet: EncodingPacket| {
        let (id, bytes) = packet.split();
        Symbol { id: id.encoding_symbol_id(), bytes }
    };
    encoder.repair_packets(0, count).into_iter().map(symbol).collect()
}

/// The bytes of a block from whatever symbols are left of it. Nothing when they do not decode.
pub fn decode(block_bytes: usize, symbols: &[Symbol]) -> Option<Vec<u8>> {
    let padded_bytes = source_count(block_bytes) * SYMBOL_BYTES;
    let packets =
        symbols.iter().map(|symbol| EncodingPacket::new(PayloadId::new(0, symbol.id), symbol.bytes.clone()));
    let mut decoder = SourceBlockDecoder::new(0, &information(padded_bytes), padded_bytes as u64);
    let mut bytes = decoder.decode(packets)?;
    bytes.truncate(block_bytes);
    Some(bytes)
}

/// How many symbols must be left of a block so that it decodes: all of the source's own, or two more of any.
pub fn needed(source_count: usize, source_left: usize) -> usize {
    if source_left == source_count { source_count } else { source_count + MARGIN }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(source_count(bytes.len()) * SYMBOL_BYTES, 0);
    padded
}

fn information(padded_bytes: usize) -> ObjectTransmissionInformation {
    ObjectTransmissionInformation::new(padded_bytes as u64, SYMBOL_BYTES as u16, 1, 1, 8)
}
