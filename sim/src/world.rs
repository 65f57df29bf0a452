//! The world: one run, owned by one thread. It can be run to its end or stepped.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::choice::Explorer;
use crate::config::Config;
use crate::kernel::{Context, Core, Stop, current, drive, install_hook, install_listener};
use crate::machine::{Program, TEST, Termination};
use crate::report::{Names, Outcome, Report};
use crate::task::{NONE, job};
use crate::trace::{Digests, Kind, Reader};

/// One run.
///
/// ```
/// use std::time::Duration;
/// use tourbillon_sim::{Config, World, time};
///
/// let report = World::new(Config { seed: 7, ..Config::default() }).run(|| async {
///     time::sleep(Duration::from_secs(3600)).await; // an hour passes in no time
/// });
/// assert!(report.passed());
/// assert!(report.virtual_time >= Duration::from_secs(3600));
/// ```
pub struct World {
    /// Out while the world is installed on the thread.
    core: Option<Box<Core>>,
    seed: u64,
    ended: bool,
}

/// Where a stepped world stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    Running,
    /// It has ended: [`World::finish`] tells how.
    Ended,
}

/// What the test's own machine and process are called.
const TEST_NAME: &str = "test";

impl World {
    /// A world with this configuration, in which nothing has happened.
    pub fn new(config: Config) -> World {
        static NONCES: AtomicU32 = AtomicU32::new(1);
        install_hook();
        install_listener();
        // The nonce tells handles of one world from those of another. It enters no record and decides nothing.
        let nonce = NONCES.fetch_add(1, Ordering::Relaxed);
        let mut core = Box::new(Core::new(&config, nonce));
        core.kernel.schedule = config.schedule;
        core.set_up_test_machine(TEST_NAME);
        World { core: Some(core), seed: config.seed, ended: false }
    }

    /// Lets `explorer` answer every draw.
    pub fn explore(&mut self, explorer: Box<dyn Explorer>) {
        self.core_mut().kernel.choices.explore(explorer);
    }

    /// Shows every record to `reader`.
    pub fn read_along(&mut self, reader: Box<dyn Reader>) {
        self.core_mut().kernel.log.add_reader(reader);
    }

    /// Runs `body` on the machine `test` to its end, and everything that it starts along with it.
    ///
    /// The body is called inside the world, so it may use everything of it from its first line. The run fails
    /// when the body panics or returns an error, when a property fails, at a limit, or when nothing is left
    /// that could ever happen.
    #[track_caller]
    pub fn run<B, F>(mut self, body: B) -> Report
    where
        B: FnOnce() -> F + 'static,
        F: Future + 'static,
        F::Output: Termination,
    {
        self.start(body);
        self.drive(u64::MAX, false);
        self.finish()
    }

    /// Starts `body` without running it: for stepping.
    ///
    /// # Panics
    /// When a body was started before.
    #[track_caller]
    pub fn start<B, F>(&mut self, body: B)
    where
        B: FnOnce() -> F + 'static,
        F: Future + 'static,
        F::Output: Termination,
    {
        let main = job(async move {
            if let Err(message) = body().await.report() {
                crate::fail("error", message);
            }
        });
        let place = Location::caller();
        let kernel = &mut self.core_mut().kernel;
        assert!(kernel.main.is_none(), "this world has its body already");
        kernel.start_process(0, Some(main), place);
        kernel.main = Some(kernel.tasks.key(kernel.programs[0].main));
    }

    /// Runs all that is due within the first `time` of the run.
    pub fn run_until(&mut self, time: Duration) -> Progress {
        self.drive(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), false)
    }

    /// Runs one poll, and the events before it.
    pub fn step(&mut self) -> Progress {
        self.drive(u64::MAX, true)
    }

    /// The virtual time since the run began.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.core.as_ref().map_or(0, |core| core.kernel.now))
    }

    /// Records written so far.
    pub fn records(&self) -> u64 {
        self.core.as_ref().map_or(0, |core| core.kernel.log.sequence())
    }

    /// Draws made so far, by which a [`Reseed`](crate::choice::Reseed) counts. Only a run that records or changes its
    /// choices counts them; elsewhere it is 0.
    pub fn draws(&self) -> u64 {
        self.core.as_ref().map_or(0, |core| core.kernel.choices.drawn())
    }

    /// Calls `act` inside the world, on the machine `test`, between two steps: to look, or to interfere.
    pub fn inject<R>(&mut self, act: impl FnOnce() -> R) -> R {
        let kernel = &mut self.core_mut().kernel;
        kernel.current = Context { machine: TEST, process: 0, task: NONE, dead: false };
        kernel.cause = u64::MAX;
        self.inside(act)
    }

    /// Ends the run and tells what it came to. A run that has not ended by itself has passed as far as it went.
    pub fn finish(mut self) -> Report {
        self.end();
        let core = self.core_mut();
        core.note_strays();
        let links = core.net.link_ends();
        let kernel = &mut core.kernel;
        let outcome = kernel.failure.take().map_or(Outcome::Passed, Outcome::Failed);
        kernel.cause = u64::MAX;
        kernel.record_world(Kind::Finish, u8::from(outcome != Outcome::Passed), 0, 0);
        let faults = kernel.faults.report();
        let points = kernel.points.report();
        let names = Names {
            machines: kernel.hosts.iter().map(|host| host.name.clone()).collect(),
            processes: kernel
                .programs
                .iter()
                .map(|program| (program.name.clone(), program.machine))
                .collect(),
            links,
            streams: kernel.choices.names().to_vec(),
            faults: faults.iter().map(|fault| fault.label.clone()).collect(),
            tasks: kernel.task_places(),
            places: kernel.places(),
            points: points.iter().map(|point| (point.hash(), point.name.to_string())).collect(),
        };
        let trace = kernel.log.finish();
        let latencies = kernel.latencies.report();
        let mut warnings = kernel.take_warnings();
        warnings.extend(
            kernel
                .choices
                .changes_unused()
                .map(|change| format!("`{change}` changed nothing: the run has no such draw")),
        );
        warnings.extend(
            kernel
                .scripts
                .unused()
                .map(|actor| format!("the operations of `{actor}` were not done: nobody of that name came")),
        );
        Report {
            digests: Digests { trace, faults: kernel.faults.digest(), semantic: kernel.semantic_digest() },
            checkpoints: kernel.log.checkpoints().to_vec(),
            records: kernel.log.sequence(),
            steps: kernel.steps,
            virtual_time: Duration::from_nanos(kernel.now),
            recording: kernel.choices.take_recording(),
            operations: kernel.scripts.take_recording(),
            tail: kernel.log.tail(),
            seed: self.seed,
            outcome,
            points,
            faults,
            latencies,
            warnings,
            names,
        }
    }

    fn core_mut(&mut self) -> &mut Core {
        self.core.as_mut().expect("a world is out only while it is installed")
    }

    /// Runs `call` with this world as the thread's current one.
    fn inside<R>(&mut self, call: impl FnOnce() -> R) -> R {
        let core = self.core.take().expect("a world is out only while it is installed");
        let installed = current::install(core);
        let answer = catch_unwind(AssertUnwindSafe(call));
        self.core = Some(installed.remove());
        answer.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    }

    fn drive(&mut self, until: u64, single: bool) -> Progress {
        if self.ended {
            return Progress::Ended;
        }
        self.core_mut().kernel.set_until(until);
        let stop = self.inside(|| drive(single));
        let kernel = &mut self.core_mut().kernel;
        match stop {
            Stop::Stepped => return Progress::Running,
            Stop::Reached if kernel.until_is_limit() => kernel.time_is_spent(),
            Stop::Reached => {
                kernel.now = kernel.now.max(until);
                return Progress::Running;
            }
            Stop::Stalled if until != u64::MAX && !single => {
                // A stepped world may be given something to do later.
                kernel.now = kernel.now.max(until);
                return Progress::Running;
            }
            Stop::Stalled => self.core_mut().stalled(),
            Stop::Finished | Stop::Failed => {}
        }
        self.ended = true;
        Progress::Ended
    }

    /// Ends every process and buries what is left of it, with no effect on the trace.
    fn end(&mut self) {
        self.ended = true;
        self.inside(|| {
            let left = current::with(Core::take_everything).unwrap_or_default();
            for leftover in left {
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(leftover)));
                if let Err(payload) = dropped {
                    current::with(|core| core.note_panic_at_end());
                    // Dropping a payload may panic again; a leak is better than an abort.
                    std::mem::forget(payload);
                }
            }
        });
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A world that is dropped without a report still owes its futures a dead context to be dropped in.
        if self.core.is_some() {
            self.end();
        }
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("seed", &self.seed).field("elapsed", &self.elapsed()).finish()
    }
}

impl Core {
    fn set_up_test_machine(&mut self, name: &str) {
        let plate = crate::machine::Plate::new(name);
        let machine = self.kernel.add_machine(plate);
        self.kernel.add_process(Program::new(name, machine, None));
    }
}
