//! A few seeds of every scenario, and that every planted bug barks. Long hunts are the command line's.

use faults::scenario::{Run, Scenario, Spec};
use models::kv::points::QUIRKS;

use super::oracle::ANSWERED;
use super::order::{CONVERGE, CURRENT, LOGS_AGREE, ONCE, ONE_PRIMARY, OUTCOMES, WRITES_STAY};
use super::scenarios;
use crate::other_schedule::OtherSchedule;

fn named(name: &str) -> Scenario {
    scenarios().into_iter().find(|scenario| scenario.name() == name).expect("a scenario of the pack")
}

fn run(scenario: &Scenario, seed: u64, quirk: Option<&str>) -> Run {
    let spec = Spec { quirk: quirk.map(str::to_string), ..Spec::of_seed(seed) };
    scenario.run(&spec).expect("a spec without mistakes")
}

#[test]
fn a_correct_store_passes_and_the_same_seed_gives_the_same_run() {
    for scenario in scenarios() {
        for seed in 0..6 {
            let first = run(&scenario, seed, None);
            assert!(first.report.passed(), "{} {seed}: {:?}", scenario.name(), first.report.failure());
            if seed < 2 {
                assert_eq!(first.report.digests, run(&scenario, seed, None).report.digests);
            }
        }
    }
}

#[test]
fn trouble_takes_effect_and_calls_are_answered() {
    for scenario in scenarios().iter().filter(|scenario| scenario.name() != "kv/steady") {
        let runs: Vec<Run> = (0..8).map(|seed| run(scenario, seed, None)).collect();
        let effective =
            runs.iter().flat_map(|run| &run.report.faults).filter(|fault| fault.effects > 0).count();
        assert!(effective >= runs.len(), "{}: {effective} faults took effect", scenario.name());
        let answered = |run: &Run| {
            run.report
                .points
                .iter()
                .find(|point| point.name == "kv.call_answered")
                .map_or(0, |point| point.hits)
        };
        assert!(runs.iter().all(|run| answered(run) > 300), "{}", scenario.name());
    }
}

const ENTRIES_STAY: &str = "kv.agreed_entries_stay";

/// Where each bug shows soonest, and by which properties it may be named.
const BARKS: [(&str, &str, &[&str]); 11] = [
    ("ack-before-sync", "kv/power-loss", &[WRITES_STAY, LOGS_AGREE, ENTRIES_STAY, CONVERGE]),
    ("lease-by-skewed-clock", "kv/skewed-lease-clock", &[CURRENT, ANSWERED]),
    ("fencing-unchecked", "kv/partition", &[ENTRIES_STAY, LOGS_AGREE, CONVERGE, WRITES_STAY]),
    ("torn-tail-accepted", "kv/torn-log", &[LOGS_AGREE, WRITES_STAY, OUTCOMES]),
    ("replies-lost-on-restart", "kv/crash-loop", &[ONCE]),
    ("retry-applied-twice", "kv/partition", &[ONCE]),
    ("drop-flushes", "kv/crash-loop", &[WRITES_STAY, LOGS_AGREE, ENTRIES_STAY, CONVERGE, ONE_PRIMARY]),
    ("destructor-releases-lease", "kv/crash-loop", &[ANSWERED, CONVERGE]),
    ("mute", "kv/steady", &[ANSWERED]),
    ("amnesia", "kv/crash-loop", &[WRITES_STAY, LOGS_AGREE, ENTRIES_STAY, CONVERGE, ONE_PRIMARY, CURRENT]),
    ("frozen", "kv/steady", &[CURRENT, OUTCOMES]),
];

#[test]
fn every_planted_bug_is_caught_by_a_property_that_names_it() {
    assert_eq!(BARKS.len(), QUIRKS.len());
    for (quirk, scenario, properties) in BARKS {
        let scenario = named(scenario);
        let property = (0..500).find_map(|seed| {
            run(&scenario, seed, Some(quirk)).report.failure().map(|failure| failure.property.clone())
        });
        let property = property.unwrap_or_else(|| panic!("`{quirk}` was not caught in {}", scenario.name()));
        assert!(properties.contains(&property.as_str()), "`{quirk}` was caught by `{property}`");
    }
}

#[test]
fn a_steady_store_means_the_same_under_any_schedule() {
    let steady = named("kv/steady");
    assert!(steady.is_confluent());
    let usual = run(&steady, 3, None).report.digests;
    let mut traces = std::collections::BTreeSet::from([usual.trace.short()]);
    for state in 0..100 {
        let mut prepared = steady.prepare(&Spec::of_seed(3)).expect("a spec without mistakes");
        prepared.world().explore(Box::new(OtherSchedule::new(state)));
        let digests = prepared.run().report.digests;
        assert_eq!(digests.semantic, usual.semantic);
        traces.insert(digests.trace.short());
    }
    assert!(traces.len() > 50, "only {} schedules differ", traces.len());
}
