//! A few seeds of every scenario, and that every planted bug barks. Long hunts are the command line's.
#![allow(clippy::disallowed_methods, reason = "a test may be told from outside how long to search")]

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::ops::Range;

use faults::scenario::{Run, Scenario, Spec};
use models::adapter::api::Reason;
use models::adapter::points::{CLIENT_SITES, QUIRKS, REMOTE_SITES};

use super::escalation::{PROPERTIES, class_of};
use super::rehearsal::rehearse;
use super::{killed_at, scenarios};

fn named(name: &str) -> Scenario {
    scenarios().into_iter().find(|scenario| scenario.name() == name).expect("a scenario of the pack")
}

fn run(scenario: &Scenario, seed: u64, quirk: Option<&str>) -> Run {
    let spec = Spec { quirk: quirk.map(str::to_string), ..Spec::of_seed(seed) };
    scenario.run(&spec).expect("a spec without mistakes")
}

fn passed(scenario: &Scenario, seed: u64, run: &Run) {
    let failure = run.report.failure();
    assert!(failure.is_none(), "{} seed={seed:#x}: {failure:?}", scenario.name());
}

/// Longer hunts: `TOURBILLON_ADAPTER_SEEDS=1000 cargo test --release -p tourbillon-workloads adapter`.
fn seeds(count: u64) -> Range<u64> {
    let asked = std::env::var("TOURBILLON_ADAPTER_SEEDS").ok().and_then(|count| count.parse().ok());
    0..asked.unwrap_or(count)
}

#[test]
fn a_correct_adapter_passes_and_the_same_seed_gives_the_same_run() {
    for scenario in scenarios() {
        for seed in seeds(20) {
            let first = run(&scenario, seed, None);
            passed(&scenario, seed, &first);
            if seed < 2 {
                assert_eq!(first.report.digests, run(&scenario, seed, None).report.digests);
            }
        }
    }
}

/// A campaign would fail over a point that was never hit; so does this, in as many seeds.
#[test]
fn trouble_takes_effect_and_required_points_are_hit() {
    for scenario in scenarios() {
        let (mut hit, mut effective) = (BTreeSet::new(), 0);
        for seed in 0..24 {
            let run = run(&scenario, seed, None);
            effective += u64::from(run.report.faults.iter().any(|fault| fault.effects > 0));
            hit.extend(run.report.points.iter().filter(|point| point.hits > 0).map(|point| point.name));
        }
        assert!(effective >= 6, "{}: trouble took effect in {effective} of 24 seeds", scenario.name());
        for required in scenario.required_points() {
            assert!(hit.contains(required.as_str()), "{} never passed {required}", scenario.name());
        }
    }
}

/// kill -9 at every site, at several of its hits, also while the run retries and resumes.
#[test]
fn a_kill_between_any_two_awaits_is_survived() {
    let scenario = named("adapter/kill");
    for site in CLIENT_SITES.iter().chain(&REMOTE_SITES) {
        let mut struck = 0;
        for hit in [1, 2, 3, 7, 20] {
            for seed in seeds(4) {
                let plan = killed_at(site.name(), NonZeroU32::new(hit).expect("a hit counts from 1"));
                let spec = Spec { plan: Some(plan), ..Spec::of_seed(seed) };
                let run = scenario.run(&spec).expect("a spec without mistakes");
                passed(&scenario, seed, &run);
                struck += run.lines[0].effects;
            }
        }
        assert!(struck >= 2, "{}: {struck} kills", site.name());
    }
}

/// Every reason alone and in pairs, killed at every site on the way to it: the answer stays the same.
#[test]
fn a_kill_between_any_two_awaits_changes_no_answer() {
    let provoking = |scenario: &Scenario| {
        let name = scenario.name().trim_start_matches("adapter/");
        name.starts_with("pair-") || Reason::ALL.iter().any(|reason| reason.name() == name)
    };
    let scenarios: Vec<Scenario> = scenarios().into_iter().filter(provoking).collect();
    assert_eq!(scenarios.len(), 6 + 15);
    for scenario in scenarios {
        let mut struck = 0;
        for site in CLIENT_SITES.iter().chain(&REMOTE_SITES) {
            for hit in 1..4 {
                let plan = killed_at(site.name(), NonZeroU32::new(hit).expect("a hit counts from 1"));
                let seed = u64::from(hit);
                let spec = Spec { plan: Some(plan), ..Spec::of_seed(seed) };
                let run = scenario.run(&spec).expect("a spec without mistakes");
                passed(&scenario, seed, &run);
                struck += run.lines[0].effects;
            }
        }
        assert!(struck >= 10, "{}: {struck} kills", scenario.name());
    }
}

/// Where each bug shows soonest, and by which properties it may be named.
const BARKS: [(&str, &str, &[&str]); 26] = [
    ("unsupported-goes-on", "adapter/unsupported-capability", &["adapter.named_reason"]),
    ("mismatch-goes-on", "adapter/capability-mismatch", &["adapter.named_reason"]),
    ("doubt-goes-on", "adapter/integrity-precheck-failed", &["adapter.named_reason"]),
    ("conflict-overwrites", "adapter/conflict-detected", &["adapter.named_reason"]),
    ("conflict-goes-on", "adapter/conflict-detected", &["adapter.cursor_acknowledged"]),
    ("retries-unbounded", "adapter/retry-exhausted", &["adapter.retries_bounded"]),
    ("resumes-other-seed", "adapter/resume-seed-mismatch", &["adapter.named_reason"]),
    ("applies-twice", "adapter/tail", &["adapter.applied_once"]),
    ("audit-unlinked", "adapter/kill", &["adapter.audit_whole"]),
    ("audit-skips-losses", "adapter/swarm", &["adapter.audit_whole"]),
    ("cursor-runs-ahead", "adapter/retry-exhausted", &["adapter.cursor_acknowledged"]),
    ("seals-twice", "adapter/tail", &["adapter.sealed_once"]),
    ("seals-unchecked", "adapter/integrity-precheck-failed", &["adapter.named_reason"]),
    ("completes-unsealed", "adapter/retry-exhausted", &["adapter.named_reason"]),
    ("hardened-checks-once", "adapter/parity", &["adapter.hardened_rechecks"]),
    ("hardened-renames", "adapter/parity", &["adapter.modes_agree"]),
    ("acknowledged-not-stored", "adapter/kill", &["adapter.named_reason", "adapter.cursor_acknowledged"]),
    ("damage-believed", "adapter/tail", &["adapter.modes_agree", "adapter.named_reason"]),
    ("stale-reply-taken", "adapter/tail", &["adapter.modes_agree", "adapter.named_reason"]),
    ("deadline-by-wall-clock", "adapter/reversed-clock", &["adapter.named_reason", "adapter.modes_agree"]),
    ("mute", "adapter/steady", &["adapter.named_reason"]),
    ("amnesia", "adapter/kill", &["adapter.named_reason"]),
    ("frozen", "adapter/steady", &["adapter.named_reason"]),
    ("slow-median", "adapter/tail", &["adapter.tail_p50"]),
    ("slow-eighth", "adapter/tail", &["adapter.tail_p95"]),
    ("slow-tail", "adapter/tail", &["adapter.tail_p99"]),
];

#[test]
fn every_planted_bug_is_caught_within_200_seeds_by_a_property_that_names_it() {
    let listed: BTreeSet<&str> = BARKS.iter().map(|(quirk, ..)| *quirk).collect();
    assert_eq!(listed, QUIRKS.iter().map(|quirk| quirk.name()).collect());
    for (quirk, scenario, properties) in BARKS {
        let scenario = named(scenario);
        let failure = (0..200).find_map(|seed| {
            let report = run(&scenario, seed, Some(quirk)).report;
            report.failure().filter(|failure| properties.contains(&failure.property.as_str())).cloned()
        });
        let failure = failure.unwrap_or_else(|| panic!("`{quirk}` was not caught in {}", scenario.name()));
        let class = class_of(&failure.property);
        assert!(failure.message.ends_with(&format!("[{class}]")), "{}", failure.message);
    }
}

/// Each property fails for some bug: one that never did would be no check.
#[test]
fn every_property_has_barked() {
    let mut barked: BTreeSet<&str> = BARKS.iter().flat_map(|(.., properties)| *properties).copied().collect();
    let elsewhere = [
        ("mute", "adapter/retry-exhausted", "adapter.provoked"),
        ("damage-believed", "adapter/integrity-precheck-failed", "adapter.nothing_partial"),
        ("audit-skips-losses", "adapter/kill", "adapter.ends"),
    ];
    for (quirk, scenario, property) in elsewhere {
        let scenario = named(scenario);
        let is_caught = |seed| {
            let report = run(&scenario, seed, Some(quirk)).report;
            report.failure().is_some_and(|failure| failure.property == property)
        };
        assert!((0..200).any(is_caught), "{property} did not bark at `{quirk}`");
        barked.insert(property);
    }
    assert_eq!(barked, PROPERTIES.iter().map(|property| property.name).collect());
}

#[test]
fn a_rehearsal_leaves_the_same_files_for_the_same_seed() {
    let files = rehearse(3).expect("it passes");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 2 * 4 + 3, "{names:?}");
    assert!(files.iter().all(|(name, content)| !content.is_empty() && !name.is_empty()));
    assert_eq!(rehearse(3).expect("it passes"), files);
    assert_ne!(rehearse(4).expect("it passes"), files);
    let (_, events) = files.iter().find(|(name, _)| name == "run-1.events.jsonl").expect("the first run's");
    let events = String::from_utf8(events.clone()).expect("JSON is text");
    let (first, last) = (events.lines().next().expect("a line"), events.lines().last().expect("a line"));
    assert!(first.contains(r#""from":"Idle","to":"Negotiating""#), "{first}");
    assert!(last.contains(r#""event":"Sealed","from":"Completing","to":"Done""#), "{last}");
    // Each line is bound to the one before it.
    let field = |line: &str, name: &str| line.split(name).nth(1).map(|rest| rest[..64].to_string());
    let lines: Vec<&str> = events.lines().collect();
    for pair in lines.windows(2) {
        assert_eq!(field(pair[1], r#""previous":""#), field(pair[0], r#""hash":""#));
    }
}
