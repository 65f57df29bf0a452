//! The disk against a naive model of durability: what must be there after a power loss is there, and nothing is
//! there that may not be.
//!
//! The model keeps every state that a file was in and every operation on a name since the last power loss, and asks
//! of what it finds whether the rules of `sim::disk` allow it. It shares no code and no method with the disk, which
//! keeps one state and a journal of what to take back.

mod files;
mod names;

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use sim::disk::Unsynced;
use sim::fuzzing::{BareDisk, OpenFile};

use files::FileModel;
use names::{DIRECTORIES, ENTRY_COUNT, NameModel, path};

/// More would only repeat: the model's time grows with what is not durable.
const ACT_COUNT_MAX: usize = 300;
const SLOT_COUNT: usize = 4;
/// Bytes of a file, at most: some sectors are enough for every rule.
const FILE_BYTES_MAX: u64 = 4096;
const WRITE_BYTES_MAX: u16 = 1500;

/// One operation; numbers are counted around, so any number is one.
#[derive(Clone, Copy, Debug)]
enum Act {
    Open {
        slot: u8,
        entry: u8,
        create: bool,
        truncate: bool,
    },
    Close {
        slot: u8,
    },
    Write {
        slot: u8,
        offset: u16,
        count: u16,
    },
    SetLen {
        slot: u8,
        size: u16,
    },
    Read {
        slot: u8,
    },
    /// Begins to make a file durable, and waits until it is, or goes on meanwhile.
    Sync {
        slot: u8,
        waits: bool,
    },
    SyncDirectory {
        directory: u8,
        waits: bool,
    },
    Rename {
        from: u8,
        to: u8,
    },
    Remove {
        entry: u8,
    },
    Wait {
        micros: u16,
    },
    LosePower {
        unsynced: u8,
    },
}

impl Act {
    /// One byte says which: mostly writes and names, and now and then the power goes. The next ones say the rest.
    fn read(input: &mut Unstructured<'_>) -> arbitrary::Result<Act> {
        let which = u8::arbitrary(input)? % 32;
        let slot = u8::arbitrary(input)?;
        Ok(match which {
            0..5 => {
                let (entry, flags) = <(u8, u8)>::arbitrary(input)?;
                Act::Open { slot, entry, create: flags & 3 > 0, truncate: flags >> 2 & 7 == 0 }
            }
            5 => Act::Close { slot },
            6..14 => {
                let (offset, count) = <(u16, u16)>::arbitrary(input)?;
                Act::Write { slot, offset, count }
            }
            14..17 => Act::SetLen { slot, size: u16::arbitrary(input)? },
            17 => Act::Read { slot },
            18..21 => Act::Sync { slot, waits: u8::arbitrary(input)? & 1 == 1 },
            21..24 => Act::SyncDirectory { directory: slot, waits: u8::arbitrary(input)? & 1 == 1 },
            24..27 => Act::Rename { from: slot, to: u8::arbitrary(input)? },
            27 => Act::Remove { entry: slot },
            28..30 => Act::Wait { micros: u16::arbitrary(input)? % 1024 },
            _ => Act::LosePower { unsynced: slot },
        })
    }
}

/// What a sync under way makes durable when it is done.
#[derive(Clone, Copy, Debug)]
enum Pending {
    File { inode: u32, boundary: usize },
    Directory { directory: usize, boundary: usize },
}

/// The disk, and what is known of it.
struct Twins {
    disk: BareDisk,
    files: BTreeMap<u32, FileModel>,
    names: NameModel,
    slots: [Option<(OpenFile, u32)>; SLOT_COUNT],
    /// Syncs under way, with the time at which each is done.
    pending: Vec<(u64, Pending)>,
    torn_sectors: bool,
    /// Operations so far; it marks what each write writes.
    number: usize,
}

/// Plays operations that the bytes say on both. The first byte is the disk's seed; the second says whether sectors
/// tear in themselves.
///
/// # Panics
/// When they differ, or the disk has what no rule allows.
pub fn fuzz_one(bytes: &[u8]) {
    let [seed, torn, acts @ ..] = bytes else { return };
    let mut twins = Twins::new(u64::from(*seed), torn & 1 == 1);
    let mut input = Unstructured::new(acts);
    for _ in 0..ACT_COUNT_MAX {
        if input.is_empty() {
            break;
        }
        let Ok(act) = Act::read(&mut input) else { break };
        twins.number += 1;
        twins.settle();
        twins.act(act);
        twins.compare_names();
    }
    twins.lose_power(Unsynced::Any);
}

impl Twins {
    fn new(seed: u64, torn_sectors: bool) -> Twins {
        let mut disk = BareDisk::new(seed, torn_sectors);
        for directory in DIRECTORIES.iter().filter(|path| **path != "/") {
            disk.create_dir(directory).expect("the disk is empty");
        }
        let done_at = disk.sync_dir("/").expect("nothing hinders it");
        disk.wait_until(done_at);
        Twins {
            disk,
            files: BTreeMap::new(),
            names: NameModel::default(),
            slots: [None; SLOT_COUNT],
            pending: Vec::new(),
            torn_sectors,
            number: 0,
        }
    }

    fn act(&mut self, act: Act) {
        let entry = |entry: u8| usize::from(entry) % ENTRY_COUNT;
        match act {
            Act::Open { slot, entry: name, create, truncate } => {
                self.open(slot, entry(name), create, truncate);
            }
            Act::Close { slot } => {
                if let Some((file, _)) = self.slots[usize::from(slot) % SLOT_COUNT].take() {
                    self.disk.close(file);
                }
            }
            Act::Write { slot, offset, count } => self.write(slot, offset, count),
            Act::SetLen { slot, size } => {
                if let Some((file, inode)) = self.slot(slot) {
                    let size = u64::from(size) % (FILE_BYTES_MAX + 1);
                    self.disk.set_len(file, size).expect("there is space");
                    self.file(inode).set_len(size as usize);
                }
            }
            Act::Read { slot } => {
                if let Some((file, inode)) = self.slot(slot) {
                    let found = self.disk.content(file).expect("nothing hinders it");
                    assert_eq!(found, self.file(inode).content(), "what is read is what was written");
                }
            }
            Act::Sync { slot, waits } => {
                if let Some((file, inode)) = self.slot(slot) {
                    let boundary = self.file(inode).boundary();
                    let done_at = self.disk.sync(file).expect("nothing hinders it");
                    self.wait_for(done_at, Pending::File { inode, boundary }, waits);
                }
            }
            Act::SyncDirectory { directory, waits } => {
                let directory = usize::from(directory) % DIRECTORIES.len();
                let boundary = self.names.boundary();
                let done_at = self.disk.sync_dir(DIRECTORIES[directory]).expect("it is there");
                self.wait_for(done_at, Pending::Directory { directory, boundary }, waits);
            }
            Act::Rename { from, to } => {
                let (from, to) = (entry(from), entry(to));
                let renamed = self.disk.rename(path(from), path(to));
                assert_eq!(renamed.is_ok(), self.names.rename(from, to), "{from} to {to}: {renamed:?}");
            }
            Act::Remove { entry: name } => {
                let removed = self.disk.remove(path(entry(name)));
                assert_eq!(removed.is_ok(), self.names.remove(entry(name)), "{name}: {removed:?}");
            }
            Act::Wait { micros } => self.disk.wait_until(self.disk.now() + u64::from(micros) * 1000),
            Act::LosePower { unsynced } => {
                let kinds = [Unsynced::Any, Unsynced::Keep, Unsynced::Lose, Unsynced::Tear];
                self.lose_power(kinds[usize::from(unsynced) % kinds.len()]);
            }
        }
    }

    fn slot(&self, slot: u8) -> Option<(OpenFile, u32)> {
        self.slots[usize::from(slot) % SLOT_COUNT]
    }

    fn file(&mut self, inode: u32) -> &mut FileModel {
        self.files.get_mut(&inode).expect("what is open is known")
    }

    fn open(&mut self, slot: u8, entry: usize, create: bool, truncate: bool) {
        let slot = &mut self.slots[usize::from(slot) % SLOT_COUNT];
        if let Some((file, _)) = slot.take() {
            self.disk.close(file);
        }
        let there = self.names.at(entry);
        let opened = self.disk.open(path(entry), create, truncate);
        assert_eq!(opened.is_ok(), create || there.is_some(), "{}: {opened:?}", path(entry));
        let Ok(file) = opened else { return };
        let inode = self.disk.inode(path(entry)).expect("what is open has its name");
        if there.is_none() {
            // A number may have been that of a file that is gone for good, with its syncs.
            self.pending.retain(
                |(_, pending)| !matches!(pending, Pending::File { inode: gone, .. } if *gone == inode),
            );
            self.files.insert(inode, FileModel::new(Vec::new()));
            self.names.create(entry, inode);
        } else if truncate {
            self.files.get_mut(&inode).expect("what has a name is known").set_len(0);
        }
        *slot = Some((file, inode));
    }

    fn write(&mut self, slot: u8, offset: u16, count: u16) {
        let Some((file, inode)) = self.slot(slot) else { return };
        let offset = u64::from(offset) % FILE_BYTES_MAX;
        let count = u64::from(count % (WRITE_BYTES_MAX + 1)).min(FILE_BYTES_MAX - offset) as usize;
        // Never zero, which is what a hole reads as; and seldom what an earlier write wrote.
        let mark = (self.number % 255) as u8 + 1;
        let bytes = vec![mark; count];
        assert_eq!(self.disk.write(file, offset, &bytes), Ok(count), "there is space");
        self.file(inode).write(offset as usize, &bytes);
    }

    fn wait_for(&mut self, done_at: u64, pending: Pending, waits: bool) {
        self.pending.push((done_at, pending));
        if waits {
            self.disk.wait_until(done_at);
        }
    }

    /// What syncs have made durable by now.
    fn settle(&mut self) {
        let now = self.disk.now();
        let mut done: Vec<(u64, Pending)> = self.pending.extract_if(.., |(at, _)| *at <= now).collect();
        done.sort_by_key(|(at, _)| *at);
        for (_, pending) in done {
            match pending {
                Pending::File { inode, boundary } => self.file(inode).make_durable(boundary),
                Pending::Directory { directory, boundary } => self.names.make_durable(directory, boundary),
            }
        }
    }

    fn lose_power(&mut self, unsynced: Unsynced) {
        self.settle();
        self.disk.lose_power(unsynced);
        self.pending.clear();
        self.slots = [None; SLOT_COUNT];
        let found: Vec<Option<u32>> = (0..ENTRY_COUNT).map(|entry| self.disk.inode(path(entry))).collect();
        if let Err(told) = self.names.allows(&found, unsynced) {
            panic!("names that no rule allows after {unsynced:?}: {told}");
        }
        let mut left = BTreeMap::new();
        for (entry, inode) in found.iter().enumerate() {
            let Some(inode) = *inode else { continue };
            let file = self.disk.open(path(entry), false, false).expect("it is there");
            let content = self.disk.content(file).expect("nothing hinders it");
            self.disk.close(file);
            let model = self.files.get(&inode).expect("what has a name was created");
            if let Err(told) = model.allows(&content, unsynced, self.torn_sectors) {
                panic!("{}: bytes that no rule allows after {unsynced:?}: {told}", path(entry));
            }
            left.insert(inode, FileModel::new(content));
        }
        self.files = left;
        self.names = NameModel::of(&found);
    }

    fn compare_names(&self) {
        for entry in 0..ENTRY_COUNT {
            assert_eq!(self.disk.inode(path(entry)), self.names.at(entry), "what {} leads to", path(entry));
        }
    }
}
