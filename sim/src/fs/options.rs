//! `OpenOptions`: how a file is opened, as tokio's.

use std::io::Result;
use std::path::Path;

use super::disks::{About, Submitted};
use super::file::File;
use super::home::{Home, ask};
use crate::disk::Flags;
use crate::trace::FsCall;

/// How a file is opened.
///
/// ```
/// use tourbillon_sim::fs::OpenOptions;
/// use tokio::io::AsyncWrite;
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// let log = OpenOptions::new().append(true).create(true).open("/wal").await.unwrap();
/// log.write_at(b"record", 0).await.unwrap();
/// log.sync_all().await.unwrap();
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    flags: Flags,
}

impl OpenOptions {
    /// Nothing is set.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// For reading.
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.flags.read = read;
        self
    }

    /// For writing.
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.flags.write = write;
        self
    }

    /// For writing at the end, wherever that is at each write.
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.flags.append = append;
        self
    }

    /// What was in the file is cut off.
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.flags.truncate = truncate;
        self
    }

    /// The file is created when it is not there.
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.flags.create = create;
        self
    }

    /// The file is created, and must not be there.
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.flags.create_new = create_new;
        self
    }

    /// Opens a file, or a directory for reading, which only [`File::sync_all`] and [`File::metadata`] are for.
    ///
    /// # Errors
    /// Those of the operating system: `NotFound`, `AlreadyExists`, `IsADirectory`, `NotADirectory`,
    /// `StorageFull`, `InvalidInput` for options that contradict each other; and those of faults.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        let (path, flags) = (path.as_ref(), self.flags);
        ask("fs::OpenOptions::open", |disks, kernel| {
            let process = kernel.current.process;
            let mut about = About::path(FsCall::Open, path);
            about.is_file(disks.next_file());
            let submitted = disks.submit(
                kernel,
                about,
                |_| 0,
                |disk, choices, now| disk.open(choices, now, process, path, flags),
            );
            // The file is there from now on, so that it is closed if nobody waits for it.
            let result =
                submitted.result.map(|handle| File::of(Home::of(kernel), disks.keep(kernel, handle)));
            Submitted { op: submitted.op, result }
        })
        .await
    }
}
