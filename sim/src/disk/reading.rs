//! Reading, and the faults that a reader meets: rot, misdirected reads, space that was never written.

use super::damage::Damage;
use super::dice::Dice;
use super::trouble::{Trouble, Work};
use super::volume::{Node, Volume};
use super::{Disk, Done, Errno, HandleId, SECTOR_BYTES};
use crate::choice::Choices;

impl Disk {
    /// Asks for at most `length` bytes; the answer is how many there are now. They are fetched by
    /// [`Disk::read`] when this is done.
    pub(crate) fn read_begin(
        &mut self,
        choices: &mut Choices,
        now: u64,
        handle: HandleId,
        offset: Option<u64>,
        length: usize,
    ) -> Done<usize> {
        let (begin, size) = match self.readable(handle, offset) {
            Ok(found) => found,
            Err(errno) => return Done { result: Err(errno), ends_at: now },
        };
        let count = size.saturating_sub(begin).min(length as u64);
        let (ends_at, failed) = self.serve(choices, now, Work::Read, count);
        Done { result: if failed.is_some() { Err(Errno::Io) } else { Ok(count as usize) }, ends_at }
    }

    /// Where a read begins, and the size of its file.
    fn readable(&self, handle: HandleId, offset: Option<u64>) -> Result<(u64, u64), Errno> {
        let handle = self.handles.get(handle)?;
        if !handle.read {
            return Err(Errno::BadHandle);
        }
        let file = self.volume.file(handle.inode)?;
        Ok((offset.unwrap_or(handle.cursor), file.size))
    }

    /// Copies bytes from an offset, or from where the cursor is; the answer is how many there were.
    pub(crate) fn read(
        &mut self,
        choices: &mut Choices,
        now: u64,
        id: HandleId,
        offset: Option<u64>,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        self.volume.settle(now);
        let (begin, size) = self.readable(id, offset)?;
        let inode = self.handles.get(id)?.inode;
        let count = size.saturating_sub(begin).min(out.len() as u64) as usize;
        let out = &mut out[..count];
        if !self.troubles.is_empty() && count > 0 {
            self.decay(choices, inode, begin, count as u64);
        }
        let file = self.volume.file(inode)?;
        file.read(begin, out);
        if !file.marks.is_empty() {
            file.count_damage(begin, out, &mut self.effects);
        }
        if !self.troubles.is_empty() && count > 0 {
            self.read_elsewhere(choices, inode, begin, out);
        }
        if offset.is_none() {
            self.handles.get_mut(id)?.cursor = begin + count as u64;
        }
        Ok(count)
    }

    /// Sectors that are about to be read rot, or turn out never to have been written.
    #[cold]
    #[inline(never)]
    fn decay(&mut self, choices: &mut Choices, inode: u32, begin: u64, count: u64) {
        let rots = self.troubles.any(|trouble| matches!(trouble, Trouble::BitRot(_)));
        let uninitialized = self.troubles.any(|trouble| matches!(trouble, Trouble::Uninitialized(_)));
        for sector in begin / SECTOR_BYTES as u64..(begin + count).div_ceil(SECTOR_BYTES as u64) {
            if uninitialized {
                self.uncover(choices, inode, sector);
            }
            if rots {
                self.rot(choices, inode, sector);
            }
        }
    }

    fn rot(&mut self, choices: &mut Choices, inode: u32, sector: u64) {
        let Volume { inodes, spares, .. } = &mut self.volume;
        let Node::File(file) = &mut inodes[inode as usize].node else { return };
        if !file.ask_rot(sector, self.season) {
            return;
        }
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let struck = self.troubles.strike(dice, |trouble| match trouble {
            Trouble::BitRot(chance) => Some(chance),
            _ => None,
        });
        let valid = (file.size - sector * SECTOR_BYTES as u64).min(SECTOR_BYTES as u64);
        let Some(fault) = struck else { return };
        let bit = dice.below(valid * 8) as usize;
        let mut bytes = file.sector_or_zeros(sector);
        bytes[bit / 8] ^= 1 << (bit % 8);
        file.damage(sector, &bytes, fault, Damage::Rotted, spares);
    }

    /// What lies in a sector whose bytes were lost before they were ever written: with some chance not zeros.
    pub(super) fn uncover(&mut self, choices: &mut Choices, inode: u32, sector: u64) {
        let Volume { inodes, spares, used, .. } = &mut self.volume;
        let Node::File(file) = &mut inodes[inode as usize].node else { return };
        if !file.ask_unwritten(sector) {
            return;
        }
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let struck = self.troubles.strike(dice, |trouble| match trouble {
            Trouble::Uninitialized(chance) => Some(chance),
            _ => None,
        });
        let Some(fault) = struck else { return };
        let mut word = dice.word();
        let mut bytes = [0; SECTOR_BYTES];
        for chunk in bytes.as_chunks_mut::<8>().0 {
            word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            *chunk = (word ^ word >> 29).to_le_bytes();
        }
        let before = file.allocated;
        file.damage(sector, &bytes, fault, Damage::Uninitialized, spares);
        *used += file.allocated - before;
    }

    /// Sectors that were asked for are fetched from another place, this once.
    #[cold]
    #[inline(never)]
    fn read_elsewhere(&mut self, choices: &mut Choices, inode: u32, begin: u64, out: &mut [u8]) {
        if !self.troubles.any(|trouble| matches!(trouble, Trouble::MisdirectRead(_))) {
            return;
        }
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let end = begin + out.len() as u64;
        for sector in begin / SECTOR_BYTES as u64..end.div_ceil(SECTOR_BYTES as u64) {
            let struck = self.troubles.strike(dice, |trouble| match trouble {
                Trouble::MisdirectRead(chance) => Some(chance),
                _ => None,
            });
            let Some(fault) = struck else { continue };
            let Some((other, other_sector)) = self.volume.pick_sector(dice) else { continue };
            // What only the cache has is not read from the disk.
            if self.volume.file(inode).is_ok_and(|file| file.is_dirty(sector)) {
                continue;
            }
            let Ok(file) = self.volume.file(other) else { continue };
            let found = file.sector_or_zeros(other_sector);
            let from = (sector * SECTOR_BYTES as u64).max(begin);
            let to = ((sector + 1) * SECTOR_BYTES as u64).min(end);
            let within = (from % SECTOR_BYTES as u64) as usize;
            let found = &found[within..within + (to - from) as usize];
            let target = &mut out[(from - begin) as usize..(to - begin) as usize];
            if target != found {
                target.copy_from_slice(found);
                self.effects.push(fault, sector as u32);
            }
        }
    }
}
