//! The pure machine: a state and an event give the next state, and each state says what to do next.
//!
//! The table is that of section 4 of the runtime regions. Some rows are ours, because the table is silent there
//! and fail-closed must not be:
//!
//! | state | on | goes to | why |
//! |---|---|---|---|
//! | Negotiating | nobody answers | Failed(RetryExhausted) | what was not answered was not agreed |
//! | Resuming, Completing | nobody answers | Retrying | the same doubt as a lost chunk, the same bound |
//! | Resuming | cursor beyond what the remote holds | Failed(ResumeSeedMismatch) | it is not the run that was begun |
//! | Completing | what is held has another checksum | Failed(IntegrityPrecheckFailed) | strict mode looks here again |
//! | any before the end | restarted with another seed | Failed(ResumeSeedMismatch) | as on a resume |
//! | any before the end | restarted | Negotiating or Resuming | a killed client goes on, tries and all |
//!
//! An answer that the machine cannot place is [`Unexpected`]: an error of this house, never of the remote.

use std::fmt;

use super::backoff::TRIES_MAX;
use super::capability::Agreement;
use super::event::{Action, Event, Precheck};
use super::state::{Reason, State};

/// How often integrity is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Once, before the first chunk.
    Strict,
    /// Once more before every chunk.
    Hardened,
}

/// Planted bugs of the machine; none by default, which is what a checker replays with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bugs {
    /// A missing capability is no hindrance.
    pub unsupported_goes_on: bool,
    /// Another version is no hindrance.
    pub mismatch_goes_on: bool,
    /// A proof that is late, absent or malformed counts as a good one.
    pub doubt_goes_on: bool,
    /// A conflict counts as a commit.
    pub conflict_goes_on: bool,
    /// Tries are not counted against their bound.
    pub retries_unbounded: bool,
    /// The seed is not compared.
    pub resumes_other_seed: bool,
    /// The cursor moves when a chunk is sent, and is not compared.
    pub cursor_runs_ahead: bool,
    /// Hardened mode checks once.
    pub hardened_checks_once: bool,
    /// Hardened mode names another reason.
    pub hardened_renames: bool,
    /// A seal that nobody confirmed counts as one.
    pub completes_unsealed: bool,
    /// The audit chain begins anew at every restart.
    pub audit_unlinked: bool,
    /// Lost chunks are not audited.
    pub audit_skips_losses: bool,
}

/// An event that has no place in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexpected {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} has no place in {}", self.event, self.state)
    }
}

impl std::error::Error for Unexpected {}

/// A run, as far as it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    mode: Mode,
    bugs: Bugs,
    state: State,
    seed: u64,
    chunk_count: u32,
    cursor: u32,
    tries: u32,
    /// Whether integrity was proved since the cursor last moved or the run was interrupted.
    is_checked: bool,
}

impl Machine {
    /// A run that has not begun.
    pub fn new(mode: Mode, bugs: Bugs) -> Machine {
        let state = State::Idle;
        Machine { mode, bugs, state, seed: 0, chunk_count: 0, cursor: 0, tries: 0, is_checked: false }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// How many chunks were acknowledged.
    pub fn cursor(&self) -> u32 {
        self.cursor
    }

    /// How many tries in a row brought nothing.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// The seed it was begun with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The bugs planted in it.
    pub fn bugs(&self) -> Bugs {
        self.bugs
    }

    /// Whether integrity must be proved before the next chunk.
    fn must_check(&self) -> bool {
        self.mode == Mode::Hardened && !self.is_checked && !self.bugs.hardened_checks_once
    }

    /// What to do next.
    pub fn action(&self) -> Action {
        match self.state {
            State::Idle => Action::Start,
            State::Negotiating => Action::Negotiate,
            State::Prechecking => Action::Precheck { count: self.cursor },
            State::Running if self.must_check() => Action::Precheck { count: self.cursor },
            State::Running => Action::Commit { index: self.cursor },
            State::Retrying if self.has_tries() => Action::BackOff { tries: self.tries },
            State::Retrying => Action::GiveUp,
            State::Resuming => Action::Resume,
            State::Completing => Action::Complete,
            State::Done | State::Failed(_) => Action::Stop,
        }
    }

    fn has_tries(&self) -> bool {
        self.tries <= TRIES_MAX || self.bugs.retries_unbounded
    }

    /// The run after an event.
    ///
    /// # Errors
    /// When the event has no place in this state; then the caller asked for one thing and reports another.
    pub fn step(self, event: Event) -> Result<Machine, Unexpected> {
        let to = |state| Ok(Machine { state, ..self });
        let fail = |reason| Ok(Machine { state: State::Failed(reason), ..self });
        match (self.state, event) {
            (State::Idle, Event::Started { seed, chunk_count }) if chunk_count > 0 => {
                Ok(Machine { state: State::Negotiating, seed, chunk_count, ..self })
            }
            (State::Negotiating, Event::Negotiated(agreement)) => match agreement {
                Agreement::Agreed(_) => to(State::Prechecking),
                Agreement::Missing(_) if self.bugs.unsupported_goes_on => to(State::Prechecking),
                Agreement::Missing(_) => fail(Reason::UnsupportedCapability),
                Agreement::Differs(_) if self.bugs.mismatch_goes_on => to(State::Prechecking),
                Agreement::Differs(_) => fail(Reason::CapabilityMismatch),
            },
            (State::Negotiating, Event::Unanswered) => fail(Reason::RetryExhausted),
            (State::Prechecking, Event::Checked(precheck)) => self.checked(precheck),
            (State::Running, Event::Checked(precheck)) if self.must_check() => self.checked(precheck),
            (state @ State::Running, event) if self.must_check() && !is_restart(event) => {
                Err(Unexpected { state, event })
            }
            (State::Running, Event::ChunkDone) => Ok(self.advanced()),
            (State::Running, Event::ChunkLost) if self.bugs.cursor_runs_ahead => self.advanced().retry(),
            (State::Running, Event::ChunkLost) => self.retry(),
            (State::Running, Event::ChunkConflicts) if self.bugs.conflict_goes_on => Ok(self.advanced()),
            (State::Running, Event::ChunkConflicts) => fail(Reason::ConflictDetected),
            (State::Completing, Event::Unanswered) if self.bugs.completes_unsealed => to(State::Done),
            (State::Resuming | State::Completing, Event::Unanswered) => self.retry(),
            (State::Retrying, Event::BackoffOver) if self.has_tries() => to(State::Resuming),
            (State::Retrying, Event::TriesSpent) if !self.has_tries() => fail(Reason::RetryExhausted),
            (State::Resuming, Event::Resumed { seed, acknowledged }) => self.resumed(seed, acknowledged),
            (State::Completing, Event::Sealed) => to(State::Done),
            (State::Completing, Event::SealRefused) => fail(Reason::IntegrityPrecheckFailed),
            (state, Event::Restarted { seed }) if !state.is_end() && state != State::Idle => {
                self.restarted(seed)
            }
            (state, event) => Err(Unexpected { state, event }),
        }
    }

    fn checked(self, precheck: Precheck) -> Result<Machine, Unexpected> {
        let is_doubt = matches!(precheck, Precheck::Late | Precheck::Absent | Precheck::Malformed);
        if precheck == Precheck::Agrees || is_doubt && self.bugs.doubt_goes_on {
            return Ok(Machine { state: State::Running, is_checked: true, ..self });
        }
        let renames = self.bugs.hardened_renames && self.mode == Mode::Hardened;
        let reason = if renames { Reason::ConflictDetected } else { Reason::IntegrityPrecheckFailed };
        Ok(Machine { state: State::Failed(reason), ..self })
    }

    /// One chunk further: the tries begin anew.
    fn advanced(self) -> Machine {
        let cursor = self.cursor + 1;
        let state = if cursor < self.chunk_count { State::Running } else { State::Completing };
        Machine { state, cursor, tries: 0, is_checked: false, ..self }
    }

    fn retry(self) -> Result<Machine, Unexpected> {
        Ok(Machine { state: State::Retrying, tries: self.tries + 1, is_checked: false, ..self })
    }

    /// The remote may hold the one chunk whose answer was lost, and no more: chunks go one at a time. It is
    /// sent again all the same, so that its content is compared.
    fn resumed(self, seed: u64, acknowledged: u32) -> Result<Machine, Unexpected> {
        let is_same_seed = seed == self.seed || self.bugs.resumes_other_seed;
        let expected = self.cursor..=self.cursor + 1;
        let is_same_place = expected.contains(&acknowledged) || self.bugs.cursor_runs_ahead;
        let state = match (is_same_seed && is_same_place, self.cursor < self.chunk_count) {
            (false, _) => State::Failed(Reason::ResumeSeedMismatch),
            (true, true) => State::Running,
            (true, false) => State::Completing,
        };
        Ok(Machine { state, ..self })
    }

    fn restarted(self, seed: u64) -> Result<Machine, Unexpected> {
        let state = match self.state {
            _ if seed != self.seed && !self.bugs.resumes_other_seed => {
                State::Failed(Reason::ResumeSeedMismatch)
            }
            State::Negotiating | State::Prechecking => State::Negotiating,
            _ => State::Resuming,
        };
        Ok(Machine { state, is_checked: false, ..self })
    }
}

fn is_restart(event: Event) -> bool {
    matches!(event, Event::Restarted { .. })
}
