//! What is to be done: tasks by name in regions by name, and how each ends. It fits the tight class.

use std::collections::BTreeSet;
use std::time::Duration;

use models::regions::api::{CancelKind, Class, Name, Outcome};
use sim::choice::Rng;

use super::entry::Done;
use crate::items::groups;
use crate::regions::job::{Act, Ending, Job, Manner};

/// Regions of a load, at most.
const REGIONS_MAX: u64 = 6;
/// Tasks of a region, at most.
const TASKS_MAX: u64 = 9;
/// Promises of a task, at most.
const PROMISES_MAX: u64 = 2;
const _: () = assert!(REGIONS_MAX <= Class::R1.capacity().regions as u64);
const _: () = assert!(REGIONS_MAX * TASKS_MAX <= Class::R1.capacity().tasks as u64);
const _: () = assert!(TASKS_MAX * PROMISES_MAX * REGIONS_MAX > Class::R1.capacity().obligations as u64 / 2);

/// A region's work.
#[derive(Clone, Debug)]
pub struct Region {
    /// What it is called.
    pub name: Name,
    /// Its tasks.
    pub tasks: Vec<Task>,
}

/// A task's work.
#[derive(Clone, Debug)]
pub struct Task {
    /// What it is called.
    pub name: Name,
    promises: Vec<(Name, bool)>,
    naps: Vec<Duration>,
    ending: Ending,
    /// Why it is asked to end before it is polled, where it is.
    pub cancelled: Option<CancelKind>,
}

/// A load drawn from the seed.
pub fn draw(rng: &mut Rng) -> Vec<Region> {
    let regions = rng.range(3..REGIONS_MAX + 1) as usize;
    let tasks = |rng: &mut Rng| rng.range(4..TASKS_MAX + 1) as usize;
    let regions = groups(rng, "region", (regions, REGIONS_MAX as usize), tasks, Task::draw);
    let named = |(number, mut tasks): (u64, Vec<Task>)| {
        (1..).zip(&mut tasks).for_each(|(number, task)| task.name = Name(number));
        Region { name: Name(number), tasks }
    };
    (1..).zip(regions).map(named).collect()
}

impl Task {
    /// A task that has no name yet.
    fn draw(rng: &mut Rng) -> Task {
        let promises = rng.range(0..PROMISES_MAX + 1);
        let promises = (0..promises).map(|promise| (Name(promise + 1), rng.choose(3) > 0)).collect();
        let naps = (0..rng.range(1..4)).map(|_| Duration::from_micros(rng.range(1..40))).collect();
        let ending = match rng.choose(8) {
            0 => Ending::Panics,
            1 => Ending::Done(Outcome::Err),
            _ => Ending::Done(Outcome::Ok),
        };
        let cancelled = (rng.choose(8) == 0).then_some(CancelKind::Shutdown);
        Task { name: Name(0), promises, naps, ending, cancelled }
    }

    /// What is left to do of it, after these promises were resolved.
    pub fn job(&self, region: Name, done: &BTreeSet<Done>) -> Job {
        let mut acts = Vec::new();
        let is_open = |promise| !done.contains(&Done { region, task: self.name, promise: Some(promise) });
        for &(promise, is_kept) in self.promises.iter().filter(|(promise, _)| is_open(*promise)) {
            acts.push(Act::Reserve(promise));
            acts.push(Act::Work(1));
            acts.push(if is_kept { Act::Commit } else { Act::Abort });
        }
        acts.extend(self.naps.iter().map(|nap| Act::Sleep(*nap)));
        Job::new(acts).ending(self.ending).manner(Manner::Cleans(1))
    }
}
