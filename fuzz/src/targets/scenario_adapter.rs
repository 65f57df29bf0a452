//! Scenarios of the adapter and its remote, steered by bytes.

use crate::scenarios;
use crate::steered::Pack;

thread_local! {
    static PACK: Pack = Pack::new(scenarios::adapter());
}

/// Runs a scenario; the bytes say which, its seed, and what some draws come to.
///
/// # Panics
/// When the run fails: with the failure, and the case line that replays it.
pub fn fuzz_one(bytes: &[u8]) {
    PACK.with(|pack| pack.fuzz_one(bytes));
}
