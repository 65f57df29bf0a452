//! What the searches find, and how fast: `cargo bench -p tourbillon-search --bench search`.
//!
//! Three parts. *pct*: planted ordering bugs of depth 1, 2 and 3, ten thousand runs of each by priorities and by
//! uniform choice, beside what is promised. *dfs*: all schedules of n tasks of k yields beside the closed forms, and
//! of two worlds with and without the reduction. *guided*: five nested gates, the runs needed for each layout, beside
//! what chance alone needs, by arithmetic and as far as four million runs of it came.
//!
//! The digest at the end is that of all lines but their times: two builds that search alike print the same.
#![allow(clippy::disallowed_methods, reason = "a bench measures the wall clock")]

#[path = "../tests/support/little.rs"]
mod little;
#[path = "../tests/support/maze.rs"]
mod maze;
#[path = "../tests/support/ordering.rs"]
mod ordering;

use std::collections::BTreeSet;
use std::time::Instant;

use little::{Op, Program};
use maze::{CHANCE_ONE_IN, LEVELS, Maze};
use ordering::PLANTED;
use sim::choice::Explorer;
use sim::trace::Digest;
use tourbillon_search::dfs::{Accesses, Dfs};
use tourbillon_search::guided::Input;
use tourbillon_search::pct::Pct;

const PCT_RUNS: u64 = 10_000;
const SEARCHES: u64 = 20;
const GUIDED_RUNS_MAX: u64 = 10_000;
const CHANCE_RUNS: u64 = 4_000_000;

fn main() {
    let mut lines = Lines::default();
    pct(&mut lines);
    dfs(&mut lines);
    guided(&mut lines);
    println!("case=search digest={}", Digest::of(lines.told.as_bytes()));
}

/// What was printed, without times.
#[derive(Default)]
struct Lines {
    told: String,
}

impl Lines {
    fn tell(&mut self, line: &str, runs: u64, since: Instant) {
        let per_second = runs as f64 / since.elapsed().as_secs_f64();
        println!("{line} runs_per_second={per_second:.0}");
        self.told.push_str(line);
        self.told.push('\n');
    }
}

/// How often in a million runs something is found that ten thousand runs found so often.
fn per_million(found: u64) -> u64 {
    found * (1_000_000 / PCT_RUNS)
}

fn pct(lines: &mut Lines) {
    for ordering in PLANTED {
        let start = Instant::now();
        let found = |explorer: &dyn Fn(u64) -> Option<Box<dyn Explorer>>| {
            (0..PCT_RUNS).filter(|&seed| ordering.is_found(seed, explorer(seed))).count() as u64
        };
        let by_pct = found(&|seed| Some(Box::new(Pct::new(seed, ordering.depth, ordering.window()))));
        let by_chance = found(&|_| None);
        let promised = 1_000_000 / ordering.bound();
        assert!(per_million(by_pct) >= promised, "PCT is below its bound: {ordering:?}");
        let line = format!(
            "case=pct depth={} tasks={} window={} found_per_million={} promised_per_million={promised} \
             uniform_per_million={}",
            ordering.depth,
            ordering.tasks(),
            ordering.window(),
            per_million(by_pct),
            per_million(by_chance),
        );
        lines.tell(&line, 2 * PCT_RUNS, start);
    }
}

fn factorial(number: u64) -> u64 {
    (1..=number).product()
}

fn merges(tasks: u64, steps: u64) -> u64 {
    factorial(tasks * steps) / factorial(steps).pow(tasks as u32)
}

fn dfs(lines: &mut Lines) {
    for (tasks, yields) in [(2, 2), (2, 3), (3, 2), (3, 3), (2, 4), (4, 2), (2, 5)] {
        let start = Instant::now();
        let program: Program = vec![[Op::Note, Op::Yield].repeat(yields as usize); tasks as usize];
        let mut dfs = Dfs::schedules();
        let mut orders = BTreeSet::new();
        while let Some(explorer) = dfs.next_run().expect("the program is deterministic") {
            orders.insert(little::run(&program, explorer, &Accesses::default()).0.log);
        }
        let (schedules, orders) = (dfs.counts().complete, orders.len() as u64);
        assert_eq!((schedules, orders), (merges(tasks, yields + 1), merges(tasks, yields)));
        let line = format!(
            "case=dfs tasks={tasks} yields={yields} schedules={schedules} closed_form={} orders={orders} \
             closed_form_of_orders={}",
            merges(tasks, yields + 1),
            merges(tasks, yields),
        );
        lines.tell(&line, schedules, start);
    }
    let locked = [Op::Lock(0), Op::Read(0), Op::Yield, Op::Write(0), Op::Unlock(0), Op::Yield, Op::Note];
    let apart = |task: usize| vec![Op::Write(task), Op::Yield, Op::Read(task), Op::Yield, Op::Write(task)];
    reduction(lines, "lock", &vec![locked.to_vec(); 3]);
    reduction(lines, "apart", &vec![apart(0), apart(1), vec![Op::Read(0), Op::Yield, Op::Read(1)]]);
}

fn reduction(lines: &mut Lines, name: &str, program: &Program) {
    let start = Instant::now();
    let accesses = Accesses::default();
    let search = |mut dfs: Dfs| {
        let mut ends = BTreeSet::new();
        while let Some(explorer) = dfs.next_run().expect("the program is deterministic") {
            let (ended, _) = little::run(program, explorer, &accesses);
            if !dfs.is_redundant() {
                ends.insert(ended);
            }
        }
        (dfs.counts().clone(), ends)
    };
    let (full, ends) = search(Dfs::schedules());
    let (reduced, ends_of_reduced) = search(Dfs::reduced(&accesses));
    assert_eq!(ends, ends_of_reduced, "a reduction loses nothing");
    let line = format!(
        "case=reduction world={name} schedules={} kinds={} repeated={} ends={}",
        full.complete,
        reduced.complete,
        reduced.redundant,
        ends.len(),
    );
    lines.tell(&line, full.runs() + reduced.runs(), start);
}

fn guided(lines: &mut Lines) {
    gates(lines, "of_the_scenario", Maze::of_layout);
    gates(lines, "of_each_run", |_| Maze::of_each_run());
    chance(lines);
}

/// Twenty searches: each of a layout of its own, or with layouts that each run draws.
fn gates(lines: &mut Lines, layout: &str, maze: fn(u64) -> Maze) {
    let start = Instant::now();
    let search = |seed: u64| {
        let runs = maze(seed).guided(seed, GUIDED_RUNS_MAX);
        runs.unwrap_or_else(|| panic!("layout {layout}, seed {seed}: more than {GUIDED_RUNS_MAX} runs"))
    };
    let needed: Vec<u64> = (0..SEARCHES).map(search).collect();
    let mut sorted = needed.clone();
    sorted.sort_unstable();
    let line = format!(
        "case=guided layout={layout} searches={SEARCHES} median={} worst={} runs={}",
        sorted[sorted.len() / 2],
        sorted[sorted.len() - 1],
        needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    );
    lines.tell(&line, needed.iter().sum(), start);
}

/// What chance alone passes.
fn chance(lines: &mut Lines) {
    let start = Instant::now();
    let mut passed = [0u64; LEVELS as usize + 1];
    for seed in 0..CHANCE_RUNS {
        let (levels, _) = Maze::of_layout(0).visit(&Input::of_seed(seed));
        passed[..=levels as usize].iter_mut().for_each(|runs| *runs += 1);
    }
    let line = format!(
        "case=chance runs={CHANCE_RUNS} passed_levels={} expected_runs_to_goal={}",
        passed[1..].iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        CHANCE_ONE_IN.pow(LEVELS as u32),
    );
    lines.tell(&line, CHANCE_RUNS, start);
}
