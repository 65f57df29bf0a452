//! How a run is made of one that is kept.

use sim::choice::{Edit, Seeded};

use super::energy::Kept;
use super::input::{Input, branch};

/// One run in so many has a draw edited; the others go another way from some draw on. Most of what a new future does
/// is decided by many draws, so a branch goes further than an edit; an edit leaves all behind it as it was.
const EDIT_ONE_IN: u64 = 8;
/// A run with more edits is no longer near anything.
const EDITS_MAX: usize = 32;

/// A run near a kept one.
pub(super) fn mutated(kept: &Kept, dice: &mut Seeded) -> Input {
    if kept.draws == 0 {
        // Without chance it has only this future; another seed may have more.
        return Input::of_seed(dice.choose(0));
    }
    let (edits, draw, word) = (dice.choose(EDIT_ONE_IN) == 0, dice.choose(kept.draws), dice.choose(0));
    if edits && kept.input.edits.len() < EDITS_MAX {
        edited(kept, draw, word)
    } else {
        branch(&kept.input, draw, word)
    }
}

/// Sets a draw, counted over the streams in their order. Half of the time to 0, which is the tamest answer of many
/// draws; else to any word, which the kernel brings below the draw's bound.
fn edited(kept: &Kept, mut draw: u64, word: u64) -> Input {
    let mut input = kept.input.clone();
    for (stream, draws) in &kept.streams {
        if draw < *draws {
            let value = if word & 1 == 0 { 0 } else { word };
            input.edits.push(Edit::one(stream, draw, value));
            return input;
        }
        draw -= draws;
    }
    unreachable!("a draw is drawn from those that the streams have")
}
