//! The runs of a scenario in short, in order: one vector, for there may be millions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use sim::trace::Digests;

/// A run in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) seed: u64,
    pub(crate) verdict: Verdict,
    /// The property that failed.
    pub(crate) property: Option<String>,
    pub(crate) digests: Option<Digests>,
    pub(crate) records: u64,
    pub(crate) virtual_ns: u64,
    pub(crate) effects: u64,
    /// Measured operations.
    pub(crate) operations: u64,
    /// Lines of the plan that took effect.
    pub(crate) lines_effective: u64,
}

impl Row {
    /// Of a run that came to no end: nothing is known of it but how it was lost.
    pub(super) fn lost(seed: u64, verdict: Verdict, property: &str) -> Row {
        Row {
            seed,
            verdict,
            property: Some(property.to_string()),
            digests: None,
            records: 0,
            virtual_ns: 0,
            effects: 0,
            operations: 0,
            lines_effective: 0,
        }
    }
}

/// How a run ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// All held.
    Passed,
    /// A property failed.
    Failed,
    /// It was not the same twice.
    Nondeterministic,
    /// The worker died.
    Aborted,
    /// It took too long.
    Hung,
}

impl Verdict {
    pub(crate) const ALL: [Verdict; 5] =
        [Verdict::Passed, Verdict::Failed, Verdict::Nondeterministic, Verdict::Aborted, Verdict::Hung];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Nondeterministic => "nondeterministic",
            Verdict::Aborted => "aborted",
            Verdict::Hung => "hung",
        }
    }
}

/// Rows by the place of their seed among all that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Invariant: the places rise.
    list: Vec<(u64, Row)>,
    /// How many ended in each way, in the order of [`Verdict::ALL`].
    verdicts: [u64; Verdict::ALL.len()],
}

impl Rows {
    pub(crate) fn with_capacity(rows: usize) -> Rows {
        Rows { list: Vec::with_capacity(rows), ..Rows::default() }
    }

    /// Adds a row. Runs come back nearly in order, so few are moved.
    ///
    /// # Panics
    /// When that place is taken.
    pub(crate) fn insert(&mut self, position: u64, row: Row) {
        self.verdicts[row.verdict as usize] += 1;
        let behind = self.list.iter().rev().take_while(|(place, _)| *place > position).count();
        let index = self.list.len() - behind;
        assert!(index == 0 || self.list[index - 1].0 < position, "two runs at the place {position}");
        self.list.insert(index, (position, row));
    }

    /// The rows of several parts; none of their places is in two of them.
    pub(crate) fn joined(parts: Vec<Rows>) -> Rows {
        let mut rows = Rows::with_capacity(parts.iter().map(Rows::len).sum());
        let mut parts: Vec<_> = parts.into_iter().map(|part| part.list.into_iter().peekable()).collect();
        let mut next: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::with_capacity(parts.len());
        for (index, part) in parts.iter_mut().enumerate() {
            next.extend(part.peek().map(|(position, _)| Reverse((*position, index))));
        }
        while let Some(mut least) = next.peek_mut() {
            let Reverse((_, index)) = *least;
            let (position, row) = parts[index].next().expect("a part in the heap has a row");
            match parts[index].peek() {
                Some((position, _)) => *least = Reverse((*position, index)),
                None => drop(PeekMut::pop(least)),
            }
            rows.insert(position, row);
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// How many ended so.
    pub(crate) fn count(&self, verdict: Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }

    /// The rows behind their places, in order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &Row)> {
        self.list.iter().map(|(position, row)| (*position, row))
    }

    /// The rows, in order.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.list.iter().map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: u64) -> Row {
        Row { property: None, ..Row::lost(seed, Verdict::ALL[seed as usize % 5], "") }
    }

    #[test]
    fn rows_are_in_order_however_they_come() {
        let mut rows = Rows::default();
        for position in [3, 1, 2, 0, 9, 5] {
            rows.insert(position, row(position));
        }
        let places: Vec<(u64, u64)> = rows.iter().map(|(position, row)| (position, row.seed)).collect();
        assert_eq!(places, [(0, 0), (1, 1), (2, 2), (3, 3), (5, 5), (9, 9)]);
        assert_eq!(Verdict::ALL.map(|verdict| rows.count(verdict)), [2, 1, 1, 1, 1]);
    }

    #[test]
    fn parts_of_any_size_join_in_order() {
        let part = |places: &[u64]| {
            let mut rows = Rows::default();
            places.iter().for_each(|place| rows.insert(*place, row(*place)));
            rows
        };
        let joined = Rows::joined(vec![part(&[1, 4, 7]), part(&[]), part(&[0, 2, 3, 8]), part(&[5, 6])]);
        assert_eq!(joined, part(&[0, 1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(Rows::joined(Vec::new()), Rows::default());
    }

    #[test]
    fn a_place_holds_one_run() {
        let twice = std::panic::catch_unwind(|| {
            let mut rows = Rows::default();
            rows.insert(4, row(1));
            rows.insert(4, row(2));
        });
        assert!(twice.is_err());
    }
}
