//! Several workers at once. Runs are handed out in order and come back in any; who asked puts them in order.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use super::crew::{Crew, Ended, Setup};
use super::wire::Order;

/// How often who waits for runs hears that time passes.
const TICK: Duration = Duration::from_millis(100);

/// Set when somebody wants to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(pub(super) Arc<AtomicBool>);

impl Interrupt {
    /// Set by Ctrl-C and by a polite kill; the second Ctrl-C ends at once.
    pub(crate) fn on_signals() -> io::Result<Interrupt> {
        let interrupt = Interrupt::default();
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, interrupt.0.clone())?;
            signal_hook::flag::register(signal, interrupt.0.clone())?;
        }
        Ok(interrupt)
    }

    /// Stops what goes on, as a signal would.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a worker waits before it asks again.
const WAIT: Duration = Duration::from_millis(1);

/// A run that is to be handed out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Job {
    /// The scenario, by its place among the chosen ones; of a hunt, the bug.
    pub(crate) scenario: usize,
    /// Its place among the runs of that scenario.
    pub(crate) position: u64,
    pub(crate) seed: u64,
    pub(crate) order: Order,
    /// In a process that has run nothing before.
    pub(crate) fresh: bool,
    /// In two processes, in lock step.
    pub(crate) verify: bool,
    /// What a guided search is told of it, when it planned it.
    pub(crate) slot: Option<usize>,
    /// Whether its case is more than its scenario's with that seed: then the order says it.
    pub(crate) is_varied: bool,
}

/// What a queue answers to a worker that has time.
#[derive(Debug)]
pub(crate) enum Handed {
    /// A run.
    Job(Box<Job>),
    /// None yet: what comes next hangs on runs that are out.
    Wait,
    /// None any more.
    Done,
}

impl From<Option<Job>> for Handed {
    fn from(job: Option<Job>) -> Handed {
        job.map_or(Handed::Done, |job| Handed::Job(Box::new(job)))
    }
}

/// Workers that share a queue of runs.
pub(crate) struct Pool {
    pub(crate) setup: Setup,
    pub(crate) jobs: usize,
    pub(crate) interrupt: Interrupt,
}

impl Pool {
    /// Runs all that `next` hands out. `each` hears how a run ended, and `None` when a while has passed.
    pub(crate) fn run(
        &self,
        next: &mut (dyn FnMut() -> Handed + Send),
        each: &mut dyn FnMut(Option<(Job, Ended)>),
    ) -> io::Result<()> {
        // Every worker is started before any thread.
        let mut crews = Vec::new();
        for index in 0..self.jobs {
            let mut crew = Crew::new(&self.setup, &self.interrupt, index);
            crew.start()?;
            crews.push(crew);
        }
        let (told, hear) = mpsc::channel();
        let next = Mutex::new(next);
        thread::scope(|scope| {
            for mut crew in crews {
                let (told, next) = (told.clone(), &next);
                scope.spawn(move || {
                    while !self.interrupt.is_set() {
                        let job = next.lock().unwrap_or_else(PoisonError::into_inner)();
                        let job = match job {
                            Handed::Job(job) => *job,
                            Handed::Wait => {
                                thread::sleep(WAIT);
                                continue;
                            }
                            Handed::Done => break,
                        };
                        let ended = match job.verify {
                            true => crew.verify(&job.order, job.fresh),
                            false => crew.run(&job.order, job.fresh),
                        };
                        if told.send((job, ended)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(told);
            loop {
                match hear.recv_timeout(TICK) {
                    Ok(ended) => each(Some(ended)),
                    Err(mpsc::RecvTimeoutError::Timeout) => each(None),
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        Ok(())
    }
}
