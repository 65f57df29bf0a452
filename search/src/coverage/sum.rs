//! The sum of footprints over a campaign: what was seen, how often, when first, and whether there is still news.

use std::collections::BTreeMap;
use std::fmt;

use super::footprint::{Feature, Footprint};

/// What some runs showed, by their positions in a campaign. Adding and merging commute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    features: BTreeMap<Feature, Seen>,
    /// The greatest value of each numeric point.
    maxima: BTreeMap<Feature, u64>,
    runs: u64,
    /// Behind the last position.
    end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    runs: u64,
    first: u64,
}

/// What a run showed that none before it had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// New features, sorted.
    pub features: Vec<Feature>,
    /// Numeric points that went further than ever, by the feature that stands for the point.
    pub grown: Vec<Feature>,
}

impl News {
    /// Whether there is any.
    pub fn is_some(&self) -> bool {
        !self.features.is_empty() || !self.grown.is_empty()
    }
}

impl Coverage {
    /// Adds the run at a position, which counts from 0. Answers what is new to what was added before it.
    pub fn add(&mut self, position: u64, footprint: &Footprint) -> News {
        let mut news = News::default();
        for &feature in footprint.features() {
            let seen = self.features.entry(feature).or_insert_with(|| {
                news.features.push(feature);
                Seen { runs: 0, first: position }
            });
            seen.runs += 1;
            seen.first = seen.first.min(position);
        }
        for &(feature, value) in footprint.maxima() {
            if self.maxima.get(&feature).is_none_or(|known| *known < value) {
                self.maxima.insert(feature, value);
                news.grown.push(feature);
            }
        }
        self.runs += 1;
        self.end = self.end.max(position + 1);
        news
    }

    /// Adds what other runs of the same campaign showed.
    pub fn merge(&mut self, other: &Coverage) {
        for (&feature, seen) in &other.features {
            let mine = self.features.entry(feature).or_insert(Seen { runs: 0, first: seen.first });
            mine.runs += seen.runs;
            mine.first = mine.first.min(seen.first);
        }
        for (&feature, &value) in &other.maxima {
            let mine = self.maxima.entry(feature).or_insert(value);
            *mine = value.max(*mine);
        }
        self.runs += other.runs;
        self.end = self.end.max(other.end);
    }

    /// All that it holds, to be kept: each feature with how many runs showed it and the first position, the greatest
    /// value of each numeric point, how many runs were added, and the end of their positions.
    #[expect(clippy::type_complexity, reason = "numbers for a file, read by `of_parts` alone")]
    pub fn parts(&self) -> (Vec<(Feature, u64, u64)>, Vec<(Feature, u64)>, u64, u64) {
        let features =
            self.features.iter().map(|(&feature, seen)| (feature, seen.runs, seen.first)).collect();
        (
            features,
            self.maxima.iter().map(|(&feature, &value)| (feature, value)).collect(),
            self.runs,
            self.end,
        )
    }

    /// What [`parts`](Self::parts) told.
    pub fn of_parts(
        features: impl IntoIterator<Item = (Feature, u64, u64)>,
        maxima: impl IntoIterator<Item = (Feature, u64)>,
        (runs, end): (u64, u64),
    ) -> Coverage {
        let features = features.into_iter().map(|(feature, runs, first)| (feature, Seen { runs, first }));
        Coverage { features: features.collect(), maxima: maxima.into_iter().collect(), runs, end }
    }

    /// How many runs were added.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// How many features were seen.
    pub fn behaviours(&self) -> u64 {
        self.features.len() as u64
    }

    /// How many runs showed the feature.
    pub fn runs_with(&self, feature: Feature) -> u64 {
        self.features.get(&feature).map_or(0, |seen| seen.runs)
    }

    /// The position of the first run that showed the feature.
    pub fn first_seen(&self, feature: Feature) -> Option<u64> {
        self.features.get(&feature).map(|seen| seen.first)
    }

    /// The position of the last run that showed a new feature.
    pub fn last_new(&self) -> Option<u64> {
        self.features.values().map(|seen| seen.first).max()
    }

    /// How many features were seen within the first 1, 2, 5, 10, 20, 50 … positions and within all: pairs of a number
    /// of positions and of features.
    pub fn growth(&self) -> Vec<(u64, u64)> {
        let mut firsts: Vec<u64> = self.features.values().map(|seen| seen.first).collect();
        firsts.sort_unstable();
        let steps =
            (0..).flat_map(|power| [1, 2, 5].map(|digit| 10u64.saturating_pow(power).saturating_mul(digit)));
        let mut ends: Vec<u64> = steps.take_while(|&end| end < self.end).collect();
        ends.extend(Some(self.end).filter(|&end| end > 0));
        ends.into_iter().map(|end| (end, firsts.partition_point(|&first| first < end) as u64)).collect()
    }
}

impl fmt::Display for Coverage {
    /// Whether the search still learns: the growth, and when something was new for the last time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = self.last_new() else {
            return write!(f, "no behaviour seen in {} runs", self.runs);
        };
        write!(f, "behaviours")?;
        for (end, behaviours) in self.growth() {
            write!(f, " {end}:{behaviours}")?;
        }
        write!(f, "; last new at run {}", last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_run() -> impl Strategy<Value = Footprint> {
        (prop::collection::vec(0..30u32, 0..6), prop::collection::btree_map(0..3u32, 0..9u64, 0..3))
            .prop_map(|(features, maxima)| Footprint::of_parts(features, maxima.into_iter().collect()))
    }

    fn summed(runs: &[(u64, Footprint)]) -> Coverage {
        let mut coverage = Coverage::default();
        for (position, footprint) in runs {
            coverage.add(*position, footprint);
        }
        coverage
    }

    proptest! {
        #[test]
        fn sums_and_growth_are_those_of_a_plain_count(runs in prop::collection::vec(any_run(), 0..70)) {
            let runs: Vec<(u64, Footprint)> = (0..).zip(runs).collect();
            let coverage = summed(&runs);
            let showing = |feature: Feature| {
                runs.iter().filter(move |(_, run)| run.features().contains(&feature)).map(|(position, _)| *position)
            };
            for feature in 0..30 {
                prop_assert_eq!(coverage.runs_with(feature), showing(feature).count() as u64);
                prop_assert_eq!(coverage.first_seen(feature), showing(feature).min());
            }
            prop_assert_eq!(coverage.last_new(), (0..30).filter_map(|feature| showing(feature).min()).max());
            let mut ends: Vec<u64> = [1, 2, 5, 10, 20, 50].into_iter().filter(|&end| end < runs.len() as u64).collect();
            ends.extend((!runs.is_empty()).then_some(runs.len() as u64));
            let plain = ends.into_iter().map(|end| {
                let seen = (0..30).filter(|&feature| showing(feature).any(|position| position < end));
                (end, seen.count() as u64)
            });
            prop_assert_eq!(coverage.growth(), plain.collect::<Vec<_>>());
        }

        #[test]
        fn neither_order_nor_shards_matter(
            runs in prop::collection::vec(any_run(), 0..40), order in any::<prop::sample::Index>(), shards in 1..5u64,
        ) {
            let mut runs: Vec<(u64, Footprint)> = (0..).zip(runs).collect();
            let whole = summed(&runs);
            if !runs.is_empty() {
                let middle = order.index(runs.len());
                runs.rotate_left(middle);
            }
            prop_assert_eq!(&summed(&runs), &whole);
            let mut merged = Coverage::default();
            for shard in 0..shards {
                let of_shard: Vec<_> = runs.iter().filter(|(at, _)| at % shards == shard).cloned().collect();
                merged.merge(&summed(&of_shard));
            }
            prop_assert_eq!(merged, whole);
        }

        #[test]
        fn news_are_what_no_run_before_had(runs in prop::collection::vec(any_run(), 1..40)) {
            let mut coverage = Coverage::default();
            for (place, run) in runs.iter().enumerate() {
                let before = &runs[..place];
                let news = coverage.add(place as u64, run);
                for feature in run.features() {
                    let known = before.iter().any(|run| run.features().contains(feature));
                    prop_assert_eq!(news.features.contains(feature), !known);
                }
                for (feature, value) in run.maxima() {
                    let best = before.iter().flat_map(|run| run.maxima()).filter(|(of, _)| of == feature);
                    let grown = best.map(|(_, value)| *value).max().is_none_or(|best| best < *value);
                    prop_assert_eq!(news.grown.contains(feature), grown);
                }
            }
        }
    }

    #[test]
    fn it_is_told_in_one_line() {
        let mut coverage = Coverage::default();
        assert_eq!(coverage.to_string(), "no behaviour seen in 0 runs");
        for position in 0..12 {
            coverage.add(position, &Footprint::of_parts(vec![1, 10 + position.min(7) as u32], Vec::new()));
        }
        assert_eq!(coverage.to_string(), "behaviours 1:2 2:3 5:6 10:9 12:9; last new at run 8");
    }
}
