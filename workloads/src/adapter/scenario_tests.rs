//! A few seeds of every scenario, and that every planted bug barks. Long hunts are the command line's.
#![allow(clippy::disallowed_methods, reason = "a test may be told from outside how long to search")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use faults::scenario::{Run, Scenario, Spec};
use models::adapter::points::{CLIENT_SITES, QUIRKS, REMOTE_SITES};

use super::escalation::PROPERTIES;
use super::{killed_at, scenarios};

fn named(name: &str) -> Scenario {
    scenarios().into_iter().find(|scenario| scenario.name() == name).expect("a scenario of the pack")
}

fn run(scenario: &Scenario, seed: u64, quirk: Option<&str>) -> Run {
    let spec = Spec { quirk: quirk.map(str::to_string), ..Spec::of_seed(seed) };
    scenario.run(&spec).expect("a spec without mistakes")
}

/// Longer hunts: `TOURBILLON_ADAPTER_SEEDS=1000 cargo test --release -p tourbillon-workloads adapter`.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("TOURBILLON_ADAPTER_SEEDS").ok().and_then(|count| count.parse().ok());
    0..asked.unwrap_or(count)
}

#[test]
fn a_correct_adapter_passes() {
    for scenario in scenarios() {
        for seed in seeds(4) {
            let report = run(&scenario, seed, None).report;
            assert!(report.passed(), "{} {seed}: {:?}", scenario.name(), report.failure());
        }
    }
}

#[test]
fn hunt() {
    if std::env::var("HUNT").is_err() { return; }
    for quirk in QUIRKS {
        let mut line = format!("{:24}", quirk.name());
        for scenario in scenarios() {
            let mut by = BTreeMap::<String, (u64, u32)>::new();
            for seed in 0..100 {
                if let Some(failure) = run(&scenario, seed, Some(quirk.name())).report.failure() {
                    let e = by.entry(failure.property.clone()).or_insert((seed, 0));
                    e.1 += 1;
                }
            }
            if !by.is_empty() { line += &format!("\n    {} {by:?}", scenario.name()); }
        }
        println!("{line}");
    }
}
