//! Guided search: runs near those that showed something new.
//!
//! A run that showed a feature that none before it had is kept, and others are planned from those that are kept: the
//! same beginning and another future from some draw on, or one draw set to another value. Which one is taken goes by
//! energy: much for those that show what few runs show, less each time.
//!
//! This is a pure heart. It plans a batch from what it knows, is told what came of it in the order of the plan, and
//! plans the next: so the search is the same with any number of workers.
//!
//! ```
//! use sim::{Config, World};
//! use tourbillon_search::coverage::Footprint;
//! use tourbillon_search::guided::{Guided, Told};
//!
//! let mut guided = Guided::new(7).with_plateau(200);
//! while !guided.is_exhausted() {
//!     let mut results = Vec::new();
//!     for input in guided.next_batch(Guided::BATCH) {
//!         let config = Config { record_choices: true, ..input.config(Config::default()) };
//!         let report = World::new(config).run(|| async {
//!             sim::points::numeric!("guided.depth", sim::rng("dice").choose(20));
//!         });
//!         let recording = report.recording.as_ref().expect("it was asked for");
//!         results.push(Told::new(Footprint::of_report(&report), recording));
//!     }
//!     guided.told(results);
//! }
//! assert!(guided.coverage().runs() >= 200);
//! ```

mod energy;
mod input;
mod mutate;

use sim::choice::Seeded;

use crate::coverage::{Coverage, Feature};
use energy::Shelf;
pub use input::{Input, Told, branch};
use mutate::mutated;

/// A search that learns.
pub struct Guided {
    dice: Seeded,
    coverage: Coverage,
    shelf: Shelf,
    /// The batch that is out.
    planned: Vec<Input>,
    /// Runs without news after which the search is over.
    plateau: u64,
    /// The number of runs at the last news.
    news_at: u64,
}

impl Guided {
    /// The usual size of a batch: large enough for many workers, small enough to learn from.
    pub const BATCH: usize = 64;
    /// One planned run in so many is of a fresh seed, so that the search never closes in on what it has.
    const FRESH_ONE_IN: u64 = 8;

    /// A search whose own chance comes from a seed.
    pub fn new(seed: u64) -> Guided {
        let dice = Seeded::new(seed, "explore/guided");
        let (coverage, shelf) = (Coverage::default(), Shelf::default());
        Guided { dice, coverage, shelf, planned: Vec::new(), plateau: u64::MAX, news_at: 0 }
    }

    /// The search is over when so many runs in a row showed nothing new. Default: never.
    pub fn with_plateau(mut self, runs: u64) -> Guided {
        self.plateau = runs;
        self
    }

    /// Plans the next runs: `count` of them. The search depends on how they are batched, so let the count depend on
    /// nothing but how many runs are wanted: [`Guided::BATCH`] at a time.
    ///
    /// # Panics
    /// When nothing was told of the batch before.
    pub fn next_batch(&mut self, count: usize) -> Vec<Input> {
        assert!(self.planned.is_empty(), "a batch is planned when the one before it was told");
        let rarities = self.shelf.rarities(&self.coverage);
        self.planned = (0..count).map(|_| self.plan(&rarities)).collect();
        self.planned.clone()
    }

    fn plan(&mut self, rarities: &[u64]) -> Input {
        // Drawn in any case, so that the first things kept move little.
        let (is_fresh, seed) = (self.dice.choose(Self::FRESH_ONE_IN) == 0, self.dice.choose(0));
        match self.shelf.pick(rarities, &mut self.dice) {
            Some(kept) if !is_fresh => mutated(kept, &mut self.dice),
            _ => Input::of_seed(seed),
        }
    }

    /// What came of the batch: of its runs from the first on, in the order in which they were planned. A search that
    /// is stopped may tell fewer.
    ///
    /// # Panics
    /// When there are more results than planned runs.
    pub fn told(&mut self, results: Vec<Told>) {
        let planned = std::mem::take(&mut self.planned);
        assert!(results.len() <= planned.len(), "{} results of {} runs", results.len(), planned.len());
        for (input, told) in planned.into_iter().zip(results) {
            let news = self.coverage.add(self.coverage.runs(), &told.footprint);
            if news.is_some() {
                self.news_at = self.coverage.runs();
                self.shelf.keep(input, told, news);
            }
        }
    }

    /// Whether the plateau is reached.
    pub fn is_exhausted(&self) -> bool {
        self.coverage.runs() - self.news_at >= self.plateau
    }

    /// What all runs showed, by their positions in the search.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The runs that showed something new, oldest first, each with the features that it was the first to show: none
    /// where it only drove a number further.
    pub fn kept(&self) -> impl Iterator<Item = (&Input, &[Feature])> {
        self.shelf.kept.iter().map(|kept| (&kept.input, &*kept.firsts))
    }
}
