//! Where two runs part: the first record that differs, with what came before and after it in both, and
//! the chain of causes that led there.
//!
//! Two trace files are compared by their checkpoints, and only the window that differs is unpacked. Two
//! runs that can be repeated are compared the same way: one more run of each shows that window.
//! Two runs that cannot be repeated are compared while they go on: see [`verify`](crate::verify).

mod divergence;
mod excerpt;
mod files;
mod rerun;

pub use divergence::{Divergence, Side};
pub use excerpt::Excerpt;
pub use files::{FilesCompared, files};
pub use rerun::{RerunError, Run, RunsCompared, runs};

pub(crate) use divergence::{Records, causes, part_at, parted};

use sim::trace::{Digest, Digests};

/// Records shown before and after the first difference, unless asked otherwise.
pub const CONTEXT: usize = 8;

/// One of two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// The first window whose digest differs: checkpoints are over all records before them, so from there
/// on all differ, and a binary search finds it.
fn window_parted(left: &[Digest], right: &[Digest]) -> usize {
    let both = left.len().min(right.len());
    let (mut equal, mut differ) = (0, both);
    while equal < differ {
        let middle = equal.midpoint(differ);
        if left[middle] == right[middle] { equal = middle + 1 } else { differ = middle }
    }
    equal
}

/// The names of the digests that differ.
pub(crate) fn digests_moved(left: &Digests, right: &Digests) -> Vec<&'static str> {
    let pairs = [
        ("trace", left.trace, right.trace),
        ("faults", left.faults, right.faults),
        ("semantic", left.semantic, right.semantic),
    ];
    pairs.iter().filter(|(_, left, right)| left != right).map(|(name, _, _)| *name).collect()
}

#[cfg(test)]
mod tests;
