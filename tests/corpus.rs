//! Past failures stay mended, and planted ones caught; the corpus is kept, told and pruned.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

mod support;

use std::path::Path;

use support::{Done, below, folder, run};
use tourbillon::packs;

/// The corpus of the house, in this process.
#[test]
fn the_past_failures_of_the_house_end_as_they_should() {
    let cases = tourbillon::testing::corpus(
        &packs::all(),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/cases"),
    );
    assert!(cases >= 2, "the corpus holds {cases}");
}

#[test]
fn a_case_that_ends_otherwise_fails_the_test() {
    let folder = folder("corpus-in-process");
    write(&folder, "kv/a.case", "kv/steady seed=1 quirk=kv-mute fails=no-such-property\n");
    write(&folder, "kv/gone.case", "kv/never-was seed=1 fails=p\n");
    let told = std::panic::catch_unwind(|| tourbillon::testing::corpus(&packs::all(), &folder));
    let told = told.expect_err("two cases are wrong");
    let told = told.downcast_ref::<String>().expect("it is told in words");
    assert!(told.contains("a.case: ") && told.contains("the scenario `kv/never-was` is gone"), "{told}");
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder can be written");
    std::fs::write(path, text).expect("the folder can be written");
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn corpus(folder: &Path, verb: &str, more: &[&str]) -> Done {
    let cases = below(folder, "cases");
    run(&[&["corpus", verb], more, &["--corpus", &cases]].concat())
}

const PLANTED: &str = "trouble/steady seed=0x3 quirk=short-sleep";
const PLANTED_FILE: &str = "cases/trouble/steady-short-sleep-no-short-nap.case";

#[test]
fn a_case_is_added_completed_checked_and_told() {
    let folder = folder("corpus-add");
    let plan = below(&folder, "kill.toml");
    std::fs::write(&plan, "faults = [\n  { at = \"1s\", kill = \"left\", restart_after = \"100ms\" },\n]\n")
        .expect("the folder can be written");
    let case = format!("{PLANTED} plan={plan}");
    let add = |case: &str| corpus(&folder, "add", &["--why", "naps were short", case]);
    add(&case).expect(0).says("`no-short-nap` failed").says("kept: ");
    let text = read(&folder, PLANTED_FILE);
    assert!(
        text.starts_with("# naps were short\ntrouble/steady seed=0x3 quirk=short-sleep plan=inline:("),
        "{text}"
    );
    assert!(text.contains(" fails=no-short-nap@") && text.contains(" digest="), "{text}");
    let again = add(PLANTED).expect(2);
    assert!(again.err.contains("it is there already, with the same scenario"), "{}", again.err);
    let holds = add("trouble/steady seed=3").expect(2);
    assert!(holds.err.contains("it does not fail: passed"), "{}", holds.err);
    let caught_no_more = add("trouble/shy seed=3 quirk=unseen fails=p").expect(2);
    assert!(caught_no_more.err.contains("it does not fail: passed"), "{}", caught_no_more.err);
    let aborts = |seed: &u64| add(&format!("trouble/abort seed={seed}")).code == 4;
    let seed = (0..40).find(aborts).expect("it aborts for some seeds");
    add(&format!("trouble/abort seed={seed}")).expect(4).says("not added: a case must end by itself");
    // A bug that is mended is kept by how it failed.
    add("trouble/steady seed=4 fails=panic@gone.rs:1:1").expect(0).says("kept: ");
    assert!(read(&folder, "cases/trouble/steady-panic.case").contains(" fails=panic@gone.rs:1:1 digest="));
    corpus(&folder, "list", &[]).expect(0).says("  naps were short").says("quirk=short-sleep plan=inline:(");
    let checked = corpus(&folder, "check", &[]).expect(0);
    for (file, told) in
        [("steady-panic", "stays mended"), ("steady-short-sleep-no-short-nap", "still caught")]
    {
        let line = checked.out.lines().find(|line| line.starts_with(&format!("trouble/{file}.case ")));
        let line = line.unwrap_or_else(|| panic!("{file} is told: {}", checked.out));
        assert!(line.ends_with(&format!(" {told}, same digest")), "{line}");
    }
    checked.says("2 cases, 0 of them");
}

#[test]
fn what_ends_otherwise_is_told_and_what_is_wrong_does_not_stop_the_rest() {
    let folder = folder("corpus-check");
    let (planted, digest) = (format!("{PLANTED} fails=no-short-nap"), "digest=0000000000000001");
    write(&folder, "cases/a.case", &format!("{planted} {digest}\n"));
    write(&folder, "cases/b.case", "trouble/steady seed=1 quirk=short-sleep fails=panic\n");
    write(&folder, "cases/c.case", "trouble/shy seed=1 quirk=unseen fails=panic\n");
    let check = |name: &str| corpus(&folder, "check", &[name]);
    check("trouble/steady")
        .expect(1)
        .says("a.case  still caught, digest moved")
        .says("b.case  another failure: recorded panic, now no-short-nap");
    check("trouble/shy").expect(1).says("c.case  no longer fails: it holds, though a bug is planted in it");
    let odd = (0..9).find(|seed| {
        run(&["run", "trouble/odd", "--seed", &seed.to_string(), "--out", &below(&folder, "out")]).code == 1
    });
    let odd = odd.expect("a coin falls");
    write(&folder, "cases/d.case", &format!("trouble/odd seed={odd} fails=panic\n"));
    check("trouble/odd").expect(1).says("d.case  fails: panic@").says("replay 'trouble/odd seed=");
    for (name, text) in [
        ("gone.case", "trouble/gone seed=1 fails=p\n"),
        ("other.case", "elsewhere/gone seed=1 fails=p\n"),
        ("torn.case", "trouble/steady sed=1\n"),
        ("quirk.case", "trouble/steady seed=1 quirk=short-slep fails=p\n"),
        ("notes.txt", "what"),
    ] {
        write(&folder, &format!("cases/{name}"), text);
    }
    let wrong = [
        ("notes.txt", "it is no case of the corpus"),
        ("torn.case, line 1", "sed"),
        ("gone.case", "the scenario `trouble/gone` is gone"),
        ("other.case", "the scenario `elsewhere/gone` is gone"),
        ("quirk.case", "did you mean `short-sleep`?"),
    ];
    let done = corpus(&folder, "check", &[]).expect(2).says("4 cases, 3 of them not as they should end");
    assert_eq!(done.err.lines().count(), wrong.len(), "{}", done.err);
    for (line, (file, problem)) in done.err.lines().zip(wrong) {
        assert!(line.contains(file) && line.contains(problem), "{file}: {problem}: {line}");
    }
    let (cases, out) = (below(&folder, "cases"), below(&folder, "out"));
    let sweep =
        run(&["sweep", "trouble/steady", "--seeds", "0..3", "--corpus", &cases, "--out", &out]).expect(2);
    assert_eq!(sweep.err.lines().count(), wrong.len(), "{}", sweep.err);
    sweep
        .says("3 runs in")
        .says("corpus: 2 cases, 1 not as they should end")
        .says("corpus: b.case: another failure");
    let nowhere = corpus(&folder.join("nowhere"), "check", &[]).expect(2);
    assert!(nowhere.err.contains("the corpus cannot be read"), "{}", nowhere.err);
}

#[test]
fn a_sweep_runs_the_past_failures_of_its_scenarios_first_and_shards_share_them() {
    let folder = folder("corpus-sweep");
    let cases = below(&folder, "cases");
    for seed in 0..5 {
        let fails = if seed == 3 { "panic" } else { "no-short-nap" };
        let text = format!("trouble/steady seed={seed} quirk=short-sleep fails={fails}\n");
        write(&folder, &format!("cases/{seed}.case"), &text);
    }
    write(&folder, "cases/9.case", "trouble/sized seed=1 fails=p\n");
    let sweep = |name: &str, more: &[&str]| {
        let (out, junit) = (below(&folder, name), below(&folder, &format!("{name}.xml")));
        let base = ["sweep", "trouble/steady", "--seeds", "0..9", "--out", &out, "--junit", &junit];
        run(&[&base[..], more].concat())
    };
    sweep("none", &["--corpus", &cases, "--no-corpus"]).expect(0);
    let whole = sweep("whole", &["--corpus", &cases]).expect(1);
    whole
        .says("corpus: 5 cases, 1 not as they should end")
        .says("corpus: 3.case: another failure: recorded panic");
    let codes: Vec<i32> = ["0/3", "1/3", "2/3"]
        .map(|shard| sweep(&format!("shards-{}", &shard[..1]), &["--corpus", &cases, "--shard", shard]).code)
        .to_vec();
    assert_eq!(codes, [1, 0, 0], "the case that ends otherwise is of the first");
    let (out, junit) = (below(&folder, "merged"), below(&folder, "merged.xml"));
    let shards = ["0", "1", "2"].map(|shard| below(&folder, &format!("shards-{shard}")));
    let shards: Vec<&str> = shards.iter().map(String::as_str).collect();
    run(&[&["merge", "--out", &out, "--junit", &junit], &shards[..]].concat()).expect(1);
    for name in ["report.txt", "report.json"] {
        assert!(
            read(&folder, &format!("whole/{name}")) == read(&folder, &format!("merged/{name}")),
            "{name}"
        );
    }
    assert!(read(&folder, "whole.xml") == read(&folder, "merged.xml"));
    assert!(read(&folder, "whole.xml").contains("<testsuite name=\"corpus\" tests=\"5\" failures=\"1\""));
}

#[test]
fn prune_keeps_the_smallest_of_those_that_say_the_same() {
    let folder = folder("corpus-prune");
    write(
        &folder,
        "cases/long.case",
        "trouble/steady seed=1 plan=inline:(faults = []) quirk=short-sleep fails=p@a.rs:1\n",
    );
    write(&folder, "cases/short.case", "trouble/steady seed=2 quirk=short-sleep fails=p@a.rs:2\n");
    write(&folder, "cases/other.case", "trouble/steady seed=2 quirk=short-sleep fails=q@a.rs:2\n");
    let dry = corpus(&folder, "prune", &["--dry-run"]).expect(0);
    dry.says("would remove long.case: short.case says as much").says("would remove 1 of 3 cases");
    assert!(folder.join("cases/long.case").exists());
    corpus(&folder, "prune", &[]).expect(0).says("removed long.case: short.case says as much");
    let left = ["long", "short", "other"].map(|name| folder.join(format!("cases/{name}.case")).exists());
    assert_eq!(left, [false, true, true]);
    corpus(&folder, "prune", &[]).expect(0).says("removed 0 of 2 cases");
}
