//! Planted ordering bugs of depth 1, 2 and 3: a watcher runs from its first poll to its last while each other task
//! stands still at one certain place.

use std::cell::RefCell;
use std::rc::Rc;

use sim::choice::Explorer;
use sim::task::yield_now;
use sim::{Config, World, machine};

/// Tasks that yield some times; the last one is the watcher.
#[derive(Clone, Copy, Debug)]
pub struct Ordering {
    /// How many events must come in order.
    pub depth: u32,
    /// The yields of each task.
    yields: &'static [u32],
    /// How many polls each task but the watcher has behind it while the watcher runs; `None` where it may be anywhere.
    stands: &'static [Option<u32>],
}

/// One of each depth.
pub const PLANTED: [Ordering; 3] = [
    // The watcher is through before the first one begins.
    Ordering { depth: 1, yields: &[9, 6, 8], stands: &[Some(0), None] },
    // The first one is stopped in its fourth gap.
    Ordering { depth: 2, yields: &[6, 4, 8], stands: &[Some(4), None] },
    // Both are stopped, each in its second gap.
    Ordering { depth: 3, yields: &[3, 3, 6], stands: &[Some(2), Some(2)] },
];

impl Ordering {
    pub fn tasks(&self) -> u64 {
        self.yields.len() as u64
    }

    /// All polls of all tasks: no run has more decisions.
    pub fn window(&self) -> u32 {
        self.yields.iter().map(|yields| yields + 1).sum()
    }

    /// How many runs a run of PCT is promised to find the bug in: one in so many.
    pub fn bound(&self) -> u64 {
        self.tasks() * u64::from(self.window()).pow(self.depth - 1)
    }

    /// Whether the run showed the bug.
    pub fn is_found(&self, seed: u64, explorer: Option<Box<dyn Explorer>>) -> bool {
        let found = Rc::new(RefCell::new(false));
        let mut world = World::new(Config { seed, ..Config::default() });
        if let Some(explorer) = explorer {
            world.explore(explorer);
        }
        let (ordering, told) = (*self, Rc::clone(&found));
        world.run(move || ordering.body(told)).unwrap();
        *found.borrow()
    }

    async fn body(self, found: Rc<RefCell<bool>>) {
        let lab = machine("lab").create();
        let polls = Rc::new(RefCell::new(vec![0; self.yields.len()]));
        let tasks: Vec<_> = (0..self.yields.len())
            .map(|task| lab.spawn(self.task(task, Rc::clone(&polls), Rc::clone(&found))))
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    }

    async fn task(self, task: usize, polls: Rc<RefCell<Vec<u32>>>, found: Rc<RefCell<bool>>) {
        let is_watcher = task + 1 == self.yields.len();
        let others_stand = || {
            let polls = polls.borrow();
            self.stands.iter().zip(polls.iter()).all(|(stands, polls)| stands.is_none_or(|at| at == *polls))
        };
        let stood_at_first = others_stand();
        for _ in 0..self.yields[task] {
            polls.borrow_mut()[task] += 1;
            yield_now().await;
        }
        polls.borrow_mut()[task] += 1;
        if is_watcher && stood_at_first && others_stand() {
            *found.borrow_mut() = true;
        }
    }
}
