//! Every planted bug against the sweep: what is caught is counted, and what is not is a failure.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

mod support;

use std::path::Path;

use support::{Done, below, command, folder, run};

/// A report without the time of the workers, which is that of the wall clock.
fn report(folder: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(folder.join(name)).expect("it was written");
    assert!(text.contains("\"cpu_ms\": "), "{text}");
    text.lines().filter(|line| !line.contains("\"cpu_ms\"")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_bug_is_caught_in_so_many_seeds_whatever_the_jobs() {
    let folder = folder("mutants");
    let hunt = |name: &str, jobs: &str| -> String {
        let (out, json) = (below(&folder, name), below(&folder, &format!("{name}.json")));
        let arguments = ["mutants", "trouble/steady", "--catches", "4", "--jobs", jobs];
        let done = run(&[&arguments[..], &["--out", &out, "--json", &json]].concat()).expect(0);
        let done = done.says("1 of 1 planted bug caught, in 4 runs");
        let row = done.out.lines().find(|line| line.starts_with("short-sleep")).expect("it has a row");
        assert!(row.contains("4 of 4") && row.ends_with("no-short-nap 4 in trouble/steady"), "{row}");
        report(&folder, &format!("{name}.json"))
    };
    let one = hunt("one", "1");
    assert_eq!(one, hunt("five", "5"));
    assert!(one.contains("\"seeds_to_first\": 1") && one.contains("\"property\": \"no-short-nap\""), "{one}");
    let case = below(&folder, "one/short-sleep.case");
    let out = below(&folder, "replay");
    run(&["replay", &case, "--out", &out]).expect(1).says("replay: same failure, same digest");
}

#[test]
fn a_bug_that_nothing_sees_is_told_and_fails() {
    let folder = folder("unseen");
    let out = below(&folder, "out");
    let done = run(&["mutants", "trouble", "--seeds", "0..30", "--out", &out]).expect(1);
    let done = done.says("`unseen` was not caught in 30 seeds: nothing is wrong with it on");
    let done = done.says("1 of 2 planted bugs caught, in 33 runs");
    let row = done.out.lines().find(|line| line.starts_with("unseen ")).expect("it has a row");
    assert!(row.contains(" 0 of 30 ") && row.ends_with('-'), "{row}");
    assert!(folder.join("out/short-sleep.case").is_file() && !folder.join("out/unseen.case").exists());
    let none = run(&["mutants", "trouble/odd", "--out", &out]).expect(2);
    assert!(none.err.contains("none of the chosen scenarios plants a bug"), "{}", none.err);
    let many = run(&["mutants", "trouble", "--seeds", "0..=0xffffffffffffffff", "--out", &out]).expect(2);
    assert!(many.err.contains("expected 16777216 seeds or fewer"), "{}", many.err);
}

#[test]
fn every_planted_bug_of_the_house_is_caught() {
    let folder = folder("mutants-of-the-house");
    let out = below(&folder, "out");
    let binary = Path::new(env!("CARGO_BIN_EXE_tourbillon"));
    let arguments = ["mutants", "--catches", "1", "--seeds", "0..1000", "--out", &out];
    let done: Done = command(binary, &arguments).output().expect("it can be started").into();
    let done = done.expect(0).says("kv/mute").says("adapter/mute").says("regions-mute");
    let bugs = done.out.lines().filter(|line| line.contains(" 1 of ")).count();
    assert!(bugs >= 69, "{bugs}: {}", done.out);
    done.says(&format!("{bugs} of {bugs} planted bugs caught"));
}
