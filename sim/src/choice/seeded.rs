//! Chance outside a run: what is drawn from a seed before its run begins, such as a plan.

use std::ops::Range;

use rand_core::Rng as _;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::stream::{Key, bounded};
use crate::Ratio;

/// The stream of a seed and a name, for draws outside a run. It gives what the stream of that name would
/// give within a run of that seed; nothing records or edits it.
///
/// ```
/// use tourbillon_sim::choice::Seeded;
/// let mut dice = Seeded::new(7, "plan/kill");
/// let first = dice.choose(6);
/// assert_eq!(Seeded::new(7, "plan/kill").choose(6), first);
/// ```
pub struct Seeded {
    generator: Xoshiro256PlusPlus,
}

impl Seeded {
    /// Opens the stream.
    pub fn new(seed: u64, name: &str) -> Seeded {
        Seeded { generator: Key::new(seed).generator(name) }
    }

    /// A number below `bound`; a bound of 0 stands for 2^64.
    pub fn choose(&mut self, bound: u64) -> u64 {
        bounded(self.generator.next_u64(), bound)
    }

    /// Whether something with this chance happens.
    pub fn chance(&mut self, chance: Ratio) -> bool {
        self.choose(u64::from(chance.denominator())) < u64::from(chance.numerator())
    }

    /// A number of a range.
    ///
    /// # Panics
    /// When the range is empty.
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "a range to draw from has a number in it");
        range.start + self.choose(range.end - range.start)
    }

    /// One of some things.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        assert!(!things.is_empty(), "there must be something to pick from");
        &things[self.choose(things.len() as u64) as usize]
    }

    /// Puts things in any order, each as likely as the other.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.choose(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::Choices;
    use super::*;

    #[test]
    fn a_shuffle_keeps_all_and_gives_every_order() {
        let mut dice = Seeded::new(1, "s");
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut things = [1, 2, 3, 4];
            dice.shuffle(&mut things);
            let mut sorted = things;
            sorted.sort_unstable();
            assert_eq!(sorted, [1, 2, 3, 4]);
            seen.insert(things);
        }
        assert_eq!(seen.len(), 24);
    }

    #[test]
    fn it_is_the_stream_of_that_name() {
        let mut choices = Choices::new(7);
        let mut stream = choices.open("plan");
        let within: Vec<u64> = (0..9).map(|_| choices.draw(&mut stream, 100)).collect();
        let mut dice = Seeded::new(7, "plan");
        assert_eq!((0..9).map(|_| dice.choose(100)).collect::<Vec<_>>(), within);
    }
}
