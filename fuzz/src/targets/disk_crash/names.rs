//! Names in two directories, by every operation on them since the last power loss.

use std::collections::BTreeSet;

use sim::disk::Unsynced;

/// The directories, which stay as they are.
pub(super) const DIRECTORIES: [&str; 2] = ["/", "/d"];
/// The names that there may be: each a bit, so that a set of them is a number.
pub(super) const ENTRY_COUNT: usize = 8;

const PATHS: [&str; ENTRY_COUNT] = ["/a", "/b", "/c", "/e", "/d/a", "/d/b", "/d/c", "/d/e"];

/// A name's path.
pub(super) fn path(entry: usize) -> &'static str {
    PATHS[entry]
}

fn directory_of(entry: usize) -> usize {
    entry / (ENTRY_COUNT / DIRECTORIES.len())
}

/// What names lead to, and how that came.
#[derive(Default)]
pub(super) struct NameModel {
    /// What each name led to at the last power loss.
    base: [Option<u32>; ENTRY_COUNT],
    now: [Option<u32>; ENTRY_COUNT],
    ops: Vec<Op>,
}

/// An operation, with what it changed.
struct Op {
    /// Names, and what each led to afterwards.
    sets: Vec<(usize, Option<u32>)>,
    /// The directory whose sync makes it durable.
    home: usize,
    is_durable: bool,
}

impl Op {
    /// The names that it is about.
    fn entries(&self) -> u8 {
        self.sets.iter().fold(0, |set, (entry, _)| set | 1 << entry)
    }
}

impl NameModel {
    /// Names as a power loss has left them.
    pub(super) fn of(found: &[Option<u32>]) -> NameModel {
        let base = std::array::from_fn(|entry| found[entry]);
        NameModel { base, now: base, ops: Vec::new() }
    }

    pub(super) fn at(&self, entry: usize) -> Option<u32> {
        self.now[entry]
    }

    pub(super) fn create(&mut self, entry: usize, inode: u32) {
        self.push(vec![(entry, Some(inode))], directory_of(entry));
    }

    /// False when there is nothing to remove.
    pub(super) fn remove(&mut self, entry: usize) -> bool {
        let there = self.now[entry].is_some();
        if there {
            self.push(vec![(entry, None)], directory_of(entry));
        }
        there
    }

    /// False when there is nothing to rename.
    pub(super) fn rename(&mut self, from: usize, to: usize) -> bool {
        let inode = self.now[from];
        if inode.is_some() && from != to {
            self.push(vec![(from, None), (to, inode)], directory_of(to));
        }
        inode.is_some()
    }

    fn push(&mut self, sets: Vec<(usize, Option<u32>)>, home: usize) {
        for (entry, inode) in &sets {
            self.now[*entry] = *inode;
        }
        self.ops.push(Op { sets, home, is_durable: false });
    }

    /// How many operations there were: a sync that is called now makes these durable.
    pub(super) fn boundary(&self) -> usize {
        self.ops.len()
    }

    /// A sync of a directory makes its operations durable, and those that they stand on: earlier ones on the same
    /// names.
    pub(super) fn make_durable(&mut self, directory: usize, boundary: usize) {
        let mut ground = 0u8;
        for (index, op) in self.ops.iter_mut().enumerate().rev() {
            let asked = index < boundary && op.home == directory;
            if asked || ground & op.entries() != 0 {
                op.is_durable = true;
                ground |= op.entries();
            }
        }
    }

    /// Whether a power loss may leave these names.
    ///
    /// The rules: what is durable stays; an operation survives with all that it changed or with nothing of it; and
    /// none survives without the earlier ones on its names. So what a name leads to is decided by the first
    /// operation on it that was lost. All ways to lose some are followed at once, each as the set of the names that
    /// lost something: until then a name leads to what all operations so far made of it.
    pub(super) fn allows(&self, found: &[Option<u32>], unsynced: Unsynced) -> Result<(), String> {
        let mut ways = BTreeSet::from([0u8]);
        let mut now = self.base;
        for op in &self.ops {
            let entries = op.entries();
            let mut next = BTreeSet::new();
            for lost in ways {
                let free = lost & entries == 0;
                let may_keep = free && (op.is_durable || unsynced != Unsynced::Lose);
                let may_lose = !op.is_durable && (!free || unsynced != Unsynced::Keep);
                if may_keep {
                    next.insert(lost);
                }
                let stays = |entry: usize| lost >> entry & 1 == 1 || now[entry] == found[entry];
                if may_lose && op.sets.iter().all(|(entry, _)| stays(*entry)) {
                    next.insert(lost | entries);
                }
            }
            ways = next;
            for (entry, inode) in &op.sets {
                now[*entry] = *inode;
            }
        }
        let is_way =
            |lost: &u8| (0..ENTRY_COUNT).all(|entry| lost >> entry & 1 == 1 || now[entry] == found[entry]);
        if ways.iter().any(is_way) {
            return Ok(());
        }
        let ops: Vec<_> = self.ops.iter().map(|op| (&op.sets, op.is_durable)).collect();
        Err(format!(
            "found {found:?}, at first there was {:?}, and then, with what is durable, {ops:?}",
            self.base
        ))
    }
}
