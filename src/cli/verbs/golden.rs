//! `golden check` and `golden bless`: what seeds do, beside what they did.

use std::collections::BTreeMap;
use std::time::Duration;

use ::replay::golden::{Golden as Pinned, Header, bless, find};
use faults::scenario::Scenario;

use super::sweep::jobs;
use super::{House, Prepared, refusal, status_of};
use crate::campaign::{Interrupt, Job, Pool, Summary};
use crate::cli::args::{Common, Golden, GoldenArgs};
use crate::cli::select::select;
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
    let chosen = select(&house.scenarios, &args.prefix)?;
    // Every golden is read before anything runs: a malformed one is told at once.
    let mut goldens = Vec::new();
    for scenario in &chosen {
        goldens.push(Pinned::read(&args.goldens, scenario.name())?);
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
    for (scenario, ran) in chosen.iter().zip(&summary.scenarios) {
        let header = Header::new(scenario.name(), scenario.is_confluent());
        let entry = |row: &crate::campaign::Row| {
            let time = Duration::from_nanos(row.virtual_ns);
            Some((row.seed, header.entry(row.digests.as_ref()?, row.records, time)))
        };
        let runs: BTreeMap<u64, _> = ran.rows.values().filter_map(entry).collect();
        if blesses && ran.failures() > 0 {
            println!("{}: not blessed, {} of its runs failed", scenario.name(), ran.failures());
        } else if blesses {
            println!("{}", bless(&args.goldens, &header, &runs)?);
        } else {
            let golden = Pinned::read(&args.goldens, scenario.name())?;
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

fn run_all(
    house: &House,
    args: &GoldenArgs,
    chosen: &[&Scenario],
    seeds: &[Vec<u64>],
) -> Result<Summary, Wrong> {
    let mut queue = Vec::new();
    for (index, (scenario, seeds)) in chosen.iter().zip(seeds).enumerate() {
        let prepared = Prepared::new(scenario, &Common::default())?;
        for (position, &seed) in (0..).zip(seeds) {
            queue.push(Job {
                scenario: index,
                position,
                seed,
                order: prepared.order(house, seed),
                fresh: scenario.has_guests(),
                verify: false,
            });
        }
    }
    let mut summary = Summary::new(chosen);
    let mut wrong = None;
    let pool = Pool {
        setup: house.setup(None, args.wall_limit.0)?,
        jobs: jobs(args.jobs).min(queue.len().max(1)),
        interrupt: Interrupt::on_signals()?,
    };
    let mut queue = queue.into_iter();
    pool.run(&mut || queue.next(), &mut |ended| {
        let Some((job, ended)) = ended else { return };
        wrong = wrong.take().or(refusal(&ended));
        let case = ::replay::case::Case::new(chosen[job.scenario].name(), job.seed);
        summary.add(&job, ended, case);
    })?;
    match wrong {
        Some(wrong) => Err(wrong),
        None if pool.interrupt.is_set() => Err(Wrong("interrupted: no golden was touched".to_string())),
        None => Ok(summary),
    }
}
