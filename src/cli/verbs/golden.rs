//! `golden check` and `golden bless`: what seeds do, beside what they did.

use std::collections::BTreeMap;
use std::time::Duration;

use ::replay::golden::{Golden as Pinned, Header, bless, find};

use super::sweep::jobs;
use super::{House, Prepared, refusal, status_of};
use crate::campaign::{Interrupt, Job, Pool, Summary};
use crate::cli::args::{Common, Golden, GoldenArgs};
use crate::cli::select::select;
use crate::cli::subject::Subject;
use crate::cli::{Status, Wrong};
use crate::seeds::Seeds;

/// Seeds of a scenario that has no golden yet.
const SEEDS: u64 = 10;

/// Runs the seeds of each golden, then compares or writes.
pub(crate) fn golden(house: &House, what: &Golden) -> Result<Status, Wrong> {
    let (args, blesses) = match what {
        Golden::Check(args) => (args, false),
        Golden::Bless(args) => (args, true),
    };
    let chosen = choose(house, &args.prefix)?;
    // Every golden is read before anything runs: a malformed one is told at once.
    let mut goldens = Vec::new();
    for prepared in &chosen {
        goldens.push(Pinned::read(&args.goldens, &prepared.label)?);
    }
    if let Some(digest) = args.digest {
        let matches = find(goldens.iter().flatten(), digest);
        matches.iter().for_each(|found| println!("{digest} is {found}"));
        if matches.is_empty() {
            println!(
                "{digest} is in none of {} goldens below {}",
                goldens.iter().flatten().count(),
                args.goldens.display()
            );
        }
        return Ok(if matches.is_empty() { Status::Moved } else { Status::Held });
    }
    let seeds: Vec<Vec<u64>> = goldens
        .iter()
        .map(|golden| match (&args.seeds, golden) {
            (Some(seeds), _) => seeds.iter().collect(),
            (None, Some(golden)) if !golden.entries.is_empty() => golden.entries.keys().copied().collect(),
            (None, _) => Seeds::first(SEEDS).iter().collect(),
        })
        .collect();
    let summary = run_all(house, args, &chosen, &seeds)?;
    let mut status = status_of(&summary);
    for (prepared, ran) in chosen.iter().zip(&summary.scenarios) {
        let label = &prepared.label;
        let header = Header::new(label, prepared.scenario.is_confluent());
        let entry = |row: &crate::campaign::Row| {
            let time = Duration::from_nanos(row.virtual_ns);
            Some((row.seed, header.entry(row.digests.as_ref()?, row.records, time)))
        };
        let runs: BTreeMap<u64, _> = ran.rows.values().filter_map(entry).collect();
        if blesses && ran.failures() > 0 {
            println!("{}: not blessed, {} of its runs failed", label, ran.failures());
        } else if blesses {
            println!("{}", bless(&args.goldens, &header, &runs)?);
        } else {
            let golden = Pinned::read(&args.goldens, label)?;
            let empty = Pinned { header: header.clone(), entries: BTreeMap::new() };
            let check = golden.unwrap_or(empty).check(&header, &runs);
            println!("{check}");
            if !check.holds() {
                status = status.max(Status::Moved);
            }
        }
    }
    print!("{}", crate::cli::report::failures(&summary, &house.program));
    Ok(status)
}

/// Each scenario in each class that it has; a word may also name one class of one scenario, as a table does.
fn choose<'a>(house: &'a House, words: &[String]) -> Result<Vec<Prepared<'a>>, Wrong> {
    let subjects: Vec<Subject<'a>> = house.scenarios.iter().flat_map(Subject::of_every_class).collect();
    let is_label = |word: &&String| subjects.iter().any(|subject| subject.is_called(word));
    let (labels, prefixes): (Vec<&String>, Vec<&String>) = words.iter().partition(is_label);
    let scenarios = match prefixes.is_empty() && !labels.is_empty() {
        true => Vec::new(),
        false => select(&house.scenarios, &prefixes.into_iter().cloned().collect::<Vec<_>>())?,
    };
    let chosen = |subject: &Subject<'a>| {
        scenarios.iter().any(|scenario| scenario.name() == subject.scenario.name())
            || labels.iter().any(|label| subject.is_called(label))
    };
    let chosen = subjects.into_iter().filter(chosen);
    chosen.map(|subject| Prepared::new(subject, &Common::default())).collect()
}

fn run_all(
    house: &House,
    args: &GoldenArgs,
    chosen: &[Prepared<'_>],
    seeds: &[Vec<u64>],
) -> Result<Summary, Wrong> {
    let mut queue = Vec::new();
    for (index, (prepared, seeds)) in chosen.iter().zip(seeds).enumerate() {
        for (position, &seed) in (0..).zip(seeds) {
            queue.push(Job {
                scenario: index,
                position,
                seed,
                order: prepared.order(house, seed),
                fresh: prepared.scenario.has_guests(),
                ..Job::default()
            });
        }
    }
    let mut summary = Summary::new(chosen.iter().map(Prepared::labelled));
    let mut wrong = None;
    let pool = Pool {
        setup: house.setup(None, args.wall_limit.0)?,
        jobs: jobs(args.jobs).min(queue.len().max(1)),
        interrupt: Interrupt::on_signals()?,
    };
    let mut queue = queue.into_iter();
    pool.run(&mut || queue.next().into(), &mut |ended| {
        let Some((job, ended)) = ended else { return };
        wrong = wrong.take().or(refusal(&ended));
        summary.add(&job, ended, chosen[job.scenario].shown(job.seed));
    })?;
    match wrong {
        Some(wrong) => Err(wrong),
        None if pool.interrupt.is_set() => Err(Wrong("interrupted: no golden was touched".to_string())),
        None => Ok(summary),
    }
}
