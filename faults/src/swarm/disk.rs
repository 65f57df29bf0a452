//! Features that trouble disks.

use std::num::NonZeroU32;
use std::time::Duration;

use super::draft::Draft;
use super::profile::Feature;
use crate::budget::Allowance;
use crate::plan::{DiskWork, Family, Line, Spread, Trouble};

pub(super) static FEATURES: &[Feature] = &[
    Feature { name: "disk.latency", family: Family::Disk, draw: latency },
    Feature { name: "disk.stall", family: Family::Disk, draw: stall },
    Feature { name: "disk.throttle", family: Family::Disk, draw: throttle },
    Feature { name: "disk.full", family: Family::Disk, draw: full },
    Feature { name: "disk.error", family: Family::Disk, draw: error },
    Feature { name: "disk.sync_error", family: Family::Disk, draw: sync_error },
    Feature { name: "disk.lying_sync", family: Family::Disk, draw: lying_sync },
    Feature { name: "disk.bit_rot", family: Family::Disk, draw: bit_rot },
    Feature { name: "disk.misdirect_write", family: Family::Disk, draw: misdirect_write },
    Feature { name: "disk.misdirect_read", family: Family::Disk, draw: misdirect_read },
    Feature { name: "disk.uninitialized", family: Family::Disk, draw: uninitialized },
    Feature { name: "disk.lost_tail", family: Family::Disk, draw: lost_tail },
    Feature { name: "disk.copied_chunk", family: Family::Disk, draw: copied_chunk },
];

fn may_fail(allowance: &Allowance) -> bool {
    allowance.disks_faulty_max > 0
}

fn may_lie(allowance: &Allowance) -> bool {
    allowance.disks_damaged_max > 0
}

fn latency(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, max) = (draft.machines(|allowance| allowance.slowness)?, *draft.dice.pick(&[1, 30, 300]));
    let by = Spread::new(Duration::from_micros(100), Duration::from_millis(max))?;
    Some(draft.line(Trouble::DiskLatency { machines, by }))
}

fn stall(draft: &mut Draft<'_>) -> Option<Line> {
    let machines = draft.machine(|allowance| allowance.slowness)?;
    let (period, part) = (Duration::from_millis(*draft.dice.pick(&[100, 1_000, 5_000])), draft.intensity);
    let stall = super::draft::scaled(period, part);
    Some(draft.line(Trouble::DiskStall { machines, stall, period }))
}

fn throttle(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, rate) =
        (draft.machines(|allowance| allowance.slowness)?, *draft.dice.pick(&[10_000, 200_000, 5_000_000]));
    Some(draft.line(Trouble::DiskThrottle { machines, bytes_per_second: NonZeroU32::new(rate)? }))
}

fn full(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, bytes_free) = (draft.machine(may_fail)?, *draft.dice.pick(&[0, 512, 65_536]));
    Some(draft.line(Trouble::DiskFull { machines, bytes_free, bytes_per_second: None }))
}

fn error(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_fail)?, draft.intensity);
    let work =
        *draft.dice.pick(&[DiskWork::Any, DiskWork::Read, DiskWork::Write, DiskWork::Sync, DiskWork::Names]);
    Some(draft.line(Trouble::DiskError { machines, work, chance }))
}

fn sync_error(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_fail)?, draft.intensity);
    Some(draft.line(Trouble::SyncError { machines, chance }))
}

fn lying_sync(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::LyingSync { machines, chance }))
}

fn bit_rot(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::BitRot { machines, chance }))
}

fn misdirect_write(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::MisdirectWrite { machines, chance }))
}

fn misdirect_read(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::MisdirectRead { machines, chance }))
}

fn uninitialized(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::Uninitialized { machines, chance }))
}

fn lost_tail(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::LostTail { machines, chance }))
}

fn copied_chunk(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machine(may_lie)?, draft.intensity);
    Some(draft.line(Trouble::CopiedChunk { machines, chance }))
}
