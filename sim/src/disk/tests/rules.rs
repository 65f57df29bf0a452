//! The invariants that stand at the fields of the heart, checked over a whole disk.

use crate::disk::Disk;
use crate::disk::SECTOR_BYTES;
use crate::disk::file::File;
use crate::disk::page::PAGE_SECTORS;
use crate::disk::volume::{Node, ROOT};

pub(super) fn check(disk: &Disk) {
    let volume = &disk.volume;
    let mut used = 0;
    for (index, inode) in volume.inodes.iter().enumerate() {
        let reached = inode.linked || inode.opens > 0;
        match &inode.node {
            Node::File(file) => {
                check_file(file);
                used += if reached { 1 + file.allocated } else { 0 };
            }
            Node::Directory(directory) => {
                used += u64::from(reached && index as u32 != ROOT);
                for &child in directory.entries.values() {
                    assert!(volume.inode(child).linked, "a name leads to something that knows it");
                    if let Node::Directory(child) = &volume.inode(child).node {
                        assert_eq!(child.parent, index as u32);
                    }
                }
            }
            Node::Nothing => assert!(!reached && inode.held == 0, "what is free is not needed"),
        }
    }
    assert_eq!(volume.used, used, "the space in use is that of what can be reached");
    let settle_at = volume.pending.iter().map(|pending| pending.ends_at).min().unwrap_or(u64::MAX);
    assert!(volume.settle_at <= settle_at, "no sync ends unseen");
    assert!(volume.names.windows(2).all(|pair| pair[0].number < pair[1].number));
}

fn check_file(file: &File) {
    let mut allocated = 0;
    let mut previous = None;
    for (number, page) in file.pages.iter() {
        assert!(previous.replace(number) < Some(number), "pages are sorted");
        allocated += u64::from(page.allocated.count_ones());
        for slot in 0..PAGE_SECTORS {
            let sector = number * PAGE_SECTORS as u64 + slot as u64;
            let valid = file.size.saturating_sub(sector * SECTOR_BYTES as u64).min(SECTOR_BYTES as u64);
            let has_space = page.allocated & 1 << slot != 0;
            let zero_from = if has_space { valid as usize } else { 0 };
            let beyond = &page.sector(slot)[zero_from..];
            assert!(beyond.iter().all(|&byte| byte == 0), "sector {sector} is zero beyond the file");
            assert!(!has_space || valid > 0, "sector {sector} has no space beyond the file");
        }
    }
    assert_eq!(file.allocated, allocated);
    let journal = &file.journal;
    assert!(journal.ops.windows(2).all(|pair| pair[0].number < pair[1].number));
    let first = journal.ops.first().map_or(file.size, |op| op.size_before);
    assert_eq!(first, file.size_durable, "the first unsynced operation found the durable size");
    let images = journal.undo.iter().filter(|undo| undo.image != u32::MAX).map(|undo| undo.image);
    assert!(images.eq(0..journal.images.len() as u32), "images are numbered in order");
    assert!(journal.ops.first().is_none_or(|op| op.number + 1 >= file.base));
}
