//! How things end, and why they are asked to. Both are ordered by severity. [regions 1.3]

/// How a task ended; a region's outcome is the worst of its tasks'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// It did what it was for.
    #[default]
    Ok = 0,
    /// It failed.
    Err = 1,
    /// It was asked to end, and did, or was ended.
    Cancelled = 2,
    /// It panicked.
    Panicked = 3,
}

impl Outcome {
    /// The worse of two.
    #[must_use]
    pub fn join(self, other: Outcome) -> Outcome {
        self.max(other)
    }
}

/// Why a task is asked to end, in rising severity. Asking again strengthens and never weakens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CancelKind {
    /// Its polls or its cost are spent, or it was shed.
    Timeout = 0,
    /// Its deadline is over.
    Deadline = 1,
    /// Its region is being closed.
    ParentClosing = 2,
    /// The runtime is being shut down.
    Shutdown = 3,
    /// Its region was poisoned.
    Poison = 4,
}

impl CancelKind {
    /// Every kind, in rising severity.
    pub const ALL: [CancelKind; 5] = [
        CancelKind::Timeout,
        CancelKind::Deadline,
        CancelKind::ParentClosing,
        CancelKind::Shutdown,
        CancelKind::Poison,
    ];
}
