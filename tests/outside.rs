//! A crate outside the workspace: built on its own, its own binary has every verb for its own scenarios.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Done, below, command, folder};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/outside/Cargo.toml");

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-target")
}

fn cargo(arguments: &[&str]) -> Done {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The versions of the house: nothing is fetched that the house does not have.
    let _ = std::fs::copy(root.join("Cargo.lock"), root.join("examples/outside/Cargo.lock"));
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--manifest-path", MANIFEST, "--target-dir"])
        .arg(target())
        .current_dir(root.join("examples/outside"))
        .env_remove("RUSTFLAGS")
        .output();
    output.expect("cargo can be started").into()
}

/// One test, because its parts share one build.
#[test]
fn a_crate_outside_lists_sweeps_replays_and_diffs_its_own_scenarios() {
    let folder = folder("outside");
    let out = below(&folder, "out");
    cargo(&["test", "--quiet"]).expect(0).says("test result: ok. 1 passed");
    cargo(&["build", "--quiet"]).expect(0);
    let binary = target().join("debug/outside");
    let run = |arguments: &[&str]| -> Done {
        command(&binary, arguments).output().expect("it can be started").into()
    };
    run(&["list"]).expect(0).says("till (2)").says("till/killed");
    run(&["sweep", "--seeds", "0..30", "--out", &out]).expect(0).says("till/killed").says("60 runs in");
    let sweep = ["sweep", "till", "--quirk", "forgetful", "--seeds", "0..30", "--out", &out];
    let done = run(&sweep).expect(1).says("`paid-once` failed");
    run(&["replay", &done.case(), "--out", &out]).expect(1).says("same failure, same digest");
    let without = "till/killed seed=0x1";
    run(&["diff", without, without, "--out", &out]).expect(0).says("the runs are the same");
    run(&["diff", without, "till/killed seed=0x2", "--out", &out]).expect(3);
    let done = run(&["replay", "till/kiled seed=1"]).expect(2);
    assert!(done.err.contains("did you mean `till/killed`?"), "{}", done.err);
}
