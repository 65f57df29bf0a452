//! What a run of a whole service costs: `cargo bench --bench kv`.
//!
//! The work: three replicas with disks, four clients, at least 500 acknowledged operations in nineteen virtual
//! seconds, five plan lines that took effect, and the checker on. The runs are the first of each
//! scenario of the pack that are so, four of each that has trouble. All of them are run on one core, with the
//! trace and its digest and, for comparison, without, and with all choices recorded, in turns; the digest printed is
//! that of all traces. What recording costs is how many times longer a run takes: at most 1.1.
#![allow(clippy::disallowed_methods, reason = "a bench measures the wall clock")]

use std::time::Instant;

use faults::scenario::{Run, Scenario, Spec};
use sim::Config;
use sim::trace::Tracing;

/// That of the house's binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 9;
const RECORDING_ROUNDS: usize = 25;
const RUNS_OF_EACH: usize = 4;
const OPERATIONS_MIN: u64 = 500;
const LINES: usize = 5;

fn main() {
    let mut cases: Vec<(Scenario, u64)> = Vec::new();
    for scenario in workloads::kv::scenarios() {
        let fits = |seed: &u64| fits(&run(&scenario, *seed));
        let seeds: Vec<u64> = (0..400).filter(fits).take(RUNS_OF_EACH).collect();
        cases.extend(seeds.into_iter().map(|seed| (scenario.clone(), seed)));
    }
    let without = Config { tracing: Tracing::OffForBenches, ..Config::default() };
    let silent: Vec<(Scenario, u64)> =
        cases.iter().map(|(scenario, seed)| (scenario.clone().config(without.clone()), *seed)).collect();
    let recorded = Config { record_choices: true, ..Config::default() };
    let recorded: Vec<(Scenario, u64)> =
        cases.iter().map(|(scenario, seed)| (scenario.clone().config(recorded.clone()), *seed)).collect();
    let (mut on, mut off, mut digest) = (Vec::new(), Vec::new(), None);
    for _ in 0..ROUNDS {
        let (rate, now) = measure(&cases);
        assert!(*digest.get_or_insert(now) == now, "the same runs have two digests");
        on.push(rate);
        off.push(measure(&silent).0);
    }
    on.sort_by(f64::total_cmp);
    off.sort_by(f64::total_cmp);
    let (median, best) = (on[ROUNDS / 2], on[ROUNDS - 1]);
    println!(
        "case=kv runs={} runs_per_second={median:.0} best={best:.0} on_over_off={:.2} digest={:016x}",
        cases.len(),
        off[ROUNDS - 1] / best,
        digest.expect("there is a round"),
    );
    what_recording_costs(&cases, &recorded);
}

/// The same runs with their choices recorded and without, in turns, each first every other time: how much longer they
/// take with, in the middle round.
fn what_recording_costs(plain: &[(Scenario, u64)], recorded: &[(Scenario, u64)]) {
    let mut costs = Vec::new();
    for round in 0..RECORDING_ROUNDS {
        let first_recorded = round % 2 == 0;
        let first = measure(if first_recorded { recorded } else { plain });
        let second = measure(if first_recorded { plain } else { recorded });
        assert!(first.1 == second.1, "a run that records its choices is another run");
        let (with, without) = if first_recorded { (first.0, second.0) } else { (second.0, first.0) };
        costs.push(without / with);
    }
    costs.sort_by(f64::total_cmp);
    let [least, median, most] = [0, RECORDING_ROUNDS / 2, RECORDING_ROUNDS - 1].map(|at| costs[at]);
    println!(
        "case=kv.record_choices rounds={RECORDING_ROUNDS} cost={median:.3} least={least:.3} most={most:.3}"
    );
}

fn run(scenario: &Scenario, seed: u64) -> Run {
    scenario.run(&Spec::of_seed(seed)).expect("a spec without mistakes")
}

fn fits(run: &Run) -> bool {
    let answered: u64 =
        run.report.latencies.iter().flat_map(|latency| &latency.counts).map(|&(_, count)| count).sum();
    let effective = run.lines.iter().filter(|line| line.effects > 0).count();
    run.report.passed() && answered >= OPERATIONS_MIN && effective == LINES
}

/// Runs a second, and the digests of all runs folded into one.
fn measure(cases: &[(Scenario, u64)]) -> (f64, u64) {
    let start = Instant::now();
    let mut digest = 0u64;
    for (scenario, seed) in cases {
        let run = run(scenario, *seed);
        assert!(run.report.passed(), "{} {seed}: {:?}", scenario.name(), run.report.failure());
        digest = digest.wrapping_mul(31).wrapping_add(run.report.digests.trace.short());
    }
    (cases.len() as f64 / start.elapsed().as_secs_f64(), digest)
}
