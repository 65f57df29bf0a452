//! What can be wrong with a pack: the place, what was found, what was expected, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why a pack is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host refused to read or write.
    #[error("{}: {error}; check that the folder is there and may be written", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the host said.
        error: io::Error,
    },
    /// There is nothing to pack.
    #[error("{}: found no files to pack, expected at least one; run the scenario first", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A name that a manifest cannot hold.
    #[error("{}: a name in a pack is one line of UTF-8 without `..`; rename the file", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// The manifest is cut off, or was changed after it was written.
    #[error("{}, line {line}: found {found}, expected {expected}; regenerate the pack from its run", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// A listed file or its sidecar is gone.
    #[error("{}: missing, the manifest lists it; {remedy}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// There is a file that the manifest does not list.
    #[error("{}: not in the manifest; remove it, or pack again", path.display())]
    Unlisted {
        /// The file.
        path: PathBuf,
    },
    /// A file has another length than listed.
    #[error("{}: found {found} bytes, expected {expected}; {remedy}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// What the manifest says.
        expected: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// A file has another hash than listed.
    #[error("{}: found BLAKE3 {found}, expected {expected}; {remedy}", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// What the manifest says.
        expected: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A sidecar does not hold what its file needs.
    #[error("{}: found {found}, expected {expected}; pack again from an intact file", path.display())]
    Sidecar {
        /// The sidecar.
        path: PathBuf,
        /// What is in it.
        found: String,
        /// What should be.
        expected: String,
    },
    /// More symbols are lost than can be recovered.
    #[error(
        "{}, block {block}: found {left} whole symbols, expected at least {needed} to decode; restore the file from \
         another copy or regenerate the evidence (nothing was changed)",
        path.display()
    )]
    TooFewSymbols {
        /// The file.
        path: PathBuf,
        /// The block, from 0.
        block: usize,
        /// How many symbols are left.
        left: usize,
        /// How many are needed.
        needed: usize,
    },
    /// There were enough symbols, and they did not give the file.
    #[error(
        "{}, block {block}: decoded, and the bytes are not those of the file; the sidecar belongs to another file: \
         pack again (nothing was changed)",
        path.display()
    )]
    Undecodable {
        /// The file.
        path: PathBuf,
        /// The block, from 0.
        block: usize,
    },
}

impl Error {
    /// An error of the host at a path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |error| Error::Io { path, error }
    }

    /// As [`Error::io`], where a file that is not there is missing.
    pub(crate) fn missing(path: &Path, remedy: &'static str) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |error| match error.kind() {
            io::ErrorKind::NotFound => Error::Missing { path, remedy },
            _ => Error::Io { path, error },
        }
    }
}
