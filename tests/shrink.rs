//! What a shrink makes of first failures: the baseline cases, `corpus/baselines/PACK/BUG.case`, one for each planted
//! bug that a sweep found under at least twelve lines of trouble.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

#[path = "support/baselines.rs"]
mod baselines;
mod support;

use std::path::Path;
use std::sync::Mutex;

use baselines::baselines;
use replay::case::{Case, CaseFile, Signature};
use support::{Done, below, command, folder};

/// Candidates of each shrink, at most: most cases come to rest within a thousand.
const RUNS_MAX: &str = "3000";
/// Lines of trouble of a baseline case, at least.
const LINES_MIN: u64 = 12;
/// Lines of trouble of a shrunk case: of half of them, at most.
const LINES_MEDIAN_MAX: u64 = 3;
/// How many times fewer records a shrunk case has: of half of them, at least.
const RATIO_MEDIAN_MIN: u64 = 30;

fn house(arguments: &[&str]) -> Done {
    command(Path::new(env!("CARGO_BIN_EXE_tourbillon")), arguments)
        .output()
        .expect("it can be started")
        .into()
}

fn case_of(file: &Path) -> Case {
    CaseFile::read(file).expect("a case file").case
}

fn signature(case: &Case) -> &Signature {
    case.fails.as_ref().expect("it says how it fails")
}

/// A shrunk case, and the two numbers of each row of what `shrink` prints.
struct Shrunk {
    bug: String,
    case: Case,
    printed: String,
    lines: (u64, u64),
    records: (u64, u64),
}

fn shrink(file: &Path, jobs: &str, into: &Path) -> Shrunk {
    let bug = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
    let to = below(into, &format!("{bug}.{jobs}.case"));
    let arguments = ["shrink", &file.display().to_string(), "--to", &to, "--jobs", jobs, "--runs", RUNS_MAX];
    let out = house(&[&arguments[..], &["--out", &below(into, &bug)]].concat()).expect(1).out;
    let row = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("`{name}` is expected in\n{out}"));
        let numbers: Vec<u64> = line[name.len()..]
            .split_whitespace()
            .map(|word| word.replace(',', "").parse().expect("a number"))
            .collect();
        (numbers[0], numbers[1])
    };
    let (lines, records) = (row("lines of trouble"), row("records"));
    Shrunk { case: case_of(Path::new(&to)), bug, lines, records, printed: out }
}

fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

#[test]
fn first_failures_become_small_and_stay_the_same_failure() {
    let (files, folder) = (baselines(), folder("baselines"));
    assert!(files.iter().filter(|file| file.parent().is_some_and(|pack| pack.ends_with("kv"))).count() >= 11);
    assert!(files.len() >= 22, "{files:?}");
    let next = Mutex::new(files.iter());
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let file = next.lock().expect("nobody panics").next();
                    let Some(file) = file else { return };
                    let shrunk = shrink(file, "1", &folder);
                    is_the_same_failure(&case_of(file), &shrunk, &folder);
                    all.lock().expect("nobody panics").push(shrunk);
                }
            });
        }
    });
    let all = all.into_inner().expect("nobody panics");
    assert_eq!(all.len(), files.len());
    let lines = median(all.iter().map(|shrunk| shrunk.lines.1).collect());
    let ratio = median(all.iter().map(|shrunk| shrunk.records.0 / shrunk.records.1).collect());
    assert!(lines <= LINES_MEDIAN_MAX, "half of them have more than {lines} lines");
    assert!(ratio >= RATIO_MEDIAN_MIN, "half of them have less than {ratio} times fewer records");
}

/// What is left fails as before, in a process of its own, to the bit; and not without the bug.
fn is_the_same_failure(before: &Case, shrunk: &Shrunk, folder: &Path) {
    let Shrunk { bug, case, printed, lines, .. } = shrunk;
    assert!(lines.0 >= LINES_MIN, "{bug}: {printed}");
    assert!(signature(case).is_same_failure(signature(before)), "{bug} became {}", signature(case));
    assert_eq!(case.quirks, [bug.as_str()]);
    let out = below(folder, &format!("{bug}.replayed"));
    house(&["replay", &case.to_string(), "--out", &out]).says("replay: same failure, same digest");
    let sound = Case { quirks: Vec::new(), fails: None, digest: None, ..case.clone() };
    let sound = house(&["replay", &sound.to_string(), "--out", &out]);
    if sound.code != 0 {
        let fails = sound.case().parse::<Case>().expect("a case").fails.expect("it says how it fails");
        assert!(!fails.is_same_failure(signature(before)), "{bug}: fails so without the bug: {case}");
    }
}

#[test]
fn a_shrink_comes_to_the_same_with_any_number_of_workers() {
    let folder = folder("workers");
    let few = ["ack-before-sync", "torn-tail-accepted", "ties-by-slot", "deadline-lost"];
    for bug in few {
        let file = baselines().into_iter().find(|file| file.file_stem().is_some_and(|name| name == bug));
        let file = file.unwrap_or_else(|| panic!("`{bug}` has a baseline"));
        let [one, two] = ["1", "2"].map(|jobs| shrink(&file, jobs, &folder).case);
        assert_eq!(one, two, "{bug}");
    }
}
