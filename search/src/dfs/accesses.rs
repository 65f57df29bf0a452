//! What the polls of some tasks touch, as the world under test declares it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sim::task;

use super::outcome::DfsError;

/// A log that tasks declare in what they touch, so that a search knows which polls may change places.
///
/// Cheap to clone; all clones are one. The same log serves all runs of a search.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use sim::{Config, World, machine};
/// use tourbillon_search::dfs::{Accesses, Dfs};
///
/// let accesses = Accesses::default();
/// let mut dfs = Dfs::reduced(&accesses);
/// while let Some(explorer) = dfs.next_run().unwrap() {
///     let mut world = World::new(Config::default());
///     world.explore(explorer);
///     let accesses = accesses.clone();
///     world.run(|| async move {
///         let lab = machine("lab").create();
///         let both = ["left", "right"].map(|hand| {
///             let (accesses, counter) = (accesses.clone(), Rc::new(Cell::new(0)));
///             lab.spawn(accesses.clone().follow(async move {
///                 accesses.write(hand);
///                 counter.set(counter.get() + 1);
///             }))
///         });
///         for task in both {
///             task.await.unwrap();
///         }
///     });
/// }
/// assert_eq!(dfs.counts().complete, 1); // they share nothing: any order is as good as the other
/// ```
#[derive(Clone, Default)]
pub struct Accesses(Rc<RefCell<Log>>);

#[derive(Default)]
struct Log {
    /// Resources by name: dense numbers in order of first use, for as long as the log lives.
    numbers: BTreeMap<String, u32>,
    polls: Vec<Poll>,
    error: Option<DfsError>,
}

/// One poll of a followed task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Poll {
    pub(super) task: task::Id,
    /// Sorted by resource; true where it is written.
    pub(super) touched: BTreeMap<u32, bool>,
}

impl Poll {
    /// Whether the two may not change places: one task's polls never do.
    pub(super) fn conflicts(&self, other: &Poll) -> bool {
        let clash = |(resource, writes): (&u32, &bool)| {
            other.touched.get(resource).is_some_and(|too| *writes || *too)
        };
        self.task == other.task || self.touched.iter().any(clash)
    }
}

impl Accesses {
    /// The task that polls this is followed: each poll of it is a step of the search.
    pub fn follow<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let (accesses, mut future) = (self.clone(), Box::pin(future));
        std::future::poll_fn(move |cx| {
            accesses.0.borrow_mut().polls.push(Poll { task: task::id(), touched: BTreeMap::new() });
            future.as_mut().poll(cx)
        })
    }

    /// The current poll looks at the resource.
    pub fn read(&self, resource: &str) {
        self.touch(resource, false);
    }

    /// The current poll changes the resource, or may be blocked by it or wake others with it.
    pub fn write(&self, resource: &str) {
        self.touch(resource, true);
    }

    fn touch(&self, resource: &str, writes: bool) {
        let mut log = self.0.borrow_mut();
        let next = u32::try_from(log.numbers.len()).expect("fewer than 2^32 resources");
        let number = match log.numbers.get(resource) {
            Some(number) => *number,
            None => *log.numbers.entry(resource.to_string()).or_insert(next),
        };
        match log.polls.last_mut() {
            Some(poll) if Some(poll.task) == task::try_id() => {
                *poll.touched.entry(number).or_insert(false) |= writes;
            }
            _ => {
                log.error.get_or_insert_with(|| DfsError::Undeclared { resource: resource.to_string() });
            }
        }
    }

    /// Forgets what was declared outside of a search.
    pub(super) fn clear(&self) {
        let mut log = self.0.borrow_mut();
        (log.polls, log.error) = (Vec::new(), None);
    }

    /// The polls since the last call.
    pub(super) fn take(&self) -> Result<Vec<Poll>, DfsError> {
        let mut log = self.0.borrow_mut();
        match log.error.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut log.polls)),
        }
    }
}
