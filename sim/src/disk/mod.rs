//! The disk of a machine: what is in memory, what is durable, and how long things take.
//!
//! A write goes to the operating system's cache and is seen by every reader at once. Only a sync makes
//! durable: of a file its bytes and size, of a directory its names. A process that is killed loses nothing
//! that it has written; a power loss leaves each unsynced sector, size and name as it was at the last sync,
//! as it is now, or as it was at a time between. The rules stand where they are kept: `loss.rs` for bytes,
//! `names.rs` for names.
//!
//! This is the pure heart: no task, no waker, no clock. Every call is told the time and answers when it will
//! be done. What a sync makes durable is durable when the sync is done, not before; writes and names are in
//! the cache as soon as they are asked for.

mod config;
mod damage;
mod device;
mod dice;
mod effect;
mod elsewhere;
mod errno;
mod file;
mod handles;
mod journal;
mod loss;
mod names;
mod page;
mod path;
mod power;
mod reading;
mod trouble;
mod volume;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::Path;

pub use config::{DiskConfig, Service};
pub use loss::Unsynced;

use crate::choice::{Choices, Stream};
use device::Device;
use dice::Dice;
use effect::Effects;
use file::Lie;
use handles::{Handle, Handles};
use trouble::Troubles;
use volume::{FILE_BYTES_MAX, NameLie, Node, Pending, Volume};

pub(crate) use device::{Sooner, nanos};
pub(crate) use errno::Errno;
pub(crate) use handles::HandleId;
pub(crate) use trouble::{Trouble, Work};

/// What is written whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// How a file is opened; the meaning of each is that of `std::fs::OpenOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) append: bool,
    pub(crate) truncate: bool,
    pub(crate) create: bool,
    pub(crate) create_new: bool,
}

impl Flags {
    /// The combinations that make no sense, as std has them.
    fn check(self) -> Result<(), Errno> {
        let sound = match (self.write, self.append) {
            (true, false) => true,
            (false, false) => self.read && !self.truncate && !self.create && !self.create_new,
            (_, true) => !self.truncate || self.create_new,
        };
        if sound { Ok(()) } else { Err(Errno::Invalid) }
    }
}

/// An operation that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done<T> {
    pub(crate) result: Result<T, Errno>,
    /// When its caller learns the result.
    pub(crate) ends_at: u64,
}

/// What is known of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) size: u64,
    pub(crate) is_directory: bool,
}

pub(crate) struct Disk {
    config: DiskConfig,
    device: Device,
    volume: Volume,
    handles: Handles,
    troubles: Troubles,
    stream: Stream,
    /// Counts the times that bit rot began: whether a sector rots is decided once in each.
    season: u32,
    /// What faults did since somebody last looked.
    pub(crate) effects: Effects,
}

impl Disk {
    /// An empty disk. `stream` is its own: `disk/<machine>`.
    pub(crate) fn new(config: DiskConfig, stream: Stream) -> Disk {
        Disk {
            config,
            device: Device::new(&config),
            volume: Volume::new(),
            handles: Handles::default(),
            troubles: Troubles::default(),
            stream,
            season: 0,
            effects: Effects::default(),
        }
    }

    /// When an operation is done, and which fault makes it fail.
    #[inline]
    fn serve(&mut self, choices: &mut Choices, now: u64, work: Work, bytes: u64) -> (u64, Option<u32>) {
        self.volume.settle(now);
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let ends_at = self.device.serve(now, work, bytes, &self.troubles, dice, &mut self.effects);
        let failed = if self.troubles.is_empty() { None } else { self.troubles.error(dice, work) };
        if let Some(fault) = failed {
            self.effects.push(fault, u32::from(Errno::Io.number()));
        }
        (ends_at, failed)
    }

    /// An operation on names: `act` is done at once, unless the device fails.
    fn name_work<T>(
        &mut self,
        choices: &mut Choices,
        now: u64,
        act: impl FnOnce(&mut Disk) -> Result<T, Errno>,
    ) -> Done<T> {
        let (ends_at, failed) = self.serve(choices, now, Work::Name, 0);
        let result = if failed.is_some() { Err(Errno::Io) } else { act(self) };
        Done { result, ends_at }
    }

    /// Opens a file, or a directory to list or sync it, for `owner`.
    pub(crate) fn open(
        &mut self,
        choices: &mut Choices,
        now: u64,
        owner: u32,
        path: &Path,
        flags: Flags,
    ) -> Done<HandleId> {
        let (ends_at, failed) = self.serve(choices, now, Work::Open, 0);
        // A file that may come to be is an operation on names, too, and may fail as one.
        let creates = flags.create || flags.create_new;
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let unnamed = if creates { self.troubles.error(dice, Work::Name) } else { None };
        if let Some(fault) = unnamed.filter(|_| failed.is_none()) {
            self.effects.push(fault, u32::from(Errno::Io.number()));
        }
        let failed = failed.or(unnamed);
        let result = if failed.is_some() { Err(Errno::Io) } else { self.open_now(now, owner, path, flags) };
        Done { result, ends_at }
    }

    fn open_now(&mut self, now: u64, owner: u32, path: &Path, flags: Flags) -> Result<HandleId, Errno> {
        flags.check()?;
        let place = self.volume.place(path)?;
        let inode = match place.inode {
            Some(_) if flags.create_new => return Err(Errno::Exists),
            Some(inode) => {
                let reads_only = flags.read && !flags.write && !flags.append;
                if self.volume.is_directory(inode) && !reads_only {
                    return Err(Errno::IsDirectory);
                }
                inode
            }
            None if flags.create || flags.create_new => {
                self.need_space(now, 1)?;
                self.volume.create_file(place)?
            }
            None => return Err(Errno::NotFound),
        };
        self.volume.opened(inode);
        if flags.truncate {
            self.resize(inode, 0)?;
        }
        let mut handle = Handle::new(inode, owner);
        (handle.read, handle.write) = (flags.read, flags.write || flags.append);
        handle.append = flags.append;
        Ok(self.handles.open(handle))
    }

    /// One more user of an open file, who shares its cursor.
    pub(crate) fn duplicate(&mut self, handle: HandleId) -> Result<(), Errno> {
        self.handles.duplicate(handle)
    }

    /// Closes an open file; one that is closed already, with its owner or its disk, stays so.
    pub(crate) fn close(&mut self, handle: HandleId) {
        if let Some(inode) = self.handles.close(handle) {
            self.volume.closed(inode);
        }
    }

    /// The owner was killed: the machine closes what it had open. What it wrote is in the cache.
    pub(crate) fn close_owner(&mut self, owner: u32) {
        for inode in self.handles.close_all(|handle| handle.owner == owner) {
            self.volume.closed(inode);
        }
    }

    /// How many sectors may be used, and the fault that says so.
    fn sectors_max(&self, now: u64) -> (u64, Option<u32>) {
        let mut most = (self.config.capacity_bytes / SECTOR_BYTES as u64, None);
        if !self.troubles.is_empty() {
            for (fault, trouble) in self.troubles.iter() {
                if let Some(sectors_max) = trouble.sectors_max(now)
                    && sectors_max < most.0
                {
                    most = (sectors_max, Some(fault));
                }
            }
        }
        most
    }

    fn sectors_free(&self, now: u64) -> u64 {
        self.sectors_max(now).0.saturating_sub(self.volume.used)
    }

    fn need_space(&mut self, now: u64, sectors: u64) -> Result<(), Errno> {
        if self.sectors_free(now) >= sectors {
            return Ok(());
        }
        self.blame_space(now);
        Err(Errno::NoSpace)
    }

    /// Something did not fit: a fault's doing if it has taken the space.
    fn blame_space(&mut self, now: u64) {
        if let (_, Some(fault)) = self.sectors_max(now) {
            self.effects.push(fault, u32::from(Errno::NoSpace.number()));
        }
    }

    /// Bytes that are in use; each sector counts whole, and each name's inode one.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.volume.used * SECTOR_BYTES as u64
    }

    /// Bytes that fit now.
    pub(crate) fn free_bytes(&self, now: u64) -> u64 {
        self.sectors_free(now) * SECTOR_BYTES as u64
    }

    /// Writes at an offset, or where the cursor is. What does not fit is left out: fewer bytes, or
    /// [`Errno::NoSpace`] for none.
    #[inline]
    pub(crate) fn write(
        &mut self,
        choices: &mut Choices,
        now: u64,
        id: HandleId,
        offset: Option<u64>,
        bytes: &[u8],
    ) -> Done<usize> {
        let handle = match self.handles.get(id) {
            Ok(handle) if handle.write => *handle,
            Ok(_) => return Done { result: Err(Errno::BadHandle), ends_at: now },
            Err(errno) => return Done { result: Err(errno), ends_at: now },
        };
        if bytes.is_empty() {
            return Done { result: Ok(0), ends_at: now };
        }
        let (ends_at, failed) = self.serve(choices, now, Work::Write, bytes.len() as u64);
        if failed.is_some() {
            return Done { result: Err(Errno::Io), ends_at };
        }
        Done { result: self.write_now(now, id, handle, offset, bytes), ends_at }
    }

    #[inline]
    fn write_now(
        &mut self,
        now: u64,
        id: HandleId,
        handle: Handle,
        offset: Option<u64>,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let Handle { inode, append, cursor, .. } = handle;
        let file = self.volume.file(inode)?;
        // As Linux has it: what is opened to append appends, whatever offset is given.
        let begin = if append { file.size } else { offset.unwrap_or(cursor) };
        if begin.checked_add(bytes.len() as u64).is_none_or(|end| end > FILE_BYTES_MAX) {
            return Err(Errno::TooBig);
        }
        let free = self.sectors_free(now);
        let mut count = bytes.len();
        if (count as u64).div_ceil(SECTOR_BYTES as u64) + 1 > free {
            let (fits, fit) = fitting(self.volume.file(inode)?, begin, count, free);
            if !fits {
                self.blame_space(now);
                count = fit;
            }
            if count == 0 {
                return Err(Errno::NoSpace);
            }
        }
        let number = self.volume.take_number();
        let Volume { inodes, spares, pending, used, .. } = &mut self.volume;
        let Node::File(file) = &mut inodes[inode as usize].node else { return Err(Errno::IsDirectory) };
        let before = file.allocated;
        file.write(number, begin, &bytes[..count], spares);
        file.relieve(|| boundaries(pending, inode));
        *used += file.allocated - before;
        if offset.is_none() {
            self.handles.get_mut(id)?.cursor = begin + count as u64;
        }
        Ok(count)
    }

    /// Cuts a file or lengthens it by a hole.
    pub(crate) fn set_len(
        &mut self,
        choices: &mut Choices,
        now: u64,
        handle: HandleId,
        size: u64,
    ) -> Done<()> {
        let inode = match self.handles.get(handle) {
            Ok(handle) if handle.write => handle.inode,
            Ok(_) => return Done { result: Err(Errno::Invalid), ends_at: now },
            Err(errno) => return Done { result: Err(errno), ends_at: now },
        };
        let (ends_at, failed) = self.serve(choices, now, Work::Write, 0);
        let result = if failed.is_some() { Err(Errno::Io) } else { self.resize(inode, size) };
        Done { result, ends_at }
    }

    fn resize(&mut self, inode: u32, size: u64) -> Result<(), Errno> {
        if size > FILE_BYTES_MAX {
            return Err(Errno::TooBig);
        }
        let number = self.volume.take_number();
        let Volume { inodes, spares, pending, used, .. } = &mut self.volume;
        let Node::File(file) = &mut inodes[inode as usize].node else { return Err(Errno::IsDirectory) };
        let before = file.allocated;
        file.set_len(number, size, spares);
        file.relieve(|| boundaries(pending, inode));
        *used -= before - file.allocated;
        Ok(())
    }

    /// Makes what was done to a file, or to the names of a directory, durable.
    #[inline]
    pub(crate) fn sync(&mut self, choices: &mut Choices, now: u64, handle: HandleId) -> Done<()> {
        match self.handles.get(handle) {
            Ok(handle) => {
                let inode = handle.inode;
                self.sync_inode(choices, now, inode)
            }
            Err(errno) => Done { result: Err(errno), ends_at: now },
        }
    }

    /// Makes the names in a directory durable.
    pub(crate) fn sync_dir(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<()> {
        match self.volume.find(path).and_then(|inode| self.volume.directory(inode).map(|_| inode)) {
            Ok(inode) => self.sync_inode(choices, now, inode),
            Err(errno) => self.name_work(choices, now, |_| Err(errno)),
        }
    }

    #[inline]
    fn sync_inode(&mut self, choices: &mut Choices, now: u64, inode: u32) -> Done<()> {
        self.volume.settle(now);
        let dirty = match &self.volume.inode(inode).node {
            Node::File(file) => file.journal.undo.len() as u64 * SECTOR_BYTES as u64,
            _ => self.volume.unsynced_names(inode) * SECTOR_BYTES as u64,
        };
        let (ends_at, failed) = self.serve(choices, now, Work::Sync, dirty);
        let number = self.device.latest();
        let mut pending = Pending { number, ends_at, inode, before: self.volume.number, misdirected: None };
        let mut broken = None;
        let mut lying = None;
        if !self.troubles.is_empty() {
            (broken, lying) = self.ask_sync(choices, &mut pending);
        }
        let result = if failed.is_some() {
            // The device could not be reached: what is dirty stays so, and a later sync may succeed.
            Err(Errno::Io)
        } else if let Some(fault) = broken {
            self.effects.push(fault, u32::from(Errno::Io.number()));
            if let Node::File(file) = &mut self.volume.inodes[inode as usize].node {
                file.abandon(fault, &mut Dice { choices, stream: &mut self.stream });
            }
            Err(Errno::Io)
        } else if let Some(fault) = lying {
            match &mut self.volume.inodes[inode as usize].node {
                Node::File(file) => file.lie(Lie { before: pending.before, fault }),
                _ => self.volume.lie(NameLie { directory: inode, before: pending.before, fault }),
            }
            Ok(())
        } else {
            self.volume.wait_for(pending);
            Ok(())
        };
        Done { result, ends_at }
    }

    /// Draws what may go wrong with a sync: the faults that break it, or make it lie.
    #[cold]
    #[inline(never)]
    fn ask_sync(&mut self, choices: &mut Choices, pending: &mut Pending) -> (Option<u32>, Option<u32>) {
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let broken = self.troubles.strike(dice, |trouble| match trouble {
            Trouble::SyncError(chance) => Some(chance),
            _ => None,
        });
        let lying = self.troubles.strike(dice, |trouble| match trouble {
            Trouble::LyingSync(chance) => Some(chance),
            _ => None,
        });
        if self.troubles.any(|trouble| matches!(trouble, Trouble::MisdirectWrite(_))) {
            let at_once_max = self.config.misdirected_max;
            pending.misdirected = self.volume.misdirect(pending.inode, &self.troubles, at_once_max, dice);
        }
        // With nothing to write there is nothing to fail and nothing to lie about. What an earlier failure
        // gave up is not written, so it does not fail again.
        let (dirty, unsynced) = match &self.volume.inode(pending.inode).node {
            Node::File(file) => (!file.journal.undo.is_empty(), !file.journal.ops.is_empty()),
            _ => [self.volume.unsynced_names(pending.inode) > 0; 2].into(),
        };
        (broken.filter(|_| dirty), lying.filter(|_| unsynced))
    }

    /// Gives a file or directory another name; a file there before is replaced, with no moment between.
    pub(crate) fn rename(&mut self, choices: &mut Choices, now: u64, from: &Path, to: &Path) -> Done<()> {
        self.name_work(choices, now, |disk| disk.volume.rename(from, to).map(drop))
    }

    /// Takes a file's name away; who has it open keeps it.
    pub(crate) fn remove_file(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<()> {
        self.name_work(choices, now, |disk| disk.volume.remove_file(path).map(drop))
    }

    pub(crate) fn remove_dir(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<()> {
        self.name_work(choices, now, |disk| disk.volume.remove_dir(path).map(drop))
    }

    /// Removes a directory and all that is in it, the last names first.
    pub(crate) fn remove_dir_all(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<()> {
        self.name_work(choices, now, |disk| disk.volume.remove_dir_all(path))
    }

    pub(crate) fn create_dir(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<()> {
        self.name_work(choices, now, |disk| disk.create_dir_now(now, path))
    }

    fn create_dir_now(&mut self, now: u64, path: &Path) -> Result<(), Errno> {
        if self.volume.place(path)?.inode.is_some() {
            return Err(Errno::Exists);
        }
        self.need_space(now, 1)?;
        self.volume.create_dir(path).map(drop)
    }

    /// Creates a directory and those above it that are missing.
    pub(crate) fn create_dir_all(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<()> {
        self.name_work(choices, now, |disk| {
            let mut above: Vec<&Path> =
                path.ancestors().filter(|path| !path.as_os_str().is_empty()).collect();
            above.reverse();
            for path in above {
                match disk.volume.find(path) {
                    Ok(inode) => disk.volume.directory(inode).map(drop).map_err(|_| Errno::Exists)?,
                    Err(Errno::NotFound) => disk.create_dir_now(now, path)?,
                    Err(errno) => return Err(errno),
                }
            }
            Ok(())
        })
    }

    /// The names in a directory, in order, each with what it leads to.
    pub(crate) fn read_dir(
        &mut self,
        choices: &mut Choices,
        now: u64,
        path: &Path,
    ) -> Done<Vec<(OsString, Stat)>> {
        self.name_work(choices, now, |disk| {
            let volume = &disk.volume;
            let directory = volume.directory(volume.find(path)?)?;
            Ok(directory.entries.iter().map(|(name, &inode)| (name.clone(), volume.stat(inode))).collect())
        })
    }

    pub(crate) fn metadata(&mut self, choices: &mut Choices, now: u64, path: &Path) -> Done<Stat> {
        self.name_work(choices, now, |disk| Ok(disk.volume.stat(disk.volume.find(path)?)))
    }

    /// What a name leads to, by number, behind everybody's back.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn inode_at(&self, path: &Path) -> Option<u32> {
        self.volume.find(path).ok()
    }

    /// What is known of an open file. The answer is in memory and costs nothing.
    pub(crate) fn stat(&self, handle: HandleId) -> Result<Stat, Errno> {
        Ok(self.volume.stat(self.handles.get(handle)?.inode))
    }

    /// Where the next read or write without an offset begins.
    pub(crate) fn cursor(&self, handle: HandleId) -> Result<u64, Errno> {
        Ok(self.handles.get(handle)?.cursor)
    }

    pub(crate) fn set_cursor(&mut self, handle: HandleId, cursor: u64) -> Result<(), Errno> {
        self.handles.get_mut(handle)?.cursor = cursor;
        Ok(())
    }

    /// Begins a condition.
    pub(crate) fn impose(&mut self, fault: u32, trouble: Trouble) {
        if matches!(trouble, Trouble::BitRot(_)) {
            self.season += 1;
        }
        self.troubles.impose(fault, trouble);
    }

    /// Begins a shortage: so many bytes are left now, and so many more in each second from here on, or fewer.
    pub(crate) fn fill(&mut self, now: u64, fault: u32, bytes_free: u64, bytes_per_second: i32) {
        let sectors_max = self.volume.used.saturating_add(bytes_free / SECTOR_BYTES as u64);
        self.impose(fault, Trouble::Full { since: now, sectors_max, bytes_per_second });
    }

    /// The number of the operation that was taken in last.
    #[inline]
    pub(crate) fn latest(&self) -> u64 {
        self.device.latest()
    }

    /// Ends the conditions of a fault. What it has damaged stays damaged; what it made late ends sooner.
    pub(crate) fn lift(&mut self, now: u64, fault: u32) -> Vec<Sooner> {
        if !self.troubles.lift(fault) {
            return Vec::new();
        }
        self.volume.settle(now);
        let sooner = self.device.relieve(now, &self.troubles);
        self.volume.reschedule(&sooner);
        sooner
    }
}

/// The numbers at which syncs of a file that are under way were called.
fn boundaries(pending: &[Pending], inode: u32) -> Vec<u64> {
    pending.iter().filter(|pending| pending.inode == inode).map(|pending| pending.before).collect()
}

/// Whether a write fits, and how many of its bytes do.
#[cold]
#[inline(never)]
fn fitting(file: &file::File, begin: u64, length: usize, free: u64) -> (bool, usize) {
    let end = begin + length as u64;
    let mut left = free;
    let mut at = begin;
    while at < end {
        let next = (at / SECTOR_BYTES as u64 + 1) * SECTOR_BYTES as u64;
        if file.fresh_sectors(at, 1) == 1 {
            if left == 0 {
                return (false, (at - begin) as usize);
            }
            left -= 1;
        }
        at = next;
    }
    (true, length)
}
