//! The disk's hand on its stream of chance.

use crate::Ratio;
use crate::choice::{Choices, Stream};

/// Draws of one disk, from its own stream.
pub(crate) struct Dice<'a> {
    pub(crate) choices: &'a mut Choices,
    pub(crate) stream: &'a mut Stream,
}

impl Dice<'_> {
    /// A number below `bound`; where there is one choice there is no draw.
    #[inline]
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        if bound <= 1 { 0 } else { self.choices.draw(self.stream, bound) }
    }

    /// Any 64 bits.
    pub(super) fn word(&mut self) -> u64 {
        self.choices.draw(self.stream, 0)
    }

    #[inline]
    pub(super) fn chance(&mut self, chance: Ratio) -> bool {
        self.choices.chance(self.stream, chance)
    }
}
