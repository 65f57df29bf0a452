//! A few seeds of every scenario in every class, that each means the same wherever it is deployed, and that every
//! planted bug barks. Long hunts are the command line's.

use std::collections::BTreeSet;

use faults::scenario::{Run, Scenario, Spec};
use models::regions::api::{Class, Profile};
use models::regions::points::QUIRKS;

use super::scenarios;
use crate::other_schedule::OtherSchedule;

/// Scenarios that fill the arena of the class at hand: their meaning depends on it.
const NATIVE: [&str; 4] = [
    "router-storm/router-storm-003.exhaustion_handling",
    "market-open-burst/market-open-burst-001.admission_spike",
    "market-open-burst/market-open-burst-003.partial_drain",
    "market-open-burst/market-open-burst-004.burst_recovery",
];

fn deployed(seed: u64, profile: Profile, class: Class) -> Spec {
    let (profile, class) = (Some(profile.to_string()), Some(class.to_string()));
    Spec { deployed_as: profile, class, ..Spec::of_seed(seed) }
}

pub(super) fn run(scenario: &Scenario, spec: &Spec) -> Run {
    scenario.run(spec).expect("a spec without mistakes")
}

/// The only scenario of this short name, such as `router-storm-003`.
pub(super) fn named(word: &str) -> Scenario {
    let mut found = scenarios().into_iter().filter(|scenario| scenario.name().contains(word));
    found.next().unwrap_or_else(|| panic!("no scenario is called `{word}`"))
}

fn expect_passed(scenario: &Scenario, spec: &Spec) -> Run {
    let run = run(scenario, spec);
    assert!(run.report.passed(), "{} {spec:?}: {:?}", scenario.name(), run.report.failure());
    run
}

#[test]
fn the_packs_hold_twenty_one_scenarios_and_the_tight_ones() {
    let names: Vec<String> = scenarios().iter().map(|scenario| scenario.name().to_string()).collect();
    let tight: Vec<String> = NATIVE.iter().map(|name| format!("{name}_r1")).collect();
    assert_eq!(names.iter().filter(|name| !tight.contains(name)).count(), 21);
    assert!(tight.iter().all(|name| names.contains(name)), "{names:?}");
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    for (pack, short) in [
        ("router-storm", "router-storm"),
        ("market-open-burst", "market-open-burst"),
        ("automotive-fault-burst", "auto-fault-burst"),
    ] {
        for number in 1..=7 {
            let prefix = format!("{pack}/{short}-00{number}.");
            assert!(names.iter().any(|name| name.starts_with(&prefix)), "no {prefix}");
        }
    }
}

#[test]
fn a_correct_runtime_passes_in_every_class_and_the_same_seed_gives_the_same_run() {
    for scenario in scenarios() {
        let mut reached = BTreeSet::new();
        for (class, seed) in Class::ALL.into_iter().zip(42..) {
            for profile in [Profile::Core, Profile::Automotive] {
                let spec = deployed(seed, profile, class);
                let first = expect_passed(&scenario, &spec);
                let points = first.report.points.iter().filter(|point| point.hits > 0);
                reached.extend(points.map(|point| point.name.to_string()));
                for line in &first.lines {
                    assert!(line.effects > 0, "{} {profile} {class}: {line:?}", scenario.name());
                }
                if seed == 42 {
                    assert_eq!(first.report.digests, run(&scenario, &spec).report.digests);
                }
            }
        }
        for required in scenario.required_points() {
            assert!(reached.contains(required), "{} does not reach `{required}`", scenario.name());
        }
    }
}

/// What fits into the tight class means the same in every profile and class; what fills the arena at hand, in every
/// profile.
#[test]
fn a_scenario_means_the_same_wherever_it_is_deployed() {
    for scenario in scenarios() {
        let is_native = NATIVE.contains(&scenario.name());
        let mut meanings = BTreeSet::new();
        for class in Class::ALL {
            // The roomy class at capacity takes long, and means the same in all profiles as the others do.
            let profiles = if is_native && class == Class::R3 { &Profile::ALL[..1] } else { &Profile::ALL };
            let in_class = profiles.iter().map(|&profile| {
                let run = expect_passed(&scenario, &deployed(7, profile, class));
                run.report.digests.semantic.to_string()
            });
            let in_class: BTreeSet<String> = in_class.collect();
            assert_eq!(in_class.len(), 1, "{} in {class}", scenario.name());
            meanings.extend(in_class);
        }
        assert_eq!(meanings.len(), if is_native { 3 } else { 1 }, "{}", scenario.name());
    }
}

#[test]
fn a_seed_draws_a_load_of_its_own() {
    for scenario in scenarios() {
        let meaning = |seed| run(&scenario, &Spec::of_seed(seed)).report.digests.semantic.to_string();
        let meanings: BTreeSet<String> = (0..3).map(meaning).collect();
        assert!(meanings.len() > 1, "{} does the same for every seed", scenario.name());
    }
}

/// Both ways out of overload are taken by some seeds.
#[test]
fn overload_is_lived_with_in_every_way() {
    let hits = |word: &str, point: &str| {
        let scenario = named(word);
        let hit = |seed: u64| {
            let run = expect_passed(&scenario, &deployed(seed, Profile::Hft, Class::R1));
            run.report.points.iter().any(|seen| seen.name == point && seen.hits > 0)
        };
        (0..20).filter(|&seed| hit(seed)).count()
    };
    assert!((3..18).contains(&hits("market-open-burst-001", "regions.shed")));
    assert!((3..18).contains(&hits("market-open-burst-004", "regions.refused")));
}

/// Where each bug shows, in which class, and by which property it is named.
const BARKS: [(&str, &str, Class, &str); 29] = [
    ("closed-early", "router-storm-002", Class::R2, "regions.R-1"),
    ("task-ended-twice", "router-storm-006", Class::R2, "regions.R-2"),
    ("task-forgotten", "market-open-burst-003", Class::R1, "regions.1.5-order"),
    ("resolved-twice", "router-storm-004", Class::R2, "regions.R-3"),
    ("leak-ignored", "router-storm-006", Class::R2, "regions.R-3"),
    ("region-reopened", "router-storm-005", Class::R2, "regions.R-4"),
    ("poison-admits-reserve", "router-storm-005", Class::R2, "regions.R-5"),
    ("poison-reaches-sibling", "router-storm-005", Class::R2, "regions.R-6"),
    ("count-drift", "router-storm-006", Class::R2, "regions.R-7"),
    ("cleanup-unbounded", "auto-fault-burst-006", Class::R2, "regions.R-8"),
    ("deadline-lost", "auto-fault-burst-002", Class::R2, "regions.R-9"),
    ("deadline-twice", "auto-fault-burst-002", Class::R2, "regions.R-9"),
    ("refusal-takes-number", "router-storm-003", Class::R2, "regions.refusals-are-clean"),
    ("allocation-half-done", "router-storm-003.exhaustion_handling_r1", Class::R2, "regions.R-10"),
    ("ids-from-entropy-alone", "auto-fault-burst-003", Class::R2, "regions.1.7-ids"),
    ("generation-kept", "router-storm-001", Class::R2, "regions.1.1-generations"),
    ("ties-by-slot", "market-open-burst-005", Class::R2, "regions.1.5-order"),
    ("finalizers-in-order", "router-storm-001", Class::R2, "regions.1.2-finalizers"),
    ("sheds-polled", "market-open-burst-001", Class::R1, "regions.1.5-shedding"),
    ("cancel-weakens", "market-open-burst-005", Class::R2, "regions.1.3-cancel"),
    ("budget-not-met", "market-open-burst-006", Class::R2, "regions.1.5-budgets"),
    ("precedence-swapped", "router-storm-005", Class::R2, "regions.1.6-precedence"),
    ("timers-by-sequence", "auto-fault-burst-001", Class::R2, "regions.1.5-order"),
    ("panic-is-error", "router-storm-001", Class::R2, "regions.job-ends-as-it-may"),
    ("class-changes-meaning", "router-storm-007", Class::R1, "regions.R-8"),
    (
        "slot-wakes-nobody",
        "market-open-burst-004",
        Class::R1,
        "market-open-burst.004.healthy-after-each-burst",
    ),
    ("regions-mute", "market-open-burst-002", Class::R2, "regions.1.5-order"),
    ("regions-amnesia", "router-storm-001", Class::R2, "regions.1.2-finalizers"),
    ("regions-frozen", "auto-fault-burst-006", Class::R2, "regions.R-9"),
];

#[test]
fn every_planted_bug_is_caught_by_a_property_that_names_it() {
    let listed: Vec<&str> = BARKS.iter().map(|bark| bark.0).collect();
    let planted: Vec<&str> = QUIRKS.iter().map(|quirk| quirk.name()).collect();
    assert_eq!(listed, planted, "each bug has its line");
    let mut missed = Vec::new();
    for (quirk, word, class, expected) in BARKS {
        let scenario = named(word);
        let caught = (0..200).find_map(|seed| {
            let spec = Spec {
                class: Some(class.to_string()),
                quirk: Some(quirk.to_string()),
                ..Spec::of_seed(seed)
            };
            run(&scenario, &spec).report.failure().map(|failure| failure.property.clone())
        });
        if caught.as_deref() != Some(expected) {
            missed.push(format!("`{quirk}` in {word}: expected {expected}, found {caught:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_scenario_means_the_same_under_any_schedule() {
    for scenario in scenarios().iter().filter(|scenario| !NATIVE.contains(&scenario.name())) {
        assert!(scenario.is_confluent());
        let usual = run(scenario, &Spec::of_seed(3)).report.digests.semantic;
        for state in 0..4 {
            let mut prepared = scenario.prepare(&Spec::of_seed(3)).expect("a spec without mistakes");
            prepared.world().explore(Box::new(OtherSchedule::new(state)));
            assert_eq!(prepared.run().report.digests.semantic, usual, "{} {state}", scenario.name());
        }
    }
}
