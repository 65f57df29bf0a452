//! A hunt for planted bugs: each is tried seed by seed until it was caught often enough.
//!
//! Runs end in any order; they count in that of their seeds. What ran beyond the catch that was enough is forgotten,
//! so the outcome is the same however many workers there are.

use std::collections::BTreeMap;

/// Bugs and what became of them.
pub(crate) struct Hunt {
    bugs: Vec<Hunted>,
    /// Seeds that each bug is given, at most.
    seeds_max: u64,
    /// Catches that are enough.
    catches_max: usize,
    /// Whose turn it is: bugs take turns, so that a seed of one is done before its next is handed out.
    turn: usize,
}

/// What became of one bug.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hunted {
    /// Catches, in the order of their seeds.
    pub(crate) catches: Vec<Catch>,
    /// Seeds that count: all up to the catch that was enough.
    pub(crate) seeds: u64,
    /// Runs that ended in no verdict, and how the first of them did.
    pub(crate) lost: u64,
    pub(crate) lost_first: Option<String>,
    /// Time of the workers on what counts. It is told to people and decides nothing.
    pub(crate) cpu_ns: u128,
    handed: u64,
    /// Outcomes behind one that is still awaited.
    early: BTreeMap<u64, Try>,
}

/// A seed that caught a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Catch {
    /// The place of the seed among all.
    pub(crate) position: u64,
    /// The property that failed.
    pub(crate) property: String,
    /// The scenario that it failed in, by its label.
    pub(crate) scenario: String,
    /// The case's line.
    pub(crate) case: String,
}

/// What one property caught of a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caught<'a> {
    pub(crate) property: &'a str,
    pub(crate) count: u64,
    /// Where, in the order of the seeds.
    pub(crate) scenarios: Vec<&'a str>,
}

/// How a run with a bug in it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) outcome: Outcome,
    pub(crate) cpu_ns: u64,
}

/// Whether the bug was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All held.
    Unseen,
    /// A property failed.
    Caught(Catch),
    /// The worker died or was too slow.
    Lost(String),
}

impl Hunt {
    /// So many bugs, each with so many seeds at most.
    pub(crate) fn new(bugs: usize, seeds_max: u64, catches_max: usize) -> Hunt {
        Hunt { bugs: vec![Hunted::default(); bugs], seeds_max, catches_max, turn: 0 }
    }

    /// The next bug to try, and the place of the seed; `None` when nothing is left to hand out.
    pub(crate) fn next(&mut self) -> Option<(usize, u64)> {
        let turns = (self.turn..self.bugs.len()).chain(0..self.turn);
        let wants = |bug: &usize| {
            let hunted = &self.bugs[*bug];
            hunted.handed < self.seeds_max && !hunted.has_enough(self.catches_max)
        };
        let bug = turns.into_iter().find(wants)?;
        self.turn = (bug + 1) % self.bugs.len();
        let hunted = &mut self.bugs[bug];
        hunted.handed += 1;
        Some((bug, hunted.handed - 1))
    }

    /// Hears how a run ended.
    pub(crate) fn hear(&mut self, bug: usize, position: u64, tried: Try) {
        let catches_max = self.catches_max;
        let hunted = &mut self.bugs[bug];
        hunted.early.insert(position, tried);
        while !hunted.has_enough(catches_max) {
            let Some(tried) = hunted.early.remove(&hunted.seeds) else { break };
            hunted.count(tried);
        }
    }

    /// Seeds and catches so far, over all bugs.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let caught = self.bugs.iter().filter(|bug| !bug.catches.is_empty()).count() as u64;
        (self.bugs.iter().map(|bug| bug.seeds).sum(), caught)
    }

    /// What became of each, in their order.
    pub(crate) fn into_hunted(self) -> Vec<Hunted> {
        self.bugs
    }
}

impl Hunted {
    fn has_enough(&self, catches_max: usize) -> bool {
        self.catches.len() >= catches_max
    }

    fn count(&mut self, tried: Try) {
        self.seeds += 1;
        self.cpu_ns += u128::from(tried.cpu_ns);
        match tried.outcome {
            Outcome::Unseen => {}
            Outcome::Caught(catch) => self.catches.push(catch),
            Outcome::Lost(how) => {
                self.lost += 1;
                self.lost_first.get_or_insert(how);
            }
        }
    }

    /// Seeds until the first catch, with it.
    pub(crate) fn seeds_to_first(&self) -> Option<u64> {
        self.catches.first().map(|catch| catch.position + 1)
    }

    /// Catches by property, with the scenarios they were in; the property with most of them first.
    pub(crate) fn by_property(&self) -> Vec<Caught<'_>> {
        let mut counts: BTreeMap<&str, Caught<'_>> = BTreeMap::new();
        for catch in &self.catches {
            let caught = counts.entry(&catch.property).or_insert_with(|| Caught {
                property: &catch.property,
                count: 0,
                scenarios: Vec::new(),
            });
            caught.count += 1;
            if !caught.scenarios.contains(&&*catch.scenario) {
                caught.scenarios.push(&catch.scenario);
            }
        }
        let mut counts: Vec<_> = counts.into_values().collect();
        counts.sort_by_key(|caught| std::cmp::Reverse(caught.count));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bug 0 is caught at every fifth seed, bug 1 never; seed 3 of bug 1 is lost.
    fn tried(bug: usize, position: u64) -> Try {
        let catch = Catch {
            position,
            property: if position == 5 { "other" } else { "usual" }.to_string(),
            scenario: "a/one".to_string(),
            case: format!("a/one seed={position}"),
        };
        let outcome = match (bug, position) {
            (0, position) if position % 5 == 0 => Outcome::Caught(catch),
            (1, 3) => Outcome::Lost("it hung".to_string()),
            _ => Outcome::Unseen,
        };
        Try { outcome, cpu_ns: 10 }
    }

    /// Hunts with so many runs under way; they end in an order that `pick` decides.
    fn hunt(under_way_max: usize, mut pick: impl FnMut(usize) -> usize) -> Vec<Hunted> {
        let mut hunt = Hunt::new(2, 20, 3);
        let mut under_way = Vec::new();
        loop {
            while under_way.len() < under_way_max
                && let Some(next) = hunt.next()
            {
                under_way.push(next);
            }
            if under_way.is_empty() {
                return hunt.into_hunted();
            }
            let (bug, position) = under_way.remove(pick(under_way.len()));
            hunt.hear(bug, position, tried(bug, position));
        }
    }

    #[test]
    fn the_outcome_is_the_same_in_whatever_order_runs_end() {
        let told = |hunted: Vec<Hunted>| {
            hunted.into_iter().map(|one| (one.catches, one.seeds, one.lost, one.cpu_ns)).collect::<Vec<_>>()
        };
        let one = told(hunt(1, |_| 0));
        let places: Vec<u64> = one[0].0.iter().map(|catch| catch.position).collect();
        assert_eq!((places, one[0].1, one[0].3), (vec![0, 5, 10], 11, 110));
        assert_eq!((one[1].0.len(), one[1].1, one[1].2), (0, 20, 1));
        for under_way_max in [2, 7, 40] {
            assert_eq!(told(hunt(under_way_max, |count| count - 1)), one, "last first, {under_way_max}");
            let mut state = 7_usize;
            let mixed = |count: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % count
            };
            assert_eq!(told(hunt(under_way_max, mixed)), one, "mixed, {under_way_max}");
        }
    }

    #[test]
    fn catches_are_counted_by_property_and_no_more_runs_than_needed() {
        let hunted = hunt(1, |_| 0);
        let caught = |property, count| Caught { property, count, scenarios: vec!["a/one"] };
        assert_eq!(hunted[0].by_property(), [caught("usual", 2), caught("other", 1)]);
        assert_eq!((hunted[0].handed, hunted[0].seeds_to_first()), (11, Some(1)));
        assert_eq!((hunted[1].seeds_to_first(), hunted[1].lost_first.as_deref()), (None, Some("it hung")));
    }
}
