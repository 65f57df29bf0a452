//! The disk's heart by itself: a disk, its chance and a clock.

use std::path::Path;

use crate::choice::Choices;
use crate::disk::{Disk, DiskConfig, Done, Errno, Flags, HandleId, Unsynced};

/// Who has every file open.
const OWNER: u32 = 1;

/// A disk with nobody around it. Every call takes its time; only a sync is answered at once, with the time at
/// which it will be done, so that more can happen while it is under way. An error is its number, as in `errno`.
pub struct BareDisk {
    disk: Disk,
    choices: Choices,
    now: u64,
}

/// An open file of a [`BareDisk`].
#[derive(Clone, Copy, Debug)]
pub struct OpenFile(HandleId);

impl BareDisk {
    /// An empty disk. Its chance comes from `seed`; with `torn_sectors` a power loss may tear a sector in itself.
    pub fn new(seed: u64, torn_sectors: bool) -> BareDisk {
        let mut choices = Choices::new(seed);
        let stream = choices.open("disk/fuzzed");
        let config = DiskConfig { torn_sectors, ..DiskConfig::default() };
        BareDisk { disk: Disk::new(config, stream), choices, now: 0 }
    }

    /// The time, in nanoseconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Lets time pass until then; a time that is past changes nothing.
    pub fn wait_until(&mut self, at: u64) {
        self.now = self.now.max(at);
    }

    fn done<T>(&mut self, done: Done<T>) -> Result<T, i32> {
        assert!(done.ends_at >= self.now, "nothing ends before it begins");
        self.now = done.ends_at;
        done.result.map_err(number)
    }

    /// Opens a file to read and write.
    pub fn open(&mut self, path: &str, create: bool, truncate: bool) -> Result<OpenFile, i32> {
        let flags = Flags { read: true, write: true, create, truncate, ..Flags::default() };
        let done = self.disk.open(&mut self.choices, self.now, OWNER, Path::new(path), flags);
        self.done(done).map(OpenFile)
    }

    /// Closes a file.
    pub fn close(&mut self, file: OpenFile) {
        self.disk.close(file.0);
    }

    /// What a name leads to, by number; `None` when there is nothing.
    pub fn inode(&self, path: &str) -> Option<u32> {
        self.disk.inode_at(Path::new(path))
    }

    /// Writes bytes at an offset, and answers how many.
    pub fn write(&mut self, file: OpenFile, offset: u64, bytes: &[u8]) -> Result<usize, i32> {
        let done = self.disk.write(&mut self.choices, self.now, file.0, Some(offset), bytes);
        self.done(done)
    }

    /// Cuts a file, or lengthens it by a hole.
    pub fn set_len(&mut self, file: OpenFile, size: u64) -> Result<(), i32> {
        let done = self.disk.set_len(&mut self.choices, self.now, file.0, size);
        self.done(done)
    }

    /// All that a file holds.
    pub fn content(&mut self, file: OpenFile) -> Result<Vec<u8>, i32> {
        let size = self.disk.stat(file.0).map_err(number)?.size as usize;
        let begun = self.disk.read_begin(&mut self.choices, self.now, file.0, Some(0), size);
        self.done(begun)?;
        let mut bytes = vec![0xee; size];
        let count =
            self.disk.read(&mut self.choices, self.now, file.0, Some(0), &mut bytes).map_err(number)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Begins to make a file durable, and answers when that will be done.
    pub fn sync(&mut self, file: OpenFile) -> Result<u64, i32> {
        let done = self.disk.sync(&mut self.choices, self.now, file.0);
        done.result.map_err(number).map(|()| done.ends_at)
    }

    /// Begins to make the names in a directory durable, and answers when that will be done.
    pub fn sync_dir(&mut self, path: &str) -> Result<u64, i32> {
        let done = self.disk.sync_dir(&mut self.choices, self.now, Path::new(path));
        done.result.map_err(number).map(|()| done.ends_at)
    }

    /// Creates a directory.
    pub fn create_dir(&mut self, path: &str) -> Result<(), i32> {
        let done = self.disk.create_dir(&mut self.choices, self.now, Path::new(path));
        self.done(done)
    }

    /// Gives a file another name.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), i32> {
        let done = self.disk.rename(&mut self.choices, self.now, Path::new(from), Path::new(to));
        self.done(done)
    }

    /// Takes a file's name away.
    pub fn remove(&mut self, path: &str) -> Result<(), i32> {
        let done = self.disk.remove_file(&mut self.choices, self.now, Path::new(path));
        self.done(done)
    }

    /// The power goes. Every file is closed, and what was not synced has this fate.
    pub fn lose_power(&mut self, unsynced: Unsynced) {
        self.disk.lose_power(&mut self.choices, self.now, unsynced);
    }
}

fn number(errno: Errno) -> i32 {
    errno.number().into()
}
