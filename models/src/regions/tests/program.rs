//! Bodies for tests: one act a poll, then done.

use std::time::Duration;

use super::super::api::{Body, Budget, Error, Handle, Name, Node, Outcome, Poll, TaskContext};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Again,
    Wait,
    /// Sets a timer and waits.
    Sleep(u64),
    /// Ends well at a request to end, else goes on.
    Check,
    Reserve(u64),
    Commit,
    Abort,
    /// Spawns into its own region; tries again after `WouldBlock`.
    Spawn(u64, Program),
    Cost(u64),
    Close,
    Poison,
    Panic,
    Done(Outcome),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Program {
    acts: Vec<Act>,
    at: usize,
    held: Vec<Handle>,
    /// Whether it stays for ever at its last act.
    repeats: bool,
}

impl Program {
    pub(super) fn new(acts: impl IntoIterator<Item = Act>) -> Program {
        Program { acts: acts.into_iter().collect(), ..Program::default() }
    }

    /// Ends well at its first poll.
    pub(super) fn nothing() -> Program {
        Program::new([])
    }

    /// Goes on until it is asked to end.
    pub(super) fn polite() -> Program {
        Program { repeats: true, ..Program::new([Act::Check]) }
    }

    /// Goes on, whatever it is asked.
    pub(super) fn deaf() -> Program {
        Program { repeats: true, ..Program::new([Act::Again]) }
    }

    /// Waits, and then goes on, whatever it is asked.
    pub(super) fn deaf_sleeper() -> Program {
        Program { repeats: true, ..Program::new([Act::Wait, Act::Again]) }
    }

    /// Waits, and at each poll looks whether it is to end.
    pub(super) fn waiting() -> Program {
        Program::new([Act::Wait, Act::Check, Act::Wait, Act::Check])
    }

    pub(super) fn acts(&self) -> &[Act] {
        &self.acts
    }

    pub(super) fn repeats(&self) -> bool {
        self.repeats
    }
}

impl<N: Node> Body<N> for Program {
    fn poll(&mut self, task: &mut TaskContext<'_, N, Program>) -> Poll {
        let Some(act) = self.acts.get(self.at).cloned() else { return Poll::Done(Outcome::Ok) };
        if !self.repeats || self.at + 1 < self.acts.len() {
            self.at += 1;
        }
        match act {
            Act::Again => {}
            Act::Wait => return Poll::Wait,
            Act::Sleep(nanos) => {
                if task.set_timer_after(Duration::from_nanos(nanos)).is_ok() {
                    return Poll::Wait;
                }
            }
            Act::Check => {
                if task.checkpoint().is_err() {
                    return Poll::Done(Outcome::Ok);
                }
            }
            Act::Reserve(name) => self.held.extend(task.reserve(Name(name))),
            Act::Commit => {
                if let Some(held) = self.held.pop() {
                    // Somebody outside may have ended it first.
                    let _ = task.commit(held);
                }
            }
            Act::Abort => {
                if let Some(held) = self.held.pop() {
                    // Somebody outside may have ended it first.
                    let _ = task.abort(held);
                }
            }
            Act::Spawn(name, program) => {
                let region = task.region();
                let spawned = task.spawn(region, Name(name), Budget::UNLIMITED, program);
                if let Err(Error::WouldBlock(_)) = spawned {
                    self.at -= 1;
                    return Poll::Wait;
                }
            }
            Act::Cost(cost) => task.cost(cost),
            Act::Close => task.close(task.region()).expect("its region is alive"),
            Act::Poison => task.poison(task.region()).expect("its region is alive"),
            // Not through the hook, which would print it.
            Act::Panic => std::panic::resume_unwind(Box::new("a body panics")),
            Act::Done(outcome) => return Poll::Done(outcome),
        }
        Poll::Again
    }

    fn state(&self) -> u64 {
        self.at as u64
    }
}
