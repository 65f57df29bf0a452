//! How often to try and how long to wait: bounded, and drawn from the run's own seed. Pure.

use std::time::Duration;

/// How many tries in a row may bring nothing. With the waits below that is more than twenty seconds of
/// silence: an outage that a remote is expected to come back from.
pub const TRIES_MAX: u32 = 32;

const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How long to wait before a try, counted from 1: doubling from 20 ms to 1 s, of which the upper half is
/// drawn from the seed, so that clients of one outage do not come back together and a run that is repeated
/// waits the same.
pub fn wait(seed: u64, tries: u32) -> Duration {
    let doublings = tries.saturating_sub(1).min(16);
    let whole = WAIT_MIN.saturating_mul(1 << doublings).min(WAIT_MAX);
    let half_nanos = whole.as_nanos() as u64 / 2;
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..].copy_from_slice(&tries.to_le_bytes());
    let hash = blake3::hash(&bytes);
    let word = u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"));
    Duration::from_nanos(half_nanos + word % (half_nanos + 1))
}
