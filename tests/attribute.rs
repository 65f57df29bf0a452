//! `#[tourbillon::test]` as a user writes it, and what a failing test says: this binary runs itself.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tourbillon::time::sleep;

#[tourbillon::test(seeds = 20)]
async fn time_passes_in_no_time() {
    let asked_at = tourbillon::now();
    sleep(Duration::from_secs(3600)).await;
    assert!(asked_at.elapsed() >= Duration::from_secs(3600));
}

#[tourbillon::test]
async fn a_test_may_return_a_result() -> Result<(), String> {
    sleep(Duration::from_millis(1)).await;
    Ok(())
}

/// As a guest it is run by its name, in another process.
#[tourbillon::test(guests, crate = "tourbillon")]
async fn r#try() {
    sleep(Duration::from_millis(1)).await;
}

#[tourbillon::test(seeds = 5, machines = ["left", "right"], profile = "clock", name = "attribute/weather")]
async fn a_profile_draws_plans() {
    for name in ["left", "right"] {
        tourbillon::machine(name).create();
    }
    sleep(Duration::from_secs(30)).await;
}

#[tourbillon::test(seeds = 3, machines = ["left"], plan = "tests/plans/kill.toml")]
async fn a_plan_comes_from_a_file() {
    let left = tourbillon::machine("left").create();
    let server = left.process("server", |_| sleep(Duration::from_secs(3600))).start();
    sleep(Duration::from_secs(2)).await;
    assert!(!server.is_running(), "the plan kills it");
}

#[tourbillon::test(seeds = 3, golden = "tests/goldens", name = "attribute/pinned")]
async fn a_golden_pins_what_the_seeds_do() {
    for _ in 0..tourbillon::rng("rounds").choose(5) {
        sleep(Duration::from_millis(10)).await;
    }
}

#[tourbillon::test(seeds = 2, guests)]
async fn a_guest_counts_from_zero_in_each_run() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    sleep(Duration::from_millis(1 + RUNS.fetch_add(1, Ordering::Relaxed))).await;
    assert_eq!(tourbillon::now(), tourbillon::now());
}

/// The tests that must fail: each runs only where it is asked for, in a process of its own.
mod failing {
    use super::*;

    fn is_asked_for() -> bool {
        std::env::var_os("ATTRIBUTE_MUST_FAIL").is_some()
    }

    #[tourbillon::test(seeds = 50)]
    async fn odd() -> Result<(), String> {
        sleep(Duration::from_millis(5)).await;
        if is_asked_for() && tourbillon::rng("coin").choose(8) == 3 {
            Err("the coin fell".to_string())
        } else {
            Ok(())
        }
    }

    #[tourbillon::test]
    async fn counts() {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        if is_asked_for() {
            sleep(Duration::from_millis(1 + RUNS.fetch_add(1, Ordering::Relaxed))).await;
        }
    }

    #[tourbillon::test]
    async fn looks_outside() {
        let inside_a_child = std::env::var_os("TOURBILLON_TEST").is_some();
        sleep(Duration::from_millis(if inside_a_child { 1 } else { 2 })).await;
        assert!(!is_asked_for(), "asked for");
    }

    #[tourbillon::test(guests)]
    async fn dies() {
        if is_asked_for() {
            eprintln!("these are my last words");
            std::process::exit(7);
        }
    }
}

/// Runs one test of this binary, with these variables, and answers whether it passed and what it printed.
fn rerun(test: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let binary = std::env::current_exe().expect("a test binary can find itself");
    let output = Command::new(binary)
        .args(["--exact", test, "--nocapture"])
        .env_remove("RUST_BACKTRACE")
        .env("ATTRIBUTE_MUST_FAIL", "1")
        .envs(variables.iter().copied())
        .output()
        .expect("a test binary can be run again");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The case in the line that repeats a failure.
fn case_of(printed: &str) -> String {
    let line = printed.lines().find(|line| line.trim_start().starts_with("TOURBILLON_CASE="));
    let line = line.unwrap_or_else(|| panic!("there is a line that repeats it:\n{printed}"));
    line.split('\'').nth(1).expect("the case stands in quotes").to_string()
}

#[test]
fn a_failing_seed_is_confirmed_and_told_with_one_line_that_repeats_it() {
    let (passed, printed) = rerun("failing::odd", &[]);
    assert!(!passed);
    assert!(printed.contains("the coin fell"), "{printed}");
    assert!(printed.contains("a second process fails in the same way, with the same digests"), "{printed}");
    let case = case_of(&printed);
    assert!(case.starts_with("attribute/failing/odd seed=0x"), "{case}");
    assert!(printed.contains("cargo test -p tourbillon -- --exact failing::odd"), "{printed}");

    // The line's case fails alone, in the same way.
    let (passed, again) = rerun("failing::odd", &[("TOURBILLON_CASE", &case)]);
    assert!(!passed);
    assert_eq!(case_of(&again), case);

    // Another test does not take it for its own.
    let (passed, other) = rerun("failing::counts", &[("TOURBILLON_CASE", &case)]);
    assert!(!passed && other.contains("NOT DETERMINISTIC"), "{other}");
}

#[test]
fn a_seed_can_be_chosen_from_outside() {
    let (_, printed) = rerun("failing::odd", &[]);
    let case = case_of(&printed);
    let seed = case.split("seed=").nth(1).and_then(|rest| rest.split(' ').next()).expect("it has a seed");
    let (passed, printed) = rerun("failing::odd", &[("TOURBILLON_SEED", seed)]);
    assert!(!passed && case_of(&printed) == case, "{printed}");
    let range = format!("{seed}..={seed}");
    let (passed, printed) = rerun("failing::odd", &[("TOURBILLON_SEEDS", &range)]);
    assert!(!passed && case_of(&printed) == case, "{printed}");
}

#[test]
fn what_is_not_the_same_twice_is_told_as_such() {
    let (passed, printed) = rerun("failing::counts", &[]);
    assert!(!passed && printed.contains("run twice in one process it gave other digests"), "{printed}");
    let (passed, printed) = rerun("failing::looks_outside", &[]);
    assert!(!passed && printed.contains("in a second process the same case gave other digests"), "{printed}");
}

#[test]
fn a_guest_that_ends_its_process_is_told_with_its_last_words() {
    let (passed, printed) = rerun("failing::dies", &[]);
    assert!(!passed, "{printed}");
    assert!(
        printed.contains("ended without an answer") && printed.contains("these are my last words"),
        "{printed}"
    );
}

#[test]
fn a_wrong_variable_is_named() {
    for (variable, value) in [
        ("TOURBILLON_SEED", "x7"),
        ("TOURBILLON_SEEDS", "5..x7"),
        ("TOURBILLON_CASE", "attribute/failing/odd sed=x7"),
    ] {
        let (passed, printed) = rerun("failing::odd", &[(variable, value)]);
        assert!(!passed && printed.contains(variable) && !printed.contains("panicked"), "{printed}");
    }
}
