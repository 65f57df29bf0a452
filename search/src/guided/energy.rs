//! What is kept, and how likely each of it is taken up again. Whole numbers only.

use sim::choice::Seeded;

use super::input::{Input, Told};
use crate::coverage::{Coverage, Footprint};

/// A run that showed something new.
pub(super) struct Kept {
    pub(super) input: Input,
    pub(super) footprint: Footprint,
    pub(super) streams: Vec<(String, u64)>,
    pub(super) draws: u64,
    /// How often it was taken up.
    chosen: u64,
}

impl Kept {
    pub(super) fn new(input: Input, told: Told) -> Kept {
        let draws = told.draws();
        Kept { input, footprint: told.footprint, streams: told.streams, draws, chosen: 0 }
    }

    /// How many runs showed what it shows: counted for its rarest feature.
    pub(super) fn rarity(&self, coverage: &Coverage) -> u64 {
        let counts = self.footprint.features().iter().map(|&feature| coverage.runs_with(feature));
        counts.min().unwrap_or_else(|| coverage.runs()).max(1)
    }

    /// The weight with which it is taken: halved by twice as many runs that show the same, and by twice as many
    /// times that it was taken. Never zero, so nothing is given up.
    fn energy(&self, rarity: u64) -> u64 {
        const WHOLE: u64 = 1 << 40;
        (WHOLE / rarity / (1 + self.chosen)).max(1)
    }
}

/// One of what is kept, by energy.
pub(super) fn pick<'a>(kept: &'a mut [Kept], rarity: &[u64], dice: &mut Seeded) -> Option<&'a Kept> {
    let energies = || kept.iter().zip(rarity).map(|(kept, rarity)| kept.energy(*rarity));
    // Below 2^64 for 2^24 kept runs; beyond, those that lie behind the sum are not reached.
    let whole = energies().fold(0, u64::saturating_add);
    if whole == 0 {
        return None;
    }
    let mut point = dice.choose(whole);
    let place = energies().position(|energy| match point.checked_sub(energy) {
        Some(rest) => {
            point = rest;
            false
        }
        None => true,
    });
    let taken = &mut kept[place.expect("the point lies within the sum")];
    taken.chosen += 1;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(chosen: u64) -> Kept {
        let mut kept = Kept::new(Input::default(), Told::default());
        kept.chosen = chosen;
        kept
    }

    #[test]
    fn what_is_rare_and_little_tried_is_taken_more_often() {
        let mut dice = Seeded::new(1, "energy");
        let mut counts = [0u32; 3];
        for _ in 0..6_000 {
            let mut all = [kept(0), kept(0), kept(3)];
            pick(&mut all, &[1, 4, 1], &mut dice).expect("there is something");
            for (count, (kept, before)) in counts.iter_mut().zip(all.iter().zip([0, 0, 3])) {
                *count += (kept.chosen - before) as u32;
            }
        }
        // 1 to 1/4 to 1/4.
        assert!((3_800..4_200).contains(&counts[0]), "{counts:?}");
        assert!((900..1_100).contains(&counts[1]), "{counts:?}");
        assert!((900..1_100).contains(&counts[2]), "{counts:?}");
        assert!(pick(&mut [], &[], &mut dice).is_none());
    }
}
