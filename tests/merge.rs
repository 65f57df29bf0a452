//! The shards of a sweep are joined to what the whole sweep is, byte for byte, and what does not belong is named.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

mod support;

use std::path::Path;

use support::{Done, below, command, folder, run, trouble};

/// A sweep of the pack `trouble`, or of a part of it.
fn sweep(folder: &Path, name: &str, more: &[&str]) -> Done {
    let (out, junit) = (below(folder, name), below(folder, &format!("{name}.xml")));
    let scenarios = ["sweep", "trouble/steady", "trouble/odd", "trouble/sized", "trouble/shy"];
    run(&[&scenarios[..], &["--out", &out, "--junit", &junit, "--jobs", "2"], more].concat())
}

/// Joins what is below some paths, to the artefacts `merged`.
fn merge(folder: &Path, tallies: &[&str]) -> Done {
    let (out, junit, json) =
        (below(folder, "merged"), below(folder, "merged.xml"), below(folder, "merged/runs.json"));
    run(&[&["merge"], tallies, &["--out", &out, "--junit", &junit, "--json", &json]].concat())
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn four_shards_join_to_what_one_sweep_writes_byte_for_byte() {
    let folder = folder("merge");
    sweep(&folder, "whole", &["--seeds", "7,0..26"]).expect(1);
    for shard in ["2/4", "0/4", "3/4", "1/4"] {
        let name = format!("shards/{}", &shard[..1]);
        sweep(&folder, &name, &["--seeds", "7,0..26", "--shard", shard])
            .expect(1)
            .says("left out: the seeds of other shards");
    }
    let done = merge(&folder, &[&below(&folder, "shards")]).expect(1);
    let done = done.says("`panic` failed in").says("108 runs of 4 shards").says("the coin fell on its edge");
    assert!(done.err.is_empty() && !done.out.contains("runs/s"), "{}{}", done.out, done.err);
    for name in ["report.txt", "report.json", "runs.json"] {
        let (whole, merged) =
            (read(&folder, &format!("whole/{name}")), read(&folder, &format!("merged/{name}")));
        assert!(whole == merged, "{name}\n{whole}\n{merged}");
    }
    assert!(read(&folder, "whole.xml") == read(&folder, "merged.xml"), "the JUnit reports differ");
    // The kept cases are the same as well, and each of them is repeated.
    let cases = |name: &str| -> Vec<String> {
        let files = std::fs::read_dir(folder.join(name)).expect("it is a folder").flatten();
        let mut names: Vec<String> =
            files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        // A merge runs nothing, so it makes no case small.
        names.retain(|name| name.ends_with(".case") || name.ends_with(".page.txt"));
        names.retain(|name| !name.contains(".shrunk."));
        names.sort();
        names.iter().map(|file| format!("{file}: {}", read(&folder, &format!("{name}/{file}")))).collect()
    };
    let merged = cases("merged");
    assert_eq!(merged, cases("whole"));
    assert!(merged.len() >= 2, "{merged:?}");
    let out = below(&folder, "replay");
    run(&["replay", &done.case(), "--out", &out]).expect(1).says("replay: same failure, same digest");
}

#[test]
fn a_tally_is_the_same_whatever_the_jobs_and_a_shard_without_seeds_has_one() {
    let folder = folder("tally");
    let tally = |name: &str, jobs: &str| {
        let out = below(&folder, name);
        run(&["sweep", "trouble/odd", "--seeds", "0..9", "--shard", "1/2", "--jobs", jobs, "--out", &out]);
        std::fs::read(folder.join(name).join("sweep.tally")).expect("it was written")
    };
    assert!(tally("one", "1") == tally("three", "3"));
    let (two, out) = (["sweep", "trouble/steady", "--seeds", "0..2", "--shard"], below(&folder, "out"));
    for index in 0..3 {
        let (shard, out) = (format!("{index}/3"), below(&folder, &format!("few/{index}")));
        run(&[&two[..], &[&shard, "--out", &out]].concat()).expect(0);
    }
    run(&["merge", &below(&folder, "few"), "--out", &out]).expect(0).says("2 runs of 3 shards");
}

#[test]
fn a_required_point_is_missed_by_all_seeds_together() {
    let folder = folder("required");
    for shard in ["0/4", "1/4", "2/4", "3/4"] {
        let out = below(&folder, &format!("shards/{}", &shard[..1]));
        let shard = run(&["sweep", "trouble/shy", "--seeds", "0..100", "--shard", shard, "--out", &out]);
        shard.expect(0).says("not reached in 25 seeds yet; too few seeds to tell");
    }
    let (shards, out) = (below(&folder, "shards"), below(&folder, "out"));
    let words = "trouble/shy: the required point `trouble.never` was not reached in 100 seeds";
    run(&["merge", &shards, "--out", &out]).expect(1).says(words);
    assert!(read(&folder, "out/report.json").contains("\"exit_status\": 1"));
}

#[test]
fn what_does_not_belong_is_told_once_each_and_the_rest_is_joined() {
    let folder = folder("misfits");
    for (name, seeds, shard) in
        [("a/0", "0..20", "0/4"), ("a/1", "0..20", "1/4"), ("a/2", "0..20", "2/4"), ("b", "0..21", "3/4")]
    {
        sweep(&folder, name, &["--seeds", seeds, "--shard", shard]).expect(1);
    }
    let whole = std::fs::read(folder.join("a/2/sweep.tally")).expect("it was written");
    let file = |name: &str, content: &[u8]| {
        let path = below(&folder, name);
        std::fs::write(&path, content).expect("the folder can be written");
        path
    };
    let cut = file("cut.tally", &whole[..whole.len() / 2]);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let flipped = file("flipped.tally", &flipped);
    let text = file("text.tally", b"trouble/odd seed=0x1");
    std::fs::create_dir_all(folder.join("empty")).expect("the folder can be written");
    let (all, again, other) = (below(&folder, "a"), below(&folder, "a/1/sweep.tally"), below(&folder, "b"));
    let (empty, nowhere) = (below(&folder, "empty"), below(&folder, "nowhere.tally"));
    let done = merge(&folder, &[&other, &all, &again, &cut, &flipped, &text, &empty, &nowhere]).expect(2);
    let done = done.says("`panic` failed in").says("60 runs of 3 shards");
    let done = done.says("left out: the seeds of other shards than 0, 1, 2 of 4");
    let expected = [
        ("empty", "there is no tally below this folder"),
        ("cut.tally", "it was cut, or something was added"),
        ("flipped.tally", "the checksum does not fit: the file is damaged"),
        ("text.tally", "byte 0: this is no tally of a sweep: it begins with `trouble/odd seed`"),
        ("nowhere.tally", "it cannot be read"),
        ("b/sweep.tally", "--seeds is `0..21` and not `0..20`; merge each sweep on its own"),
        ("a/1/sweep.tally", "shard 1/4 once more, the same as"),
        ("missing: shard 3 of 4", "sweep with `--shard I/4`, and merge again"),
    ];
    let told: Vec<&str> = done.err.lines().collect();
    assert_eq!(told.len(), expected.len(), "{}", done.err);
    for (line, (file, problem)) in told.iter().zip(expected) {
        assert!(line.contains(file) && line.contains(problem), "{file}: {problem}: {line}");
    }
    let done = merge(&folder, &[&text]).expect(2);
    assert!(done.out.is_empty() && done.err.lines().count() == 1, "{}{}", done.out, done.err);
}

/// What a scheduler's job runs, under the variables that the scheduler sets.
#[test]
fn a_scheduler_says_which_shard_to_run() {
    let folder = folder("scheduler");
    let base = ["sweep", "trouble/steady", "--seeds", "0..8"];
    let shard = |name: &str, more: &[&str], variables: &[(&str, &str)]| -> Done {
        let out = below(&folder, name);
        let mut command = command(&trouble(), &[&base[..], &["--out", &out], more].concat());
        command.envs(variables.iter().copied()).output().expect("it can be started").into()
    };
    for index in ["10", "12"] {
        let variables = [
            ("SLURM_ARRAY_TASK_ID", index),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_MAX", "12"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "2"),
        ];
        shard(&format!("slurm/{index}"), &["--shard", "auto"], &variables).expect(0).says("4 runs in");
        let other = if index == "10" { "0" } else { "1" };
        let variables = [("JOB_COMPLETION_INDEX", other), ("TOURBILLON_SHARD", "auto/2")];
        shard(&format!("kubernetes/{other}"), &[], &variables).expect(0).says("4 runs in");
    }
    let joined = |name: &str| {
        let (shards, out) = (below(&folder, name), below(&folder, &format!("{name}-joined")));
        run(&["merge", &shards, "--out", &out]).expect(0).says("8 runs of 2 shards");
        read(&folder, &format!("{name}-joined/report.json"))
    };
    assert_eq!(joined("slurm"), joined("kubernetes"));
    let none = shard("none", &["--shard", "auto"], &[]).expect(2);
    assert!(none.err.contains("neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"), "{}", none.err);
}
