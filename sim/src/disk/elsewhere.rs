//! Elsewhere: writes and reads that go to another sector of the same disk.

use super::SECTOR_BYTES;
use super::damage::Damage;
use super::dice::Dice;
use super::file::File;
use super::page::{PAGE_SECTORS, Sector};
use super::trouble::{Trouble, Troubles};
use super::volume::{Misdirected, Node, Pending, Volume};

impl Volume {
    fn files(&self) -> impl Iterator<Item = (u32, &File)> {
        self.inodes.iter().enumerate().filter_map(|(index, inode)| match &inode.node {
            Node::File(file) if inode.linked || inode.opens > 0 => Some((index as u32, &**file)),
            _ => None,
        })
    }

    /// Any sector that has space on the disk, each as likely as the other.
    pub(super) fn pick_sector(&self, dice: &mut Dice<'_>) -> Option<(u32, u64)> {
        let total: u64 = self.files().map(|(_, file)| file.allocated).sum();
        let mut left = dice.below(total);
        for (inode, file) in self.files() {
            if left >= file.allocated {
                left -= file.allocated;
                continue;
            }
            for (number, page) in file.pages.iter() {
                let count = u64::from(page.allocated.count_ones());
                if left >= count {
                    left -= count;
                    continue;
                }
                let slots = (0..PAGE_SECTORS).filter(|slot| page.allocated & 1 << slot != 0);
                let slot = slots.into_iter().nth(left as usize).expect("it was just counted");
                return Some((inode, number * PAGE_SECTORS as u64 + slot as u64));
            }
        }
        None
    }

    /// Whether one of the sectors that a sync writes goes elsewhere, and where.
    pub(super) fn misdirect(
        &self,
        inode: u32,
        troubles: &Troubles,
        at_once_max: u32,
        dice: &mut Dice<'_>,
    ) -> Option<Misdirected> {
        let Node::File(file) = &self.inode(inode).node else { return None };
        let mut sectors: Vec<u64> = file.journal.undo.iter().map(|undo| undo.sector).collect();
        sectors.sort_unstable();
        sectors.dedup();
        let mut found = None;
        for sector in sectors {
            let struck = troubles.strike(dice, |trouble| match trouble {
                Trouble::MisdirectWrite(chance) => Some(chance),
                _ => None,
            });
            if let Some(fault) = struck
                && found.is_none()
                && let Some((victim, victim_sector)) = self.pick_sector(dice)
            {
                found = Some(Misdirected { fault, sector, victim, victim_sector });
            }
        }
        // Two marks each: one where the write should be, one where it is.
        let alive: usize = self.files().map(|(_, file)| file.misdirected()).sum::<usize>().div_ceil(2)
            + self.pending.iter().filter(|pending| pending.misdirected.is_some()).count();
        found.filter(|_| alive < at_once_max as usize)
    }

    /// A sync ends that wrote one sector over another: both are wrong from now on, the first because it is
    /// as it was before, the second because it has what belongs to the first.
    pub(super) fn make_durable_elsewhere(&mut self, pending: Pending, misdirected: Misdirected) {
        let Misdirected { fault, sector, victim, victim_sector } = misdirected;
        let Volume { inodes, spares, .. } = self;
        let file = file_of(inodes, pending.inode);
        let undo = file.journal.undo.iter().find(|undo| undo.sector == sector).copied();
        let stale: Option<Sector> =
            undo.map(|undo| file.journal.image(undo).copied().unwrap_or([0; SECTOR_BYTES]));
        file.make_durable(pending.before);
        // Meanwhile it may have been written again or cut off: then the disk has it in the right place.
        let (Some(stale), Some(&bytes), false) = (stale, file.pages.sector(sector), file.is_dirty(sector))
        else {
            return;
        };
        let same = (pending.inode, sector) == (victim, victim_sector);
        let Node::File(other) = &inodes[victim as usize].node else { return };
        if same || other.pages.sector(victim_sector).is_none() || other.is_dirty(victim_sector) {
            return;
        }
        file_of(inodes, pending.inode).damage(sector, &stale, fault, Damage::Misdirected, spares);
        file_of(inodes, victim).damage(victim_sector, &bytes, fault, Damage::Misdirected, spares);
    }
}

fn file_of(inodes: &mut [super::volume::Inode], inode: u32) -> &mut File {
    match &mut inodes[inode as usize].node {
        Node::File(file) => file,
        _ => unreachable!("a pending sync is of a file that exists"),
    }
}
