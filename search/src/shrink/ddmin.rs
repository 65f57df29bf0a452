//! Delta debugging: the smallest part of a list that still does it (Zeller and Hildebrandt, "Simplifying and
//! Isolating Failure-Inducing Input", 2002), by leaving parts out.
//!
//! Candidates are given out a round at a time, so that they can be tried side by side; the first of a round that
//! does it counts, in whatever order answers come back.

/// Leaves out what can be left out. `first` is asked which of some candidates, each a part of `items` in their order,
/// is the first that still does it; `items` itself does.
///
/// Where leaving out more never hurts, what is left is the smallest; else no single item more can be left out.
pub fn ddmin<T: Clone>(items: &[T], first: &mut dyn FnMut(&[Vec<T>]) -> Option<usize>) -> Vec<T> {
    let mut kept = items.to_vec();
    if kept.is_empty() || first(&[Vec::new()]).is_some() {
        return Vec::new();
    }
    let mut parts = 2.min(kept.len());
    // A list of one that cannot go is as small as it gets: leaving it out was tried above.
    while kept.len() > 1 {
        let candidates: Vec<Vec<T>> =
            chunks(kept.len(), parts).map(|(from, to)| [&kept[..from], &kept[to..]].concat()).collect();
        match first(&candidates) {
            Some(index) => {
                kept.clone_from(&candidates[index]);
                parts = (parts - 1).clamp(2, kept.len().max(2));
            }
            None if parts >= kept.len() => break,
            None => parts = (2 * parts).min(kept.len()),
        }
    }
    kept
}

/// `parts` nearly equal stretches of `0..length`, the last ones first: what comes late matters least.
fn chunks(length: usize, parts: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..parts).rev().map(move |part| (part * length / parts, (part + 1) * length / parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shrink(items: &[u8], does_it: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        ddmin(items, &mut |candidates| candidates.iter().position(|candidate| does_it(candidate)))
    }

    proptest! {
        /// When certain items are all that it takes, they are all that is left.
        #[test]
        fn what_it_takes_is_what_is_left(needed in prop::collection::vec(any::<bool>(), 0..40)) {
            let items: Vec<u8> = (0..needed.len() as u8).collect();
            let wanted: Vec<u8> = items.iter().copied().filter(|&item| needed[usize::from(item)]).collect();
            let left = shrink(&items, |candidate| wanted.iter().all(|item| candidate.contains(item)));
            prop_assert_eq!(left, wanted);
        }

        /// Whatever the rule, what is left does it, is a part of the whole, and no item of it can be left out.
        #[test]
        fn no_item_of_what_is_left_can_go(items in prop::collection::vec(0u8..20, 1..24), modulus in 1u32..5) {
            let does_it = |candidate: &[u8]| {
                let sum = candidate.iter().map(|&item| u32::from(item)).sum::<u32>();
                sum % modulus == items.iter().map(|&item| u32::from(item)).sum::<u32>() % modulus
            };
            let left = shrink(&items, does_it);
            prop_assert!(does_it(&left));
            let mut rest = items.iter();
            prop_assert!(left.iter().all(|item| rest.any(|other| other == item)), "in their order");
            for gone in 0..left.len() {
                let mut less = left.clone();
                less.remove(gone);
                prop_assert!(!does_it(&less), "{:?} can do without {}", left, gone);
            }
        }
    }

    #[test]
    fn a_round_is_as_many_candidates_as_parts() {
        let mut rounds = Vec::new();
        let left = ddmin(&[1, 2, 3, 4, 5, 6, 7, 8], &mut |candidates: &[Vec<i32>]| {
            rounds.push(candidates.len());
            candidates.iter().position(|candidate| candidate.contains(&3))
        });
        assert_eq!(left, [3]);
        assert_eq!(rounds[0], 1, "nothing at all is tried first");
        assert!(rounds.len() <= 6, "{rounds:?}");
    }
}
