//! The worker: reads orders, runs them one after the other in its only thread, answers what they came to.
//!
//! Its standard input is a socket to the crew and carries both directions, so a scenario may print what it
//! likes. When the crew is gone, it ends.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use faults::scenario::{Run, Scenario};
use replay::case::Case;
use replay::diff::Excerpt;
use replay::page::Page;
use replay::trace::{Describer, Names, convert_to_json};
use replay::verify::{Ended, LockStep};
use search::coverage::Marks;
use search::explore::Explore;
use search::guided::Told;
use sim::trace::Reader;

use super::ran::{Ran, Searched, Stand};
use super::schedules::search_schedules;
use super::wire::{Codec, Order, Put as _, read_frame, write_frame};
use crate::execute::{Refused, execute, execute_past, execute_traced, explore_of};

/// The verb that makes a binary a worker. It is for the binary itself alone.
pub(crate) const HIDDEN_VERB: &str = "__worker";

/// The scenario that must fail: a sweep in which it passes sees nothing.
pub(crate) const CANARY: &str = "tourbillon/canary";

/// Marks of a run fall into so many buckets, by the power of two: more, and in a scenario that marks every operation
/// nearly every run would show something new.
const MARK_BITS: u32 = 10;

/// Records told before the one that was asked for.
const EXCERPT_RECORDS: u64 = 40;

/// What an answer begins with.
pub(super) const RAN: u64 = 1;
pub(super) const REFUSED: u64 = 2;

/// The scenario that must fail.
fn canary() -> Scenario {
    Scenario::new(CANARY, "fails in every run, so that a sweep is known to see failures", || async {
        sim::fail("canary", "it sings");
    })
}

/// Serves orders until the crew is gone.
pub(crate) fn serve(scenarios: &[Scenario]) -> ExitCode {
    match serve_orders(scenarios) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("a worker lost its crew: {error}; `{HIDDEN_VERB}` is for a sweep's own use");
            ExitCode::from(2)
        }
    }
}

fn serve_orders(scenarios: &[Scenario]) -> io::Result<()> {
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Unbuffered: what follows an order may be for its run alone.
    while let Some(order) = read_frame(&mut socket)? {
        let order = Order::decode(&order)?;
        let mut answer = Vec::new();
        match carry_out(scenarios, &order, &socket) {
            Ok(ran) => {
                answer.put(RAN);
                answer.extend(ran.encode());
            }
            Err(refused) => {
                answer.put(REFUSED);
                answer.put_text(&refused);
            }
        }
        write_frame(&mut socket, &answer)?;
    }
    Ok(())
}

fn carry_out(scenarios: &[Scenario], order: &Order, socket: &UnixStream) -> Result<Ran, String> {
    let parse = |line: &str| line.parse::<Case>().map_err(|error| error.to_string());
    let (case, shown) = (parse(&order.case)?, parse(&order.shown)?);
    let canary = (case.scenario == CANARY).then(canary);
    let scenario = scenarios.iter().chain(&canary).find(|scenario| scenario.name() == case.scenario);
    let scenario = scenario.ok_or_else(|| format!("unknown scenario `{}`", case.scenario))?;

    let excerpt = order.until.map(|until| (until, Excerpt::default()));
    let mut readers: Vec<Box<dyn Reader>> = Vec::new();
    if let Some((until, excerpt)) = &excerpt {
        readers.push(excerpt.reader(until.saturating_sub(EXCERPT_RECORDS)..until.saturating_add(1)));
    }
    let lockstep = order.lockstep.then(|| join(socket, &order.shown)).transpose()?;
    if let Some(lockstep) = &lockstep {
        readers.push(lockstep.reader());
    }
    let marks = order.learn.then(Marks::default);
    readers.extend(marks.iter().map(Marks::reader));
    let began_at = Instant::now();
    if explore_of(&case).map_err(|refused| refused.to_string())? == Some(Explore::Dfs)
        && order.trace.is_none()
    {
        return schedules(scenario, order, (&case, &shown), began_at);
    }
    let mut stands = Vec::new();
    let run = match &order.trace {
        None if !order.times.is_empty() => {
            let times: Vec<Duration> = order.times.iter().copied().map(Duration::from_nanos).collect();
            execute_past(scenario, &case, &times, &mut |world| {
                let at_ns = order.times[stands.len()];
                stands.push(Stand { at_ns, draws: world.draws(), records: world.records() });
            })
        }
        None => execute(scenario, &case, order.record || order.learn, readers),
        Some(path) => traced(scenario, &case, path, order.codec, readers),
    };
    let run = run.map_err(|refused| refused.to_string())?;
    let wall_ns = u64::try_from(began_at.elapsed().as_nanos()).unwrap_or(u64::MAX);
    if let Some(lockstep) = lockstep {
        let verdict = run.report.failure().map_or("passed".to_string(), ToString::to_string);
        let ended = Ended { records: run.report.records, digests: run.report.digests, verdict };
        lockstep.finish(ended, Names::from(&run.report.names)).map_err(|error| error.to_string())?;
    }
    let page = page(&shown, &run, order);
    let told = excerpt.map(|(until, excerpt)| tell(&run, until, &excerpt));
    let mut ran = Ran::new(&run, wall_ns, page, told);
    ran.stands = stands;
    if let (Some(marks), Some(recording)) = (marks, &run.report.recording) {
        ran.told = Some(Told::new(ran.footprint.clone().with_marks(&marks.folded(MARK_BITS)), recording));
        ran.recorded = ran.recorded.filter(|_| order.record);
    }
    Ok(ran)
}

/// The failure page of a failed run, if anybody reads it.
fn page(shown: &Case, run: &Run, order: &Order) -> Option<String> {
    if order.command.is_empty() {
        return None;
    }
    Page::new(shown, run, order.command.as_str()).map(|page| page.to_string())
}

/// Runs every schedule of a seed.
fn schedules(
    scenario: &Scenario,
    order: &Order,
    (case, shown): (&Case, &Case),
    began_at: Instant,
) -> Result<Ran, String> {
    if order.lockstep {
        return Err("explore=dfs: every schedule of a seed is searched by one worker: leave out `--verify`"
            .to_string());
    }
    let found = search_schedules(scenario, case).map_err(|refused| refused.to_string())?;
    let wall_ns = u64::try_from(began_at.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let shown = Case { explore: None, edits: found.case.edits.clone(), ..shown.clone() };
    let page = page(&shown, &found.run, order);
    let mut ran = Ran::new(&found.run, wall_ns, page, None);
    ran.searched = Some(Searched { schedules: found.schedules, all: found.all, case: shown.to_string() });
    Ok(ran)
}

fn join(socket: &UnixStream, case: &str) -> Result<LockStep, String> {
    let clone = || socket.try_clone().map_err(|error| error.to_string());
    LockStep::new(clone()?, clone()?, case).map_err(|error| error.to_string())
}

/// Runs with a trace file of the wanted kind.
fn traced(
    scenario: &Scenario,
    case: &Case,
    path: &Path,
    codec: Codec,
    readers: Vec<Box<dyn Reader>>,
) -> Result<Run, Refused> {
    if codec == Codec::Binary {
        return execute_traced(scenario, case, path, readers);
    }
    let binary = path.with_extension("binary");
    let run = execute_traced(scenario, case, &binary, readers)?;
    let converted = convert_to_json(&binary).map_err(|error| io::Error::other(error.to_string()));
    let moved = converted.and_then(|()| std::fs::rename(&binary, path));
    moved.map_err(|error| Refused::Unwritable(path.to_path_buf(), error))?;
    Ok(run)
}

/// The records up to the one that was asked for, in words.
fn tell(run: &Run, until: u64, excerpt: &Excerpt) -> String {
    let names = Names::from(&run.report.names);
    let mut describer = Describer::new(&names);
    let first = until.saturating_sub(EXCERPT_RECORDS);
    let lines = (first..).zip(excerpt.records());
    let mut told: String =
        lines.map(|(sequence, record)| format!("{}\n", describer.describe(sequence, &record))).collect();
    if run.report.records <= until {
        told += &format!("the run has {} records and ended before event {until}\n", run.report.records);
    }
    told
}
