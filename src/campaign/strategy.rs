//! What a sweep makes of the seeds of one scenario: each as it is, or in a way that searches.
//!
//! What is planned hangs on the positions of runs and on what earlier runs came to, never on when they came back: so a
//! sweep is the same with any number of workers.

use std::collections::VecDeque;

use replay::case::Case;
use search::explore::Explore;
use search::guided::{Guided, Input, Told};

/// Runs without news after which a guided sweep of a scenario ends.
pub(crate) const PLATEAU_RUNS: u64 = 20_000;

/// A way to use the seeds of a scenario.
pub(crate) struct Strategy {
    way: Explore,
    guided: Slots,
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The seed as it is, or a run near others.
    Run(Variation),
    /// It hangs on runs that are out.
    Wait,
    /// Nothing new has been seen for long.
    Exhausted,
}

/// In what a run differs from its scenario's with that seed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Variation {
    pub(crate) seed: u64,
    explore: Option<Explore>,
    input: Option<Input>,
    /// By what number it is told what became of it.
    pub(crate) slot: Option<usize>,
}

impl Variation {
    /// The seed as it is.
    pub(crate) fn of_seed(seed: u64) -> Variation {
        Variation { seed, ..Variation::default() }
    }

    /// Whether its case says more than the seed.
    pub(crate) fn is_varied(&self) -> bool {
        self.explore.is_some() || self.input.is_some()
    }

    /// The case of it.
    pub(crate) fn of(&self, case: &Case) -> Case {
        let mut case = Case { seed: self.seed, ..case.clone() };
        if let Some(explore) = self.explore {
            case.explore = Some(explore.to_string());
        }
        if let Some(input) = &self.input {
            case.reseeds.extend(input.reseeds.iter().copied());
            case.edits.extend(input.edits.iter().cloned());
        }
        case
    }
}

impl Strategy {
    /// Seeds in that way; `seed` is where a search has its own chance from.
    pub(crate) fn new(way: Explore, seed: u64) -> Strategy {
        Strategy { way, guided: Slots::new(seed) }
    }

    /// What becomes of the seed at that position.
    pub(crate) fn next(&mut self, position: u64, seed: u64) -> Turn {
        let way = match self.way {
            Explore::Portfolio => member(position),
            way => way,
        };
        let explored =
            |explore| Turn::Run(Variation { seed, explore: Some(explore), ..Variation::default() });
        match way {
            Explore::Swarm | Explore::Portfolio => Turn::Run(Variation::of_seed(seed)),
            Explore::Guided if self.way == Explore::Guided && self.guided.search.is_exhausted() => {
                Turn::Exhausted
            }
            Explore::Guided => self.guided.next(),
            way => explored(way),
        }
    }

    /// What became of a run that has a number.
    pub(crate) fn told(&mut self, slot: usize, told: Told) {
        self.guided.told(slot, told);
    }
}

/// Of eight runs of a portfolio, three are seeds as they are: nothing finds as much for as little. The others look where
/// these seldom do.
fn member(position: u64) -> Explore {
    match position % 8 {
        3 => Explore::Pct { depth: 2, window: Explore::WINDOW },
        5 => Explore::Random,
        6 => Explore::Pct { depth: 3, window: Explore::WINDOW },
        1 | 7 => Explore::Guided,
        _ => Explore::Swarm,
    }
}

/// A guided search whose runs are handed out one by one. A batch is planned when the one before it is back.
struct Slots {
    search: Guided,
    planned: VecDeque<Input>,
    /// What became of the runs of the batch, by number.
    back: Vec<Option<Told>>,
    handed: usize,
}

impl Slots {
    fn new(seed: u64) -> Slots {
        let search = Guided::new(seed).with_plateau(PLATEAU_RUNS);
        Slots { search, planned: VecDeque::new(), back: Vec::new(), handed: 0 }
    }

    fn next(&mut self) -> Turn {
        if self.planned.is_empty() {
            if !self.back.iter().all(Option::is_some) {
                return Turn::Wait;
            }
            if !self.back.is_empty() {
                self.search.told(self.back.drain(..).flatten().collect());
            }
            self.planned = self.search.next_batch(Guided::BATCH).into();
            self.back = vec![None; self.planned.len()];
            self.handed = 0;
        }
        let input = self.planned.pop_front().expect("a batch has runs");
        self.handed += 1;
        let (seed, slot) = (input.seed, Some(self.handed - 1));
        Turn::Run(Variation { seed, explore: None, input: Some(input), slot })
    }

    fn told(&mut self, slot: usize, told: Told) {
        if let Some(back) = self.back.get_mut(slot) {
            *back = Some(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use search::coverage::Footprint;

    fn told(feature: u32) -> Told {
        let streams = vec![("s".to_string(), 9)];
        Told { footprint: Footprint::of_parts(vec![feature], Vec::new()), streams }
    }

    /// The first runs of a guided strategy whose workers bring back so many at a time, the last first.
    fn runs(at_once: usize) -> Vec<Variation> {
        let mut strategy = Strategy::new(Explore::Guided, 7);
        let (mut runs, mut out) = (Vec::new(), Vec::new());
        while runs.len() < 300 {
            let turn = strategy.next(runs.len() as u64, 0);
            if let Turn::Run(run) = &turn {
                runs.push(run.clone());
                out.push((run.slot.expect("it is planned"), runs.len() as u32 % 90));
            }
            if turn == Turn::Wait || out.len() >= at_once {
                out.drain(..).rev().for_each(|(slot, feature)| strategy.told(slot, told(feature)));
            }
        }
        runs
    }

    #[test]
    fn a_guided_sweep_is_the_same_with_any_number_of_workers() {
        let one = runs(1);
        assert!(one.iter().any(|run| run.input.as_ref().is_some_and(|input| !input.reseeds.is_empty())));
        assert_eq!(runs(7), one);
        assert_eq!(runs(64), one);
    }

    #[test]
    fn a_portfolio_has_every_way_and_three_of_eight_seeds_are_as_they_are() {
        let mut strategy = Strategy::new(Explore::Portfolio, 7);
        let runs: Vec<Variation> = (0..64)
            .map(|position| match strategy.next(position, position) {
                Turn::Run(run) => run,
                turn => panic!("{turn:?}"),
            })
            .collect();
        let of = |explore: &str| {
            let is = |run: &&Variation| run.explore.map(|way| way.to_string()).as_deref() == Some(explore);
            runs.iter().filter(is).count()
        };
        assert_eq!([of("pct:2"), of("pct:3"), of("random")], [8, 8, 8]);
        assert_eq!(runs.iter().filter(|run| run.slot.is_some()).count(), 16);
        assert_eq!(runs.iter().filter(|run| !run.is_varied()).count(), 24);
    }

    #[test]
    fn a_case_says_what_was_varied() {
        let case = Case::new("kv/steady", 0);
        let pct = Variation {
            seed: 5,
            explore: Some(Explore::Pct { depth: 3, window: 9 }),
            ..Variation::default()
        };
        assert_eq!(pct.of(&case).to_string(), "kv/steady seed=0x5 explore=pct:3:9 alg=1");
        let input = search::guided::branch(&Input::of_seed(5), 40, 6);
        let near = Variation { seed: 5, input: Some(input), ..Variation::default() };
        assert_eq!(near.of(&case).to_string(), "kv/steady seed=0x5 reseed=40:0x6 alg=1");
    }
}
