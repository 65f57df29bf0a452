//! PCT: tasks go by random priorities that change at a few random places (Burckhardt, Kothari, Musuvathi and
//! Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
//!
//! A bug that shows whenever `depth` events come in one certain order is found by one run with a chance of at least
//! `1 / (n * k^(depth - 1))`, for `n` tasks and `k` decisions; a uniform choice has no such bound, and loses by
//! powers where one task must make many steps alone.
//!
//! **What counts as a decision.** The kernel asks only when two tasks or more are ready, and only those decisions are
//! counted, which makes `k` smaller and the bound better. No schedule is lost: to lower a task where it is alone
//! changes nothing before it next stands beside another and would win, and a change point *there* lowers it too. Where
//! two changes move to one decision, they lower its two first tasks in an order that is drawn; a bug that needs
//! `m` changes between the same two decisions is found as often as the bound says divided by `m!`.
//!
//! **Windows.** A long run is cut into windows of a fixed number of decisions, on each machine by its own count. Each
//! window draws its own priorities and change points, so the bound, with `k` as the window's length, holds anew in
//! each for a bug whose events lie in it.
//!
//! **Fairness.** Under strict priorities a task that spins on `yield_now` would keep others from ever going on. A
//! ready task that others were preferred to [`PATIENCE`] times is put above them all, and by that those who spun are
//! lowered. So a ready task of a machine with `m` of them is passed over fewer than `PATIENCE + m` times in a row.
//! The effect on the bound: none on bugs for which no task must stay ready through more than [`PATIENCE`]
//! decisions; others are found by [`Pct::with_patience`] or not by guarantee.

use std::collections::BTreeMap;

use sim::choice::{Explorer, Seeded, StreamId};
use sim::task;

/// How often others are preferred to a ready task before it goes first.
pub const PATIENCE: u32 = 250;

/// A schedule by priorities. It answers which task goes on; every other draw is left as drawn.
///
/// ```
/// use sim::{Config, World};
/// use tourbillon_search::pct::Pct;
///
/// let mut world = World::new(Config { seed: 7, ..Config::default() });
/// world.explore(Box::new(Pct::new(7, 3, 1000)));
/// world.run(|| async { sim::task::yield_now().await }).unwrap();
/// ```
pub struct Pct {
    seed: u64,
    depth: u32,
    window: u64,
    patience: u32,
    names: Vec<String>,
    /// By stream: each machine has dice of its own, so that another machine moves no other's schedule.
    machines: BTreeMap<StreamId, Machine>,
}

/// Where a task stands; the greatest goes on. The first part is the band: lowered, usual, raised.
type Priority = (Band, u64, task::Id);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Band {
    Lowered,
    Usual,
    Raised,
}

/// The window of one machine.
struct Machine {
    dice: Seeded,
    /// Decisions of this window so far.
    decided: u64,
    /// Where in this window the task that would go on is lowered, and to what: sorted.
    changes: Vec<Change>,
    /// The tasks seen in this window; of those before, the ones that were ready when it began.
    ranks: BTreeMap<task::Id, Rank>,
    /// How many were raised; the last one stands highest.
    raised: u64,
}

/// A change point. Those of one decision come in the order of their ties.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    decision: u64,
    tie: u64,
    value: u64,
}

struct Rank {
    priority: Priority,
    /// Decisions since it last went on, in which it was ready.
    passed_over: u32,
}

impl Pct {
    /// The schedule of a seed: for bugs of `depth` ordered events that lie within `window` decisions.
    ///
    /// # Panics
    /// When the depth or the window is zero.
    pub fn new(seed: u64, depth: u32, window: u32) -> Pct {
        assert!(depth > 0, "a bug takes at least one event: depth 1");
        assert!(window > 0, "a window has at least one decision");
        let (names, machines) = (Vec::new(), BTreeMap::new());
        Pct { seed, depth, window: u64::from(window), patience: PATIENCE, names, machines }
    }

    /// Another patience than [`PATIENCE`].
    ///
    /// # Panics
    /// When it is zero.
    pub fn with_patience(mut self, patience: u32) -> Pct {
        assert!(patience > 0, "a task that may never be passed over leaves no choice");
        self.patience = patience;
        self
    }
}

impl Explorer for Pct {
    fn stream_opened(&mut self, stream: StreamId, name: &str) {
        let place = stream.index();
        if self.names.len() <= place {
            self.names.resize_with(place + 1, String::new);
        }
        self.names[place] = name.to_string();
    }

    fn choose(&mut self, _stream: StreamId, _index: u64, _bound: u64, drawn: u64) -> u64 {
        drawn
    }

    fn choose_task(&mut self, stream: StreamId, _index: u64, ready: &[task::Id], _drawn: u64) -> u64 {
        let Pct { seed, names, .. } = self;
        let machine = self.machines.entry(stream).or_insert_with(|| {
            Machine::new(Seeded::new(*seed, &format!("explore/pct/{}", names[stream.index()])))
        });
        if machine.decided == self.window || machine.ranks.is_empty() {
            machine.begin_window(self.depth, self.window, ready);
        }
        machine.decide(ready, self.patience) as u64
    }
}

impl Machine {
    fn new(dice: Seeded) -> Machine {
        Machine { dice, decided: 0, changes: Vec::new(), ranks: BTreeMap::new(), raised: 0 }
    }

    /// Draws change points, and forgets priorities; who is being passed over is remembered.
    fn begin_window(&mut self, depth: u32, window: u64, ready: &[task::Id]) {
        self.decided = 0;
        self.raised = 0;
        self.changes = (1..u64::from(depth))
            .map(|value| Change { decision: self.dice.choose(window), tie: self.dice.choose(0), value })
            .collect();
        self.changes.sort_unstable();
        let before = std::mem::take(&mut self.ranks);
        for &task in ready {
            let passed_over = before.get(&task).map_or(0, |rank| rank.passed_over);
            let priority = self.draw_priority(task);
            self.ranks.insert(task, Rank { priority, passed_over });
        }
    }

    /// Equal numbers come once in 2^64 draws; the task's own number then decides, so priorities are distinct.
    fn draw_priority(&mut self, task: task::Id) -> Priority {
        (Band::Usual, self.dice.choose(0), task)
    }

    /// The place of the task that goes on.
    fn decide(&mut self, ready: &[task::Id], patience: u32) -> usize {
        for &task in ready {
            if !self.ranks.contains_key(&task) {
                let priority = self.draw_priority(task);
                self.ranks.insert(task, Rank { priority, passed_over: 0 });
            }
        }
        while let Some(&Change { decision, value, .. }) = self.changes.first()
            && decision == self.decided
        {
            self.changes.remove(0);
            let (task, _) = self.highest(ready);
            self.rank(task).priority = (Band::Lowered, value, task);
        }
        self.raise_the_starved(ready, patience);
        let (chosen, place) = self.highest(ready);
        for &task in ready {
            let rank = self.rank(task);
            rank.passed_over = if task == chosen { 0 } else { rank.passed_over + 1 };
        }
        self.decided += 1;
        place
    }

    /// Of several that were passed over too often, the one with the longest wait goes first.
    fn raise_the_starved(&mut self, ready: &[task::Id], patience: u32) {
        let waits = ready.iter().map(|&task| (self.ranks[&task].passed_over, task));
        if let Some((passed_over, task)) = waits.max()
            && passed_over >= patience
        {
            self.raised += 1;
            let place = self.raised;
            self.rank(task).priority = (Band::Raised, place, task);
        }
    }

    fn highest(&self, ready: &[task::Id]) -> (task::Id, usize) {
        let ready = ready.iter().zip(0..);
        let best = ready.max_by_key(|&(task, _)| self.ranks[task].priority);
        best.map(|(&task, place)| (task, place)).expect("a decision has tasks to choose from")
    }

    fn rank(&mut self, task: task::Id) -> &mut Rank {
        self.ranks.get_mut(&task).expect("a ready task was given a rank")
    }
}
