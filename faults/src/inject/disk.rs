//! Verbs of disks.

use sim::machine::Machine;

use crate::plan::Unsynced;

/// The power goes, and this becomes of what was not synced.
pub(super) fn power_off(machine: Machine, unsynced: Unsynced) {
    if unsynced != Unsynced::Any {
        no_disk(machine, "unsynced");
    }
    machine.power_off();
}

/// The disk is empty.
pub(super) fn wipe(machine: Machine) {
    no_disk(machine, "wipe");
}

/// Two machines have each other's disk.
pub(super) fn swap(one: Machine, _other: Machine) {
    no_disk(one, "swap");
}

fn no_disk(machine: Machine, what: &str) {
    sim::fail("plan", format!("`{what}`: machine `{}` has no disk", machine.name()));
}
