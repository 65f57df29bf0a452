//! Operations of a case's load, and the numbers in them.

use std::collections::BTreeMap;

use replay::case::Case;
use sim::workload::Operations;

use super::Shrinking;

/// Numbers beyond which they are left as they are: each costs a run.
const NUMBERS_MAX: usize = 400;

/// Leaves out operations: whole actors first, then any.
pub(super) fn leave_out(shrinking: &mut Shrinking<'_>) {
    let Some(operations) = shrinking.best.case.operations.clone() else { return };
    let actors: Vec<&String> = operations.actors.keys().collect();
    shrinking.leave_out(&actors, |case, kept| {
        let actors = operations.actors.iter().filter(|(actor, _)| kept.contains(actor));
        let actors = actors.map(|(actor, operations)| (actor.clone(), operations.clone())).collect();
        Case { operations: Some(Operations { actors }), ..case.clone() }
    });
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
