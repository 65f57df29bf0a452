//! What is kept, and how likely each of it is taken up again. Whole numbers only.

use std::collections::{BTreeMap, BTreeSet};

use sim::choice::Seeded;

use super::input::{Input, Told};
use crate::coverage::{Coverage, Feature, News};

/// A run that showed something new.
pub(super) struct Kept {
    pub(super) input: Input,
    /// The features that it was the first to show.
    pub(super) firsts: Vec<Feature>,
    pub(super) streams: Vec<(String, u64)>,
    pub(super) draws: u64,
    /// How often it was taken up.
    chosen: u64,
}

/// All that is kept, oldest first.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) kept: Vec<Kept>,
    /// By numeric point, which of the kept drove it furthest.
    records: BTreeMap<Feature, usize>,
}

impl Shelf {
    pub(super) fn keep(&mut self, input: Input, told: Told, news: News) {
        let place = self.kept.len();
        self.records.extend(news.grown.into_iter().map(|number| (number, place)));
        let draws = told.draws();
        self.kept.push(Kept { input, firsts: news.features, streams: told.streams, draws, chosen: 0 });
    }

    /// How rare each of them is: the number of runs that showed the rarest feature that it was the first to show. One
    /// that holds a record is alone; one whose record was broken, and that showed nothing else, is like any run.
    pub(super) fn rarities(&self, coverage: &Coverage) -> Vec<u64> {
        let holders: BTreeSet<usize> = self.records.values().copied().collect();
        let rarity = |(place, kept): (usize, &Kept)| {
            let counts = kept.firsts.iter().map(|&feature| coverage.runs_with(feature));
            if holders.contains(&place) { 1 } else { counts.min().unwrap_or(coverage.runs()) }
        };
        self.kept.iter().enumerate().map(rarity).collect()
    }

    /// One of them, by energy.
    pub(super) fn pick(&mut self, rarities: &[u64], dice: &mut Seeded) -> Option<&Kept> {
        let energies: Vec<u64> =
            self.kept.iter().zip(rarities).map(|(kept, rarity)| kept.energy(*rarity)).collect();
        // Below 2^64 for 2^24 kept runs; beyond, those that lie behind the sum are not reached.
        let whole = energies.iter().fold(0u64, |sum, energy| sum.saturating_add(*energy));
        if whole == 0 {
            return None;
        }
        let mut point = dice.choose(whole);
        let place = energies.iter().position(|&energy| match point.checked_sub(energy) {
            Some(rest) => {
                point = rest;
                false
            }
            None => true,
        });
        let taken = &mut self.kept[place.expect("the point lies within the sum")];
        taken.chosen += 1;
        Some(taken)
    }
}

impl Kept {
    /// The weight with which it is taken: halved by twice as many runs that show the same, and by twice as many
    /// times that it was taken. Never zero, so nothing is given up.
    fn energy(&self, rarity: u64) -> u64 {
        const WHOLE: u64 = 1 << 40;
        (WHOLE / rarity.max(1) / (1 + self.chosen)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Footprint;

    /// A shelf with runs that showed these features and numbers.
    fn shelf(runs: &[(&[Feature], u64)]) -> (Shelf, Coverage) {
        let (mut shelf, mut coverage) = (Shelf::default(), Coverage::default());
        for ((features, number), position) in runs.iter().zip(0..) {
            let footprint = Footprint::of_parts(features.to_vec(), vec![(99, *number)]);
            let news = coverage.add(position, &footprint);
            if news.is_some() {
                shelf.keep(Input::of_seed(position), Told { footprint, ..Told::default() }, news);
            }
        }
        (shelf, coverage)
    }

    #[test]
    fn rarity_is_that_of_what_a_run_was_first_to_show_and_a_record_is_rare() {
        let (shelf, coverage) =
            shelf(&[(&[1], 5), (&[1, 2], 5), (&[1, 2, 3], 5), (&[1, 2], 5), (&[1], 6), (&[1], 7), (&[1], 7)]);
        let seeds: Vec<u64> = shelf.kept.iter().map(|kept| kept.input.seed).collect();
        assert_eq!(seeds, [0, 1, 2, 4, 5]);
        assert_eq!(shelf.rarities(&coverage), [7, 3, 1, 7, 1]);
    }

    #[test]
    fn what_is_rare_and_little_tried_is_taken_more_often() {
        let mut dice = Seeded::new(1, "energy");
        let mut counts = [0u64; 3];
        for _ in 0..6_000 {
            let (mut shelf, _) = shelf(&[(&[1], 0), (&[2], 0), (&[3], 0)]);
            shelf.kept[2].chosen = 3;
            shelf.pick(&[1, 4, 1], &mut dice).expect("there is something");
            for (count, (kept, before)) in counts.iter_mut().zip(shelf.kept.iter().zip([0, 0, 3])) {
                *count += kept.chosen - before;
            }
        }
        // 1 to 1/4 to 1/4.
        assert!((3_800..4_200).contains(&counts[0]), "{counts:?}");
        assert!((900..1_100).contains(&counts[1]), "{counts:?}");
        assert!((900..1_100).contains(&counts[2]), "{counts:?}");
        assert!(Shelf::default().pick(&[], &mut dice).is_none());
    }
}
