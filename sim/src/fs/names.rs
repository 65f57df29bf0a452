//! Functions on names: creating, renaming, removing, listing.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Result;
use std::path::{Path, PathBuf};

use super::disks::About;
use super::home::ask;
use super::metadata::{FileType, Metadata};
use crate::choice::Choices;
use crate::disk::{Disk, Done, Stat};
use crate::trace::FsCall;

/// An operation that answers nothing.
async fn act(
    what: &str,
    about: About,
    act: impl FnOnce(&mut Disk, &mut Choices, u64) -> Done<()>,
) -> Result<()> {
    ask(what, |disks, kernel| disks.submit(kernel, about, |()| 0, act)).await
}

/// Creates a directory.
///
/// # Errors
/// `AlreadyExists`, `NotFound` when the one above is not there, `StorageFull`, and those of faults.
pub async fn create_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let about = About::path(FsCall::CreateDir, path);
    act("fs::create_dir", about, |disk, choices, now| disk.create_dir(choices, now, path)).await
}

/// Creates a directory and those above it that are missing.
///
/// # Errors
/// As [`create_dir`], except that it may be there already.
pub async fn create_dir_all(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let about = About::path(FsCall::CreateDir, path);
    act("fs::create_dir_all", about, |disk, choices, now| disk.create_dir_all(choices, now, path)).await
}

/// Takes the name of a file away. Who has it open keeps it.
///
/// # Errors
/// `NotFound`, `IsADirectory`, and those of faults.
pub async fn remove_file(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let about = About::path(FsCall::Remove, path);
    act("fs::remove_file", about, |disk, choices, now| disk.remove_file(choices, now, path)).await
}

/// Removes an empty directory.
///
/// # Errors
/// `NotFound`, `NotADirectory`, `DirectoryNotEmpty`, and those of faults.
pub async fn remove_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let about = About::path(FsCall::Remove, path);
    act("fs::remove_dir", about, |disk, choices, now| disk.remove_dir(choices, now, path)).await
}

/// Removes a directory and all that is in it.
///
/// # Errors
/// `NotFound`, `NotADirectory`, and those of faults.
pub async fn remove_dir_all(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let about = About::path(FsCall::Remove, path);
    act("fs::remove_dir_all", about, |disk, choices, now| disk.remove_dir_all(choices, now, path)).await
}

/// Gives a file or directory another name; what had that name is replaced, with no moment between. It is
/// durable once the directory of the new name is synced.
///
/// # Errors
/// `NotFound`, `IsADirectory`, `NotADirectory`, `DirectoryNotEmpty`, `InvalidInput` when a directory is to go
/// into itself, and those of faults.
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let about = About::paths(FsCall::Rename, from, to);
    act("fs::rename", about, |disk, choices, now| disk.rename(choices, now, from, to)).await
}

/// Makes the names in a directory durable: those that were given to it and those that were taken from it.
///
/// A file that was created is on the disk only when both it and its directory were synced. This is short for
/// opening the directory and [`sync_all`](super::File::sync_all).
///
/// # Errors
/// `NotFound`, `NotADirectory`, and those of faults.
pub async fn sync_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let about = About::path(FsCall::SyncDir, path);
    act("fs::sync_dir", about, |disk, choices, now| disk.sync_dir(choices, now, path)).await
}

/// What is known of a file or directory.
///
/// # Errors
/// `NotFound`, `NotADirectory`, and those of faults.
pub async fn metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    let path = path.as_ref();
    let about = About::path(FsCall::Look, path);
    ask("fs::metadata", |disks, kernel| {
        disks.submit(kernel, about, |_: &Stat| 0, |disk, choices, now| disk.metadata(choices, now, path))
    })
    .await
    .map(Metadata::of)
}

/// Whether there is something of that name.
///
/// # Errors
/// Those of [`metadata`] that do not answer the question.
pub async fn try_exists(path: impl AsRef<Path>) -> Result<bool> {
    match metadata(path).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lists a directory, sorted by name: the same in every run.
///
/// # Errors
/// `NotFound`, `NotADirectory`, and those of faults.
pub async fn read_dir(path: impl AsRef<Path>) -> Result<ReadDir> {
    let path = path.as_ref();
    let about = About::path(FsCall::List, path);
    let names = ask("fs::read_dir", |disks, kernel| {
        disks.submit(kernel, about, Vec::len, |disk, choices, now| disk.read_dir(choices, now, path))
    })
    .await?;
    Ok(ReadDir { directory: path.to_path_buf(), names: names.into() })
}

/// The names in a directory, as they were when it was listed.
#[derive(Debug)]
pub struct ReadDir {
    directory: PathBuf,
    names: VecDeque<(OsString, Stat)>,
}

impl ReadDir {
    /// The next name.
    ///
    /// # Errors
    /// Never; the signature is tokio's.
    pub async fn next_entry(&mut self) -> Result<Option<DirEntry>> {
        let directory = &self.directory;
        Ok(self.names.pop_front().map(|(name, stat)| DirEntry { path: directory.join(&name), name, stat }))
    }
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub struct DirEntry {
    path: PathBuf,
    name: OsString,
    stat: Stat,
}

impl DirEntry {
    /// The directory's path with the name.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// The name.
    pub fn file_name(&self) -> OsString {
        self.name.clone()
    }

    /// What is known of it now.
    ///
    /// # Errors
    /// As [`metadata`].
    pub async fn metadata(&self) -> Result<Metadata> {
        metadata(&self.path).await
    }

    /// What it was when the directory was listed.
    ///
    /// # Errors
    /// Never; the signature is tokio's.
    pub async fn file_type(&self) -> Result<FileType> {
        Ok(Metadata::of(self.stat).file_type())
    }
}
