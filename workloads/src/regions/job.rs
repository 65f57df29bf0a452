//! Jobs: what a task of a load does, one act a poll, and how it takes a request to end.
//!
//! Whatever a job does is decided before it is spawned; so is how it may end ([`Job::fate`]), which the harness
//! holds against what was told of it.

use std::time::Duration;

use models::regions::api::{Body, Budget, Error, Handle, Name, Node, Outcome, Poll, TaskContext};

use super::fate::Fate;

/// One poll's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing but the poll, which costs so much.
    Work(u64),
    /// Waits for a timer of its own. Where memory for the timer is refused it tries again at its next poll.
    Sleep(Duration),
    /// Promises something of this name. Where memory is refused it tries again; where its region takes no work any
    /// more it goes on without.
    Reserve(Name),
    /// Keeps the promise made last.
    Commit,
    /// Gives the promise made last up.
    Abort,
    /// Tries to keep the promise that ended last once more, which must be refused.
    CommitAgain,
    /// Spawns a job into its own region; where it would block, it waits and tries again.
    Spawn(Name, Box<Job>),
}

/// What a job does when its acts are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is done.
    Done(Outcome),
    /// It panics.
    Panics,
    /// It waits, until it is asked to end.
    Waits,
    /// It works on, until it is asked to end.
    Works,
}

/// How a job takes a request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It ends in its n-th poll of cleanup, and gives up what it holds.
    Cleans(u32),
    /// It never looks.
    Deaf,
}

/// A task's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    acts: Vec<Act>,
    at: usize,
    ending: Ending,
    manner: Manner,
    held: Vec<Handle>,
    resolved: Option<Handle>,
    timer: Option<Handle>,
    cleanup_polls: u32,
}

impl Job {
    /// A job that does this and is then done. At a request it ends at once.
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Job {
        Job {
            acts: acts.into_iter().collect(),
            at: 0,
            ending: Ending::Done(Outcome::Ok),
            manner: Manner::Cleans(1),
            held: Vec::new(),
            resolved: None,
            timer: None,
            cleanup_polls: 0,
        }
    }

    /// The same with another ending.
    #[must_use]
    pub fn ending(self, ending: Ending) -> Job {
        Job { ending, ..self }
    }

    /// The same with another manner.
    #[must_use]
    pub fn manner(self, manner: Manner) -> Job {
        Job { manner, ..self }
    }

    /// How it may end.
    pub fn fate(&self) -> Fate {
        Fate { ending: self.ending, manner: self.manner }
    }

    /// Does the next act, or ends.
    fn act<N: Node>(&mut self, task: &mut TaskContext<'_, N, Job>) -> Poll {
        let Some(act) = self.acts.get(self.at).cloned() else { return self.end() };
        let is_over = match act {
            Act::Work(cost) => {
                task.cost(cost);
                true
            }
            Act::Sleep(delay) => return self.sleep(task, delay),
            Act::Reserve(name) => self.reserve(task, name),
            Act::Commit => self.resolve(|held| task.commit(held)),
            Act::Abort => self.resolve(|held| task.abort(held)),
            Act::CommitAgain => {
                if let Some(resolved) = self.resolved {
                    // The answer is judged where it is told: in the trace.
                    let _ = task.commit(resolved);
                }
                true
            }
            Act::Spawn(name, job) => match task.spawn(task.region(), name, Budget::UNLIMITED, *job) {
                Err(Error::WouldBlock(_)) => return Poll::Wait,
                _ => true,
            },
        };
        self.at += usize::from(is_over);
        Poll::Again
    }

    /// Whether it need not be tried again.
    fn reserve<N: Node>(&mut self, task: &mut TaskContext<'_, N, Job>, name: Name) -> bool {
        let reserved = task.reserve(name);
        self.held.extend(reserved.ok());
        !matches!(reserved, Err(Error::ResourceExhausted(_)))
    }

    fn resolve(&mut self, resolve: impl FnOnce(Handle) -> Result<(), Error>) -> bool {
        if let Some(held) = self.held.pop() {
            // Somebody outside may have ended it first.
            let _ = resolve(held);
            self.resolved = Some(held);
        }
        true
    }

    fn sleep<N: Node>(&mut self, task: &mut TaskContext<'_, N, Job>, delay: Duration) -> Poll {
        match self.timer {
            None => match task.set_timer_after(delay) {
                Ok(timer) => self.timer = Some(timer),
                Err(_) => return Poll::Again,
            },
            Some(timer) if task.is_set(timer) => {}
            Some(_) => {
                self.timer = None;
                self.at += 1;
                return Poll::Again;
            }
        }
        Poll::Wait
    }

    fn end(&mut self) -> Poll {
        match self.ending {
            Ending::Done(outcome) => Poll::Done(outcome),
            // Not through the hook, which would print it.
            Ending::Panics => std::panic::resume_unwind(Box::new("a job panics, as planned")),
            Ending::Waits => Poll::Wait,
            Ending::Works => Poll::Again,
        }
    }

    /// One poll of cleanup; in the last it gives up what it holds.
    fn clean<N: Node>(&mut self, task: &mut TaskContext<'_, N, Job>, polls: u32) -> Poll {
        self.cleanup_polls += 1;
        if self.cleanup_polls < polls {
            return Poll::Again;
        }
        while let Some(held) = self.held.pop() {
            // Somebody outside may have ended it first.
            let _ = task.abort(held);
        }
        Poll::Done(Outcome::Ok)
    }
}

impl<N: Node> Body<N> for Job {
    fn poll(&mut self, task: &mut TaskContext<'_, N, Job>) -> Poll {
        if let Manner::Cleans(polls) = self.manner
            && task.checkpoint().is_err()
        {
            return self.clean(task, polls);
        }
        self.act(task)
    }

    fn state(&self) -> u64 {
        self.at as u64 | (self.held.len() as u64) << 32 | u64::from(self.cleanup_polls) << 48
    }
}
