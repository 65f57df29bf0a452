//! The example job files do what they say, as far as a machine without a scheduler can tell.
#![allow(clippy::disallowed_methods, reason = "the command line is of the host")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Done, below, command, folder, trouble};

fn ci(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ci").join(name)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs a job's script, under the variables of its scheduler and those that say what to sweep.
fn job(shell: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let mut command = command(Path::new(shell), arguments);
    command.env("TOURBILLON_SCENARIO", "trouble/odd").envs(variables.iter().copied());
    command.output().expect("there is a shell").into()
}

/// What the joined shards came to, beside an unsharded sweep of the same seeds.
fn assert_joined(folder: &Path, joined: &str) {
    let out = below(folder, "whole");
    let sweep = ["sweep", "trouble/odd", "--seeds", "0..40", "--out", &out];
    let done: Done = command(&trouble(), &sweep).output().expect("it can be started").into();
    done.expect(1);
    for name in ["report.json", "runs.json"] {
        let (whole, joined) = (read(&folder.join("whole").join(name)), read(&folder.join(joined).join(name)));
        assert!(whole == joined, "{name}");
    }
}

#[test]
fn the_slurm_jobs_sweep_and_join() {
    let (sweep, merge) = (ci("slurm/sweep.sbatch"), ci("slurm/merge.sbatch"));
    for script in [&sweep, &merge] {
        let checked = Command::new("bash").arg("-n").arg(script).status();
        assert!(checked.is_ok_and(|status| status.success()), "{}", script.display());
        assert!(read(script).starts_with("#!/usr/bin/env bash\n"));
    }
    // What the array's own line says: ids from 0, a step of 1.
    assert!(read(&sweep).contains("\n#SBATCH --array=0-63\n"));
    let folder = folder("slurm");
    let (binary, out) = (trouble().display().to_string(), below(&folder, "sweep"));
    let base = [("SWEEP_BINARY", &*binary), ("SWEEP_SEEDS", "0..40"), ("SWEEP_OUT", &*out)];
    for id in ["0", "1", "2"] {
        let array = [
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", "0"),
            ("SLURM_ARRAY_TASK_MAX", "2"),
            ("SLURM_ARRAY_TASK_STEP", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
            ("SLURM_CPUS_PER_TASK", "2"),
        ];
        job("bash", &[&sweep.display().to_string()], &[&base[..], &array].concat()).expect(1);
    }
    // `merge` takes no scenario, and the variable says nothing to it.
    job("bash", &[&merge.display().to_string()], &base).expect(1).says("40 runs of 3 shards");
    assert_joined(&folder, "sweep-merged");
}

/// The scripts of the containers: what stands below `- |`, without its indentation.
fn scripts(yaml: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(depth) = line.find("- |").filter(|depth| line[..*depth].trim().is_empty()) else { continue };
        let mut script = String::new();
        while let Some(inner) =
            lines.next_if(|inner| inner.len() > depth && inner[..=depth].trim().is_empty())
        {
            script += inner.trim();
            script.push('\n');
        }
        scripts.push(script);
    }
    scripts
}

#[test]
fn the_kubernetes_jobs_sweep_and_join() {
    let yaml = read(&ci("kubernetes/sweep.yaml"));
    let [sweep, merge] = &scripts(&yaml)[..] else { panic!("two containers have a script") };
    let completions = yaml.lines().find_map(|line| line.trim().strip_prefix("completions: "));
    let completions = completions.expect("the job says how many pods it needs");
    assert!(sweep.contains(&format!("--shard auto/{completions} ")), "{sweep}");
    // Where a reader of YAML is at hand, it reads the same.
    let parse = "import json, sys, yaml; print(json.dumps([[job['spec'].get('completionMode'), \
                 job['spec']['template']['spec']['containers'][0]['args'][0]] for job in yaml.safe_load_all(sys.stdin)]))";
    let has_reader = Command::new("python3").args(["-c", "import yaml"]).output();
    if has_reader.is_ok_and(|output| output.status.success()) {
        let input = std::fs::File::open(ci("kubernetes/sweep.yaml")).expect("it is there");
        let output =
            Command::new("python3").args(["-c", parse]).stdin(input).output().expect("it was just there");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with("[[\"Indexed\", \"exec tourbillon sweep --seeds"), "{text}");
        assert!(text.contains("[null, \"exec tourbillon merge "), "{text}");
    }

    let folder = folder("kubernetes");
    let out = below(&folder, "sweep");
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).expect("the folder can be written");
    std::os::unix::fs::symlink(trouble(), bin.join("tourbillon")).expect("the folder can be written");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let base = [("PATH", &*path), ("SWEEP_SEEDS", "0..40"), ("SWEEP_OUT", &*out)];
    let shards: u64 = completions.parse().expect("it is a number");
    for index in 0..shards {
        let index = index.to_string();
        let done = job("sh", &["-c", sweep], &[&base[..], &[("JOB_COMPLETION_INDEX", &index)]].concat());
        assert!([0, 1].contains(&done.code), "{}{}", done.out, done.err);
    }
    job("sh", &["-c", merge], &base).expect(1).says(&format!("40 runs of {shards} shards"));
    let joined = |name: &str| read(&folder.join("sweep/merged").join(name));
    // The program has another name there, and the name stands in lines to paste.
    assert!(joined("report.txt").contains("  tourbillon replay 'trouble/odd seed="));
    assert_joined(&folder, "sweep/merged");
}
