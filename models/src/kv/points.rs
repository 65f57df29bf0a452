//! Sites, marks and planted bugs of this model: the catalogue that plans, sweeps and mutants choose from.

use points::{Kind, Point, Quirk};

/// Planted: a backup's answer, and the primary's own count, do not wait for the log to be synced.
pub static ACK_BEFORE_SYNC: Quirk = Quirk::new(
    "ack-before-sync",
    "entries count as durable when they are appended; they are synced once a second",
);
/// Planted: leases and promises are measured by the wall clock.
pub static LEASE_BY_SKEWED_CLOCK: Quirk =
    Quirk::new("lease-by-skewed-clock", "leases and promises are measured by the wall clock");
/// Planted: entries of an older primary are taken.
pub static FENCING_UNCHECKED: Quirk =
    Quirk::new("fencing-unchecked", "a backup takes entries of a primary of an older term");
/// Planted: a record whose checksum is wrong is believed.
pub static TORN_TAIL_ACCEPTED: Quirk = Quirk::new(
    "torn-tail-accepted",
    "at start, log records that were cut or have a wrong checksum are believed",
);
/// Planted: the reply table is not rebuilt from the log.
pub static REPLIES_LOST_ON_RESTART: Quirk =
    Quirk::new("replies-lost-on-restart", "applying the log after a restart leaves the reply table empty");
/// Planted: the reply table is not asked.
pub static RETRY_APPLIED_TWICE: Quirk =
    Quirk::new("retry-applied-twice", "a write that was applied is applied again when it is retried");
/// Planted: the log is buffered in memory, and only the destructor flushes what is left.
pub static DROP_FLUSHES: Quirk =
    Quirk::new("drop-flushes", "the end of the log is held in memory until a destructor writes it");
/// Planted: the primary's lease is a file that only a destructor removes.
pub static DESTRUCTOR_RELEASES_LEASE: Quirk = Quirk::new(
    "destructor-releases-lease",
    "the lease is a file that a destructor removes; a replica waits for that",
);
/// Planted: nobody is answered.
pub static MUTE: Quirk = Quirk::new("mute", "clients get no reply");
/// Planted: a restart begins with an empty log.
pub static AMNESIA: Quirk = Quirk::new("amnesia", "a replica forgets everything when it restarts");
/// Planted: the first answer to a read is given to all reads.
pub static FROZEN: Quirk = Quirk::new("frozen", "every read is given the first read's answer");

/// All bugs that can be planted.
pub static QUIRKS: &[&Quirk] = &[
    &ACK_BEFORE_SYNC,
    &LEASE_BY_SKEWED_CLOCK,
    &FENCING_UNCHECKED,
    &TORN_TAIL_ACCEPTED,
    &REPLIES_LOST_ON_RESTART,
    &RETRY_APPLIED_TWICE,
    &DROP_FLUSHES,
    &DESTRUCTOR_RELEASES_LEASE,
    &MUTE,
    &AMNESIA,
    &FROZEN,
];

/// All points but the bugs.
pub static CATALOGUE: [Point; 16] = [
    Point::new("kv.appended_not_synced", Kind::Site),
    Point::new("kv.synced_not_answered", Kind::Site),
    Point::new("kv.agreed_not_answered", Kind::Site),
    Point::new("kv.log_rewritten_not_renamed", Kind::Site),
    Point::new("kv.elected_not_announced", Kind::Site),
    Point::new("kv.agreed_entries_stay", Kind::Always),
    Point::new("kv.one_primary_a_term", Kind::Always),
    Point::new("kv.torn_tail_dropped", Kind::Sometimes),
    Point::new("kv.retry_answered_from_table", Kind::Reachable),
    Point::new("kv.entry_replaced", Kind::Sometimes),
    Point::new("kv.read_waited_for_lease", Kind::Sometimes),
    Point::new("kv.older_primary_refused", Kind::Reachable),
    Point::new("kv.primary_stepped_down", Kind::Reachable),
    Point::new("kv.disk_failed", Kind::Reachable),
    Point::new("kv.link_lost", Kind::Reachable),
    Point::new("kv.lease_released", Kind::Reachable),
];
