//! Stray wakes: a task of a run was woken from another thread, or after its run, or from another run.
//!
//! Such a wake is refused, because no digest could stand if threads decided, and it is reported. The report
//! lies in a process-wide table by world nonce; a world looks there when it ends and nobody else does, so
//! the table decides nothing within a run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static SEEN: AtomicBool = AtomicBool::new(false);
static STRAYS: Mutex<BTreeMap<u32, u64>> = Mutex::new(BTreeMap::new());

/// Worlds that ended long ago and are still woken are forgotten, the oldest first.
const WORLD_COUNT_MAX: usize = 1024;

#[cold]
pub(super) fn report(nonce: u32) {
    let mut strays = STRAYS.lock().unwrap_or_else(PoisonError::into_inner);
    *strays.entry(nonce).or_insert(0) += 1;
    if strays.len() > WORLD_COUNT_MAX {
        strays.pop_first();
    }
    SEEN.store(true, Ordering::Release);
}

/// How many stray wakes were meant for the world of this nonce; they are forgotten.
pub(super) fn take(nonce: u32) -> u64 {
    if !SEEN.load(Ordering::Acquire) {
        return 0;
    }
    let mut strays = STRAYS.lock().unwrap_or_else(PoisonError::into_inner);
    strays.remove(&nonce).unwrap_or(0)
}
