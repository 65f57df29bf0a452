//! Choices of a case: all 0 but those that matter, and those said one by one where they are few.
//!
//! A choice of 0 is the plain one: the smallest delay, the first of the ready tasks, nothing lost. A case all of
//! whose choices are said no longer hangs on its seed.

use std::collections::BTreeMap;

use replay::case::Case;
use sim::choice::Edit;

use super::{Recorded, Shrinking};

/// So many draws of a stream are said one by one; of more, the stream is left to the seed.
const SAID_MAX: usize = 24;
/// Changes among which those that are needed are looked for: each may cost a run.
const EDITS_MAX: usize = 200;
/// Draws of a stream among which those that matter are looked for.
const DRAWS_MAX: usize = 4096;

/// Which choices matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mattering {
    /// Families of streams, such as `net`, that are left to the seed as a whole.
    families: Vec<String>,
    /// Streams of other families that are left to the seed.
    streams: Vec<String>,
    /// Draws of other streams, said one by one.
    said: Vec<(String, u64, u64)>,
}

impl Mattering {
    /// The edits that make 0 of everything else; `all` are the streams that there are.
    fn edits(&self, all: &[String]) -> Vec<Edit> {
        let mut edits = Vec::new();
        if self.families.is_empty() && self.streams.is_empty() {
            edits.push(Edit::all_from("*", 0, 0));
        } else {
            let mut whole: BTreeMap<&str, bool> = BTreeMap::new();
            for stream in all {
                let keeps = self.streams.contains(stream);
                *whole.entry(family(stream)).or_insert(true) &= !keeps;
            }
            for (name, is_whole) in
                whole.iter().filter(|(name, _)| !self.families.iter().any(|kept| kept == *name))
            {
                if *is_whole {
                    edits.push(Edit::all_from(&format!("{name}/*"), 0, 0));
                    continue;
                }
                let others =
                    all.iter().filter(|stream| family(stream) == *name && !self.streams.contains(stream));
                edits.extend(others.map(|stream| Edit::all_from(stream, 0, 0)));
            }
        }
        edits.extend(self.said.iter().map(|(stream, index, value)| Edit::one(stream, *index, *value)));
        edits
    }
}

/// `net/a>b`: `net`.
fn family(stream: &str) -> &str {
    stream.split('/').next().unwrap_or(stream)
}

/// Makes choices 0.
pub(super) fn towards_zero(shrinking: &mut Shrinking<'_>) {
    if shrinking.judge.is_over() {
        return;
    }
    let nothing = Mattering { families: Vec::new(), streams: Vec::new(), said: Vec::new() };
    let all_zero = nothing.edits(&[]);
    let best = shrinking.best.case.clone();
    let is_zero = best.edits.first() == all_zero.first();
    // Where everybody waits for the least time, many try at once: a case that says everything may be a little longer.
    let records_max = shrinking.best.extent.records / 20 * 23;
    let zeroed = Case { edits: all_zero.clone(), ..best };
    let takes_zero = !is_zero && shrinking.take_first_within(&[zeroed], records_max).is_some();
    if !is_zero && !takes_zero && !shrinking.choices_are_said {
        let Some(recorded) = shrinking.judge.record(&shrinking.best.case) else { return };
        which_matter(shrinking, &recorded);
        shrinking.choices_are_said = true;
    }
    shrinking.drop_what_is_not_needed();
    drop_what_says_nothing(shrinking);
    if shrinking.best.case.edits.first() == all_zero.first() {
        // Every choice is said: the seed has no say.
        let best = shrinking.best.case.clone();
        shrinking.take(Case { seed: 0, ..best });
    }
    shrinking.judge.tell("choices", &shrinking.best);
}

/// Draws that are said and that nobody needs go: of a stream that is no longer there, for instance. What makes a
/// stream 0 as a whole stays.
fn drop_what_says_nothing(shrinking: &mut Shrinking<'_>) {
    let edits = shrinking.best.case.edits.clone();
    let (said, whole): (Vec<Edit>, Vec<Edit>) = edits.into_iter().partition(|edit| edit.end.is_some());
    if said.len() < EDITS_MAX {
        let with = |case: &Case, kept: &[Edit]| Case { edits: [&whole, kept].concat(), ..case.clone() };
        shrinking.leave_out(&said, with);
    }
}

fn which_matter(shrinking: &mut Shrinking<'_>, recorded: &Recorded) {
    // What the case changed before stays where it matters, behind all that is made 0.
    let before = shrinking.best.case.edits.clone();
    let base = shrinking.leave_out(&before, |case, kept| Case { edits: kept.to_vec(), ..case.clone() });
    let all = &recorded.streams;
    let with = |case: &Case, mattering: &Mattering| {
        let mut edits = mattering.edits(all);
        edits.extend(base.iter().cloned());
        Case { edits, ..case.clone() }
    };
    let mut families: Vec<String> = all.iter().map(|stream| family(stream).to_string()).collect();
    families.sort_unstable();
    families.dedup();
    let of_families =
        |kept: &[String]| Mattering { families: kept.to_vec(), streams: Vec::new(), said: Vec::new() };
    let families = shrinking.leave_out(&families, |case, kept| with(case, &of_families(kept)));
    let streams: Vec<String> =
        all.iter().filter(|stream| families.iter().any(|kept| kept == family(stream))).cloned().collect();
    let of_streams =
        |kept: &[String]| Mattering { families: Vec::new(), streams: kept.to_vec(), said: Vec::new() };
    // All streams of the kept families, said one by one, are the same case in other words.
    let mut streams = shrinking.leave_out(&streams, |case, kept| with(case, &of_streams(kept)));
    let Some(recorded) = shrinking.judge.record(&shrinking.best.case) else { return };
    let mut said = Vec::new();
    for stream in streams.clone() {
        let draws = draws_of(&recorded, &stream);
        if draws.len() > DRAWS_MAX || shrinking.judge.is_over() {
            continue;
        }
        let others: Vec<String> = streams.iter().filter(|other| **other != stream).cloned().collect();
        let mattering = |kept: &[(String, u64, u64)]| Mattering {
            families: Vec::new(),
            streams: others.clone(),
            said: said.iter().chain(kept).cloned().collect(),
        };
        // Whether saying every draw of it is the same run at all.
        let whole = with(&shrinking.best.case, &mattering(&draws));
        let before = shrinking.best.clone();
        if !shrinking.take(whole) {
            continue;
        }
        let kept = shrinking.leave_out(&draws, |case, kept| with(case, &mattering(kept)));
        if kept.len() > SAID_MAX {
            // Too many to be read: the seed says them shorter.
            shrinking.best = before;
            continue;
        }
        said.extend(kept);
        streams = others;
    }
    smaller(shrinking, &streams, &mut said, with);
}

/// Makes the draws that are said smaller, and brings them nearer to the beginning of their stream.
fn smaller(
    shrinking: &mut Shrinking<'_>,
    streams: &[String],
    said: &mut [(String, u64, u64)],
    with: impl Fn(&Case, &Mattering) -> Case,
) {
    let case_of = |case: &Case, said: &[(String, u64, u64)]| {
        with(case, &Mattering { families: Vec::new(), streams: streams.to_vec(), said: said.to_vec() })
    };
    for place in 0..said.len() {
        loop {
            let (stream, index, value) = said[place].clone();
            let previous = said[..place].iter().rev().find(|(other, _, _)| *other == stream);
            let behind = previous.map_or(0, |(_, index, _)| index + 1);
            let mut tries: Vec<Vec<(String, u64, u64)>> = Vec::new();
            for to in [1, value / 16, value / 2].into_iter().filter(|to| *to > 0 && *to < value) {
                let mut smaller = said.to_vec();
                smaller[place].2 = to;
                tries.push(smaller);
            }
            // A span of choices before it is deleted: it and all behind it come that much earlier.
            for gone in [index - behind, (index - behind) / 2].into_iter().filter(|gone| *gone > 0) {
                let mut earlier = said.to_vec();
                for (other, at, _) in &mut earlier[place..] {
                    *at -= if *other == stream { gone } else { 0 };
                }
                tries.push(earlier);
            }
            let cases: Vec<Case> = tries.iter().map(|said| case_of(&shrinking.best.case, said)).collect();
            match shrinking.take_first(&cases) {
                Some(index) => said.clone_from_slice(&tries[index]),
                None => break,
            }
        }
    }
}

/// The draws of a stream that are not 0.
fn draws_of(recorded: &Recorded, stream: &str) -> Vec<(String, u64, u64)> {
    let is_it = |name: Option<&String>| name.is_some_and(|name| name == stream);
    let of = recorded
        .draws
        .iter()
        .filter(|draw| is_it(recorded.streams.get(draw.stream.index())) && draw.value > 0);
    of.map(|draw| (stream.to_string(), draw.index, draw.value)).collect()
}
