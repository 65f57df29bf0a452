//! Exploring, shrinking and the origin of a failure, as the command line does them.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{Done, below, command, example, folder};

/// The house's own binary.
fn house(arguments: &[&str]) -> Done {
    command(Path::new(env!("CARGO_BIN_EXE_tourbillon")), arguments)
        .output()
        .expect("it can be started")
        .into()
}

fn orders(arguments: &[&str]) -> Done {
    command(&example("orders"), arguments).output().expect("it can be started").into()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const FAILING: &str = "kv/power-loss seed=0 quirk=ack-before-sync";

#[test]
fn every_schedule_is_searched_and_the_one_that_fails_is_a_case() {
    let folder = folder("dfs");
    let out = below(&folder, "out");
    let sweep = |scenario: &str| {
        orders(&["sweep", scenario, "--explore", "dfs", "--seeds", "0..2", "--no-shrink", "--out", &out])
    };
    // Two tasks of two yields are three polls each: 6! / (3! 3!) schedules of each seed.
    sweep("orders/any").expect(0).says("orders/any: 40 schedules searched; of 2 seeds they are all");
    let failed = sweep("orders/lost-update").expect(1).says("`orders.every-payment-counts` failed in 2 of 2");
    let case = failed.case();
    assert!(case.contains("edits=sched/bank[0]="), "{case}");
    orders(&["replay", &case, "--out", &out]).expect(1).says("replay: same failure, same digest");
    let verify = orders(&["sweep", "--explore", "dfs", "--seeds", "0", "--verify", "--out", &out]).expect(2);
    assert!(verify.err.contains("leave out `--verify`"), "{}", verify.err);
}

#[test]
fn a_sweep_explores_in_the_same_way_with_any_number_of_workers() {
    let folder = folder("explore");
    for way in ["random", "pct:3:200", "guided", "portfolio"] {
        let runs = |jobs: &str| {
            let name = format!("{}-{jobs}", way.replace(':', "-"));
            let out = below(&folder, &name);
            let seeds = if way == "pct:3:200" || way == "random" { "0..12" } else { "0..140" };
            let scenario = "router-storm-002.multi_region_saturation";
            let sweep =
                ["sweep", scenario, "--explore", way, "--seeds", seeds, "--jobs", jobs, "--out", &out];
            house(&sweep).expect(0).says("behaviours after runs");
            read(&folder, &format!("{name}/runs.json")) + &read(&folder, &format!("{name}/report.txt"))
        };
        assert_eq!(runs("1"), runs("3"), "{way}");
    }
    let wrong = house(&["sweep", "--explore", "pct", "--seeds", "0"]).expect(2);
    assert!(
        wrong.err.contains("`pct` is no way to explore: expected swarm, random, pct:DEPTH"),
        "{}",
        wrong.err
    );
}

#[test]
fn a_run_that_was_explored_replays() {
    let folder = folder("explored");
    let out = below(&folder, "out");
    for way in ["pct:3", "random", "guided"] {
        let sweep = ["sweep", "kv/swarm", "--quirk", "ack-before-sync", "--explore", way, "--seeds", "0..24"];
        let done = house(&[&sweep[..], &["--no-shrink", "--out", &out]].concat()).expect(1);
        let case = done.case();
        assert!(way == "guided" || case.contains(&format!("explore={way}")), "{case}");
        house(&["replay", &case, "--out", &out]).expect(1).says("replay: same failure, same digest");
    }
    let guided = house(&["replay", "kv/steady seed=1 explore=guided", "--out", &out]).expect(2);
    assert!(guided.err.contains("`guided` is a way to sweep and not to run"), "{}", guided.err);
}

#[test]
fn a_failing_case_is_made_small_and_the_same_with_any_number_of_workers() {
    let folder = folder("shrink");
    let shrink = |jobs: &str| {
        let (out, to) = (below(&folder, jobs), below(&folder, &format!("{jobs}.case")));
        let done = house(&["shrink", FAILING, "--jobs", jobs, "--out", &out, "--to", &to]).expect(1);
        done.says("lines of trouble").says("FAILED  kv/power-loss");
        read(&folder, &format!("{jobs}.case"))
    };
    let one = shrink("1");
    assert_eq!(one, shrink("3"));
    let case = one.lines().last().expect("it has a case");
    // One loss of power, one replica, one client, one write; nothing is left to the seed.
    for part in [
        "seed=0x0 ",
        "power = \"kv-0\"",
        "sizes=clients=1,",
        "replicas=1 ",
        "ops=(client-0: ",
        "edits=*[0..]=0",
    ] {
        assert!(case.contains(part), "`{part}` is expected in {case}");
    }
    assert_eq!(case.matches("put").count() + case.matches("swap").count(), 1, "{case}");
    let replay = house(&["replay", &below(&folder, "1.case"), "--out", &below(&folder, "replay")]);
    replay.expect(1).says("replay: same failure, same digest");
}

#[test]
fn what_does_not_fail_is_told_how_it_ends() {
    let folder = folder("shrink-held");
    let out = below(&folder, "out");
    let shrink = |case: &str| house(&["shrink", case, "--out", &out]);
    shrink("kv/steady seed=1").expect(0).says("it does not fail: passed").says("there is nothing to shrink");
    shrink("kv/steady seed=1 fails=kv.linearizable").expect(0).says("it no longer fails: passed");
    let gone = shrink("kv/gone seed=1").expect(2);
    assert!(gone.err.contains("unknown scenario `kv/gone`"), "{}", gone.err);
    let torn = shrink("kv/steady sede=1").expect(2);
    assert!(torn.err.contains("column 11: unknown field `sede`, did you mean `seed`?"), "{}", torn.err);
    // Another failure than the recorded one is said, and is what is shrunk.
    let other = format!("{FAILING} fails=kv.linearizable");
    house(&["shrink", &other, "--runs", "40", "--out", &out])
        .expect(1)
        .says("another failure: recorded kv.linearizable")
        .says("the runs are used up: this is the best so far");
}

#[test]
fn who_interrupts_a_shrink_keeps_the_best_so_far() {
    let folder = folder("shrink-interrupted");
    let to = below(&folder, "best.case");
    // It takes many seconds: a rare failure with many operations.
    let arguments =
        ["shrink", "kv/swarm seed=5 quirk=torn-tail-accepted", "--to", &to, "--out", &below(&folder, "out")];
    let mut child = command(Path::new(env!("CARGO_BIN_EXE_tourbillon")), &arguments);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
    // The first pass is told when plan and operations are written out.
    let mut told = String::new();
    let mut lines = std::io::BufReader::new(child.stderr.take().expect("it is piped"));
    while !told.contains(" plan ") {
        let read = std::io::BufRead::read_line(&mut lines, &mut told).expect("it is text");
        assert!(read > 0, "it ended by itself: {told}");
    }
    let interrupted_at = Instant::now();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    let done: Done = child.wait_with_output().expect("it ends").into();
    assert!(interrupted_at.elapsed() < Duration::from_secs(20), "it ends soon");
    let done = done.expect(4).says("interrupted: this is the best so far");
    assert!(done.out.contains("lines of trouble"), "{}", done.out);
    house(&["replay", &to, "--out", &below(&folder, "replay")]).expect(1).says("same failure, same digest");
}

#[test]
fn a_sweep_shrinks_the_shortest_of_each_kind() {
    let folder = folder("sweep-shrinks");
    let out = below(&folder, "out");
    let sweep = ["sweep", "kv/power-loss", "--quirk", "ack-before-sync", "--seeds", "0..4", "--out", &out];
    house(&sweep).expect(1).says("kv/power-loss: shrunk to 1 line of the plan");
    let shrunk = std::fs::read_dir(&out).expect("it is a folder").flatten();
    let shrunk: Vec<_> = shrunk
        .map(|file| file.path())
        .filter(|path| path.to_string_lossy().ends_with(".shrunk.case"))
        .collect();
    assert_eq!(shrunk.len(), 1, "{shrunk:?}");
    let case = shrunk[0].display().to_string();
    house(&["replay", &case, "--out", &below(&folder, "replay")]).expect(1).says("same failure, same digest");
}

#[test]
fn the_origin_of_a_failure_is_where_most_of_it_was_decided() {
    let folder = folder("origin");
    let out = below(&folder, "out");
    let origin = |case: &str| house(&["origin", case, "--moments", "6", "--futures", "12", "--out", &out]);
    let done = origin(FAILING).expect(1).says("`kv.acknowledged_writes_stay` fails at +").says("kept up to");
    assert!(
        done.out.contains("baked in between") || done.out.contains("no moment decides it"),
        "{}",
        done.out
    );
    let json = read(&folder, "out/origin.json");
    assert!(json.contains("\"moments\": [") && json.contains("\"futures\": 12"), "{json}");
    origin("kv/steady seed=1").expect(0).says("it does not fail");
}
