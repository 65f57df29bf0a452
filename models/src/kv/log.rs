//! The log in memory: entries from place 1, each with the term whose primary wrote it.
//!
//! It knows nothing of agreement: what may be appended or replaced is decided in `consensus`.

use std::rc::Rc;

use super::api::Command;

/// One place of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The term of the primary that wrote it.
    pub term: u64,
    /// What it says.
    pub command: Rc<Command>,
}

/// All entries, the first at place 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    entries: Vec<Entry>,
}

impl Log {
    /// The last place, 0 when empty.
    pub fn last(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The term at the last place, 0 when empty.
    pub fn last_term(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.term)
    }

    /// The term at a place; place 0 has term 0 in every log; `None` past the end.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        match index {
            0 => Some(0),
            _ => self.get(index).map(|entry| entry.term),
        }
    }

    /// The entry at a place.
    pub fn get(&self, index: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(index.checked_sub(1)?).ok()?)
    }

    /// Up to `count_max` entries from place `from`.
    pub fn slice(&self, from: u64, count_max: usize) -> &[Entry] {
        let start = (from.max(1) - 1).min(self.last()) as usize;
        let end = (start + count_max).min(self.entries.len());
        &self.entries[start..end]
    }

    /// Puts an entry at `index`, which is at most one past the end; what was there and after it is gone.
    pub fn place(&mut self, index: u64, entry: Entry) {
        assert!(index >= 1, "place 0 holds no entry");
        assert!(index <= self.last() + 1, "a hole in the log before place {index}");
        self.entries.truncate(index as usize - 1);
        self.entries.push(entry);
    }

    /// The first place of the run of entries with the same term that ends at `index`.
    pub fn first_of_term(&self, index: u64) -> u64 {
        let Some(term) = self.term_at(index) else { return self.last() + 1 };
        let mut first = index;
        while first > 1 && self.term_at(first - 1) == Some(term) {
            first -= 1;
        }
        first
    }

    /// Whether a log that ends in (`last_term`, `last`) holds at least all that this one may have committed.
    pub fn is_covered_by(&self, last_term: u64, last: u64) -> bool {
        (last_term, last) >= (self.last_term(), self.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(term: u64) -> Entry {
        Entry { term, command: Rc::new(Command::Noop) }
    }

    fn log(terms: &[u64]) -> Log {
        let mut log = Log::default();
        for (index, term) in terms.iter().enumerate() {
            log.place(index as u64 + 1, entry(*term));
        }
        log
    }

    #[test]
    fn an_empty_log_ends_at_place_zero() {
        let log = Log::default();
        assert_eq!((log.last(), log.last_term(), log.term_at(0), log.term_at(1)), (0, 0, Some(0), None));
        assert!(log.is_covered_by(0, 0));
    }

    #[test]
    fn the_later_term_covers_before_the_longer_log() {
        let log = log(&[1, 1, 2]);
        assert!(log.is_covered_by(3, 1));
        assert!(log.is_covered_by(2, 3));
        assert!(!log.is_covered_by(2, 2));
        assert!(!log.is_covered_by(1, 9));
    }

    proptest! {
        #[test]
        fn placing_is_truncate_and_push(places in prop::collection::vec((1u64..12, 1u64..5), 0..40)) {
            let mut log = Log::default();
            let mut naive: Vec<u64> = Vec::new();
            for (index, term) in places {
                let index = index.min(log.last() + 1);
                log.place(index, entry(term));
                naive.truncate(index as usize - 1);
                naive.push(term);
                prop_assert_eq!(log.last() as usize, naive.len());
                prop_assert_eq!(log.last_term(), *naive.last().expect("just pushed"));
                prop_assert!(log.get(0).is_none());
                for (place, term) in naive.iter().enumerate() {
                    prop_assert_eq!(log.term_at(place as u64 + 1), Some(*term));
                    let first = naive[..=place].iter().rposition(|other| other != term).map_or(0, |at| at + 1);
                    prop_assert_eq!(log.first_of_term(place as u64 + 1), first as u64 + 1);
                    let slice: Vec<u64> = log.slice(place as u64 + 1, 3).iter().map(|entry| entry.term).collect();
                    prop_assert_eq!(&slice[..], &naive[place..(place + 3).min(naive.len())]);
                }
            }
        }
    }
}
