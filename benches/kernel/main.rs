//! What the kernel's own operations cost, with the digest always on and, for comparison, off.
//!
//!     cargo bench --bench kernel            every case
//!     cargo bench --bench kernel -- timer   the cases whose name contains the word
//!
//! Each case states its work and prints nanoseconds an operation: the least and the median of nine runs,
//! on and off alternating, with the trace digest that proves the work. The digest must be the same before and
//! after a change that is meant to change speed alone.
#![allow(clippy::disallowed_methods, reason = "a bench measures the wall clock")]

mod cases;
mod disk;
mod network;

use std::time::Instant;

use sim::trace::Tracing;
use sim::{Config, Report, StepLimit, TimeLimit, World};

/// Runs of a case, on and off each.
const ROUND_COUNT: usize = 9;

/// One kind of work.
pub struct Case {
    /// Its name on the command line.
    pub name: &'static str,
    /// What one operation is.
    pub operation: &'static str,
    /// How many operations one run makes.
    pub operations: u64,
    /// Starts the run in a fresh world.
    pub run: fn(World, u64) -> Report,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let chosen =
        |case: &&Case| words.is_empty() || words.iter().any(|word| case.name.contains(word.as_str()));
    let cases = cases::all();
    let chosen: Vec<&Case> = cases.iter().filter(chosen).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        eprintln!("no case is called {}; expected a part of: {}", words.join(" or "), names.join(", "));
        std::process::exit(2);
    }
    println!(
        "{:<18} {:>12} {:>9} {:>9} {:>9} {:>7}  digest",
        "case", "operations", "min ns", "median", "off ns", "on/off"
    );
    for case in chosen {
        measure(case);
    }
}

fn measure(case: &Case) {
    let mut on = Vec::new();
    let mut off = Vec::new();
    let mut digest = None;
    for _ in 0..ROUND_COUNT {
        let (nanos, report) = time(case, Tracing::On);
        on.push(nanos);
        let trace = report.digests.trace;
        assert!(*digest.get_or_insert(trace) == trace, "{}: one case has two digests", case.name);
        off.push(time(case, Tracing::OffForBenches).0);
    }
    on.sort_by(f64::total_cmp);
    off.sort_by(f64::total_cmp);
    let (best, median, best_off) = (on[0], on[ROUND_COUNT / 2], off[0]);
    let digest = digest.expect("at least one round");
    println!(
        "{:<18} {:>12} {best:>9.1} {median:>9.1} {best_off:>9.1} {:>7.2}  {digest}   ns per {}",
        case.name,
        case.operations,
        best / best_off,
        case.operation,
    );
}

fn time(case: &Case, tracing: Tracing) -> (f64, Report) {
    let config = Config {
        seed: 1,
        steps: StepLimit::FailAfter(u64::MAX),
        time: TimeLimit::FailAfter(std::time::Duration::from_secs(1 << 30)),
        tracing,
        ..Config::default()
    };
    let world = World::new(config);
    let start = Instant::now();
    let report = (case.run)(world, case.operations).unwrap();
    (start.elapsed().as_nanos() as f64 / case.operations as f64, report)
}
