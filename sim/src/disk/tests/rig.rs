//! A disk, its chance and a clock, for tests.

use std::path::Path;

use crate::choice::Choices;
use crate::disk::loss::Left;
use crate::disk::{Disk, DiskConfig, Done, Errno, Flags, HandleId, Sooner, Unsynced};

pub(super) const OWNER: u32 = 7;

pub(super) struct Rig {
    pub(super) disk: Disk,
    pub(super) choices: Choices,
    pub(super) now: u64,
}

impl Rig {
    pub(super) fn new(seed: u64) -> Rig {
        Rig::with(seed, DiskConfig::default())
    }

    pub(super) fn with(seed: u64, config: DiskConfig) -> Rig {
        let mut choices = Choices::new(seed);
        let stream = choices.open("disk/test");
        Rig { disk: Disk::new(config, stream), choices, now: 0 }
    }

    /// Ends a condition.
    pub(super) fn lift(&mut self, fault: u32) -> Vec<Sooner> {
        self.disk.lift(self.now, fault)
    }

    /// Waits until an operation is done.
    pub(super) fn done<T>(&mut self, done: Done<T>) -> Result<T, Errno> {
        assert!(done.ends_at >= self.now, "nothing ends before it begins");
        self.now = done.ends_at;
        done.result
    }

    pub(super) fn open(&mut self, path: &str, flags: Flags) -> Result<HandleId, Errno> {
        let done = self.disk.open(&mut self.choices, self.now, OWNER, Path::new(path), flags);
        self.done(done)
    }

    /// Opens a file to read and write, and creates it when it is not there.
    pub(super) fn file(&mut self, path: &str) -> HandleId {
        self.open(path, Flags { read: true, write: true, create: true, ..Flags::default() })
            .expect("nothing hinders it")
    }

    pub(super) fn write(&mut self, handle: HandleId, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        let done = self.disk.write(&mut self.choices, self.now, handle, Some(offset), bytes);
        self.done(done)
    }

    pub(super) fn read(&mut self, handle: HandleId, offset: u64, count: usize) -> Result<Vec<u8>, Errno> {
        let done = self.disk.read_begin(&mut self.choices, self.now, handle, Some(offset), count);
        self.done(done)?;
        let mut out = vec![0xee; count];
        let count = self.disk.read(&mut self.choices, self.now, handle, Some(offset), &mut out)?;
        out.truncate(count);
        Ok(out)
    }

    pub(super) fn sync(&mut self, handle: HandleId) -> Result<(), Errno> {
        let done = self.disk.sync(&mut self.choices, self.now, handle);
        self.done(done)
    }

    pub(super) fn sync_dir(&mut self, path: &str) -> Result<(), Errno> {
        let done = self.disk.sync_dir(&mut self.choices, self.now, Path::new(path));
        self.done(done)
    }

    pub(super) fn set_len(&mut self, handle: HandleId, size: u64) -> Result<(), Errno> {
        let done = self.disk.set_len(&mut self.choices, self.now, handle, size);
        self.done(done)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let done = self.disk.rename(&mut self.choices, self.now, Path::new(from), Path::new(to));
        self.done(done)
    }

    pub(super) fn remove_file(&mut self, path: &str) -> Result<(), Errno> {
        let done = self.disk.remove_file(&mut self.choices, self.now, Path::new(path));
        self.done(done)
    }

    pub(super) fn create_dir(&mut self, path: &str) -> Result<(), Errno> {
        let done = self.disk.create_dir(&mut self.choices, self.now, Path::new(path));
        self.done(done)
    }

    pub(super) fn lose_power(&mut self, unsynced: Unsynced) -> Left {
        self.disk.lose_power(&mut self.choices, self.now, unsynced)
    }

    /// The whole of a file, when it is there.
    pub(super) fn content(&mut self, path: &str) -> Option<Vec<u8>> {
        let handle = self.open(path, Flags { read: true, ..Flags::default() }).ok()?;
        let size = self.disk.stat(handle).expect("it was just opened").size;
        let bytes = self.read(handle, 0, size as usize).expect("nothing hinders it");
        self.disk.close(handle);
        Some(bytes)
    }

    /// The effects since the last call, by fault.
    pub(super) fn effects(&mut self) -> Vec<u32> {
        self.disk.effects.take().into_iter().map(|effect| effect.fault).collect()
    }
}

/// A file with these bytes, durable with its name.
pub(super) fn durable(rig: &mut Rig, path: &str, bytes: &[u8]) -> HandleId {
    let handle = rig.file(path);
    rig.set_len(handle, 0).expect("nothing hinders it");
    rig.write(handle, 0, bytes).expect("nothing hinders it");
    rig.sync(handle).expect("nothing hinders it");
    rig.sync_dir("/").expect("nothing hinders it");
    handle
}

/// Bytes that tell their places apart.
pub(super) fn pattern(seed: u8, count: usize) -> Vec<u8> {
    (0..count).map(|at| (at as u8).wrapping_mul(31).wrapping_add((at / 256) as u8) ^ seed).collect()
}
