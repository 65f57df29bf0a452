//! What shrinks of the baseline cases come to: `cargo bench --bench shrink`, or with words that names begin with:
//! `cargo bench --bench shrink -- ack mute`.
//!
//! For each case: lines of trouble, records before and after, how many times fewer, candidates, and the seconds that
//! it took on one core; then the medians, the longest, and a digest of all shrunk cases, which is the same on every
//! machine.
#![allow(clippy::disallowed_methods, reason = "a bench measures the wall clock")]

#[path = "../tests/support/baselines.rs"]
mod baselines;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use baselines::baselines;
use replay::case::CaseFile;

/// A shrink is to take so long at most, on one core.
const SECONDS_MAX: f64 = 60.0;

/// What a shrink came to.
struct Row {
    lines: u64,
    ratio: f64,
    seconds: f64,
    line: String,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut rows = Vec::new();
    for file in baselines() {
        let bug = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
        if words.is_empty() || words.iter().any(|word| bug.starts_with(word.as_str())) {
            rows.push(shrink(&file, &bug));
        }
    }
    assert!(!rows.is_empty(), "no baseline begins with any of {words:?}");
    let median = |of: fn(&Row) -> f64| {
        let mut numbers: Vec<f64> = rows.iter().map(of).collect();
        numbers.sort_by(f64::total_cmp);
        numbers[numbers.len() / 2]
    };
    let longest = rows.iter().map(|row| row.seconds).fold(0.0, f64::max);
    let digest = rows.iter().flat_map(|row| row.line.bytes()).fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    println!(
        "case=shrink cases={} lines_median={} ratio_median={:.1} seconds_median={:.1} seconds_max={longest:.1} \
         within_limit={} digest={digest:016x}",
        rows.len(),
        median(|row| row.lines as f64),
        median(|row| row.ratio),
        median(|row| row.seconds),
        longest <= SECONDS_MAX,
    );
}

fn shrink(file: &Path, bug: &str) -> Row {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shrinks");
    let to = into.join(format!("{bug}.case"));
    let began_at = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_tourbillon"))
        .arg("shrink")
        .arg(file)
        .args(["--jobs", "1", "--out"])
        .arg(&into)
        .arg("--to")
        .arg(&to)
        .output()
        .expect("the house can be started");
    let seconds = began_at.elapsed().as_secs_f64();
    let out = String::from_utf8_lossy(&done.stdout);
    let row = |name: &str| -> Vec<&str> {
        let line = out.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{bug}: `{name}` is expected in\n{out}"))[name.len()..]
            .split_whitespace()
            .collect()
    };
    let number = |word: &str| -> u64 { word.replace(',', "").parse().expect("a number") };
    let (lines, operations, records) = (row("lines of trouble"), row("operations"), row("records"));
    let tried = out.lines().find(|line| line.contains(" candidates in "));
    let tried = tried.and_then(|line| line.split_whitespace().next()).unwrap_or("?");
    let ratio = number(records[0]) as f64 / number(records[1]) as f64;
    println!(
        "case=shrink bug={bug} lines={}..{} operations={} records={}..{} ratio={ratio:.1} tried={} seconds={seconds:.1}",
        lines[0],
        lines[1],
        operations[1],
        number(records[0]),
        number(records[1]),
        tried.replace(',', ""),
    );
    let case = CaseFile::read(&to).expect("it was written").case;
    Row { lines: number(lines[1]), ratio, seconds, line: case.to_string() }
}
