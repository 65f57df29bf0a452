//! Stray wakes: a task of a run was woken from another thread, or after its run, or from another run.
//!
//! Such a wake is refused, because no digest could stand if threads decided, and it is reported. The report
//! lies in a process-wide list by world nonce; a world looks there when it ends and nobody else does, so
//! the list decides nothing within a run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

static SEEN: AtomicBool = AtomicBool::new(false);
static STRAYS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// More than this is a flood of one and the same cause.
const STRAY_COUNT_MAX: usize = 1024;

#[cold]
pub(super) fn report(nonce: u32) {
    let mut strays = STRAYS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if strays.len() < STRAY_COUNT_MAX {
        strays.push(nonce);
    }
    SEEN.store(true, Ordering::Release);
}

/// How many stray wakes were meant for the world of this nonce; they are forgotten.
pub(super) fn take(nonce: u32) -> usize {
    if !SEEN.load(Ordering::Acquire) {
        return 0;
    }
    let mut strays = STRAYS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = strays.len();
    strays.retain(|&stray| stray != nonce);
    before - strays.len()
}
