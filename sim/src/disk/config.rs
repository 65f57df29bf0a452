//! What a disk is like while nothing is wrong with it.

use std::time::Duration;

/// How long one kind of operation takes before its bytes are counted: drawn evenly, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The least.
    pub min: Duration,
    /// The most.
    pub max: Duration,
}

impl Service {
    /// From `min` to `max` microseconds.
    pub const fn micros(min: u64, max: u64) -> Service {
        Service { min: Duration::from_micros(min), max: Duration::from_micros(max) }
    }
}

/// The disk of a machine.
///
/// ```
/// use tourbillon_sim::disk::DiskConfig;
/// let small = DiskConfig { capacity_bytes: 1 << 20, ..DiskConfig::default() };
/// assert_eq!(small.queue_depth, DiskConfig::default().queue_depth);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskConfig {
    /// What fits; counted in sectors of 512 bytes, one of them for each file or directory.
    pub capacity_bytes: u64,
    /// Reading from a file.
    pub read: Service,
    /// Writing to a file, which the operating system takes into its cache.
    pub write: Service,
    /// Making a file or a directory durable.
    pub sync: Service,
    /// Opening, creating, renaming, removing, listing.
    pub name: Service,
    /// How fast bytes pass once an operation has begun.
    pub bytes_per_second: u64,
    /// How many operations are served at once; others wait in order.
    pub queue_depth: u32,
    /// Whether a power loss may tear a sector in itself. Real sectors are written whole or not at all.
    pub torn_sectors: bool,
    /// How many misdirected writes may lie undiscovered on the disk at once.
    pub misdirected_max: u32,
}

impl DiskConfig {
    /// Why there cannot be a disk like that, if there cannot.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        if self.queue_depth == 0 {
            return Some("a disk serves at least one operation at once");
        }
        if self.bytes_per_second == 0 {
            return Some("a disk's bytes pass at some speed");
        }
        let services = [self.read, self.write, self.sync, self.name];
        let upside_down = services.iter().any(|service| service.min > service.max);
        upside_down.then_some("a disk's operation takes at least its least and at most its most")
    }
}

/// A good solid-state disk of a data center, behind a cache.
impl Default for DiskConfig {
    fn default() -> DiskConfig {
        DiskConfig {
            capacity_bytes: 64 << 30,
            read: Service::micros(60, 140),
            write: Service::micros(2, 8),
            sync: Service::micros(100, 900),
            name: Service::micros(4, 20),
            bytes_per_second: 1_000_000_000,
            queue_depth: 32,
            torn_sectors: false,
            misdirected_max: 1,
        }
    }
}
