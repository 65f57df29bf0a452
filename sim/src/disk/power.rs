//! Power loss, wiping and swapping: what happens to a whole disk.

use super::damage::Damage;
use super::dice::Dice;
use super::effect::Effects;
use super::file::{File, Lie};
use super::loss::{Fate, Left, Storm, Unsynced};
use super::page::Spares;
use super::trouble::{Trouble, Troubles};
use super::volume::{NameLie, Node, Volume};
use super::{Disk, SECTOR_BYTES};
use crate::choice::Choices;

/// The most sectors that are copied over others at once.
const CHUNK_SECTORS_MAX: u64 = 16;

impl Disk {
    /// The power goes. Every handle is closed; what was not synced is kept, lost or torn.
    pub(crate) fn lose_power(&mut self, choices: &mut Choices, now: u64, unsynced: Unsynced) -> Left {
        self.volume.settle(now);
        self.handles.close_all(|_| true);
        self.device.clear();
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let fate = self.volume.fate(unsynced, dice);
        let (names_kept, names_lost) = self.volume.lose_names(fate, dice, &mut self.effects);
        self.volume.pending.clear();
        self.volume.settle_at = u64::MAX;
        self.volume.sweep();
        let Volume { inodes, spares, number, .. } = &mut self.volume;
        let mut storm = Storm {
            fate,
            torn_sectors: self.config.torn_sectors,
            number: *number,
            dice,
            spares,
            effects: &mut self.effects,
            left: Left { kept: names_kept, lost: names_lost },
        };
        for inode in inodes.iter_mut() {
            if let Node::File(file) = &mut inode.node
                && file.is_unsynced()
            {
                file.lose_power(&mut storm);
            }
        }
        let left = storm.left;
        if !self.troubles.is_empty() {
            self.lose_more(choices);
        }
        self.volume.sweep();
        left
    }

    /// What conditions make of the files of a disk without power.
    fn lose_more(&mut self, choices: &mut Choices) {
        let dice = &mut Dice { choices, stream: &mut self.stream };
        let Volume { inodes, spares, .. } = &mut self.volume;
        for inode in inodes.iter_mut() {
            if let Node::File(file) = &mut inode.node
                && file.size > 0
            {
                lose_tail(file, &self.troubles, dice, spares, &mut self.effects);
                copy_chunk(file, &self.troubles, dice, spares);
            }
        }
        if self.troubles.any(|trouble| matches!(trouble, Trouble::Uninitialized(_))) {
            for (inode, sector) in self.volume.unwritten() {
                self.uncover(choices, inode, sector);
            }
        }
    }

    /// Takes everything away. Open files are of a disk that is gone.
    pub(crate) fn wipe(&mut self) {
        self.handles.close_all(|_| true);
        self.volume = Volume::new();
    }

    /// Puts each disk's contents into the other. Open files are of a disk that is gone; speed, size and
    /// faults stay with the machine.
    pub(crate) fn swap(&mut self, other: &mut Disk) {
        for disk in [&mut *self, &mut *other] {
            for inode in disk.handles.close_all(|_| true) {
                disk.volume.closed(inode);
            }
        }
        std::mem::swap(&mut self.volume, &mut other.volume);
    }
}

impl Volume {
    /// What a power loss does to each operation.
    fn fate(&self, unsynced: Unsynced, dice: &mut Dice<'_>) -> Fate {
        match unsynced {
            Unsynced::Keep => return Fate::Keep,
            Unsynced::Lose => return Fate::Lose,
            Unsynced::Tear => return Fate::Each,
            Unsynced::Any => {}
        }
        // The weights are of no importance as long as none of the four is rare.
        let drawn = dice.below(8);
        let moment = self.moment(dice);
        match drawn {
            0 => Fate::Keep,
            1 => Fate::Lose,
            2..5 => Fate::Before(moment),
            _ => Fate::Each,
        }
    }

    /// The number of one of the operations that are not durable.
    fn moment(&self, dice: &mut Dice<'_>) -> u64 {
        let files = self.inodes.iter().filter_map(|inode| match &inode.node {
            Node::File(file) => file.journal.ops.first().map(|op| op.number),
            _ => None,
        });
        let first = files.chain(self.names.first().map(|op| op.number)).min().unwrap_or(self.number);
        first + dice.below(self.number - first + 1)
    }

    fn unwritten(&self) -> Vec<(u32, u64)> {
        let mut found = Vec::new();
        for (inode, node) in self.inodes.iter().enumerate() {
            if let Node::File(file) = &node.node {
                for (number, page) in file.pages.iter().filter(|(_, page)| page.unwritten != 0) {
                    let slots = (0..8u64).filter(|slot| page.unwritten & 1 << slot != 0);
                    found.extend(slots.map(|slot| (inode as u32, number * 8 + slot)));
                }
            }
        }
        found
    }

    pub(super) fn lie(&mut self, lie: NameLie) {
        self.name_lies.retain(|other| (other.directory, other.fault) != (lie.directory, lie.fault));
        self.name_lies.push(lie);
    }
}

impl File {
    /// A sync said that it was done. Of one fault's lies only the last counts: it contains the others.
    pub(super) fn lie(&mut self, lie: Lie) {
        self.lies.retain(|other| other.fault != lie.fault);
        self.lies.push(lie);
    }
}

/// A file loses some of its end, synced or not.
fn lose_tail(
    file: &mut File,
    troubles: &Troubles,
    dice: &mut Dice<'_>,
    spares: &mut Spares,
    effects: &mut Effects,
) {
    let struck = troubles.strike(dice, |trouble| match trouble {
        Trouble::LostTail(chance) => Some(chance),
        _ => None,
    });
    let Some(fault) = struck else { return };
    // From a byte to a megabyte, small losses as likely as large ones.
    let scale = dice.below(21);
    let lost = (1 + dice.below(1 << scale)).min(file.size);
    file.cut(file.size - lost, spares);
    file.size_durable = file.size;
    effects.push(fault, lost as u32);
}

/// Some sectors of a file are found copied over others of it.
fn copy_chunk(file: &mut File, troubles: &Troubles, dice: &mut Dice<'_>, spares: &mut Spares) {
    let struck = troubles.strike(dice, |trouble| match trouble {
        Trouble::CopiedChunk(chance) => Some(chance),
        _ => None,
    });
    let Some(fault) = struck else { return };
    let sectors = file.size.div_ceil(SECTOR_BYTES as u64);
    let (from, to) = (dice.below(sectors), dice.below(sectors));
    let count = 1 + dice.below(CHUNK_SECTORS_MAX);
    for offset in 0..count.min(sectors - from.max(to)) {
        let bytes = file.sector_or_zeros(from + offset);
        file.damage(to + offset, &bytes, fault, Damage::Copied, spares);
    }
}
