//! The same case gives the same three digests, wherever and after whatever it runs. docs/determinism.md names
//! these tests.
#![allow(clippy::disallowed_methods, reason = "threads are what it tests")]

mod support;

use std::path::Path;
use std::time::Duration;

use tourbillon::{Allowance, Budget, Group, Host, Profile, Scenario, Spec, Weather, time};

/// Tasks that race, machines that are killed, and chance: all that could go astray.
fn scenario() -> Scenario {
    let blows = Profile::of("blows", &["kill", "pause", "stop"]).expect("these are features");
    Scenario::new("determinism/race", "", body)
        .hosts(["left", "right"].map(Host::new))
        .budget(Budget::new(Duration::from_secs(5)).allow(Allowance::new(Group::all()).down_max(1)))
        .weather(Weather::Swarm(blows))
}

async fn body() {
    for name in ["left", "right"] {
        let boot = |_boot| async {
            loop {
                let nap = tourbillon::rng("nap").choose(1000);
                time::sleep(Duration::from_micros(nap)).await;
                tourbillon::mark!("determinism.nap", "naps", nap);
            }
        };
        tourbillon::machine(name).create().process("racer", boot).start();
    }
    time::sleep(Duration::from_secs(6)).await;
}

fn digests(seed: u64) -> [String; 3] {
    let run = scenario().run(&Spec::of_seed(seed)).expect("the spec fits");
    let run = run.report.unwrap();
    [run.digests.trace, run.digests.faults, run.digests.semantic].map(|digest| format!("{digest:#}"))
}

#[test]
fn twice_in_one_process() {
    for seed in 0..20 {
        assert_eq!(digests(seed), digests(seed), "seed {seed}");
    }
    assert_ne!(digests(0), digests(1), "another seed is another run");
}

#[test]
fn after_other_seeds() {
    let alone = digests(7);
    for seed in 0..20 {
        digests(seed);
    }
    assert_eq!(digests(7), alone);
}

#[test]
fn on_another_thread_and_beside_others() {
    let here = digests(3);
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| digests(3))).collect();
    for thread in threads {
        assert_eq!(thread.join().expect("it does not panic"), here);
    }
}

/// The runs of a sweep in processes of their own, with that environment.
fn swept(name: &str, variables: &[(&str, &str)], through: &[&str]) -> String {
    let folder = support::folder(&format!("determinism-{name}"));
    let (out, json) = (support::below(&folder, "out"), support::below(&folder, "runs.json"));
    let binary = support::trouble().display().to_string();
    let sweep =
        ["sweep", "trouble/steady", "trouble/guest", "--seeds", "0..6", "--out", &out, "--json", &json];
    let line = [through, &[binary.as_str()], &sweep].concat();
    let done = support::command(Path::new(line[0]), &line[1..]).envs(variables.iter().copied()).output();
    support::Done::from(done.expect("it can be started")).expect(0);
    std::fs::read_to_string(&json).expect("it was written")
}

#[test]
fn in_fresh_processes_with_logs_other_environment_and_other_addresses() {
    let plain = swept("plain", &[], &[]);
    assert_eq!(swept("again", &[], &[]), plain);
    assert_eq!(swept("logs", &[("RUST_LOG", "trace")], &[]), plain);
    let long = "x".repeat(30_000);
    let other = [("LANG", "de_DE.UTF-8"), ("TZ", "Asia/Tokyo"), ("HOME", "/nowhere"), ("PADDING", &long)];
    assert_eq!(swept("environment", &other, &[]), plain);
    // Without address space layout randomization, where the system has the tool for it.
    if std::process::Command::new("setarch")
        .args(["-R", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        assert_eq!(swept("addresses", &[], &["setarch", "-R"]), plain);
    }
}
