//! Packing: lists a folder, and writes the sidecars and the manifest.

use std::fs;
use std::path::Path;

use crate::Error;
use crate::manifest::{Listed, MANIFEST, Manifest, is_name, path_of};
use crate::sidecar::{SIDECAR_SUFFIX, encode, sidecar_of};

/// Packs all files of a folder and of the folders in it, over whatever pack was there before. The manifest comes
/// last and takes its name in one step: a pack that was interrupted has none, or the old one, which no longer fits.
///
/// # Errors
/// When there is no file, a name does not fit on a line, or the host refuses.
pub fn pack(folder: &Path) -> Result<Manifest, Error> {
    let mut files = Vec::new();
    for name in names(folder)? {
        let path = path_of(folder, &name);
        let content = fs::read(&path).map_err(Error::io(&path))?;
        let sidecar = encode(&content);
        let beside = sidecar_of(&path);
        fs::write(&beside, &sidecar).map_err(Error::io(&beside))?;
        files.push(Listed {
            name,
            bytes: content.len() as u64,
            hash: blake3::hash(&content),
            sidecar_bytes: sidecar.len() as u64,
            sidecar_hash: blake3::hash(&sidecar),
        });
    }
    if files.is_empty() {
        return Err(Error::Empty { path: folder.to_path_buf() });
    }
    let manifest = Manifest { files };
    let (new, path) = (folder.join("evidence.manifest.new"), folder.join(MANIFEST));
    fs::write(&new, manifest.to_text()).map_err(Error::io(&new))?;
    fs::rename(&new, &path).map_err(Error::io(&path))?;
    Ok(manifest)
}

/// The names of all files of a folder that a pack lists, in order: not the pack's own.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    gather(folder, "", &mut names)?;
    names.sort();
    Ok(names)
}

fn gather(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| Error::Name { path: path.clone() })?;
        let name = format!("{prefix}{name}");
        if !is_name(&name) {
            return Err(Error::Name { path });
        }
        if path.is_dir() {
            gather(&path, &format!("{name}/"), names)?;
        } else if !name.ends_with(SIDECAR_SUFFIX) && !name.starts_with(MANIFEST) {
            names.push(name);
        }
    }
    Ok(())
}
