//! The verbs and their flags. Every flag is also an environment variable, `TOURBILLON_<FLAG>`; a flag wins.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use replay::ShortDigest;
use search::explore::Explore;

use super::shard::ShardAsked;
use super::words::parse_duration;
use crate::campaign::Codec;
use crate::seeds::{Seeds, parse_seed};

/// Deterministic simulation testing: a whole system in one thread, in virtual time, from one seed.
#[derive(Debug, Parser)]
#[command(
    name = "tourbillon",
    version,
    after_help = "Every flag can be given as TOURBILLON_<FLAG>; a flag wins.\n\
                  Exit status: 0 all held, 1 a property failed, 2 the command or an input was wrong,\n\
                  3 nondeterminism or drift, 4 a run was aborted or hung."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Scenarios, packs and points
    List(List),
    /// One seed of each chosen scenario, with artefacts
    Run(Run),
    /// Many seeds of each chosen scenario; without arguments all packs share a minute and a half
    Sweep(Sweep),
    /// The shards of a sweep as one report, the same that the whole sweep would have written
    Merge(Merge),
    /// Every planted bug against the sweep: caught in how many seeds, and by which property
    Mutants(Mutants),
    /// The exact run of a case, and whether it still fails in the same way
    Replay(Replay),
    /// The smallest case that fails in the same way as this one
    Shrink(Shrink),
    /// When a failure was baked in: how many other futures of the run fail, from moments of it on
    Origin(Origin),
    /// The first record in which two runs differ, each a case or a trace file
    Diff(Diff),
    /// Past failures, one text file each, which must stay mended, or stay caught
    Corpus {
        #[command(subcommand)]
        what: Corpus,
    },
    /// What scenarios do, pinned as text
    Golden {
        #[command(subcommand)]
        what: Golden,
    },
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// A scenario's name, or the beginning of some
    pub(crate) prefix: Vec<String>,
    /// Also list points, planted bugs and machines
    #[arg(long)]
    pub(crate) points: bool,
}

/// What a run has that others of its scenario have not.
#[derive(Args, Debug, Default)]
pub(crate) struct Common {
    /// A plan in place of the scenario's own
    #[arg(long, value_name = "FILE", env = "TOURBILLON_PLAN")]
    pub(crate) plan: Option<PathBuf>,
    /// Plant this bug
    #[arg(long, value_name = "NAME", env = "TOURBILLON_QUIRK")]
    pub(crate) quirk: Option<String>,
    /// Draw plans by this profile: default, none, network, disk, clock, crash, resource; or build the system as
    /// this profile of the scenario says, where it has some
    #[arg(long, value_name = "P", env = "TOURBILLON_PROFILE", conflicts_with = "plan")]
    pub(crate) profile: Option<String>,
    /// Resource classes, joined by commas, or `all`, where scenarios have some
    #[arg(long, value_name = "C", value_delimiter = ',', env = "TOURBILLON_CLASS")]
    pub(crate) class: Vec<String>,
}

#[derive(Args, Debug, Default)]
pub(crate) struct Output {
    /// Where artefacts go [default: target/tourbillon/<run-id>]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Keep every record of the one run here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_TRACE")]
    pub(crate) trace: Option<PathBuf>,
    /// How a trace is written
    #[arg(long, value_enum, default_value_t, env = "TOURBILLON_CODEC")]
    pub(crate) codec: Codec,
    /// Draw the one run as a picture, a page that any browser shows
    #[arg(long, value_name = "FILE", env = "TOURBILLON_TIMELINE")]
    pub(crate) timeline: Option<PathBuf>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Packs or scenarios, by name or by how the name begins [default: all]
    #[arg(value_name = "SCENARIO", value_delimiter = ',', env = "TOURBILLON_SCENARIO")]
    pub(crate) prefix: Vec<String>,
    /// The seed
    #[arg(long, value_name = "N", default_value = "42", env = "TOURBILLON_SEED")]
    pub(crate) seed: Seed,
    /// 1 tells the plan's lines and the checks of every run
    #[arg(long, value_name = "LEVEL", default_value_t, value_parser = clap::value_parser!(u8).range(0..=1), env = "TOURBILLON_VERBOSE")]
    pub(crate) verbose: u8,
    /// Run in two processes, in lock step
    #[arg(long, env = "TOURBILLON_VERIFY")]
    pub(crate) verify: bool,
    /// Of the pack `adapter`: rehearse, pack, scrub and drill evidence, and fill in the operator's checklist
    #[cfg(feature = "adapter")]
    #[arg(long, env = "TOURBILLON_CHECKLIST")]
    pub(crate) checklist: bool,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Sweep {
    /// Packs or scenarios, by name or by how the name begins [default: all]
    #[arg(value_name = "SCENARIO", value_delimiter = ',', env = "TOURBILLON_SCENARIO")]
    pub(crate) prefix: Vec<String>,
    /// Seeds: 7, 0x2a, 0..1000, or a list
    #[arg(long, value_name = "SEEDS", env = "TOURBILLON_SEEDS")]
    pub(crate) seeds: Option<Seeds>,
    /// Go on for so long: 30s, 10m, 8h
    #[arg(long = "for", value_name = "TIME", env = "TOURBILLON_FOR")]
    pub(crate) time: Option<Time>,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "N", env = "TOURBILLON_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Run one of N equal parts, counted from 0; `auto` reads which from a Slurm array, `auto/N` from a Kubernetes
    /// indexed job as well
    #[arg(long, value_name = "I/N", env = "TOURBILLON_SHARD")]
    pub(crate) shard: Option<ShardAsked>,
    /// How seeds are used: `swarm`, `random`, `pct:DEPTH`, `pct:DEPTH:WINDOW`, `dfs`, `guided`, or `portfolio`, some
    /// in every way [default: portfolio; swarm where `--seeds` says which]
    #[arg(long, value_name = "WAY", env = "TOURBILLON_EXPLORE")]
    pub(crate) explore: Option<Explore>,
    /// Leave failing cases as long as they are
    #[arg(long, env = "TOURBILLON_NO_SHRINK")]
    pub(crate) no_shrink: bool,
    /// Run every seed in two processes, in lock step
    #[arg(long, env = "TOURBILLON_VERIFY")]
    pub(crate) verify: bool,
    /// Run the past failures below this folder first [default: corpus/cases, where it is]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_CORPUS")]
    pub(crate) corpus: Option<PathBuf>,
    /// Run no past failures
    #[arg(long, env = "TOURBILLON_NO_CORPUS")]
    pub(crate) no_corpus: bool,
    /// Write a JUnit report here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_JUNIT")]
    pub(crate) junit: Option<PathBuf>,
    /// Write scenario, seed, digests and verdict of every run here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_JSON")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// Tallies that sweeps left, or folders with such below them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) tallies: Vec<PathBuf>,
    /// Where artefacts go [default: target/tourbillon/<run-id>]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Write a JUnit report here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_JUNIT")]
    pub(crate) junit: Option<PathBuf>,
    /// Write scenario, seed, digests and verdict of every run here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_JSON")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Mutants {
    /// Packs or scenarios, by name or by how the name begins, whose planted bugs are meant [default: all]
    #[arg(value_name = "SCENARIO", value_delimiter = ',', env = "TOURBILLON_SCENARIO")]
    pub(crate) prefix: Vec<String>,
    /// Seeds that each bug is tried with, until it is caught often enough [default: 0..1000]
    #[arg(long, value_name = "SEEDS", env = "TOURBILLON_SEEDS")]
    pub(crate) seeds: Option<Seeds>,
    /// Catches of a bug that are enough
    #[arg(long, value_name = "N", default_value = "3", env = "TOURBILLON_CATCHES")]
    pub(crate) catches: NonZeroUsize,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "N", env = "TOURBILLON_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Write what became of each bug here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_JSON")]
    pub(crate) json: Option<PathBuf>,
    /// Where artefacts go [default: target/tourbillon/<run-id>]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// A case's line, a case file, or a trace file
    #[arg(required = true, value_name = "CASE")]
    pub(crate) case: Vec<String>,
    /// Also show the records up to this one
    #[arg(long, value_name = "EVENT", env = "TOURBILLON_UNTIL")]
    pub(crate) until: Option<u64>,
    /// Run in two processes, in lock step
    #[arg(long, env = "TOURBILLON_VERIFY")]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Shrink {
    /// A case's line, a case file, or a trace file
    #[arg(required = true, value_name = "CASE")]
    pub(crate) case: Vec<String>,
    /// Try so many candidates at most; the result is the same with any number of workers
    #[arg(long, value_name = "N", default_value_t = 20_000, env = "TOURBILLON_RUNS")]
    pub(crate) runs: u64,
    /// Go on for so long at most: then the result depends on how fast the machine is
    #[arg(long = "for", value_name = "TIME", env = "TOURBILLON_FOR")]
    pub(crate) time: Option<Time>,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "N", env = "TOURBILLON_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Also write the case file here
    #[arg(long, value_name = "FILE", env = "TOURBILLON_TO")]
    pub(crate) to: Option<PathBuf>,
    /// Where artefacts go [default: target/tourbillon/<run-id>]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Args, Debug)]
pub(crate) struct Origin {
    /// A case's line, a case file, or a trace file
    #[arg(required = true, value_name = "CASE")]
    pub(crate) case: Vec<String>,
    /// Moments of the run; as many again where most is decided
    #[arg(long, value_name = "N", default_value = "12", env = "TOURBILLON_MOMENTS")]
    pub(crate) moments: NonZeroU32,
    /// Futures of each moment
    #[arg(long, value_name = "N", default_value = "40", env = "TOURBILLON_FUTURES")]
    pub(crate) futures: NonZeroU32,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "N", env = "TOURBILLON_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Where artefacts go [default: target/tourbillon/<run-id>]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// A case's line, a case file, or a trace file
    #[arg(value_name = "CASE|FILE")]
    pub(crate) left: String,
    /// What to compare it with
    #[arg(value_name = "CASE|FILE")]
    pub(crate) right: String,
    /// Records shown before and after the difference
    #[arg(long, value_name = "N", default_value_t = replay::diff::CONTEXT, env = "TOURBILLON_CONTEXT")]
    pub(crate) context: usize,
    /// Where artefacts go [default: target/tourbillon/<run-id>]
    #[arg(long, value_name = "DIR", env = "TOURBILLON_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Golden {
    /// Compare what scenarios do with their goldens, and name the drift
    Check(GoldenArgs),
    /// Make what scenarios do now their goldens, and say what moved
    Bless(GoldenArgs),
}

#[derive(Args, Debug)]
pub(crate) struct GoldenArgs {
    /// Packs or scenarios, by name or by how the name begins; also one class of one [default: all]
    #[arg(value_name = "SCENARIO", value_delimiter = ',', env = "TOURBILLON_SCENARIO")]
    pub(crate) prefix: Vec<String>,
    /// Seeds [default: those of the golden, or 0..10 where there is none]
    #[arg(long, value_name = "SEEDS", env = "TOURBILLON_SEEDS")]
    pub(crate) seeds: Option<Seeds>,
    /// The folder of goldens
    #[arg(long, value_name = "DIR", default_value = "corpus/goldens", env = "TOURBILLON_GOLDENS")]
    pub(crate) goldens: PathBuf,
    /// Only tell which golden has this digest
    #[arg(long, value_name = "HEX", env = "TOURBILLON_DIGEST")]
    pub(crate) digest: Option<ShortDigest>,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "N", env = "TOURBILLON_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Corpus {
    /// Run a case, complete it, and keep it with the reason
    Add(CorpusAdd),
    /// What is kept, and why
    List(CorpusList),
    /// Run all cases, and tell how each ends
    Check(CorpusCheck),
    /// Remove cases that say no more than another
    Prune(CorpusPrune),
}

#[derive(Args, Debug)]
pub(crate) struct CorpusAdd {
    /// A case's line, a case file, or a trace file
    #[arg(required = true, value_name = "CASE")]
    pub(crate) case: Vec<String>,
    /// What was wrong, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// The folder of cases
    #[arg(long, value_name = "DIR", default_value = "corpus/cases", env = "TOURBILLON_CORPUS")]
    pub(crate) corpus: PathBuf,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Args, Debug)]
pub(crate) struct CorpusList {
    /// Packs or scenarios, by how the name begins [default: all]
    #[arg(value_name = "SCENARIO", value_delimiter = ',', env = "TOURBILLON_SCENARIO")]
    pub(crate) prefix: Vec<String>,
    /// The folder of cases
    #[arg(long, value_name = "DIR", default_value = "corpus/cases", env = "TOURBILLON_CORPUS")]
    pub(crate) corpus: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct CorpusCheck {
    /// Packs or scenarios, by name or by how the name begins [default: all]
    #[arg(value_name = "SCENARIO", value_delimiter = ',', env = "TOURBILLON_SCENARIO")]
    pub(crate) prefix: Vec<String>,
    /// The folder of cases
    #[arg(long, value_name = "DIR", default_value = "corpus/cases", env = "TOURBILLON_CORPUS")]
    pub(crate) corpus: PathBuf,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "N", env = "TOURBILLON_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// How long a run may take on the wall clock before it counts as hung
    #[arg(long, value_name = "TIME", default_value = "60s", env = "TOURBILLON_WALL_LIMIT")]
    pub(crate) wall_limit: Time,
}

#[derive(Args, Debug)]
pub(crate) struct CorpusPrune {
    /// The folder of cases
    #[arg(long, value_name = "DIR", default_value = "corpus/cases", env = "TOURBILLON_CORPUS")]
    pub(crate) corpus: PathBuf,
    /// Only tell which
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A seed as a flag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(pub(crate) u64);

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Seed, String> {
        let refuse = || format!("`{text}` is no seed: expected a number such as `7` or `0x2a`");
        parse_seed(text).map(Seed).ok_or_else(refuse)
    }
}

/// A stretch of the wall clock as a flag.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Time(pub(crate) Duration);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Time, String> {
        let refuse =
            || format!("`{text}` is no time: expected a number and a unit, such as `90s`, `10m` or `8h`");
        parse_duration(text).filter(|time| !time.is_zero()).map(Time).ok_or_else(refuse)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Binary => "binary",
            Codec::Json => "json",
        })
    }
}
