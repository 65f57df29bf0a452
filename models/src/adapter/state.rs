//! Where a run stands, and the six reasons for which it fails. Pure.

use std::fmt;

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The remote cannot do something at all.
    UnsupportedCapability,
    /// The remote can, in no version of ours.
    CapabilityMismatch,
    /// Its proof of integrity is wrong, late, absent or malformed.
    IntegrityPrecheckFailed,
    /// A chunk's id is taken by other content.
    ConflictDetected,
    /// As many tries as are allowed brought nothing.
    RetryExhausted,
    /// The remote's run is not the one that was begun: another seed, or less than it had acknowledged.
    ResumeSeedMismatch,
}

impl Reason {
    /// All reasons, in the order of the states that name them. When several are provoked at once, the first
    /// of these is named: it is met first.
    pub const ALL: [Reason; 6] = [
        Reason::UnsupportedCapability,
        Reason::CapabilityMismatch,
        Reason::IntegrityPrecheckFailed,
        Reason::ConflictDetected,
        Reason::RetryExhausted,
        Reason::ResumeSeedMismatch,
    ];

    /// As scenarios write it.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::UnsupportedCapability => "unsupported-capability",
            Reason::CapabilityMismatch => "capability-mismatch",
            Reason::IntegrityPrecheckFailed => "integrity-precheck-failed",
            Reason::ConflictDetected => "conflict-detected",
            Reason::RetryExhausted => "retry-exhausted",
            Reason::ResumeSeedMismatch => "resume-seed-mismatch",
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was asked yet.
    Idle,
    /// Which capabilities does the remote have?
    Negotiating,
    /// Is what it holds whole?
    Prechecking,
    /// Chunks are committed.
    Running,
    /// Waits before it tries again.
    Retrying,
    /// Where does the remote stand?
    Resuming,
    /// All chunks are committed; the evidence is sealed.
    Completing,
    /// All is committed and sealed.
    Done,
    /// Nothing more is tried, and nothing is published.
    Failed(Reason),
}

impl State {
    /// Whether nothing comes after it.
    pub const fn is_end(self) -> bool {
        matches!(self, State::Done | State::Failed(_))
    }

    /// The state of a number, or nothing.
    pub fn of_code(code: u8) -> Option<State> {
        let plain = [
            State::Idle,
            State::Negotiating,
            State::Prechecking,
            State::Running,
            State::Retrying,
            State::Resuming,
            State::Completing,
            State::Done,
        ];
        let failed =
            || Reason::ALL.get(usize::from(code).checked_sub(plain.len())?).copied().map(State::Failed);
        plain.get(usize::from(code)).copied().or_else(failed)
    }

    /// Its number in bytes.
    pub const fn code(self) -> u8 {
        match self {
            State::Idle => 0,
            State::Negotiating => 1,
            State::Prechecking => 2,
            State::Running => 3,
            State::Retrying => 4,
            State::Resuming => 5,
            State::Completing => 6,
            State::Done => 7,
            State::Failed(reason) => 8 + reason as u8,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Failed(reason) => write!(f, "Failed({reason:?})"),
            state => write!(f, "{state:?}"),
        }
    }
}
