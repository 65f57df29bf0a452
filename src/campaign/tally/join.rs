//! Joining the tallies of parts: which belong together, which are refused, and what they come to as one.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;

use super::Tally;
use crate::campaign::rows::Rows;
use crate::campaign::summary::{Failing, Kept, PointSum, ScenarioSummary, Summary};

/// What some tallies come to.
pub(crate) struct Joined {
    /// The tally of all that belong together; `None` when there was none.
    pub(crate) tally: Option<Tally>,
    /// How many of those given are in it.
    pub(crate) count: usize,
    /// What is wrong with the others, and with what is not there; each in a message of its own.
    pub(crate) problems: Vec<String>,
}

/// Joins tallies, each under its name in messages. Of several sweeps the one with most tallies is taken, or the one
/// that was named first; of a part that is there twice, one is taken when both are the same, and else none.
pub(crate) fn join(named: Vec<(String, Tally)>) -> Joined {
    let mut problems = Vec::new();
    let of_one = of_one_sweep(named, &mut problems);
    let once = each_part_once(of_one, &mut problems);
    let count = once.len();
    let tally = once.into_iter().map(|(_, tally)| tally).collect::<Vec<_>>();
    let tally = (!tally.is_empty()).then(|| joined(tally));
    let missing = tally.as_ref().map(|tally| tally.parts.missing()).unwrap_or_default();
    if let (Some(tally), false) = (&tally, missing.is_empty()) {
        let missing: Vec<String> = missing.iter().map(u64::to_string).collect();
        let (missing, count) = (missing.join(", "), tally.parts.count);
        problems.push(format!(
            "missing: shard {missing} of {count} (counted from 0): sweep with `--shard I/{count}`, and merge again"
        ));
    }
    Joined { tally, count, problems }
}

fn of_one_sweep(named: Vec<(String, Tally)>, problems: &mut Vec<String>) -> Vec<(String, Tally)> {
    // Each group by its first member; there are rarely two.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, (_, tally)) in named.iter().enumerate() {
        match groups.iter_mut().find(|group| difference(tally, &named[group[0]].1).is_none()) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    // Of equals, `max_by_key` takes the last.
    let Some(chosen) = groups.into_iter().rev().max_by_key(Vec::len) else { return Vec::new() };
    let first = chosen[0];
    for (index, (name, tally)) in named.iter().enumerate() {
        if let Some(difference) = difference(tally, &named[first].1) {
            assert!(!chosen.contains(&index), "a group is of one sweep");
            let (other, _) = &named[first];
            problems.push(format!(
                "{name}: it is of another sweep than {other}: {difference}; merge each sweep on its own"
            ));
        }
    }
    let chosen: BTreeSet<usize> = chosen.into_iter().collect();
    named.into_iter().enumerate().filter(|(index, _)| chosen.contains(index)).map(|(_, one)| one).collect()
}

/// In what two tallies differ as sweeps, when they do.
fn difference(one: &Tally, other: &Tally) -> Option<String> {
    let told = |name: &str, one: &str, other: &str| {
        let word = |word: &str| if word.is_empty() { "not given".to_string() } else { format!("`{word}`") };
        Some(format!("{name} is {} and not {}", word(one), word(other)))
    };
    let asked = |tally: &Tally| tally.sweep.asked.iter().cloned().collect::<BTreeMap<_, _>>();
    let (left, right) = (asked(one), asked(other));
    // In the order in which they were asked; a name that only one of them has counts as well.
    for (name, _) in one.sweep.asked.iter().chain(&other.sweep.asked) {
        let value = |asked: &BTreeMap<String, String>| asked.get(name).map_or_else(String::new, Clone::clone);
        if left.get(name) != right.get(name) {
            return told(name, &value(&left), &value(&right));
        }
    }
    let (left, right) = (one.parts.count, other.parts.count);
    if left != right {
        return told("the number of shards", &left.to_string(), &right.to_string());
    }
    let (left, right) = (&one.summary.scenarios, &other.summary.scenarios);
    let names = |scenarios: &[ScenarioSummary]| {
        scenarios.iter().map(|scenario| scenario.name.clone()).collect::<Vec<_>>().join(", ")
    };
    if names(left) != names(right) {
        return told("its list of scenarios", &names(left), &names(right));
    }
    let declared = |scenario: &ScenarioSummary| {
        let of = |(name, point): (&String, &PointSum)| (name.clone(), point.kind, point.required);
        scenario.points.iter().map(of).collect::<Vec<_>>()
    };
    let moved = left.iter().zip(right).find(|(left, right)| declared(left) != declared(right));
    let by_builds = one.sweep.planted != other.sweep.planted || one.sweep.left_out != other.sweep.left_out;
    match moved {
        Some((scenario, _)) => Some(format!("{} declares other points: the builds differ", scenario.name)),
        None => by_builds.then(|| "what it left out differs, so the builds do".to_string()),
    }
}

fn each_part_once(named: Vec<(String, Tally)>, problems: &mut Vec<String>) -> Vec<(String, Tally)> {
    let mut taken: Vec<(String, Tally)> = Vec::new();
    let mut doubtful = BTreeSet::new();
    for (name, tally) in named {
        let overlaps = |(_, other): &(String, Tally)| !tally.parts.present.is_disjoint(&other.parts.present);
        let Some(index) = taken.iter().position(overlaps) else {
            taken.push((name, tally));
            continue;
        };
        let (other, before) = &taken[index];
        let parts = &tally.parts;
        if before.parts == *parts && has_the_same_runs(before, &tally) {
            problems.push(format!("{name}: shard {parts} once more, the same as {other}: leave one out"));
        } else {
            doubtful.insert(index);
            problems.push(format!(
                "{name}: shard {parts} once more, and not the same as {other}: neither is joined; keep the one to trust"
            ));
        }
    }
    let trusted = |(index, one)| (!doubtful.contains(&index)).then_some(one);
    taken.into_iter().enumerate().filter_map(trusted).collect()
}

fn has_the_same_runs(one: &Tally, other: &Tally) -> bool {
    let pairs = one.summary.scenarios.iter().zip(&other.summary.scenarios);
    one.canary_failed == other.canary_failed
        && one.interrupted == other.interrupted
        && one.past == other.past
        && pairs.into_iter().all(|(one, other)| one.rows == other.rows)
}

/// All of them as one: of one sweep, and no part twice.
fn joined(mut tallies: Vec<Tally>) -> Tally {
    // In the order of their parts, whoever named them in which: the first says how lines to paste begin.
    tallies.sort_by(|one, other| one.parts.present.first().cmp(&other.parts.present.first()));
    let canary_failed = tallies.iter().all(|tally| tally.canary_failed);
    let interrupted = tallies.iter().any(|tally| tally.interrupted);
    let mut parts = tallies[0].parts.clone();
    parts.present = tallies.iter().flat_map(|tally| &tally.parts.present).copied().collect();
    let sweep = tallies[0].sweep.clone();
    let mut past: Vec<_> = tallies.iter().flat_map(|tally| tally.past.clone()).collect();
    past.sort_by(|one, other| one.name.cmp(&other.name));
    let mut columns: Vec<Vec<ScenarioSummary>> = sweep_scenarios(&tallies);
    for tally in tallies {
        columns.iter_mut().zip(tally.summary.scenarios).for_each(|(column, scenario)| column.push(scenario));
    }
    let scenarios = columns.into_iter().map(one_scenario).collect();
    Tally { sweep, parts, canary_failed, interrupted, past, summary: Summary { scenarios } }
}

fn sweep_scenarios(tallies: &[Tally]) -> Vec<Vec<ScenarioSummary>> {
    let count = tallies[0].summary.scenarios.len();
    assert!(tallies.iter().all(|tally| tally.summary.scenarios.len() == count), "they are of one sweep");
    (0..count).map(|_| Vec::with_capacity(tallies.len())).collect()
}

/// What several parts saw of one scenario.
fn one_scenario(parts: Vec<ScenarioSummary>) -> ScenarioSummary {
    let mut parts = parts.into_iter();
    let mut all = parts.next().expect("there is a tally");
    let mut rows = vec![std::mem::take(&mut all.rows)];
    for part in parts {
        all.busy_ns += part.busy_ns;
        all.virtual_ns += part.virtual_ns;
        all.effects = all.effects.saturating_add(part.effects);
        for (sum, point) in all.points.values_mut().zip(part.points.values()) {
            sum.hits = sum.hits.saturating_add(point.hits);
            sum.held = sum.held.saturating_add(point.held);
            sum.numeric_max = sum.numeric_max.max(point.numeric_max);
        }
        for (name, latencies) in part.latencies {
            add_latencies(all.latencies.entry(name).or_insert_with(super::histogram), &latencies);
        }
        for (warning, count) in part.warnings {
            *all.warnings.entry(warning).or_default() += count;
        }
        all.coverage.merge(&part.coverage);
        all.schedules = all.schedules.saturating_add(part.schedules);
        all.seeds_whole = all.seeds_whole.saturating_add(part.seeds_whole);
        for (what, failing) in part.failing {
            let sum = all.failing.entry(what).or_insert_with(|| Failing::new(failing.verdict));
            add_failing(sum, failing.count, failing.first);
        }
        rows.push(part.rows);
    }
    all.rows = Rows::joined(rows);
    all
}

fn add_latencies(sum: &mut Histogram<u64>, latencies: &Histogram<u64>) {
    sum.add(latencies).expect("a histogram grows with its values");
}

fn add_failing(sum: &mut Failing, count: u64, kept: BTreeMap<u64, Kept>) {
    sum.count = sum.count.saturating_add(count);
    kept.into_iter().for_each(|(position, kept)| sum.keep(position, kept));
}
