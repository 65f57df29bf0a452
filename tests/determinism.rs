//! The same case gives the same three digests, wherever and after whatever it runs. docs/determinism.md names
//! these tests.
#![allow(clippy::disallowed_methods, reason = "threads are what it tests")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tourbillon::packs;
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

/// A sweep in processes of its own: of the example `trouble`, with a guest, and of the house.
#[derive(Default)]
struct Setting<'a> {
    variables: &'a [(&'a str, &'a str)],
    /// A command that runs the command.
    through: &'a [&'a str],
    folder: Option<&'a Path>,
    flags: &'a [&'a str],
}

impl Setting<'_> {
    /// All that the runs came to.
    fn runs(&self, name: &str) -> String {
        let folder = support::folder(&format!("determinism-{name}"));
        let house = PathBuf::from(env!("CARGO_BIN_EXE_tourbillon"));
        let sweeps =
            [(support::trouble(), ["trouble/steady", "trouble/guest"]), (house, ["kv/swarm", "kv/torn-log"])];
        let swept = sweeps.map(|(binary, scenarios)| {
            let (out, json) = (support::below(&folder, "out"), support::below(&folder, "runs.json"));
            let sweep =
                ["sweep", scenarios[0], scenarios[1], "--seeds", "0..6", "--out", &out, "--json", &json];
            let binary = binary.display().to_string();
            let line = [self.through, &[binary.as_str()], &sweep, self.flags].concat();
            let mut command = support::command(Path::new(line[0]), &line[1..]);
            command.envs(self.variables.iter().copied()).current_dir(self.folder.unwrap_or(&folder));
            support::Done::from(command.output().expect("it can be started")).expect(0);
            std::fs::read_to_string(&json).expect("it was written")
        });
        assert_eq!(swept.iter().map(|text| text.matches("\"seed\"").count()).sum::<usize>(), 24);
        swept.concat()
    }
}

/// Whether the system has `setarch`, which turns address space layout randomization off.
fn is_setarch_here() -> bool {
    std::process::Command::new("setarch").args(["-R", "true"]).status().is_ok_and(|status| status.success())
}

#[test]
fn in_fresh_processes_with_logs_other_environment_and_other_addresses() {
    let plain = Setting::default().runs("plain");
    // Each process has another address layout, where the system draws one.
    for _ in 0..3 {
        assert_eq!(Setting::default().runs("again"), plain);
    }
    for level in ["trace", "off"] {
        let variables = [("RUST_LOG", level), ("RUST_BACKTRACE", "full")];
        assert_eq!(Setting { variables: &variables, ..Setting::default() }.runs("logs"), plain);
    }
    // A large environment moves the stack.
    let long = "x".repeat(100_000);
    let variables = [
        ("LANG", "de_DE.UTF-8"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("TZ", "Asia/Tokyo"),
        ("HOME", "/nowhere"),
        ("USER", "nobody"),
        ("PADDING", &long),
    ];
    assert_eq!(Setting { variables: &variables, ..Setting::default() }.runs("environment"), plain);
    assert_eq!(Setting { folder: Some(Path::new("/")), ..Setting::default() }.runs("folder"), plain);
    if is_setarch_here() {
        let fixed = Setting { through: &["setarch", "-R"], ..Setting::default() };
        assert_eq!(fixed.runs("addresses"), plain);
        assert_eq!(Setting { variables: &variables, ..fixed }.runs("addresses"), plain);
    }
    for jobs in ["1", "8"] {
        assert_eq!(Setting { flags: &["--jobs", jobs], ..Setting::default() }.runs("jobs"), plain);
    }
}

#[test]
fn the_scenarios_of_the_house_in_any_order_on_one_thread_and_two() {
    let seeds = || (0..4u64).flat_map(|seed| (0..packs::all().len()).map(move |index| (index, seed)));
    let digests = |(index, seed): (usize, u64)| {
        let run = packs::all()[index].run(&Spec::of_seed(seed)).expect("the spec fits");
        ((index, seed), run.report.unwrap().digests)
    };
    let forward: BTreeMap<_, _> = seeds().map(digests).collect();
    assert_eq!(forward.len(), 4 * packs::all().len());
    // By now each runs after others, and after its own.
    let backward: BTreeMap<_, _> = seeds().collect::<Vec<_>>().into_iter().rev().map(digests).collect();
    assert_eq!(backward, forward);
    let halves = std::thread::scope(|scope| {
        let job = |odd: u64| {
            scope.spawn(move || seeds().filter(|(_, seed)| seed % 2 == odd).map(digests).collect())
        };
        let jobs: [_; 2] = [job(1), job(0)];
        jobs.map(|job| -> Vec<_> { job.join().expect("it does not panic") })
    });
    assert_eq!(halves.concat().into_iter().collect::<BTreeMap<_, _>>(), forward);
}
