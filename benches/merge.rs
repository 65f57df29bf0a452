//! What joining the shards of a large sweep costs: `cargo bench --bench merge`.
//!
//! The work: 64 shards of 10,000 seeds each, swept by this very binary, whose one scenario takes little time, fails
//! in one seed of a hundred and measures a few operations. They are swept once and merged several times, each in a
//! process of its own, with and without `--json`, which writes a line for each of the 640,000 runs. The time
//! is that of the whole command; the digest is that of the report and the list of runs.
//!
//! `cargo bench --bench merge -- 8 1000` takes other numbers of shards and of seeds.
#![allow(clippy::disallowed_methods, reason = "a bench measures the wall clock")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sim::trace::Digest;
use tourbillon::{Point, Scenario, points, time};

/// That of the house's binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 9;
const SHARDS: u64 = 64;
const SEEDS_EACH: u64 = 10_000;

static POINTS: [Point; 1] = [Point::new("bench.waited", points::Kind::Reachable)];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // It is the command line that is measured, and each worker that a sweep starts.
    if arguments.first().is_some_and(|verb| ["sweep", "merge", "__worker"].contains(&verb.as_str())) {
        return tourbillon::cli::main(vec![scenario()]);
    }
    let numbers: Vec<u64> = arguments.iter().filter_map(|word| word.parse().ok()).collect();
    let (shards, seeds_each) = match numbers[..] {
        [shards, seeds_each] => (shards, seeds_each),
        _ => (SHARDS, SEEDS_EACH),
    };
    measure(shards, seeds_each);
    ExitCode::SUCCESS
}

fn scenario() -> Scenario {
    Scenario::new("bench/waits", "waits a little, and fails now and then", || async {
        for _ in 0..3 {
            let asked_at = tourbillon::now();
            time::sleep(Duration::from_nanos(1 + tourbillon::rng("nap").choose(1_000_000))).await;
            tourbillon::latency("bench.nap", asked_at.elapsed());
            tourbillon::reachable!("bench.waited");
        }
        assert!(tourbillon::rng("coin").choose(100) > 0, "the coin fell on its edge");
    })
    .points(&POINTS)
    .required(["bench.waited"])
}

fn measure(shards: u64, seeds_each: u64) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-merge");
    let _ = std::fs::remove_dir_all(&folder);
    let began_at = Instant::now();
    let seeds = format!("0..{}", shards * seeds_each);
    for index in 0..shards {
        let (out, shard) = (folder.join(format!("shards/{index}")), format!("{index}/{shards}"));
        // One seed in a hundred fails.
        run(&["sweep", "--seeds", &seeds, "--shard", &shard, "--out", &text(&out)], 1);
    }
    let bytes: u64 =
        (0..shards).map(|index| length(&folder.join(format!("shards/{index}/sweep.tally")))).sum();
    println!(
        "{shards} shards of {seeds_each} seeds, swept in {:.1} s; {:.1} MB of tallies",
        began_at.elapsed().as_secs_f64(),
        bytes as f64 / 1e6
    );
    let (below, out, json) = (folder.join("shards"), folder.join("out"), folder.join("runs.json"));
    let (below, out, json) = (text(&below), text(&out), text(&json));
    let merge = ["merge", &below, "--out", &out];
    let with_runs = [&merge[..], &["--json", &json]].concat();
    let digest = || {
        let read = |name: &Path| std::fs::read(name).expect("it was written");
        Digest::of(&[read(&folder.join("out/report.json")), read(Path::new(&json))].concat())
    };
    let (mut bare, mut whole, mut first) = (Vec::new(), Vec::new(), None);
    for _ in 0..ROUNDS {
        bare.push(timed(&merge));
        whole.push(timed(&with_runs));
        let now = digest();
        assert!(*first.get_or_insert(now) == now, "the same shards have two digests");
    }
    tell("merge", &mut bare);
    tell("merge --json", &mut whole);
    println!("runs.json: {:.1} MB; digest {}", length(Path::new(&json)) as f64 / 1e6, digest());
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

fn timed(arguments: &[&str]) -> Duration {
    let began_at = Instant::now();
    run(arguments, 1);
    began_at.elapsed()
}

fn run(arguments: &[&str], expected: i32) {
    let binary: PathBuf = std::env::current_exe().expect("it is running");
    let status =
        Command::new(binary).args(arguments).stdout(Stdio::null()).status().expect("it can be started");
    assert_eq!(status.code(), Some(expected), "{arguments:?}");
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let (least, most) = (times[0], times[times.len() - 1]);
    println!(
        "{what}: {:.0} ms (min of {}, spread {:.0} ms)",
        millis(least),
        times.len(),
        millis(most - least)
    );
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).expect("it was written").len()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
