//! `corpus`: past failures, one text file each, kept so that they stay mended, or caught.

use ::replay::case::{Case, CaseFile};
use ::replay::corpus::{Corpus as Cases, path_of, superfluous};

use super::past::{Of, Past, read};
use super::replay::read_case;
use super::run::tell;
use super::sweep::jobs;
use super::{House, Prepared, refusal};
use crate::campaign::{Crew, Ended, Interrupt, Verdict};
use crate::cli::args::{Corpus, CorpusAdd, CorpusCheck, CorpusList, CorpusPrune};
use crate::cli::artefacts::write;
use crate::cli::select::{named, select};
use crate::cli::words::{counted, table};
use crate::cli::{Status, Wrong, tell_wrong};

/// Carries out what is asked of the corpus.
pub(crate) fn corpus(house: &House, what: &Corpus) -> Result<Status, Wrong> {
    match what {
        Corpus::Add(args) => add(house, args),
        Corpus::List(args) => list(args),
        Corpus::Check(args) => check(house, args),
        Corpus::Prune(args) => prune(args),
    }
}

/// Runs a case twice, completes it, and keeps it with its reason.
fn add(house: &House, args: &CorpusAdd) -> Result<Status, Wrong> {
    let given = read_case(&args.case.join(" "))?;
    if args.why.trim().is_empty() {
        return Err(Wrong("--why: expected a sentence that says what the case is kept for".to_string()));
    }
    let prepared = Prepared::of(named(&house.scenarios, &given.scenario)?, given.clone())?;
    let order = prepared.order(house, given.seed);
    let setup = house.setup(None, args.wall_limit.0)?;
    let ended = Crew::new(&setup, &Interrupt::on_signals()?, 0).verify(&order, true);
    if let Some(wrong) = refusal(&ended) {
        return Err(wrong);
    }
    let told = tell(&ended);
    let Ended::Ran(ran) = ended else {
        println!("{given}: {told}");
        println!("not added: a case must end by itself, and be the same twice");
        return Ok(if matches!(ended, Ended::Parted(_)) { Status::Moved } else { Status::Lost });
    };
    let now = ran.failed.as_ref().and_then(|failed| failed.signature.clone());
    let fails = match (now, &given.fails) {
        (Some(now), _) => now,
        // A bug that was mended before its case was kept.
        (None, Some(recorded)) if given.quirks.is_empty() => recorded.clone(),
        (None, _) => {
            return Err(Wrong(format!(
                "{given}: it does not fail: {told}; the corpus keeps failures, and of a bug that is mended the case that says `fails=`"
            )));
        }
    };
    let case = Case {
        plan: prepared.sent.plan.clone(),
        algorithm: sim::choice::ALGORITHM,
        fails: Some(fails.clone()),
        digest: Some(ran.digests.trace.into()),
        ..given
    };
    let known = match args.corpus.is_dir() {
        true => read(&args.corpus)?,
        false => Cases::default(),
    };
    let same = |kept: &&::replay::corpus::Kept| {
        let other = kept.case();
        (&other.scenario, &other.quirks, &other.class) == (&case.scenario, &case.quirks, &case.class)
            && other.fails.as_ref().is_some_and(|recorded| recorded.bucket() == fails.bucket())
    };
    if let Some(kept) = known.cases.iter().find(same) {
        return Err(Wrong(format!(
            "{}: it is there already, with the same scenario, planted bug and failure; remove the file first if the new case is better",
            kept.path.display()
        )));
    }
    let path = path_of(&args.corpus, &case, &fails, |path| path.exists());
    if path.exists() {
        return Err(Wrong(format!("{}: the file is there already; remove it first", path.display())));
    }
    let why = args.why.lines().map(|line| line.trim().to_string()).collect();
    write(&path, &CaseFile { why, case }.to_string())?;
    println!("{told}");
    println!("kept: {}", path.display());
    Ok(Status::Held)
}

fn list(args: &CorpusList) -> Result<Status, Wrong> {
    let corpus = read(&args.corpus)?;
    let chosen =
        |scenario: &str| args.prefix.is_empty() || args.prefix.iter().any(|p| scenario.starts_with(p));
    for kept in corpus.cases.iter().filter(|kept| chosen(&kept.case().scenario)) {
        println!("{}", kept.name);
        kept.file.why.iter().for_each(|line| println!("  {line}"));
        println!("  {}", kept.case());
    }
    tell_all(corpus.problems, Status::Held)
}

/// Runs all cases, and tells how each ends.
fn check(house: &House, args: &CorpusCheck) -> Result<Status, Wrong> {
    let chosen = select(&house.scenarios, &args.prefix)?;
    let is_chosen = |name: &str| chosen.iter().any(|scenario| scenario.name() == name);
    let past = Past::read(house, &args.corpus, Of::ThisProgram, is_chosen)?;
    let interrupt = Interrupt::on_signals()?;
    let setup = house.setup(None, args.wall_limit.0)?;
    let ended = past.run(house, &setup, jobs(args.jobs), &interrupt)?;
    let rows: Vec<Vec<String>> = ended.iter().map(|past| vec![past.name.clone()]).collect();
    for (name, past) in table(&rows).lines().zip(&ended) {
        let width = rows.iter().map(|row| row[0].chars().count()).max().unwrap_or(0);
        println!("{name:<width$}  {}", past.told);
        if past.verdict != Verdict::Passed {
            println!("  {} '{}'", house.replay_command(), past.case);
        }
    }
    let wrong = ended.iter().filter(|past| past.verdict != Verdict::Passed).count();
    println!("{}, {wrong} of them not as they should end", counted(ended.len() as u64, "case"));
    let mut status = ended.iter().map(|past| past.status()).max().unwrap_or_default();
    if interrupt.is_set() {
        println!("left out: interrupted: what was still to come");
        status = status.max(Status::Lost);
    }
    tell_all(past.problems, status)
}

/// Removes cases that say no more than another.
fn prune(args: &CorpusPrune) -> Result<Status, Wrong> {
    let corpus = read(&args.corpus)?;
    let removed = superfluous(&corpus.cases);
    let word = if args.dry_run { "would remove" } else { "removed" };
    for (index, better) in &removed {
        let (kept, better) = (&corpus.cases[*index], &corpus.cases[*better]);
        if !args.dry_run {
            std::fs::remove_file(&kept.path)
                .map_err(|error| Wrong(format!("{}: it cannot be removed: {error}", kept.path.display())))?;
        }
        println!("{word} {}: {} says as much", kept.name, better.name);
    }
    println!("{word} {} of {}", removed.len(), counted(corpus.cases.len() as u64, "case"));
    tell_all(corpus.problems, Status::Held)
}

fn tell_all(problems: Vec<String>, status: Status) -> Result<Status, Wrong> {
    let status = if problems.is_empty() { status } else { Status::Wrong };
    problems.into_iter().for_each(|problem| tell_wrong(&Wrong(problem)));
    Ok(status)
}
