//! Recovery: a file's bytes from whatever symbols of it are whole.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::Error;
use crate::block::{BLOCK_BYTES_MAX, Symbol, decode, needed, source_count, source_symbols};
use crate::manifest::{Listed, Manifest, path_of};
use crate::sidecar::{self, SidecarBlock, sidecar_of, symbol_hash};

/// The bytes of a listed file as they were packed, from what is left of it and of its sidecar. Nothing is
/// written: what to do with the bytes is the caller's business.
///
/// # Errors
/// When the manifest does not list it, or too much is lost.
pub fn recover(folder: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let manifest = Manifest::load(folder)?;
    let path = path_of(folder, name);
    let Some(file) = manifest.files.iter().find(|file| file.name == name) else {
        return Err(Error::Unlisted { path });
    };
    let content = read_what_is_left(&path)?;
    let sidecar = read_what_is_left(&sidecar_of(&path))?;
    let blocks = sidecar::decode(file.bytes, &sidecar);
    let mut recovered = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let from = content.len().min(number * BLOCK_BYTES_MAX);
        let to = content.len().min(from + block.bytes);
        let symbols = whole(&content[from..to], block);
        recovered.extend(rebuild(&path, number, block.bytes, &symbols)?);
    }
    verify(&path, file, blocks.len(), recovered)
}

/// The symbols of a block that are whole: those of the file that have their hash, and repair symbols.
pub(crate) fn whole(content: &[u8], block: &SidecarBlock) -> Vec<Symbol> {
    let source = source_symbols(content)
        .into_iter()
        .zip(&block.source)
        .filter(|(symbol, hash)| symbol_hash(symbol) == **hash)
        .map(|(symbol, _)| symbol);
    source.chain(block.repair.iter().cloned()).collect()
}

/// The bytes of a block.
pub(crate) fn rebuild(path: &Path, block: usize, bytes: usize, symbols: &[Symbol]) -> Result<Vec<u8>, Error> {
    let count = source_count(bytes);
    let source_left = symbols.iter().filter(|symbol| (symbol.id as usize) < count).count();
    let (left, needed) = (symbols.len(), needed(count, source_left));
    if left < needed {
        return Err(Error::TooFewSymbols { path: path.to_path_buf(), block, left, needed });
    }
    decode(bytes, symbols).ok_or_else(|| Error::Undecodable { path: path.to_path_buf(), block })
}

fn verify(path: &Path, file: &Listed, blocks: usize, recovered: Vec<u8>) -> Result<Vec<u8>, Error> {
    if blake3::hash(&recovered) == file.hash {
        Ok(recovered)
    } else {
        Err(Error::Undecodable { path: path.to_path_buf(), block: blocks.saturating_sub(1) })
    }
}

/// A file that is gone has nothing left.
fn read_what_is_left(path: &Path) -> Result<Vec<u8>, Error> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(Error::io(path)),
    }
}
