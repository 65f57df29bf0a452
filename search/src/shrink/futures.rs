//! Other luck: with a line, an operation or a machine less the run is another one, and where it fails may hang on
//! draws that nobody needs. So what could not be left out under this seed is left out under a few others.

use replay::case::Case;
use sim::workload::Operations;

use super::{Shrinking, Size, operations, plan, smaller};

/// Seeds under which something less is tried.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=96;
/// Parts of the operations that are left out, at most.
const PARTS_MAX: usize = 8;

/// Tries to do with less under other seeds. Tells whether anything was left out, or the run is an eighth shorter.
pub(super) fn try_others(shrinking: &mut Shrinking<'_>, sizes: &[Size]) -> bool {
    let before = shrinking.best.case.clone();
    let mut less: Vec<Case> = plan::without_each(&before);
    less.extend(sizes.iter().filter_map(|size| smaller(&before, size).into_iter().next_back()));
    less.extend(operations::without_each(&before, PARTS_MAX));
    let mut found = false;
    for case in less {
        if shrinking.take_first(&under_others(&case)).is_some() {
            found = true;
            break;
        }
    }
    let shorter = shrinking.best.extent.records / 8 * 7;
    found |= shrinking.take_first_within(&under_others(&shrinking.best.case), shorter).is_some();
    if found {
        // Which choices matter is to be seen anew.
        shrinking.choices_are_said = false;
    }
    shrinking.judge.tell("other luck", &shrinking.best);
    found
}

/// The case under other seeds, all of whose choices are theirs.
fn under_others(case: &Case) -> Vec<Case> {
    let under = |seed| Case { seed, edits: Vec::new(), reseeds: Vec::new(), ..case.clone() };
    SEEDS.map(under).collect()
}

/// The operations without one of some equal parts.
pub(super) fn without_part(operations: &Operations, part: usize, parts: usize) -> Operations {
    let count = operations.count();
    let (from, to) = (part * count / parts, (part + 1) * count / parts);
    let mut number = 0;
    let mut actors = operations.actors.clone();
    for all in actors.values_mut() {
        all.retain(|_| {
            number += 1;
            !(from..to).contains(&(number - 1))
        });
    }
    actors.retain(|_, all| !all.is_empty());
    Operations { actors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_left_out_one_by_one_and_together_are_all() {
        let operations: Operations = "a: 1; 2; 3 | b: 4; 5".parse().expect("operations");
        let without = |part| without_part(&operations, part, 2).to_string();
        assert_eq!(without(0), "a: 3 | b: 4; 5");
        assert_eq!(without(1), "a: 1; 2");
    }
}
