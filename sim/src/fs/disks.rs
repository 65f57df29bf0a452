//! The disks of a world: one of each machine, the files that are open, the operations under way.
//!
//! This is the only place where a disk's heart meets the kernel: it is told the time, its operations are
//! recorded before they are done, and what faults did is counted.

use std::path::Path;

use super::operations::{Note, OpKey, Operations};
use crate::checksum::checksum;
use crate::choice::Choices;
use crate::disk::{Disk, Done, Errno, HandleId, Trouble, Unsynced, Work, nanos};
use crate::fault::{Condition, DiskOp, FaultId};
use crate::kernel::Kernel;
use crate::task::{TaskKey, WakerSlot};
use crate::trace::{FsCall, Kind};

/// Names an open file; a key of a closed one is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileKey {
    index: u32,
    generation: u32,
}

impl FileKey {
    /// The number that records have for it.
    pub(super) fn number(self) -> u32 {
        self.index
    }
}

/// What an open file's own reads and writes wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Busy {
    Idle,
    /// What was written is in the cache; the next operation waits for the disk.
    Writing(OpKey),
    /// The bytes are fetched when the time has come.
    Reading(OpKey, Result<(), Errno>),
}

struct OpenFile {
    generation: u32,
    is_open: bool,
    machine: u16,
    process: u32,
    handle: HandleId,
    busy: Busy,
}

/// An operation that was taken in, and its result, which its caller learns when it is done.
#[derive(Debug)]
pub(super) struct Submitted<T> {
    /// None when it is done at once.
    pub(super) op: Option<OpKey>,
    pub(super) result: Result<T, Errno>,
}

/// What the record of an operation says it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    code: FsCall,
    file: u32,
    sum: u32,
}

impl About {
    /// An operation on an open file.
    #[inline]
    pub(super) fn file(code: FsCall, file: FileKey, offset: Option<u64>, bytes: &[u8]) -> About {
        let offset = offset.unwrap_or(u64::MAX);
        About { code, file: file.index, sum: checksum((offset ^ offset >> 32) as u32, bytes) }
    }

    /// An operation on names.
    pub(super) fn path(code: FsCall, path: &Path) -> About {
        About { code, file: u32::MAX, sum: checksum(0, path.as_os_str().as_encoded_bytes()) }
    }

    /// The same, with the number of a file.
    pub(super) fn is_file(&mut self, file: u32) {
        self.file = file;
    }

    /// An operation on two names.
    pub(super) fn paths(code: FsCall, from: &Path, to: &Path) -> About {
        let from = checksum(0, from.as_os_str().as_encoded_bytes());
        About { code, file: u32::MAX, sum: checksum(from, to.as_os_str().as_encoded_bytes()) }
    }
}

pub(crate) struct Disks {
    /// By machine; a machine whose disk nobody used has none yet.
    disks: Vec<Option<Disk>>,
    files: Vec<OpenFile>,
    free: Vec<u32>,
    pub(super) operations: Operations,
}

impl Disks {
    pub(crate) fn new() -> Disks {
        Disks { disks: Vec::new(), files: Vec::new(), free: Vec::new(), operations: Operations::default() }
    }

    /// The disk of a machine.
    #[inline]
    fn disk(&mut self, kernel: &mut Kernel, machine: u16) -> &mut Disk {
        let index = machine as usize;
        if self.disks.get(index).is_none_or(Option::is_none) {
            self.install(kernel, machine);
        }
        self.disks[index].as_mut().expect("it was just installed")
    }

    #[cold]
    fn install(&mut self, kernel: &mut Kernel, machine: u16) {
        let host = &kernel.hosts[machine as usize];
        let (name, config) = (format!("disk/{}", host.name), host.disk);
        let stream = kernel.choices.open(&name);
        if self.disks.len() <= machine as usize {
            self.disks.resize_with(machine as usize + 1, || None);
        }
        self.disks[machine as usize] = Some(Disk::new(config, stream));
    }

    /// Takes an operation of the current process in: recorded, then done, then waited for.
    #[inline]
    pub(super) fn submit<T>(
        &mut self,
        kernel: &mut Kernel,
        about: About,
        bytes_of: impl FnOnce(&T) -> usize,
        act: impl FnOnce(&mut Disk, &mut Choices, u64) -> Done<T>,
    ) -> Submitted<T> {
        let machine = kernel.current.machine;
        let cause = kernel.record(Kind::Disk, about.code as u8, machine, about.file, about.sum);
        let now = kernel.now;
        let disk = self.disk(kernel, machine);
        let Done { result, ends_at } = act(disk, &mut kernel.choices, now);
        if !disk.effects.is_empty() {
            take_effects(kernel, machine, disk);
        }
        let (errno, bytes) = match &result {
            Ok(answer) => (0, u32::try_from(bytes_of(answer)).unwrap_or(u32::MAX)),
            Err(errno) => (errno.number(), 0),
        };
        let note = Note { number: disk.latest(), cause, errno, file: about.file, bytes };
        if ends_at > now {
            return Submitted { op: Some(self.operations.begin(kernel, note, ends_at)), result };
        }
        kernel.record(Kind::DiskDone, errno, machine, about.file, bytes);
        Submitted { op: None, result }
    }

    /// Does something with the heart that takes no time.
    #[inline]
    pub(super) fn touch<R>(
        &mut self,
        kernel: &mut Kernel,
        machine: u16,
        act: impl FnOnce(&mut Disk, &mut Choices, u64) -> R,
    ) -> R {
        let now = kernel.now;
        let disk = self.disk(kernel, machine);
        let answer = act(disk, &mut kernel.choices, now);
        if !disk.effects.is_empty() {
            take_effects(kernel, machine, disk);
        }
        answer
    }

    /// The number that the next open file gets.
    pub(super) fn next_file(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.files.len() as u32)
    }

    /// Keeps a file open for the current process.
    pub(super) fn keep(&mut self, kernel: &Kernel, handle: HandleId) -> FileKey {
        let index = self.next_file();
        let generation = self.files.get(index as usize).map_or(0, |file| file.generation);
        let (machine, process) = (kernel.current.machine, kernel.current.process);
        let file = OpenFile { generation, is_open: true, machine, process, handle, busy: Busy::Idle };
        if self.free.pop().is_some() {
            self.files[index as usize] = file;
        } else {
            self.files.push(file);
        }
        FileKey { index, generation }
    }

    /// The heart's handle of an open file, for code of its machine.
    #[inline]
    pub(super) fn handle(&self, kernel: &Kernel, key: FileKey) -> Result<HandleId, Unusable> {
        match self.files.get(key.index as usize) {
            Some(file) if file.generation == key.generation && file.is_open => {
                if file.machine != kernel.current.machine {
                    return Err(Unusable::Elsewhere);
                }
                Ok(file.handle)
            }
            _ => Err(Unusable::Closed),
        }
    }

    #[inline]
    pub(super) fn busy(&mut self, key: FileKey) -> &mut Busy {
        &mut self.files[key.index as usize].busy
    }

    /// Closes an open file. What it waits for goes on; the waker is answered, to be dropped when nothing is
    /// borrowed.
    pub(super) fn close(&mut self, key: FileKey) -> WakerSlot {
        let known = self.files.get_mut(key.index as usize);
        let Some(file) = known.filter(|file| file.generation == key.generation && file.is_open) else {
            return WakerSlot::Empty;
        };
        let (machine, handle, busy) = (file.machine, file.handle, file.busy);
        self.free_file(key.index);
        if let Some(Some(disk)) = self.disks.get_mut(machine as usize) {
            disk.close(handle);
        }
        match busy {
            Busy::Idle => WakerSlot::Empty,
            Busy::Writing(op) | Busy::Reading(op, _) => self.operations.forget(op),
        }
    }

    fn free_file(&mut self, index: u32) {
        let file = &mut self.files[index as usize];
        file.is_open = false;
        file.busy = Busy::Idle;
        file.generation = file.generation.wrapping_add(1);
        self.free.push(index);
    }

    pub(crate) fn operation_is_due(&mut self, kernel: &mut Kernel, index: u32, seq: u64) {
        self.operations.is_due(kernel, index, seq);
    }

    /// A process has ended: the machine closes its files. What it wrote is in the cache.
    pub(crate) fn process_ended(&mut self, kernel: &mut Kernel, process: u32) {
        for index in 0..self.files.len() as u32 {
            if self.files[index as usize].is_open && self.files[index as usize].process == process {
                self.free_file(index);
            }
        }
        let machine = kernel.programs[process as usize].machine;
        if let Some(Some(disk)) = self.disks.get_mut(machine as usize) {
            disk.close_owner(process);
        }
        self.operations.process_ended(kernel, process);
    }

    /// A machine has lost its power. Its processes have ended already.
    pub(crate) fn power_lost(&mut self, kernel: &mut Kernel, machine: u16, unsynced: Unsynced) {
        self.operations.power_lost(kernel, machine);
        let Some(Some(disk)) = self.disks.get_mut(machine as usize) else { return };
        let left = disk.lose_power(&mut kernel.choices, kernel.now, unsynced);
        kernel.record(Kind::DiskLoss, 0, machine, left.kept, left.lost);
        take_effects(kernel, machine, disk);
    }

    /// Empties the disk of a machine. False when it was empty.
    pub(crate) fn wipe(&mut self, kernel: &mut Kernel, machine: u16) -> bool {
        let Some(Some(disk)) = self.disks.get_mut(machine as usize) else { return false };
        if disk.used_bytes() == 0 {
            return false;
        }
        kernel.attribute_effect(machine, (disk.used_bytes() / 512) as u32);
        kernel.record(Kind::DiskLoss, 1, machine, 0, (disk.used_bytes() / 512) as u32);
        disk.wipe();
        true
    }

    /// Two machines have each other's disk. False when both are empty.
    pub(crate) fn swap(&mut self, kernel: &mut Kernel, one: u16, other: u16) -> bool {
        debug_assert!(one != other);
        self.disk(kernel, one);
        self.disk(kernel, other);
        let (low, high) = (one.min(other) as usize, one.max(other) as usize);
        let (lower, upper) = self.disks.split_at_mut(high);
        let (Some(Some(first)), Some(Some(second))) = (lower.get_mut(low), upper.first_mut()) else {
            unreachable!("both were just installed");
        };
        if first.used_bytes() == 0 && second.used_bytes() == 0 {
            return false;
        }
        for machine in [one, other] {
            kernel.attribute_effect(machine, u32::from(one ^ other ^ machine));
            kernel.record(Kind::DiskLoss, 2, machine, u32::from(one ^ other ^ machine), 0);
        }
        first.swap(second);
        true
    }

    /// Imposes a condition, if it is one of disks.
    pub(crate) fn impose(
        &mut self,
        kernel: &mut Kernel,
        fault: FaultId,
        machine: u16,
        condition: Condition,
    ) -> bool {
        let now = kernel.now;
        let trouble = match condition {
            Condition::DiskLatency { min, max } => Trouble::Latency { min: nanos(min), max: nanos(max) },
            Condition::DiskStall { period, lasts } => {
                Trouble::Stall { since: now, period: nanos(period), lasts: nanos(lasts) }
            }
            Condition::DiskThrottle { bytes_per_second } => Trouble::Throttle { bytes_per_second },
            Condition::DiskFull { bytes_free, bytes_per_second } => {
                self.disk(kernel, machine).fill(now, fault.index() as u32, bytes_free, bytes_per_second);
                return true;
            }
            Condition::DiskError { op, chance } => Trouble::Error { work: work(op), chance },
            Condition::LyingSync(chance) => Trouble::LyingSync(chance),
            Condition::SyncError(chance) => Trouble::SyncError(chance),
            Condition::BitRot(chance) => Trouble::BitRot(chance),
            Condition::MisdirectWrite(chance) => Trouble::MisdirectWrite(chance),
            Condition::MisdirectRead(chance) => Trouble::MisdirectRead(chance),
            Condition::Uninitialized(chance) => Trouble::Uninitialized(chance),
            Condition::LostTail(chance) => Trouble::LostTail(chance),
            Condition::CopiedChunk(chance) => Trouble::CopiedChunk(chance),
            _ => return false,
        };
        self.disk(kernel, machine).impose(fault.index() as u32, trouble);
        true
    }

    /// Lifts what a fault imposed. What it has damaged stays damaged.
    pub(crate) fn lift(&mut self, kernel: &mut Kernel, fault: FaultId) {
        for (machine, disk) in (0..).zip(&mut self.disks) {
            let Some(disk) = disk else { continue };
            let sooner = disk.lift(kernel.now, fault.index() as u32);
            if !sooner.is_empty() {
                self.operations.reschedule(kernel, machine, &sooner);
            }
        }
    }

    /// The wakers of everybody who waits, at the end of a run.
    pub(crate) fn take_wakers(&mut self) -> Vec<WakerSlot> {
        self.operations.take_wakers().collect()
    }

    /// Who waits for a disk: for the report of a stall.
    pub(crate) fn waits(&self) -> Vec<TaskKey> {
        self.operations.waits().collect()
    }

    /// Bytes in use and bytes free on a machine's disk.
    pub(crate) fn space(&self, kernel: &Kernel, machine: u16) -> (u64, u64) {
        match self.disks.get(machine as usize) {
            Some(Some(disk)) => (disk.used_bytes(), disk.free_bytes(kernel.now)),
            _ => (0, kernel.hosts[machine as usize].disk.capacity_bytes),
        }
    }
}

/// Why an open file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The process that had it is gone.
    Closed,
    /// It is a file of another machine.
    Elsewhere,
}

fn work(op: DiskOp) -> Work {
    match op {
        DiskOp::Open => Work::Open,
        DiskOp::Read => Work::Read,
        DiskOp::Write => Work::Write,
        DiskOp::Sync => Work::Sync,
        DiskOp::Name => Work::Name,
    }
}

/// Counts what faults did to a disk.
#[cold]
#[inline(never)]
fn take_effects(kernel: &mut Kernel, machine: u16, disk: &mut Disk) {
    let current = kernel.current;
    kernel.current.machine = machine;
    for effect in disk.effects.take() {
        kernel.effect(FaultId::of(effect.fault), effect.detail);
    }
    kernel.current = current;
}
