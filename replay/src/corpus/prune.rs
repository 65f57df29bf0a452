//! Which cases say no more than another.

use super::Kept;
use crate::case::Case;

/// Cases that say no more than another: each by its place, with the place of the one that says it too. Of cases of
/// one scenario, class, profile, planted bug and signature the smallest stays, and of equals the first.
pub fn superfluous(cases: &[Kept]) -> Vec<(usize, usize)> {
    let mut superfluous = Vec::new();
    for (index, kept) in cases.iter().enumerate() {
        let alike = (0..cases.len()).filter(|other| says_the_same(cases[*other].case(), kept.case()));
        let best = alike.min_by_key(|other| (size(cases[*other].case()), *other));
        let best = best.expect("a case says the same as itself");
        if best != index {
            superfluous.push((index, best));
        }
    }
    superfluous
}

fn says_the_same(one: &Case, other: &Case) -> bool {
    let bucket = |case: &Case| case.fails.as_ref().map(|fails| fails.bucket());
    one.scenario == other.scenario
        && one.class == other.class
        && one.profile == other.profile
        && one.quirks == other.quirks
        && bucket(one) == bucket(other)
}

/// How much there is to read: the line, without what its run came to.
fn size(case: &Case) -> usize {
    Case { fails: None, digest: None, seed: 0, ..case.clone() }.to_string().len()
}
