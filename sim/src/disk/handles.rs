//! Handles: open files. An index and a generation, so that one that was closed is told from its successor.

use super::errno::Errno;

/// An open file of one volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandleId {
    index: u32,
    generation: u32,
}

/// What an open file shares among its clones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    pub(super) inode: u32,
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
    /// Where the next read or write without an offset begins.
    pub(super) cursor: u64,
    /// Who opened it; it is closed with its owner.
    pub(super) owner: u32,
    clones: u32,
}

impl Handle {
    pub(super) fn new(inode: u32, owner: u32) -> Handle {
        Handle { inode, read: false, write: false, append: false, cursor: 0, owner, clones: 1 }
    }
}

#[derive(Default)]
struct Slot {
    generation: u32,
    handle: Option<Handle>,
}

#[derive(Default)]
pub(super) struct Handles {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Handles {
    pub(super) fn open(&mut self, handle: Handle) -> HandleId {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Slot::default());
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 open files")
            }
        };
        let slot = &mut self.slots[index as usize];
        slot.handle = Some(handle);
        HandleId { index, generation: slot.generation }
    }

    #[inline]
    pub(super) fn get(&self, id: HandleId) -> Result<&Handle, Errno> {
        match self.slots.get(id.index as usize) {
            Some(Slot { generation, handle: Some(handle) }) if *generation == id.generation => Ok(handle),
            _ => Err(Errno::Stale),
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: HandleId) -> Result<&mut Handle, Errno> {
        match self.slots.get_mut(id.index as usize) {
            Some(Slot { generation, handle: Some(handle) }) if *generation == id.generation => Ok(handle),
            _ => Err(Errno::Stale),
        }
    }

    pub(super) fn duplicate(&mut self, id: HandleId) -> Result<(), Errno> {
        self.get_mut(id)?.clones += 1;
        Ok(())
    }

    /// Gives up one clone; the answer is the inode, when it was the last.
    pub(super) fn close(&mut self, id: HandleId) -> Option<u32> {
        let handle = self.get_mut(id).ok()?;
        handle.clones -= 1;
        let (inode, clones) = (handle.inode, handle.clones);
        if clones > 0 {
            return None;
        }
        self.free_slot(id.index);
        Some(inode)
    }

    fn free_slot(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.handle = None;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
    }

    /// Closes everything that `of` says; the answer is the inodes.
    pub(super) fn close_all(&mut self, of: impl Fn(&Handle) -> bool) -> Vec<u32> {
        let mut inodes = Vec::new();
        for index in 0..self.slots.len() {
            if let Some(handle) = self.slots[index].handle
                && of(&handle)
            {
                inodes.push(handle.inode);
                self.free_slot(index as u32);
            }
        }
        inodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_handle_is_told_from_its_successor() {
        let mut handles = Handles::default();
        let first = handles.open(Handle::new(7, 0));
        handles.duplicate(first).expect("it is open");
        assert_eq!(handles.close(first), None);
        assert_eq!(handles.close(first), Some(7));
        assert_eq!(handles.close(first), None);
        let second = handles.open(Handle::new(8, 0));
        assert_eq!(second.index, first.index);
        assert_eq!(handles.get(first).map(|handle| handle.inode), Err(Errno::Stale));
        assert_eq!(handles.get(second).map(|handle| handle.inode), Ok(8));
        assert_eq!(handles.close_all(|handle| handle.owner == 0), [8]);
    }
}
