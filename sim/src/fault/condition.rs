//! Conditions: lasting trouble that the kernel knows how to make, as data.

use std::time::Duration;

use crate::Ratio;
use crate::machine::Machine;

/// What a condition is imposed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every directed link from one of `source` to one of `target`.
    Link {
        /// Where messages leave.
        source: Vec<Machine>,
        /// Where they arrive.
        target: Vec<Machine>,
    },
    /// A machine, with its disk, clocks and resources.
    Machine(Machine),
}

/// An operation of a disk that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskOp {
    /// Opening or creating.
    Open,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Making durable.
    Sync,
    /// Creating, renaming or removing a name.
    Name,
}

/// A point, by the hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointId(pub(crate) u64);

impl PointId {
    /// The point of that name.
    pub fn named(name: &str) -> PointId {
        PointId(points::hash(name))
    }
}

/// Trouble that lasts until its fault ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Link: nothing passes. A partition is a set of blocked links.
    Block,
    /// Link: everything is held and released in order at the end.
    Clog,
    /// Link: each message or segment is lost with this chance.
    Loss(Ratio),
    /// Link: the same share is lost, but in bursts: a message or segment has the fate of the one before it
    /// with the chance `correlation`.
    BurstLoss {
        /// How many are lost.
        chance: Ratio,
        /// How often one follows the one before.
        correlation: Ratio,
    },
    /// Link: each datagram arrives twice with this chance.
    Duplicate(Ratio),
    /// Link: a datagram is held back with this chance, by up to `by`, so that later ones overtake it.
    Reorder {
        /// How often.
        chance: Ratio,
        /// By how much at the most.
        by: Duration,
    },
    /// Link: a bit of the payload is flipped with this chance. Streams drop what is damaged, as their
    /// checksum finds it, and send again.
    Corrupt(Ratio),
    /// Link: additional delay from `min` to `max`.
    Delay {
        /// The least.
        min: Duration,
        /// The most.
        max: Duration,
    },
    /// Link: additional delay, exponential above `min` and cut at `max`: few take much longer than most.
    LongTailDelay {
        /// The least.
        min: Duration,
        /// The mean, were it not cut.
        mean: Duration,
        /// The most.
        max: Duration,
    },
    /// Link: at most this many bytes a second, behind a bounded queue.
    Bandwidth {
        /// The rate.
        bytes_per_second: u64,
        /// Bytes that may wait; what exceeds it is lost.
        queue_bytes: u64,
    },
    /// Link: a stream is reset at a write with this chance.
    Reset(Ratio),
    /// Link: a stream is half closed at a write with this chance: the writer can write no more, its peer reads
    /// the end of the stream, and the other way goes on.
    HalfClose(Ratio),
    /// Link: new connections are refused.
    RefuseConnect,
    /// Link: new connections get no answer.
    HangConnect,
    /// Link: reads and writes are cut to at most this many bytes.
    Chop {
        /// The most bytes of one read or write.
        bytes_max: u32,
    },
    /// Link: the receive window of a stream is at most this.
    Window {
        /// The most bytes under way or unread.
        bytes: u32,
    },
    /// Machine: looking up names takes this much longer.
    DnsDelay(Duration),
    /// Machine: looking up names fails.
    DnsFail,
    /// Machine: its CPU is so many times slower.
    Slow {
        /// How many times.
        times: u32,
    },
    /// Machine: a site lets other tasks run first with this chance.
    Yield(Ratio),
    /// Disk: additional latency from `min` to `max`.
    DiskLatency {
        /// The least.
        min: Duration,
        /// The most.
        max: Duration,
    },
    /// Disk: stands still for `lasts` in every `period`.
    DiskStall {
        /// From one stall to the next.
        period: Duration,
        /// How long one is.
        lasts: Duration,
    },
    /// Disk: bytes pass no faster than this.
    DiskThrottle {
        /// The rate.
        bytes_per_second: u64,
    },
    /// Disk: only so many bytes are left.
    DiskFull {
        /// The bytes that may still be written.
        bytes_free: u64,
        /// What somebody else gives back in each second, or takes where this is below zero.
        bytes_per_second: i32,
    },
    /// Disk: the operation fails with an input/output error.
    DiskError {
        /// Which operation.
        op: DiskOp,
        /// How often.
        chance: Ratio,
    },
    /// Disk: a sync says that it succeeded and made nothing durable.
    LyingSync(Ratio),
    /// Disk: a sync fails, and what it was to make durable is dropped from the cache's dirty set.
    SyncError(Ratio),
    /// Disk: a sector that is read has rotted, and stays so until it is written again.
    BitRot(Ratio),
    /// Disk: a write lands in another place.
    MisdirectWrite(Ratio),
    /// Disk: a read is served from another place.
    MisdirectRead(Ratio),
    /// Disk: bytes that were never written read as garbage that stays the same.
    Uninitialized(Ratio),
    /// Disk: at a power loss each file loses some of its end, synced or not, with this chance.
    LostTail(Ratio),
    /// Disk: at a power loss a part of each file is found copied over another, with this chance.
    CopiedChunk(Ratio),
    /// Wall clock: off by nanoseconds.
    WallSkew {
        /// Ahead when positive.
        by: i64,
    },
    /// Wall clock: fast or slow.
    WallDrift {
        /// Parts in a million, fast when positive.
        ppm: i32,
    },
    /// Wall clock: steps back.
    WallReverse {
        /// By how much.
        by: Duration,
    },
    /// Wall clock: jumps forth and back.
    WallStrobe {
        /// By how much, ahead when positive.
        by: i64,
        /// How long each side lasts.
        period: Duration,
    },
    /// Wall clock: stands still.
    WallFreeze,
    /// Wall clock: off by more at each read.
    WallCreep {
        /// Nanoseconds a read.
        by: i64,
    },
    /// Monotonic clock: goes back, once. Opt-in: no real machine promises to do this, some have.
    MonotonicReverse {
        /// By how much.
        by: Duration,
    },
    /// Monotonic clock: stands still, and timers with it.
    MonotonicFreeze,
    /// Monotonic clock: fast or slow, and timers with it.
    MonotonicDrift {
        /// Parts in a million, fast when positive.
        ppm: i32,
    },
    /// Timers fire late with this chance, by up to `max`.
    TimerOverrun {
        /// How often.
        chance: Ratio,
        /// By how much at the most.
        max: Duration,
    },
    /// Every draw of the machine's entropy and random streams has this value.
    ConstantEntropy(u64),
    /// Allocation sites refuse `count` times after passing `after` times.
    FailAllocation {
        /// How many pass first.
        after: u64,
        /// How many are refused.
        count: u64,
        /// The one site that is meant; all when absent.
        point: Option<PointId>,
    },
}
