//! Scrubbing: reads everything that a pack lists, and compares hashes and counts.

use std::fs;
use std::path::Path;

use crate::Error;
use crate::block::{repair_count, source_count};
use crate::manifest::{Manifest, path_of};
use crate::pack::names;
use crate::sidecar::{block_lengths, decode, has_head, sidecar_bytes, sidecar_of};

/// What a pack that is whole has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Files.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// Symbols of these files.
    pub source_symbols: usize,
    /// Repair symbols beside them.
    pub repair_symbols: usize,
}

/// What to do about a file that is damaged.
const RECOVER: &str = "recover it from its sidecar, or regenerate the evidence";
/// What to do about a sidecar that is damaged.
const REPACK: &str = "pack again while its file is whole";

/// Reads a pack and compares everything in it with its manifest.
///
/// # Errors
/// With the first thing that is damaged, missing or not listed, in the order of names.
pub fn scrub(folder: &Path) -> Result<Scrubbed, Error> {
    let manifest = Manifest::load(folder)?;
    let mut scrubbed = Scrubbed { files: manifest.files.len(), ..Scrubbed::default() };
    for file in &manifest.files {
        let path = path_of(folder, &file.name);
        let content = fs::read(&path).map_err(Error::missing(&path, RECOVER))?;
        compare(&path, &content, file.bytes, file.hash, RECOVER)?;
        let beside = sidecar_of(&path);
        let sidecar = fs::read(&beside).map_err(Error::missing(&beside, REPACK))?;
        compare(&beside, &sidecar, file.sidecar_bytes, file.sidecar_hash, REPACK)?;
        let (source, repair) = counts(&beside, file.bytes, &sidecar)?;
        scrubbed.bytes += file.bytes;
        scrubbed.source_symbols += source;
        scrubbed.repair_symbols += repair;
    }
    let is_listed = |name: &String| manifest.files.iter().any(|file| file.name == *name);
    match names(folder)?.into_iter().find(|name| !is_listed(name)) {
        Some(name) => Err(Error::Unlisted { path: path_of(folder, &name) }),
        None => Ok(scrubbed),
    }
}

fn compare(
    path: &Path,
    content: &[u8],
    bytes: u64,
    hash: blake3::Hash,
    remedy: &'static str,
) -> Result<(), Error> {
    let path = || path.to_path_buf();
    let found_bytes = content.len() as u64;
    if found_bytes != bytes {
        return Err(Error::Length { path: path(), found: found_bytes, expected: bytes, remedy });
    }
    let found = blake3::hash(content);
    if found != hash {
        let (found, expected) = (found.to_string(), hash.to_string());
        return Err(Error::Hash { path: path(), found, expected, remedy });
    }
    Ok(())
}

/// How many source and repair symbols a sidecar stands for, each of them whole. The hash of the sidecar says
/// only that it is the one that was written; this says that it is one.
fn counts(path: &Path, file_bytes: u64, sidecar: &[u8]) -> Result<(usize, usize), Error> {
    let expected: Vec<(usize, usize)> = block_lengths(file_bytes)
        .into_iter()
        .map(|bytes| (source_count(bytes), repair_count(source_count(bytes))))
        .collect();
    let blocks = decode(file_bytes, sidecar);
    let found: Vec<(usize, usize)> =
        blocks.iter().map(|block| (block.source.len(), block.repair.len())).collect();
    let has_size = sidecar.len() as u64 == sidecar_bytes(file_bytes);
    if found != expected || !has_size || !has_head(file_bytes, sidecar) {
        let sum = |counts: &[(usize, usize)]| counts.iter().map(|(_, repair)| repair).sum::<usize>();
        return Err(Error::Sidecar {
            path: path.to_path_buf(),
            found: format!("{} repair symbols in {} bytes", sum(&found), sidecar.len()),
            expected: format!("{} in {}", sum(&expected), sidecar_bytes(file_bytes)),
        });
    }
    let total = |pick: fn(&(usize, usize)) -> usize| expected.iter().map(pick).sum();
    Ok((total(|(source, _)| *source), total(|(_, repair)| *repair)))
}
