//! Values of a plan's lines: whom a trouble befalls, and the plain numbers in it.
//!
//! They are found in a line's text, because each trouble has its own; what is then no plan any more, or what its
//! scenario refuses, is no candidate.

use std::collections::BTreeSet;

use faults::plan::Plan;
use replay::case::{Case, PlanSource};

use super::{Shrinking, plan};

/// Makes lists shorter, item by item, and numbers smaller.
pub(super) fn smaller(shrinking: &mut Shrinking<'_>) {
    while shrinking.take_first(&candidates(&shrinking.best.case, without_one)).is_some() {}
    while shrinking.take_first(&candidates(&shrinking.best.case, smaller_numbers)).is_some() {}
    shrinking.judge.tell("values", &shrinking.best);
}

/// The case with each other text of each line of trouble that is a line.
fn candidates(case: &Case, others: fn(&str) -> Vec<String>) -> Vec<Case> {
    let Some(plan) = plan::of(case) else { return Vec::new() };
    let lines: Vec<String> = plan.faults.iter().map(ToString::to_string).collect();
    let mut cases = Vec::new();
    for index in (0..lines.len()).filter(|&index| plan::is_trouble(&plan.faults[index])) {
        for other in others(&lines[index]) {
            let mut lines = lines.clone();
            lines[index] = other;
            let parsed: Option<Plan> = format!("faults = [{}]", lines.join(", ")).parse().ok();
            let plan = parsed.filter(|parsed| *parsed != plan);
            cases.extend(plan.map(|plan| Case { plan: Some(PlanSource::inline(&plan)), ..case.clone() }));
        }
    }
    cases
}

/// The line without each item of each of its lists of words; the last items go first.
fn without_one(line: &str) -> Vec<String> {
    let mut others = Vec::new();
    for (from, to) in word_lists(line) {
        let items: Vec<&str> = line[from..to].split(',').map(str::trim).collect();
        for gone in (0..items.len()).rev().filter(|_| items.len() > 1) {
            let mut left = items.clone();
            left.remove(gone);
            others.push(format!("{}{}{}", &line[..from], left.join(", "), &line[to..]));
        }
    }
    others
}

/// Where lists of words are, without their brackets: the innermost ones.
fn word_lists(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut opened = None;
    let mut in_word = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => in_word = !in_word,
            '[' if !in_word => opened = Some(at + 1),
            ']' if !in_word => found.extend(opened.take().map(|from| (from, at))),
            _ => {}
        }
    }
    found.retain(|&(from, to)| line[from..to].starts_with('"'));
    found
}

/// The line with each of its plain numbers smaller: none of it, an eighth, half.
fn smaller_numbers(line: &str) -> Vec<String> {
    let mut others = Vec::new();
    for (from, to) in numbers(line) {
        let Ok(number) = line[from..to].parse::<u64>() else { continue };
        let parts: BTreeSet<u64> = [0, 1, number / 8, number / 2].into();
        for part in parts.into_iter().filter(|part| *part < number) {
            others.push(format!("{}{part}{}", &line[..from], &line[to..]));
        }
    }
    others
}

/// Where plain numbers are: digits that are the whole value of a key.
fn numbers(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(equals) = line[at..].find("= ") {
        let from = at + equals + 2;
        let length = line[from..].bytes().take_while(u8::is_ascii_digit).count();
        let is_whole = line[from + length..].starts_with([',', ' ', '}']);
        if length > 0 && is_whole {
            found.push((from, from + length));
        }
        at = from + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{ at = "1s", disk = ["a-1", "b", "c"], latency = ["1ms", "2ms"], bytes_free = 512 }"#;

    #[test]
    fn each_item_of_a_list_can_go() {
        let others = without_one(LINE);
        assert_eq!(others.len(), 5);
        assert!(others[0].contains(r#"disk = ["a-1", "b"], latency"#), "{}", others[0]);
        assert!(without_one(r#"{ at = "1s", partition = [["a", "b"], ["c"]] }"#).len() == 2);
    }

    #[test]
    fn numbers_become_smaller_and_words_stay() {
        let others = smaller_numbers(LINE);
        let numbers = ["0", "1", "64", "256"].map(|number| LINE.replace("512", number));
        assert_eq!(others, numbers);
        assert_eq!(smaller_numbers(r#"{ at = "10s", knob = "x=  7", after = 0 }"#), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_plan_is_no_candidate() {
        let fewer = |line: &str| {
            let mut case = Case::new("kv/steady", 1);
            case.plan = Some(PlanSource::inline(&format!("faults = [{line}]").parse().expect("a plan")));
            candidates(&case, without_one).len()
        };
        assert_eq!(fewer(r#"{ at = "1s", kill = ["a-1", "b"] }"#), 2);
        assert_eq!(fewer(r#"{ at = "1s", swap = ["a", "b"], restart_after = "400ms" }"#), 0, "it takes two");
    }
}
