//! Verbs of disks.

use sim::disk;
use sim::machine::Machine;

use crate::plan::Unsynced;

/// The power goes, and this becomes of what was not synced.
pub(super) fn power_off(machine: Machine, unsynced: Unsynced) {
    machine.power_off_with(match unsynced {
        Unsynced::Any => disk::Unsynced::Any,
        Unsynced::Keep => disk::Unsynced::Keep,
        Unsynced::Lose => disk::Unsynced::Lose,
        Unsynced::Tear => disk::Unsynced::Tear,
    });
}

/// The disk is empty.
pub(super) fn wipe(machine: Machine) {
    machine.wipe_disk();
}

/// Two machines have each other's disk.
pub(super) fn swap(one: Machine, other: Machine) {
    one.swap_disk(other);
}
