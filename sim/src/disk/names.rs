//! Names: creating, renaming and removing, and which of it is durable.
//!
//! A name operation is durable once the directory that it gave a name to (for a removal: took it from) is
//! synced. It is atomic: a rename survives with both of its sides or with none. An operation never survives
//! without the earlier ones that it stands on: those on the same name, for a removed directory whatever
//! happened in it, and for a moved directory every earlier move.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::dice::Dice;
use super::effect::Effects;
use super::errno::Errno;
use super::file::File;
use super::loss::Fate;
use super::path::Place;
use super::volume::{Directory, NameLie, Node, Volume};

/// Unsynced name operations that are kept; beyond, the file system commits the older half by itself.
const NAME_COUNT_MAX: usize = 4096;

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) directory: u32,
    pub(super) name: OsString,
}

/// A name operation that is not durable.
#[derive(Clone, Debug)]
pub(super) struct NameOp {
    pub(super) number: u64,
    /// The name that it took away.
    source: Option<Entry>,
    /// The name that it gave.
    target: Option<Entry>,
    inode: u32,
    /// What the given name led to before.
    replaced: Option<u32>,
}

impl NameOp {
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.source.iter().chain(&self.target)
    }

    /// The directory whose sync makes it durable.
    fn home(&self) -> u32 {
        let entry = self.target.as_ref().or(self.source.as_ref());
        entry.expect("a name operation gives or takes a name").directory
    }

    /// The directory that it removes.
    fn removed(&self, volume: &Volume) -> Option<u32> {
        let gone = if self.target.is_some() { self.replaced } else { Some(self.inode) };
        gone.filter(|&inode| volume.is_directory(inode))
    }

    fn moves_directory(&self, volume: &Volume) -> bool {
        self.source.is_some() && self.target.is_some() && volume.is_directory(self.inode)
    }
}

/// What some operations have to do with, to find those that stand on them or that they stand on: an
/// operation stands on an earlier one on the same name, a removal of a directory on whatever happened in
/// it, and a move of a directory on every earlier one, as two of them may otherwise close a circle.
#[derive(Default)]
struct Ground<'a> {
    entries: BTreeSet<&'a Entry>,
    touched: BTreeSet<u32>,
    removed: BTreeSet<u32>,
    moves: bool,
}

impl<'a> Ground<'a> {
    fn add(&mut self, op: &'a NameOp, volume: &Volume) {
        self.entries.extend(op.entries());
        self.touched.extend(op.entries().map(|entry| entry.directory));
        self.removed.extend(op.removed(volume));
        self.moves |= op.moves_directory(volume);
    }

    /// Whether any of these stands on an earlier operation.
    fn stands_on(&self, earlier: &NameOp, volume: &Volume) -> bool {
        earlier.entries().any(|entry| self.entries.contains(entry) || self.removed.contains(&entry.directory))
            || self.moves && earlier.moves_directory(volume)
    }

    /// Whether a later operation stands on any of these.
    fn carries(&self, later: &NameOp, volume: &Volume) -> bool {
        later.entries().any(|entry| self.entries.contains(entry))
            || later.removed(volume).is_some_and(|directory| self.touched.contains(&directory))
            || self.moves && later.moves_directory(volume)
    }
}

impl Volume {
    pub(super) fn create_file(&mut self, place: Place<'_>) -> Result<u32, Errno> {
        let Place { name: Some(name), inode: None, parent } = place else { return Err(Errno::Exists) };
        let inode = self.add(Node::File(Box::new(File::new(self.number))));
        self.give(parent, name, inode);
        Ok(inode)
    }

    pub(super) fn create_dir(&mut self, path: &Path) -> Result<u32, Errno> {
        let Place { name: Some(name), inode: None, parent } = self.place(path)? else {
            return Err(Errno::Exists);
        };
        let inode = self.add(Node::Directory(Directory::default()));
        self.give(parent, name, inode);
        Ok(inode)
    }

    fn give(&mut self, parent: u32, name: &OsStr, inode: u32) {
        self.link(parent, name, inode);
        let target = Some(Entry { directory: parent, name: name.to_os_string() });
        self.note(NameOp { number: 0, source: None, target, inode, replaced: None });
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> Result<u32, Errno> {
        let place = self.place(path)?;
        let inode = place.inode.ok_or(Errno::NotFound)?;
        if self.is_directory(inode) {
            return Err(Errno::IsDirectory);
        }
        self.take(place);
        Ok(inode)
    }

    pub(super) fn remove_dir(&mut self, path: &Path) -> Result<u32, Errno> {
        let place = self.place(path)?;
        let inode = place.inode.ok_or(Errno::NotFound)?;
        if !self.directory(inode)?.entries.is_empty() {
            return Err(Errno::NotEmpty);
        }
        if place.name.is_none() {
            return Err(Errno::Busy);
        }
        self.take(place);
        Ok(inode)
    }

    /// Removes a directory and all that is in it, one name at a time.
    pub(super) fn remove_dir_all(&mut self, path: &Path) -> Result<(), Errno> {
        let place = self.place(path)?;
        let directory = self.directory(place.inode.ok_or(Errno::NotFound)?)?;
        if place.name.is_none() {
            return Err(Errno::Busy);
        }
        for (name, inode) in directory.entries.clone() {
            let path = path.join(name);
            if self.is_directory(inode) {
                self.remove_dir_all(&path)?;
            } else {
                self.remove_file(&path)?;
            }
        }
        self.remove_dir(path).map(drop)
    }

    fn take(&mut self, place: Place<'_>) {
        let name = place.name.expect("only what has a name is removed");
        let inode = self.unlink(place.parent, name);
        let source = Some(Entry { directory: place.parent, name: name.to_os_string() });
        self.note(NameOp { number: 0, source, target: None, inode, replaced: None });
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<u32, Errno> {
        let (source, target) = (self.place(from)?, self.place(to)?);
        let inode = source.inode.ok_or(Errno::NotFound)?;
        let (Some(name), Some(new_name)) = (source.name, target.name) else { return Err(Errno::Busy) };
        if target.inode == Some(inode) {
            return Ok(inode);
        }
        if self.is_directory(inode) && self.is_within(target.parent, inode) {
            return Err(Errno::Invalid);
        }
        if let Some(replaced) = target.inode {
            match (self.is_directory(inode), self.is_directory(replaced)) {
                (true, false) => return Err(Errno::NotDirectory),
                (false, true) => return Err(Errno::IsDirectory),
                (true, true) if !self.directory(replaced)?.entries.is_empty() => return Err(Errno::NotEmpty),
                _ => {}
            }
            self.unlink(target.parent, new_name);
        }
        self.unlink(source.parent, name);
        self.link(target.parent, new_name, inode);
        self.note(NameOp {
            number: 0,
            source: Some(Entry { directory: source.parent, name: name.to_os_string() }),
            target: Some(Entry { directory: target.parent, name: new_name.to_os_string() }),
            inode,
            replaced: target.inode,
        });
        Ok(inode)
    }

    /// Whether a directory is another or lies in it.
    fn is_within(&self, directory: u32, other: u32) -> bool {
        let mut current = directory;
        loop {
            if current == other {
                return true;
            }
            let parent = self.directory(current).expect("a directory lies in a directory").parent;
            if parent == current {
                return false;
            }
            current = parent;
        }
    }

    fn note(&mut self, op: NameOp) {
        for inode in [Some(op.inode), op.replaced].into_iter().flatten() {
            self.hold(inode);
        }
        // The directories too: to take an operation back, the directory must still be there.
        for entry in op.entries() {
            self.hold(entry.directory);
        }
        let number = self.take_number();
        self.names.push(NameOp { number, ..op });
        if self.names.len() > NAME_COUNT_MAX {
            let before = self.names[NAME_COUNT_MAX / 2].number;
            self.commit(|op| op.number < before);
        }
    }

    /// Makes the operations durable for which `of` says so.
    fn commit(&mut self, of: impl Fn(&NameOp) -> bool) {
        let (done, rest) = std::mem::take(&mut self.names).into_iter().partition(|op| of(op));
        self.names = rest;
        let done: Vec<NameOp> = done;
        for op in done {
            self.forget(&op);
        }
    }

    fn forget(&mut self, op: &NameOp) {
        for inode in [Some(op.inode), op.replaced].into_iter().flatten() {
            self.unhold(inode);
        }
        for entry in op.entries() {
            self.unhold(entry.directory);
        }
    }

    /// The numbers of the operations that a sync of a directory makes durable.
    fn closure(&self, directory: u32, before: u64) -> BTreeSet<u64> {
        let (mut chosen, mut ground) = (BTreeSet::new(), Ground::default());
        for op in self.names.iter().rev() {
            let asked = op.number < before && op.home() == directory;
            if asked || ground.stands_on(op, self) {
                chosen.insert(op.number);
                ground.add(op, self);
            }
        }
        chosen
    }

    pub(super) fn make_names_durable(&mut self, directory: u32, before: u64) {
        if self.names.is_empty() {
            return;
        }
        let chosen = self.closure(directory, before);
        self.commit(|op| chosen.contains(&op.number));
        self.name_lies.retain(|lie| lie.directory != directory || lie.before > before);
    }

    /// How many operations a sync of a directory would make durable.
    pub(super) fn unsynced_names(&self, directory: u32) -> u64 {
        self.names.iter().filter(|op| op.home() == directory).count() as u64
    }

    /// The power goes: some operations are taken back.
    pub(super) fn lose_names(
        &mut self,
        fate: Fate,
        dice: &mut Dice<'_>,
        effects: &mut Effects,
    ) -> (u32, u32) {
        let kept = self.choose_names(fate, dice);
        for NameLie { directory, before, fault } in std::mem::take(&mut self.name_lies) {
            let lost = self.closure(directory, before).iter().filter(|number| !kept.contains(number)).count();
            if lost > 0 {
                effects.push(fault, lost as u32);
            }
        }
        let ops = std::mem::take(&mut self.names);
        for op in ops.iter().rev() {
            self.take_back(op);
        }
        for op in ops.iter().filter(|op| kept.contains(&op.number)) {
            self.do_again(op);
        }
        // What they held is counted anew by the sweep that follows.
        (kept.len() as u32, (ops.len() - kept.len()) as u32)
    }

    fn choose_names(&self, fate: Fate, dice: &mut Dice<'_>) -> BTreeSet<u64> {
        let (mut kept, mut lost) = (BTreeSet::new(), Ground::default());
        for op in &self.names {
            let keep = match fate {
                Fate::Keep => true,
                Fate::Lose => false,
                Fate::Before(number) => op.number < number || op.number == number && dice.below(2) == 1,
                Fate::Each => dice.below(2) == 1,
            };
            if keep && !lost.carries(op, self) {
                kept.insert(op.number);
            } else {
                lost.add(op, self);
            }
        }
        kept
    }

    fn take_back(&mut self, op: &NameOp) {
        if let Some(Entry { directory, name }) = &op.target {
            self.unlink(*directory, name);
            if let Some(replaced) = op.replaced {
                self.link(*directory, name, replaced);
            }
        }
        if let Some(Entry { directory, name }) = &op.source {
            self.link(*directory, name, op.inode);
        }
    }

    fn do_again(&mut self, op: &NameOp) {
        if let Some(Entry { directory, name }) = &op.source {
            self.unlink(*directory, name);
        }
        if let Some(Entry { directory, name }) = &op.target {
            if op.replaced.is_some() {
                self.unlink(*directory, name);
            }
            self.link(*directory, name, op.inode);
        }
    }
}
