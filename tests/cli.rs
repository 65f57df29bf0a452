//! The command line, through the pack `trouble`: what each verb prints and what it ends with.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{below, command, example, folder, run, trouble};

#[test]
fn list_names_scenarios_by_prefix() {
    run(&["list"]).expect(0).says("trouble (9)").says("trouble/steady  two machines");
    let done =
        run(&["list", "trouble/st", "--points"]).expect(0).says("trouble.waited (reachable, required)");
    assert!(!done.out.contains("trouble/odd") && done.out.contains("--quirk short-sleep"), "{}", done.out);
}

#[test]
fn run_keeps_trace_and_manifest() {
    let folder = folder("run");
    let out = below(&folder, "out");
    run(&["run", "trouble/steady", "--seed", "0x2a", "--out", &out])
        .expect(0)
        .says("seed=0x2a alg=1: passed");
    assert!(folder.join("out/trouble-steady-0x2a.trace").is_file());
    let manifest = std::fs::read_to_string(folder.join("out/run_manifest.json")).expect("it was written");
    assert!(
        manifest.contains("\"name\": \"trouble/steady\"") && manifest.contains("\"passed\": 1"),
        "{manifest}"
    );
    let trace = below(&folder, "steady.json");
    run(&["run", "trouble/steady", "--trace", &trace, "--codec", "json", "--out", &out]).expect(0);
    let first = std::fs::read_to_string(&trace).expect("it was written");
    assert!(first.starts_with("{\"trace\":") && first.lines().count() > 100, "{first}");
}

#[test]
fn a_sweep_that_fails_prints_a_case_whose_replay_is_the_same() {
    let folder = folder("sweep");
    let out = below(&folder, "out");
    let done = run(&["sweep", "trouble/odd", "trouble/steady", "--seeds", "0..20", "--out", &out]).expect(1);
    let done = done.says("scenario").says("trouble/steady").says("`panic` failed in").says("the coin fell");
    let case = done.case();
    let again = run(&["replay", &case, "--out", &out]).expect(1).says("replay: same failure, same digest");
    assert!(again.out.contains(&case), "{}", again.out);
    let pictures = std::fs::read_dir(&out).expect("it is a folder").flatten();
    let pictures: Vec<String> = pictures
        .filter_map(|file| file.file_name().into_string().ok())
        .filter(|name| name.contains(".timeline."))
        .collect();
    let [picture] = &pictures[..] else { panic!("one kind of failure has one picture: {pictures:?}") };
    let picture =
        std::fs::read_to_string(below(std::path::Path::new(&out), picture)).expect("it was written");
    assert!(picture.contains("trouble/odd seed=0x") && picture.contains("the coin fell"), "{picture}");
    // As a case file, and by the words of the line.
    let file = below(&folder, "odd.case");
    std::fs::write(&file, format!("# why it is kept\n{case}\n")).expect("the folder can be written");
    run(&["replay", &file, "--out", &out]).expect(1).says("same failure, same digest");
    let words: Vec<&str> = std::iter::once("replay").chain(case.split(' ')).collect();
    run(&words).expect(1).says("same failure, same digest");
    let moved = format!("{}0000000000000000", case.split_at(case.len() - 16).0);
    run(&["replay", &moved, "--out", &out]).expect(1).says("replay: same failure, digest moved");
    let passed = run(&["run", "trouble/steady", "--seed", "3", "--out", &out]).expect(0);
    assert!(passed.out.contains("passed"));
    run(&["replay", "trouble/steady seed=3 fails=no-such", "--until", "5", "--out", &out])
        .expect(0)
        .says("replay: no longer fails")
        .says("#5 [+0.");
}

#[test]
fn a_planted_bug_is_caught_by_its_property() {
    let folder = folder("quirk");
    let out = below(&folder, "out");
    let sweep = ["sweep", "trouble", "--quirk", "short-sleep", "--seeds", "0..4", "--out", &out];
    let done = run(&sweep).expect(1).says("`no-short-nap` failed in 4 of 4").says("left out: trouble/odd");
    let case = done.case();
    assert!(case.contains("quirk=short-sleep"), "{case}");
    run(&["replay", &case, "--out", &out]).expect(1).says("same failure, same digest");
}

/// Runs the house's own binary, with the house's own scenarios.
fn house(arguments: &[&str]) -> support::Done {
    let binary = Path::new(env!("CARGO_BIN_EXE_tourbillon"));
    command(binary, arguments).output().expect("it can be started").into()
}

#[test]
fn the_house_catches_a_planted_bug_and_a_fresh_process_repeats_each_failure() {
    let folder = folder("house");
    let (out, json) = (below(&folder, "out"), below(&folder, "runs.json"));
    // What is printed to paste is then of the sweep's own runs.
    let sweep = ["sweep", "kv/power-loss", "--no-shrink", "--seeds", "0..20", "--out", &out, "--json", &json];
    let quirk = "--quirk=ack-before-sync";
    let done =
        house(&[&sweep[..], &[quirk]].concat()).expect(1).says("`kv.acknowledged_writes_stay` failed in");
    let runs = std::fs::read_to_string(&json).expect("it was written");
    let lines: Vec<&str> = done.out.lines().filter(|line| line.contains(" replay '")).collect();
    assert!(!lines.is_empty(), "{}", done.out);
    for line in lines {
        let case = line.split('\'').nth(1).expect("the case stands in quotes");
        let word =
            |name: &str| case.split(' ').find_map(|word| word.strip_prefix(name)).expect("it has the word");
        let (seed, digest) = (word("seed="), word("digest="));
        let swept = runs.lines().find(|run| run.contains(&format!("\"seed\": \"{seed}\""))).expect("it ran");
        assert!(swept.contains("\"failed\"") && swept.contains(&format!("\"trace\": \"{digest}")), "{swept}");
        let again =
            house(&["replay", case, "--out", &out]).expect(1).says("replay: same failure, same digest");
        assert!(again.out.contains(&format!("trace {digest}")) && again.out.contains(case), "{}", again.out);
    }

    house(&sweep).expect(0).says("20 runs in");
    let runs = std::fs::read_to_string(&json).expect("it was written");
    let runs: Vec<&str> = runs.lines().filter(|line| line.contains("\"seed\"")).collect();
    assert_eq!(runs.len(), 20);
    for (seed, run) in runs.iter().enumerate() {
        let start =
            format!("{{\"scenario\": \"kv/power-loss\", \"seed\": \"0x{seed:x}\", \"verdict\": \"passed\"");
        assert!(run.contains(&start), "{run}");
        for digest in ["trace", "faults", "semantic"] {
            let rest = run.split(&format!("\"{digest}\": \"")).nth(1).expect("it has the digest");
            let hex = rest.split('"').next().unwrap_or_default();
            assert!(hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()), "{run}");
        }
    }
}

#[test]
fn output_does_not_depend_on_jobs_shards_or_verify() {
    let folder = folder("jobs");
    let out = below(&folder, "out");
    let runs = |name: &str, more: &[&str]| {
        let file = below(&folder, name);
        let base = ["sweep", "trouble/steady", "trouble/odd", "trouble/guest", "--seeds", "0..8"];
        let arguments = [&base[..], &["--out", &out, "--json", &file], more].concat();
        run(&arguments).expect(1);
        std::fs::read_to_string(&file).expect("it was written")
    };
    let one = runs("one.json", &["--jobs", "1"]);
    assert_eq!(one.lines().filter(|line| line.contains("\"seed\"")).count(), 24);
    assert!(one.contains("\"verdict\": \"failed\", \"property\": \"panic\""), "{one}");
    assert!(one.contains("\"name\": \"trouble.nap\", \"count\": 1600"), "{one}");
    assert_eq!(runs("eight.json", &["--jobs", "8"]), one);
    assert_eq!(runs("verify.json", &["--verify"]), one);
    let of_seeds = |text: &str| {
        let mut lines: Vec<String> =
            text.lines().map(|line| line.trim_end_matches(',').to_string()).collect();
        lines.retain(|line| line.contains("\"seed\""));
        lines.sort();
        lines
    };
    let halves = ["0/2", "1/2"].map(|shard| runs("half.json", &["--shard", shard]));
    assert_eq!(of_seeds(&halves.concat()), of_seeds(&one));
}

#[test]
fn a_worker_that_dies_or_hangs_is_that_seeds_outcome() {
    let folder = folder("lost");
    let out = below(&folder, "out");
    let junit = below(&folder, "junit.xml");
    let done = run(&[
        "sweep",
        "trouble/abort",
        "trouble/hang",
        "--seeds",
        "0..12",
        "--wall-limit",
        "500ms",
        "--out",
        &out,
        "--junit",
        &junit,
    ]);
    let done = done.expect(4).says("aborted in").says("hung in").says("these are my last words");
    assert!(done.out.contains("replay 'trouble/hang seed=0x"), "{}", done.out);
    let junit = std::fs::read_to_string(&junit).expect("it was written");
    assert!(junit.contains("<testsuite name=\"trouble/abort\" tests=\"12\""), "{junit}");
    assert_eq!(junit.matches("<testcase").count(), 24);
    let runs = std::fs::read_to_string(folder.join("out/runs.json")).expect("it was written");
    let aborted = runs.lines().find(|line| line.contains("\"aborted\"")).expect("a run aborted");
    assert!(aborted.contains("\"trace\": null"), "{aborted}");
}

#[test]
fn code_that_means_harm_has_a_named_outcome_and_the_sweep_goes_on() {
    let folder = folder("harm");
    let (out, json) = (below(&folder, "out"), below(&folder, "runs.json"));
    let harm = |arguments: &[&str]| -> support::Done {
        let arguments = [arguments, &["--out", &out]].concat();
        command(&example("harm"), &arguments).output().expect("it can be started").into()
    };
    let done = harm(&["sweep", "--seeds", "0..3", "--wall-limit", "1s", "--json", &json]).expect(1);
    let runs = std::fs::read_to_string(&json).expect("it was written");
    let outcomes = [
        ("deadlock", "failed", "\"stall\""),
        ("livelock", "failed", "\"step-limit\""),
        ("endless-poll", "hung", "\"hung\""),
        ("panic-in-drop", "failed", "\"panic-in-drop\""),
        ("panic-while-panicking", "aborted", "\"aborted\""),
        ("exit", "aborted", "\"aborted\""),
        ("panic-after-death", "passed", "null"),
        ("vandal", "passed", "null"),
        ("kept", "passed", "null"),
        ("foreign-wake", "passed", "null"),
        ("flood", "passed", "null"),
        ("sleeps", "passed", "null"),
    ];
    for (name, verdict, property) in outcomes {
        for seed in 0..3 {
            let start = format!("{{\"scenario\": \"harm/{name}\", \"seed\": \"0x{seed}\",");
            let run =
                runs.lines().find(|run| run.trim_start().starts_with(&start)).expect("each run is told");
            let wanted = format!("\"verdict\": \"{verdict}\", \"property\": {property},");
            assert!(run.contains(&wanted), "{wanted} is expected in {run}");
        }
    }
    assert_eq!(runs.matches("\"seed\"").count(), 3 * outcomes.len());
    // A failure is repeated from its line; what took its process along is not, but says how it did.
    for name in ["deadlock", "livelock", "panic-in-drop"] {
        let line =
            done.out.lines().find(|line| line.contains(&format!(" replay 'harm/{name} "))).expect("a line");
        let case = line.split('\'').nth(1).expect("the case stands in quotes");
        harm(&["replay", case]).expect(1).says("replay: same failure, same digest");
    }
    let done = done.says("it aborted (signal 6); its last words").says("it exited with status 0");
    assert!(!done.out.contains("it exited with status 0; its last words"), "it had none: {}", done.out);
    let done = harm(&["sweep", "harm/foreign-wake", "--seeds", "0..3"]).expect(0);
    done.says("1000 wakes came from another thread or another run and were refused");
    // What a run leaves to the next one moves nothing: not in this order, and not against fresh processes.
    let last = ["panic-after-death", "vandal", "kept", "foreign-wake", "flood", "sleeps"];
    let last = last.map(|name| format!("harm/{name}"));
    let sweep: Vec<&str> = std::iter::once("sweep").chain(last.iter().map(String::as_str)).collect();
    harm(&[&sweep[..], &["--seeds", "0..5", "--jobs", "1", "--verify"]].concat()).expect(0);
}

#[test]
fn what_is_not_deterministic_is_told_with_the_first_record() {
    let folder = folder("verify");
    let out = below(&folder, "out");
    let sweep = ["sweep", "trouble/static", "--seeds", "0..3", "--jobs", "1", "--verify", "--out", &out];
    run(&sweep).expect(3).says("nondeterministic in").says("not deterministic: one case, two runs");
    run(&["sweep", "trouble/guest", "--seeds", "0..3", "--verify", "--out", &out]).expect(0);
    run(&["sweep", "trouble/chatty", "--seeds", "0..3", "--verify", "--out", &out]).expect(0);
}

#[test]
fn diff_names_the_first_record_that_differs() {
    let folder = folder("diff");
    let out = below(&folder, "out");
    let (left, right) = ("trouble/steady seed=1", "trouble/steady seed=2");
    run(&["diff", left, left, "--out", &out]).expect(0).says("the runs are the same");
    run(&["diff", left, right, "--out", &out]).expect(3).says("the cases differ");
    let trace = below(&folder, "left.trace");
    run(&["run", "trouble/steady", "--seed", "1", "--trace", &trace, "--out", &out]).expect(0);
    run(&["diff", &trace, left, "--out", &out]).expect(0);
    run(&["replay", &trace, "--out", &out]).expect(0);
    let whole = std::fs::read(&trace).expect("it was written");
    let cut = below(&folder, "cut.trace");
    std::fs::write(&cut, &whole[..whole.len() / 2]).expect("the folder can be written");
    let done = run(&["diff", &cut, left, "--out", &out]).expect(2);
    assert!(done.err.contains("cut.trace") && !done.err.contains("panicked"), "{}", done.err);
}

#[test]
fn goldens_change_only_by_bless() {
    let folder = folder("golden");
    let goldens = below(&folder, "goldens");
    let golden = |verb, more: &[&str]| {
        let base = ["golden", verb, "trouble/steady", "--goldens", &goldens];
        run(&[&base[..], more].concat())
    };
    golden("check", &[]).expect(3).says("no golden");
    golden("bless", &["--seeds", "0..4"]).expect(0).says("seed 0x3: new");
    golden("check", &[]).expect(0).says("trouble/steady: 4 held");
    let path = folder.join("goldens/trouble/steady.golden");
    let text = std::fs::read_to_string(&path).expect("it was written");
    let digest = text.split("trace=").nth(1).expect("it pins a trace")[..16].to_string();
    golden("check", &["--digest", &digest]).expect(0).says("the trace digest of trouble/steady seed 0x0");
    golden("check", &["--digest", "0123456789abcdef"]).expect(3).says("is in none of 1 goldens");

    let moved = text.replacen(&digest, "0123456789abcdef", 1);
    std::fs::write(&path, &moved).expect("the folder can be written");
    golden("check", &[]).expect(3).says("schedule drift");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), moved);
    golden("bless", &[]).expect(0).says("schedule drift");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);

    let torn = text.replace("records=", "recrds=");
    std::fs::write(&path, &torn).expect("the folder can be written");
    for verb in ["check", "bless"] {
        let done = golden(verb, &[]).expect(2);
        assert!(done.err.contains("line 3") && done.err.contains("recrds"), "{}", done.err);
    }
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), torn);
}

#[test]
fn flags_come_from_the_environment_too_and_a_flag_wins() {
    let folder = folder("environment");
    let out = below(&folder, "out");
    let sweep = |more: &[&str], variables: &[(&str, &str)]| -> support::Done {
        let arguments = [&["sweep", "trouble/steady", "--out", &out], more].concat();
        let output = command(&trouble(), &arguments).envs(variables.iter().copied()).output();
        output.expect("it can be started").into()
    };
    sweep(&[], &[("TOURBILLON_SEEDS", "0..7")]).expect(0).says("7 runs in");
    sweep(&["--seeds", "0..3"], &[("TOURBILLON_SEEDS", "0..7")]).expect(0).says("3 runs in");
    let done = sweep(&["--seeds", "0..3"], &[("TOURBILLON_SEDES", "1")]).expect(2);
    assert!(done.err.contains("`TOURBILLON_SEDES`, did you mean `TOURBILLON_SEEDS`?"), "{}", done.err);
    let done = sweep(&[], &[("TOURBILLON_SEEDS", "x..7")]).expect(2);
    assert!(done.err.contains("`x`"), "{}", done.err);
}

#[test]
fn a_scenario_runs_in_any_class_and_profile_that_it_has() {
    let folder = folder("classes");
    let out = below(&folder, "out");
    let took = |arguments: &[&str], time: &str| {
        run(&[&["run", "trouble/sized", "--out", &out], arguments].concat())
            .expect(0)
            .says(&format!(" in {time} of"));
    };
    took(&[], "30.0ms");
    took(&["--class", "r1"], "10.0ms");
    took(&["--class", "R2", "--profile", "EMBEDDED_ROUTER"], "40.0ms");
    // A profile of the swarm is one too: it has no trouble for a scenario without machines.
    took(&["--profile", "network"], "30.0ms");
    let sweep = ["sweep", "sized", "--class", "all", "--seeds", "0..5", "--out", &out];
    run(&sweep).expect(0).says("trouble/sized.R1").says("trouble/sized.R3").says("15 runs in");
    run(&["replay", "trouble/sized seed=0x2a class=R2", "--out", &out]).expect(0).says(" in 20.0ms of");
    let goldens = below(&folder, "goldens");
    let golden = |verb: &str, name: &str| run(&["golden", verb, name, "--goldens", &goldens]);
    golden("bless", "sized").expect(0).says("trouble/sized.R1").says("trouble/sized.R3");
    golden("check", "trouble/sized").expect(0).says("trouble/sized.R2: 10 held");
    let done = golden("check", "sized.R2").expect(0).says("trouble/sized.R2: 10 held");
    assert!(!done.out.contains("R1"), "{}", done.out);
}

#[test]
fn operators_variables_are_aliases_and_a_conflict_is_refused() {
    let folder = folder("aliases");
    let out = below(&folder, "out");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| -> support::Done {
        let output = command(&trouble(), &[&["run", "--out", &out], arguments].concat());
        let mut output = output;
        output.envs(variables.iter().copied()).output().expect("it can be started").into()
    };
    let operator = [
        ("ASX_E2E_SEED", "0x7"),
        ("ASX_E2E_RESOURCE_CLASS", "R1"),
        ("ASX_E2E_PROFILE", "embedded-router"),
        ("ASX_E2E_SCENARIO_PACK", "trouble/sized"),
        ("ASX_E2E_CODEC", "json"),
        ("ASX_E2E_VERBOSE", "1"),
    ];
    run(&[], &operator)
        .expect(0)
        .says("trouble/sized seed=0x7 profile=embedded-router class=R1 alg=1: passed")
        .says(" in 20.0ms of");
    let trace =
        std::fs::read_to_string(folder.join("out/trouble-sized.R1-0x7.trace")).expect("it was written");
    assert!(trace.starts_with("{\"trace\":"), "{trace}");
    run(&["--class", "R2"], &operator).expect(0).says(" in 40.0ms of");
    run(&["trouble/sized"], &[("ASX_E2E_SEED", "7"), ("TOURBILLON_SEED", "7")]).expect(0).says("seed=0x7");
    let done = run(&["trouble/sized"], &[("ASX_E2E_SEED", "7"), ("TOURBILLON_SEED", "8")]).expect(2);
    assert!(done.err.contains("ASX_E2E_SEED is `7` and TOURBILLON_SEED is `8`"), "{}", done.err);
}

#[test]
fn a_pack_leaves_a_summary_and_its_events() {
    let folder = folder("pack");
    let out = below(&folder, "out");
    run(&["run", "trouble/steady", "trouble/sized", "--class", "all", "--out", &out]).expect(2);
    run(&["run", "trouble/steady", "trouble/odd", "--seed", "1..2", "--out", &out]).expect(2);
    let run = |seed: &str| run(&["run", "trouble/steady", "trouble/odd", "--seed", seed, "--out", &out]);
    let seed = ["1", "2", "3", "4", "5"].into_iter().find(|seed| run(seed).code == 1).expect("a coin falls");
    let read = |name: &str| std::fs::read_to_string(folder.join("out").join(name)).expect("it was written");
    let summary = read("trouble.summary.json");
    for part in [
        "\"pack\": \"trouble\"",
        "\"ok\": false",
        "\"digest_full\"",
        "trouble.waited",
        "replay 'trouble/odd seed=",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    let events = read("e2e-trouble.jsonl");
    assert!(events.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{events}");
    assert!(events.contains("\"event\":\"mark\""), "{events}");
    assert!(
        events.contains("\"check\": \"trouble.waited\"") && events.contains("\"verdict\": \"failed\""),
        "{events}"
    );
    assert!(!events.contains("\"poll\""), "who was polled is how, not what");
    assert!(read("trouble.stderr").contains("the coin fell on its edge"));
    assert!(read("run_manifest.json").contains(&format!("\"seed\": \"0x{seed}\"")));
}

#[test]
fn whatever_is_wrong_is_named_and_ends_with_status_2() {
    let folder = folder("wrong");
    let file = |name: &str, text: &str| {
        let path = below(&folder, name);
        std::fs::write(&path, text).expect("the folder can be written");
        path
    };
    let unknown_kind = file("kind.toml", "faults = [\n  { at = \"1s\", crsh = \"left\" },\n]\n");
    let unknown_machine = file("machine.toml", "faults = [\n\n  { at = \"1s\", kill = \"lefft\" },\n]\n");
    let two_cases = file("two.case", "trouble/odd seed=0x1\ntrouble/odd seed=0x2\n");
    let no_trace = file("no.trace", "\u{89}TBLwhat");
    let out = below(&folder, "out");
    let occupied = file("occupied", "a file");
    let folder_name = folder.display().to_string();
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (vec![], "Usage"),
        (vec!["swep"], "swep"),
        (vec!["list", "trubble"], "trubble"),
        (vec!["run", "nobody"], "nobody"),
        (vec!["run", "trouble/steady", "--verbose", "2"], "2"),
        (vec!["run", "trouble/sized", "--class", "R9"], "R1, R2, R3"),
        (vec!["run", "trouble/sized", "--profile", "Cor"], "Core, EmbeddedRouter"),
        (vec!["replay", "trouble/sized seed=7 class=huge"], "R1, R2, R3"),
        (vec!["run", "trouble/steady", "--seed", "x7"], "x7"),
        (vec!["run", "trouble/steady", "--sed", "7"], "--sed"),
        (vec!["run", "trouble/steady", "--quirk", "short-slep"], "short-sleep"),
        (vec!["run", "trouble/steady", "--profile", "crsh"], "crsh"),
        (vec!["run", "trouble/steady", "--class", "huge"], "huge"),
        (vec!["run", "trouble/steady", "--codec", "xml"], "xml"),
        (vec!["run", "trouble/steady", "--plan", &unknown_kind], "crsh"),
        (vec!["run", "trouble/steady", "--plan", &unknown_kind], "line 2"),
        (vec!["run", "trouble/steady", "--plan", &unknown_machine], "lefft"),
        (vec!["run", "trouble/steady", "--plan", &unknown_machine], "line 3"),
        (vec!["run", "trouble/steady", "--plan", "nowhere.toml"], "nowhere.toml"),
        (vec!["run", "trouble/steady", "--out", &occupied], "occupied"),
        (vec!["run", "trouble/steady", "--wall-limit", "5"], "`5`"),
        (vec!["run", "trouble/", "--trace", "a.trace"], "--trace"),
        (vec!["sweep", "trouble/steady", "--seeds", "5..x7"], "x7"),
        (vec!["sweep", "trouble/steady", "--seeds", "9..3"], "9..3"),
        (vec!["sweep", "trouble/steady", "--for", "soon"], "soon"),
        (vec!["sweep", "trouble/steady", "--jobs", "0"], "0"),
        (vec!["sweep", "trouble/steady", "--shard", "4/4"], "4/4"),
        (vec!["sweep", "trouble/steady", "--quirk", "nothing"], "nothing"),
        (vec!["sweep", "trouble/steady", "--junit", &folder_name, "--seeds", "1"], "--junit"),
        (vec!["sweep", "trouble/steady", "--json", &folder_name, "--seeds", "1"], "--json"),
        (vec!["sweep", "trouble", "--trace", "a.trace"], "--trace"),
        (vec!["replay"], "CASE"),
        (vec!["replay", "trouble/steady seed=x7"], "x7"),
        (vec!["replay", "trouble/steady sed=7"], "sed"),
        (vec!["replay", "trouble/steedy seed=7"], "trouble/steady"),
        (vec!["replay", "trouble/steady seed=7 quirk=short-slep"], "short-sleep"),
        (vec!["replay", "trouble/steady seed=7 plan=nowhere.toml"], "nowhere.toml"),
        (vec!["replay", "nowhere.case"], "nowhere.case"),
        (vec!["replay", &two_cases], "two.case, line 2"),
        (vec!["replay", &no_trace], "no.trace"),
        (vec!["replay", "trouble/steady seed=7", "--until", "x7"], "x7"),
        (vec!["diff", "trouble/steady seed=7"], "CASE|FILE"),
        (vec!["diff", "trouble/steady seed=7", &no_trace], "no.trace"),
        (vec!["diff", "trouble/steady seed=7", "trouble/nobody seed=7"], "trouble/nobody"),
        (vec!["golden", "chek"], "chek"),
        (vec!["golden", "check", "nobody"], "nobody"),
        (vec!["golden", "check", "--digest", "12"], "`12`"),
        (vec!["golden", "bless", "trouble/steady", "--seeds", ".."], "``"),
    ];
    for (arguments, word) in cases {
        let mut command = command(&trouble(), &arguments);
        // What is wrong must not leave anything where it was called.
        command.current_dir(&folder);
        if !arguments.contains(&"--out") && arguments.first().is_some_and(|verb| *verb != "list") {
            command.env("TOURBILLON_OUT", &out);
        }
        let done: support::Done = command.output().expect("it can be started").into();
        assert_eq!(done.code, 2, "{arguments:?}\nout: {}\nerr: {}", done.out, done.err);
        assert!(done.err.contains(word), "{arguments:?} names `{word}`: {}", done.err);
        assert!(!done.err.contains("panicked"), "{arguments:?}: {}", done.err);
    }
    assert_eq!(std::fs::read_to_string(&occupied).expect("it is there"), "a file");
}

#[test]
fn an_interrupted_sweep_ends_with_its_table() {
    let folder = folder("interrupt");
    let out = below(&folder, "out");
    let child = command(&trouble(), &["sweep", "trouble/steady", "--for", "5m", "--out", &out])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    std::thread::sleep(Duration::from_millis(1500));
    let told = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.is_ok_and(|status| status.success()));
    let told_at = Instant::now();
    let done: support::Done = child.wait_with_output().expect("it ends").into();
    assert!(told_at.elapsed() < Duration::from_secs(20), "it ends soon");
    done.expect(4).says("virtual time").says("left out: interrupted");
}

#[test]
fn a_run_is_drawn_as_a_picture() {
    let folder = folder("picture");
    let (out, file) = (below(&folder, "out"), below(&folder, "run.html"));
    run(&["run", "trouble/steady", "--timeline", &file, "--out", &out]).expect(0).says("timeline: ");
    let picture = std::fs::read_to_string(&file).expect("it was written");
    assert!(
        picture.starts_with("<!doctype html>") && picture.contains("trouble/steady seed=0x2a"),
        "{picture}"
    );
    let json =
        run(&["replay", "trouble/steady seed=1", "--timeline", &file, "--codec", "json", "--out", &out]);
    assert!(json.err.contains("--timeline is drawn from a binary trace"), "{}", json.err);
    let many = run(&["run", "trouble/", "--timeline", &file, "--out", &out]);
    assert!(many.err.contains("--timeline is of one run"), "{}", many.err);
    let sweep = run(&["sweep", "trouble/steady", "--seeds", "0..3", "--timeline", &file, "--out", &out]);
    assert!(sweep.err.contains("--timeline is of one run: use `run` or `replay`"), "{}", sweep.err);
    assert_eq!((json.code, many.code, sweep.code), (2, 2, 2));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let out = below(&folder("pipe"), "out");
    let mut child = command(&trouble(), &["run", "trouble/", "--out", &out])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is there");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
