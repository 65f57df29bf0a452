//! The decode drill: loses as many symbols of each block as the budget allows, and recovers the block byte for
//! byte, in memory. A sidecar that has never decoded anything is a hope, not a backup.

use std::fs;
use std::path::Path;

use crate::Error;
use crate::block::{BLOCK_BYTES_MAX, Symbol, budget, source_count};
use crate::manifest::{Manifest, path_of};
use crate::recover::{rebuild, whole};
use crate::scrub::scrub;
use crate::sidecar::{self, sidecar_of};

/// What a drill came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drill {
    /// Blocks that were recovered byte for byte after they had lost what the budget allows.
    pub proofs: usize,
    /// Symbols that were lost for that, of all blocks together.
    pub symbols_lost: usize,
    /// How many of them were the files' own.
    pub source_symbols_lost: usize,
}

/// Scrubs a pack, then loses symbols of every block up to its repair budget and recovers it. Which symbols are
/// lost is drawn from the seed; the same seed loses the same.
///
/// # Errors
/// As [`scrub`], and when a block is not recovered.
pub fn decode_drill(folder: &Path, seed: u64) -> Result<Drill, Error> {
    decode_drill_losing(folder, seed, 0)
}

/// As [`decode_drill`], with so many symbols lost beyond the budget of every block: a drill of the failure, which
/// must be clear.
///
/// # Errors
/// As [`decode_drill`]; with one symbol beyond the budget, always [`Error::TooFewSymbols`].
pub fn decode_drill_losing(folder: &Path, seed: u64, beyond: usize) -> Result<Drill, Error> {
    scrub(folder)?;
    let mut drill = Drill::default();
    for file in Manifest::load(folder)?.files {
        let path = path_of(folder, &file.name);
        let content = fs::read(&path).map_err(Error::io(&path))?;
        let beside = sidecar_of(&path);
        let beside = fs::read(&beside).map_err(Error::io(&beside))?;
        let blocks = sidecar::decode(file.bytes, &beside);
        for (number, (bytes, block)) in content.chunks(BLOCK_BYTES_MAX).zip(&blocks).enumerate() {
            let mut symbols = whole(bytes, block);
            let lost = lose(&mut symbols, seed, &format!("{}/{number}", file.name), bytes.len(), beyond);
            let recovered = rebuild(&path, number, bytes.len(), &symbols)?;
            if recovered != bytes {
                return Err(Error::Undecodable { path, block: number });
            }
            drill.proofs += 1;
            drill.symbols_lost += lost.len();
            let count = source_count(bytes.len());
            drill.source_symbols_lost += lost.iter().filter(|symbol| (symbol.id as usize) < count).count();
        }
    }
    Ok(drill)
}

/// Takes symbols out of a block: one of the file's own first, since a drill that loses none of them decodes
/// nothing, then any.
fn lose(symbols: &mut Vec<Symbol>, seed: u64, place: &str, bytes: usize, beyond: usize) -> Vec<Symbol> {
    let count = source_count(bytes);
    let mut drawn = Drawn { key: *blake3::hash(place.as_bytes()).as_bytes(), seed, number: 0 };
    let mut lost = vec![symbols.remove(drawn.below(count))];
    while lost.len() < budget(count) + beyond && !symbols.is_empty() {
        lost.push(symbols.remove(drawn.below(symbols.len())));
    }
    lost
}

/// Draws of one block: the same on every host.
struct Drawn {
    key: [u8; 32],
    seed: u64,
    number: u64,
}

impl Drawn {
    fn below(&mut self, bound: usize) -> usize {
        let mut input = self.seed.to_le_bytes().to_vec();
        input.extend_from_slice(&self.number.to_le_bytes());
        self.number += 1;
        let hash = blake3::keyed_hash(&self.key, &input);
        let word = u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"));
        ((u128::from(word) * bound as u128) >> 64) as usize
    }
}
