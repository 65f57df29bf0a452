//! The rig: a runtime on the current machine, driven as its profile says, under the eyes of the observer and of
//! what was told.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use models::regions::api::{
    Budget, Class, Config, Error, Handle, Kind, Name, Operation, Runtime, Status, Watched, What,
};
use models::regions::shell::{SLICE_POLLS, drain, drive};
use sim::machine::Machine;
use sim::workload::size;

use super::fate::Fate;
use super::job::Job;
use super::seen::Seen;
use super::unit::{Given, Source, Unit};

/// How long a machine takes to boot: faults of a plan that are to be there from the beginning strike meanwhile.
pub const BOOT: Duration = Duration::from_millis(1);

/// The machine that scenarios run on, unless they need more.
pub const UNIT: &str = "unit";

/// The size of a run by which its arena has room for fewer tasks: the machine then has memory for no more.
pub const TASKS: &str = "tasks";

/// Tasks alive up to which refusals are audited one by one; beyond, the rig compares the state around a burst.
const AUDITED_MAX: u16 = 64;

/// Attempts after which memory is gone for good.
const ATTEMPTS_MAX: u32 = 100;

/// Boots a machine and does this on it.
///
/// # Panics
/// When the machine goes down: no plan of these scenarios ends it.
pub async fn on<T: 'static>(name: &str, work: impl Future<Output = T> + 'static) -> T {
    boot(sim::machine(name).create(), work).await
}

/// Boots a machine that was set up before: a plan's faults may have struck it since.
///
/// # Panics
/// As [`on`].
pub async fn boot<T: 'static>(machine: Machine, work: impl Future<Output = T> + 'static) -> T {
    let booted = async move {
        sim::time::sleep(BOOT).await;
        work.await
    };
    machine.spawn(booted).await.expect("no fault ends it")
}

/// A runtime at work.
pub struct Rig {
    /// The runtime.
    pub runtime: Runtime<Watched<Unit>, Job>,
    /// What was told.
    pub seen: Rc<Seen>,
    given: Rc<Cell<Given>>,
    fates: BTreeMap<Handle, Fate>,
    tasks_max: u16,
}

/// What is left of a rig: all that was told, and all that the machine gave.
pub struct Remains {
    /// What was told.
    pub seen: Rc<Seen>,
    /// What the machine gave.
    pub given: Given,
    /// How many tasks there was room for.
    pub tasks_max: usize,
}

impl Rig {
    /// A runtime on the current machine.
    pub fn new(config: Config) -> Rig {
        Rig::with(config, Source::Machine, None)
    }

    /// A runtime on the current machine, which has memory for as many tasks as the tight class holds, whatever the
    /// class: the same work fits, and the same is refused. A plan's fault of memory counts requests and not what is
    /// alive, so it cannot say this.
    pub fn tight(config: Config) -> Rig {
        Rig::with(config, Source::Machine, Some(Class::R1.capacity().tasks))
    }

    /// A runtime with answers from this source, and memory for so many tasks.
    pub fn with(config: Config, source: Source, tasks_max: Option<u16>) -> Rig {
        let capacity = config.class.capacity().tasks;
        let tasks_max = tasks_max.map_or(capacity, |most| most.min(capacity));
        let tasks_max =
            u16::try_from(size(TASKS, tasks_max.into())).map_or(tasks_max, |most| most.min(tasks_max));
        let config = Config { audit: tasks_max <= AUDITED_MAX, ..config };
        let seen = Rc::new(Seen::default());
        let unit = Unit::new(seen.clone(), source, (tasks_max < capacity).then_some(tasks_max));
        let given = unit.given();
        let runtime = Runtime::new(config, Watched::new(unit));
        Rig { runtime, seen, given, fates: BTreeMap::new(), tasks_max }
    }

    /// How many tasks there is room for.
    pub fn tasks_max(&self) -> usize {
        usize::from(self.tasks_max)
    }

    /// Opens a region at the top.
    ///
    /// # Panics
    /// When it is refused, which no load of these scenarios expects.
    pub fn open(&mut self, name: Name) -> Handle {
        self.open_in(None, name, Budget::UNLIMITED)
    }

    /// Opens a region.
    ///
    /// # Panics
    /// As [`open`](Self::open).
    pub fn open_in(&mut self, parent: Option<Handle>, name: Name, budget: Budget) -> Handle {
        self.runtime.open(parent, name, budget).unwrap_or_else(|error| panic!("a region in time: {error}"))
    }

    /// Spawns a job, which must be admitted.
    ///
    /// # Panics
    /// When it is refused.
    pub fn spawn(&mut self, region: Handle, name: Name, job: Job) -> Handle {
        let spawned = self.try_spawn(region, name, Budget::UNLIMITED, job);
        spawned.unwrap_or_else(|error| panic!("a task that there is room for: {error}"))
    }

    /// Spawns a job, if it is admitted. What it is, is kept: its end is judged by it.
    ///
    /// # Errors
    /// As [`Runtime::spawn`].
    pub fn try_spawn(
        &mut self,
        region: Handle,
        name: Name,
        budget: Budget,
        job: Job,
    ) -> Result<Handle, Error> {
        let fate = job.fate();
        let task = self.runtime.spawn(region, name, budget, job)?;
        self.fates.insert(task, fate);
        Ok(task)
    }

    /// Spawns a job, however often memory for it is refused at first.
    ///
    /// # Panics
    /// When it is refused for something else, or for ever.
    pub fn insist(&mut self, region: Handle, name: Name, budget: Budget, job: &Job) -> Handle {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_spawn(region, name, budget, job.clone()) {
                Err(Error::ResourceExhausted(_)) => {}
                spawned => {
                    return spawned.unwrap_or_else(|error| panic!("memory alone may be scarce: {error}"));
                }
            }
        }
        panic!("a task was refused {ATTEMPTS_MAX} times: memory does not come back")
    }

    /// Tries to spawn jobs of these names that must all be refused for want of room, and compares the state before
    /// the first with the state after the last.
    pub fn refused(&mut self, region: Handle, names: impl Iterator<Item = Name>) {
        let (place, before) = (self.seen.place(), self.runtime.state_hash());
        let mut attempts = 0;
        for name in names {
            attempts += 1;
            // The answer is judged by what is told of it.
            let _ = self.try_spawn(region, name, Budget::UNLIMITED, Job::new([]));
        }
        let after = self.runtime.state_hash();
        let is_clean = |what: &What| {
            let status = Status::ResourceExhausted;
            matches!(*what, What::Refused { operation: Operation::Spawn, status: word, .. } if word == status)
        };
        let clean = self.seen.count_since(place, |event| is_clean(&event.what));
        let told = self.seen.place() - place;
        if (clean, told, after) != (attempts, attempts, before) {
            sim::fail(
                "regions.refusals-are-clean",
                format!(
                    "of {attempts} attempts beyond capacity {clean} were refused as exhausted, {told} events \
                     were told, and the state went from {before:016x} to {after:016x}"
                ),
            );
        }
    }

    /// Runs until nothing is alive, or what is waits for no timer.
    pub async fn settle(&mut self) -> Status {
        drive(&mut self.runtime, SLICE_POLLS).await
    }

    /// Closes a region and runs until it is closed.
    pub async fn drain(&mut self, region: Handle) {
        let status = drain(&mut self.runtime, region, SLICE_POLLS).await;
        if status != Status::Ok {
            sim::fail("regions.drains", format!("{region} does not drain: {status}"));
        }
    }

    /// Ends everything and judges the whole: nothing is left, no promise was leaked, and each task ended as its
    /// job may.
    pub async fn finish(self) -> Remains {
        let remains = self.finish_leaking().await;
        let leaked = remains.seen.leaked();
        if !leaked.is_empty() {
            sim::fail("regions.leak-check", format!("promises that nobody kept or gave up: {leaked:?}"));
        }
        remains
    }

    /// The same, where promises leak on purpose; the leak check must say so exactly when one was.
    pub async fn finish_leaking(mut self) -> Remains {
        self.runtime.shutdown();
        let status = self.settle().await;
        // The observer speaks first: it names the rule.
        let finished = self.runtime.node_mut().finish();
        let left = Kind::ALL.map(|kind| self.runtime.live(kind));
        if finished.is_ok() && (status, left) != (Status::Ok, [0; 4]) {
            sim::fail(
                "regions.nothing-is-left",
                format!("{status}, and alive are {left:?} of {:?}", Kind::ALL),
            );
        }
        let leaked = self.seen.leaked().len();
        let (counted, checked) = (self.runtime.leak_count(), self.runtime.check_leaks());
        if counted != leaked as u64 || checked.is_err() != (leaked > 0) {
            sim::fail(
                "regions.leak-check",
                format!(
                    "{leaked} leaks were told, {counted} are counted, and the leak check says {checked:?}"
                ),
            );
        }
        self.judge_fates();
        Remains { seen: self.seen.clone(), given: self.given.get(), tasks_max: self.tasks_max() }
    }

    fn judge_fates(&self) {
        let ends = self.seen.ends();
        for (task, end) in &ends {
            let Some(end) = end else {
                sim::fail("regions.every-task-ends", format!("{task} was spawned and never ended"));
                return;
            };
            if let Some(fate) = self.fates.get(task)
                && !fate.allows(*end)
            {
                sim::fail("regions.job-ends-as-it-may", format!("{task} with {fate:?} ended as {end:?}"));
                return;
            }
        }
    }
}
