//! Operations of a case's load, and the numbers in them.

use std::collections::BTreeMap;

use replay::case::Case;
use sim::workload::Operations;

use super::futures::without_part;
use super::{Shrinking, times};

/// Numbers beyond which they are left as they are: each costs a run.
const NUMBERS_MAX: usize = 400;

/// So many operations are few.
const FEW: usize = 4;
/// Operations of which each is tried alone, at most.
const DRAWN_MAX: usize = 600;
/// Actors with smaller numbers that may do what one does, at most.
const EARLIER_MAX: u64 = 8;

/// Leaves out operations: whole actors first, then any.
pub(super) fn leave_out(shrinking: &mut Shrinking<'_>) {
    let Some(operations) = shrinking.best.case.operations.clone() else { return };
    let actors: Vec<&String> = operations.actors.keys().collect();
    shrinking.leave_out(&actors, |case, kept| {
        let actors = operations.actors.iter().filter(|(actor, _)| kept.contains(actor));
        let actors = actors.map(|(actor, operations)| (actor.clone(), operations.clone())).collect();
        Case { operations: Some(Operations { actors }), ..case.clone() }
    });
    one_actor(shrinking);
    let Some(operations) = shrinking.best.case.operations.clone() else { return };
    let each: Vec<(&String, &String)> =
        operations.actors.iter().flat_map(|(actor, all)| all.iter().map(move |one| (actor, one))).collect();
    shrinking.leave_out(&each, |case, kept| {
        let mut actors: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (actor, operation) in kept {
            actors.entry((*actor).clone()).or_default().push((*operation).clone());
        }
        Case { operations: Some(Operations { actors }), ..case.clone() }
    });
    shrinking.judge.tell("operations", &shrinking.best);
}

/// Has an earlier actor do what a later one does, in the order of their times: with fewer actors, the run may be
/// smaller.
fn one_actor(shrinking: &mut Shrinking<'_>) {
    let Some(operations) = shrinking.best.case.operations.clone() else { return };
    let names: Vec<String> = operations.actors.keys().cloned().collect();
    let mut candidates = Vec::new();
    for (index, later) in names.iter().enumerate().rev() {
        for earlier in &names[..index] {
            let mut actors = operations.actors.clone();
            let moved = actors.remove(later).unwrap_or_default();
            let all = actors.entry(earlier.clone()).or_default();
            all.extend(moved);
            all.sort_by_key(|operation| times::first(operation));
            candidates.push(Case { operations: Some(Operations { actors }), ..shrinking.best.case.clone() });
        }
    }
    if shrinking.take_first(&candidates).is_some() {
        one_actor(shrinking);
    }
}

/// Where few operations are left, any single one of those that were drawn may do as well: the one whose run is much
/// shorter, again and again.
pub(super) fn others(shrinking: &mut Shrinking<'_>) {
    let left = shrinking.best.operations().unwrap_or_default();
    if left == 0 || left > FEW || shrinking.drawn.count() > DRAWN_MAX {
        return;
    }
    let single = |(actor, operation): (&String, &String)| {
        let actors = [(actor.clone(), vec![operation.clone()])].into();
        Case { operations: Some(Operations { actors }), ..shrinking.best.case.clone() }
    };
    let drawn = shrinking.drawn.actors.iter();
    let drawn = drawn.flat_map(|(actor, all)| all.iter().map(move |operation| (actor, operation)));
    let candidates: Vec<Case> = drawn.map(single).collect();
    let shorter = shrinking.best.extent.records / 8 * 7;
    if shrinking.take_first_within(&candidates, shorter).is_some() {
        others(shrinking);
    }
    shrinking.judge.tell("other operations", &shrinking.best);
}

/// Has an actor that was left out do what one with a greater number does.
pub(super) fn by_an_earlier(shrinking: &mut Shrinking<'_>) {
    let Some(operations) = shrinking.best.case.operations.clone() else { return };
    let mut candidates = Vec::new();
    for (later, all) in operations.actors.iter().rev() {
        for earlier in before_it(later).filter(|name| !operations.actors.contains_key(name)) {
            let mut actors = operations.actors.clone();
            actors.remove(later);
            actors.insert(earlier, all.clone());
            candidates.push(Case { operations: Some(Operations { actors }), ..shrinking.best.case.clone() });
        }
    }
    if shrinking.take_first(&candidates).is_some() {
        by_an_earlier(shrinking);
    }
}

/// The names with smaller numbers: of `client-2`, `client-0` and `client-1`.
fn before_it(name: &str) -> impl Iterator<Item = String> {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number: u64 = name[stem.len()..].parse().unwrap_or(0);
    (0..number.min(EARLIER_MAX)).map(move |earlier| format!("{stem}{earlier}"))
}

/// The case without each of some equal parts of its operations: halves first, then smaller ones.
pub(super) fn without_each(case: &Case, parts_max: usize) -> Vec<Case> {
    let Some(operations) = &case.operations else { return Vec::new() };
    let most = parts_max.min(operations.count());
    let mut without = Vec::new();
    for parts in [2, parts_max].into_iter().map(|parts| parts.min(most)).filter(|parts| *parts > 0) {
        let some = (0..parts).map(|part| without_part(operations, part, parts));
        without.extend(some.map(|operations| Case { operations: Some(operations), ..case.clone() }));
    }
    without.dedup();
    without
}

/// Makes the plain numbers in operations 0, all of an operation or one by one.
pub(super) fn numbers(shrinking: &mut Shrinking<'_>) {
    let Some(operations) = shrinking.best.case.operations.clone() else { return };
    let places: Vec<(String, usize, usize)> = operations
        .actors
        .iter()
        .flat_map(|(actor, all)| {
            all.iter().enumerate().flat_map(move |(index, operation)| {
                let words = operation.split(' ').enumerate().filter(|(_, word)| is_number(word));
                words.map(move |(word, _)| (actor.clone(), index, word))
            })
        })
        .collect();
    if places.len() > NUMBERS_MAX {
        return;
    }
    // What is left out of the numbers that stay is 0.
    shrinking.leave_out(&places, |case, kept| {
        let mut operations = operations.clone();
        for (actor, index, word) in places.iter().filter(|place| !kept.contains(place)) {
            let all = operations.actors.get_mut(actor).expect("the place was found there");
            let mut words: Vec<&str> = all[*index].split(' ').collect();
            words[*word] = "0";
            all[*index] = words.join(" ");
        }
        Case { operations: Some(operations), ..case.clone() }
    });
    shrinking.judge.tell("numbers", &shrinking.best);
}

/// A number that is not 0 already.
fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte != b'0')
}
