//! A volume: inodes and the directories that name them.
//!
//! Everything acts on what the operating system has in memory, at once; `settle` makes durable what syncs
//! have finished. No chance and no fault here: the volume is what is swapped from machine to machine.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::Stat;
use super::device::Sooner;
use super::errno::Errno;
use super::file::File;
use super::names::NameOp;
use super::page::Spares;

pub(super) const ROOT: u32 = 0;
/// Larger files are refused, as ext4 does.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 44;

pub(super) enum Node {
    File(Box<File>),
    Directory(Directory),
    /// The inode is free.
    Nothing,
}

#[derive(Default)]
pub(super) struct Directory {
    pub(super) entries: BTreeMap<OsString, u32>,
    pub(super) parent: u32,
}

pub(super) struct Inode {
    pub(super) node: Node,
    /// A directory has an entry for it.
    pub(super) linked: bool,
    pub(super) opens: u32,
    /// Unsynced name operations that may have to be taken back and need it.
    pub(super) held: u32,
}

/// A sync that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// The device's number of it.
    pub(super) number: u64,
    pub(super) ends_at: u64,
    pub(super) inode: u32,
    /// Operations below this number become durable.
    pub(super) before: u64,
    /// A sector of the file whose write will go elsewhere.
    pub(super) misdirected: Option<Misdirected>,
}

/// A sector that is written over another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misdirected {
    pub(super) fault: u32,
    pub(super) sector: u64,
    pub(super) victim: u32,
    pub(super) victim_sector: u64,
}

pub(super) struct Volume {
    pub(super) inodes: Vec<Inode>,
    free: Vec<u32>,
    /// Invariant: rising numbers; what a power loss may take back.
    pub(super) names: Vec<NameOp>,
    /// Syncs of directories that lied.
    pub(super) name_lies: Vec<NameLie>,
    /// Operations of files and names share their numbers, so that a moment cuts through all of them.
    pub(super) number: u64,
    pub(super) pending: Vec<Pending>,
    /// The earliest end in `pending`.
    pub(super) settle_at: u64,
    /// Sectors in use: of files that a name or a handle leads to, and one for each inode but the root.
    pub(super) used: u64,
    pub(super) spares: Spares,
}

/// A sync of a directory that said that its names below a number are durable.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameLie {
    pub(super) directory: u32,
    pub(super) before: u64,
    pub(super) fault: u32,
}

impl Volume {
    pub(super) fn new() -> Volume {
        let root = Inode { node: Node::Directory(Directory::default()), linked: true, opens: 0, held: 0 };
        Volume {
            inodes: vec![root],
            free: Vec::new(),
            names: Vec::new(),
            name_lies: Vec::new(),
            number: 1,
            pending: Vec::new(),
            settle_at: u64::MAX,
            used: 0,
            spares: Spares::default(),
        }
    }

    /// The number of the next operation, taken.
    #[inline]
    pub(super) fn take_number(&mut self) -> u64 {
        let number = self.number;
        self.number += 1;
        number
    }

    #[inline]
    pub(super) fn inode(&self, inode: u32) -> &Inode {
        &self.inodes[inode as usize]
    }

    #[inline]
    pub(super) fn inode_mut(&mut self, inode: u32) -> &mut Inode {
        &mut self.inodes[inode as usize]
    }

    #[inline]
    pub(super) fn file(&self, inode: u32) -> Result<&File, Errno> {
        match &self.inodes[inode as usize].node {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(Errno::IsDirectory),
            Node::Nothing => unreachable!("an inode that is held is not free"),
        }
    }

    pub(super) fn directory(&self, inode: u32) -> Result<&Directory, Errno> {
        match &self.inodes[inode as usize].node {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(Errno::NotDirectory),
            Node::Nothing => unreachable!("an inode that is held is not free"),
        }
    }

    pub(super) fn directory_mut(&mut self, inode: u32) -> &mut Directory {
        match &mut self.inodes[inode as usize].node {
            Node::Directory(directory) => directory,
            _ => unreachable!("only a directory holds names"),
        }
    }

    pub(super) fn is_directory(&self, inode: u32) -> bool {
        matches!(self.inodes[inode as usize].node, Node::Directory(_))
    }

    /// A new inode that nothing leads to yet.
    pub(super) fn add(&mut self, node: Node) -> u32 {
        let inode = Inode { node, linked: false, opens: 0, held: 0 };
        match self.free.pop() {
            Some(index) => {
                self.inodes[index as usize] = inode;
                index
            }
            None => {
                self.inodes.push(inode);
                u32::try_from(self.inodes.len() - 1).expect("fewer than 2^32 files")
            }
        }
    }

    pub(super) fn stat(&self, inode: u32) -> Stat {
        match &self.inode(inode).node {
            Node::File(file) => Stat { size: file.size, is_directory: false },
            Node::Directory(_) => Stat { size: 0, is_directory: true },
            Node::Nothing => unreachable!("an inode that is held is not free"),
        }
    }

    /// The sectors that an inode uses as long as something leads to it.
    fn weight(&self, inode: u32) -> u64 {
        match &self.inode(inode).node {
            Node::File(file) => 1 + file.allocated,
            Node::Directory(_) => 1,
            Node::Nothing => 0,
        }
    }

    fn is_reached(&self, inode: u32) -> bool {
        let inode = self.inode(inode);
        inode.linked || inode.opens > 0
    }

    pub(super) fn link(&mut self, parent: u32, name: &OsStr, inode: u32) {
        if !self.is_reached(inode) {
            self.used += self.weight(inode);
        }
        let replaced = self.directory_mut(parent).entries.insert(name.to_os_string(), inode);
        assert!(replaced.is_none(), "a name leads to one inode");
        self.inode_mut(inode).linked = true;
        if let Node::Directory(directory) = &mut self.inode_mut(inode).node {
            directory.parent = parent;
        }
    }

    pub(super) fn unlink(&mut self, parent: u32, name: &OsStr) -> u32 {
        let inode = self.directory_mut(parent).entries.remove(name).expect("the name was just found");
        self.inode_mut(inode).linked = false;
        if !self.is_reached(inode) {
            self.used -= self.weight(inode);
        }
        inode
    }

    pub(super) fn hold(&mut self, inode: u32) {
        self.inode_mut(inode).held += 1;
    }

    pub(super) fn unhold(&mut self, inode: u32) {
        self.inode_mut(inode).held -= 1;
        self.release(inode);
    }

    pub(super) fn opened(&mut self, inode: u32) {
        if !self.is_reached(inode) {
            self.used += self.weight(inode);
        }
        self.inode_mut(inode).opens += 1;
    }

    pub(super) fn closed(&mut self, inode: u32) {
        self.inode_mut(inode).opens -= 1;
        if !self.is_reached(inode) {
            self.used -= self.weight(inode);
        }
        self.release(inode);
    }

    /// Frees an inode that nothing leads to and nothing may bring back.
    fn release(&mut self, index: u32) {
        let inode = &mut self.inodes[index as usize];
        if inode.linked || inode.opens > 0 || inode.held > 0 || index == ROOT {
            return;
        }
        match std::mem::replace(&mut inode.node, Node::Nothing) {
            Node::File(mut file) => file.pages.cut(0, &mut self.spares),
            Node::Directory(_) => {}
            Node::Nothing => return,
        }
        self.pending.retain(|pending| pending.inode != index);
        self.free.push(index);
    }

    /// After a power loss: frees what no name leads to, and counts again.
    pub(super) fn sweep(&mut self) {
        let mut reached = vec![false; self.inodes.len()];
        let mut open = vec![ROOT];
        while let Some(index) = open.pop() {
            reached[index as usize] = true;
            if let Node::Directory(directory) = &self.inode(index).node {
                open.extend(directory.entries.values());
            }
        }
        self.used = 0;
        for index in 0..self.inodes.len() as u32 {
            let inode = self.inode_mut(index);
            (inode.opens, inode.held, inode.linked) = (0, 0, reached[index as usize]);
            if !reached[index as usize] {
                self.release(index);
            } else if index != ROOT {
                self.used += self.weight(index);
            }
        }
    }

    /// Makes durable what syncs have finished by now.
    #[inline]
    pub(super) fn settle(&mut self, now: u64) {
        if self.settle_at <= now {
            self.settle_now(now);
        }
    }

    fn settle_now(&mut self, now: u64) {
        // In order of their ends; syncs that end together in order of their beginning.
        while let Some(index) = self.first_pending(now) {
            let pending = self.pending.remove(index);
            if self.is_directory(pending.inode) {
                self.make_names_durable(pending.inode, pending.before);
            } else {
                self.make_file_durable(pending);
            }
        }
        self.wait_for_first();
    }

    fn wait_for_first(&mut self) {
        self.settle_at = self.pending.iter().map(|pending| pending.ends_at).min().unwrap_or(u64::MAX);
    }

    /// Syncs that are under way end sooner than it seemed.
    pub(super) fn reschedule(&mut self, sooner: &[Sooner]) {
        for pending in &mut self.pending {
            if let Some(sooner) = sooner.iter().find(|sooner| sooner.number == pending.number) {
                pending.ends_at = sooner.ends_at;
            }
        }
        self.wait_for_first();
    }

    fn first_pending(&self, now: u64) -> Option<usize> {
        let due = self.pending.iter().enumerate().filter(|(_, pending)| pending.ends_at <= now);
        due.min_by_key(|(index, pending)| (pending.ends_at, *index)).map(|(index, _)| index)
    }

    fn make_file_durable(&mut self, pending: Pending) {
        let Node::File(file) = &mut self.inodes[pending.inode as usize].node else {
            unreachable!("a pending sync is of something that exists");
        };
        match pending.misdirected {
            None => file.make_durable(pending.before),
            Some(misdirected) => self.make_durable_elsewhere(pending, misdirected),
        }
    }

    pub(super) fn wait_for(&mut self, pending: Pending) {
        self.settle_at = self.settle_at.min(pending.ends_at);
        self.pending.push(pending);
    }
}
