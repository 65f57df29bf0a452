//! `shrink`: the smallest case that still fails in the same way.

use std::time::Instant;

use ::replay::ShortDigest;
use ::replay::case::{Case, CaseFile, Signature};
use faults::scenario::Scenario;
use search::shrink::{Best, shrink as make_small};

use super::replay::read_case;
use super::run::tell;
use super::sweep::jobs;
use super::{House, Prepared, refusal};
use crate::campaign::{Crew, Ended, Interrupt, Jury, Order, Patience, Ran, Setup, sizes};
use crate::cli::args::Shrink;
use crate::cli::artefacts::{Artefacts, stem, write};
use crate::cli::select::named;
use crate::cli::words::{counted, grouped, short_time, table};
use crate::cli::{Status, Wrong};

/// Shrinks a case, tells what is left, and writes it as a case file.
pub(crate) fn shrink(house: &House, args: &Shrink) -> Result<Status, Wrong> {
    let case = read_case(&args.case.join(" "))?;
    let scenario = named(&house.scenarios, &case.scenario)?;
    let prepared = Prepared::of(scenario, case.clone())?;
    let artefacts = Artefacts::new("shrink", args.out.as_deref())?;
    let setup = house.setup(Some(artefacts.folder.clone()), args.wall_limit.0)?;
    let interrupt = Interrupt::on_signals()?;
    let ended =
        Crew::new(&setup, &interrupt, 0).run(&prepared.order(house, case.seed), scenario.has_guests());
    if let Some(wrong) = refusal(&ended) {
        return Err(wrong);
    }
    let Ended::Ran(before) = ended else {
        println!("{case}: {}; only a property that failed can be shrunk to", tell(&ended));
        return Ok(Status::Lost);
    };
    let Some(now) = before.failed.as_ref().and_then(|failed| failed.signature.clone()) else {
        let was = if case.fails.is_some() { "it no longer fails" } else { "it does not fail" };
        println!("{case}: {was}: {}; there is nothing to shrink", tell(&Ended::Ran(before)));
        return Ok(Status::Held);
    };
    if let Some(recorded) = case.fails.as_ref().filter(|recorded| !recorded.is_same_failure(&now)) {
        println!("note: another failure: recorded {recorded}, now {now}; the one of now is shrunk");
    }
    let began_at = Instant::now();
    // The first pass leaves out no line yet.
    let mut lines_before = None;
    let mut progress = |pass: &'static str, tried: u64, best: &Best| {
        lines_before.get_or_insert(best.lines());
        eprintln!("{:>7} tried  {pass:<34} {}", grouped(tried), tell_best(best));
    };
    let patience = Patience { runs: args.runs, deadline: args.time.map(|time| began_at + time.0) };
    let shrinker = Shrinker { house, setup: &setup, interrupt: &interrupt, jobs: jobs(args.jobs) };
    let shrunk = shrinker.shrink(scenario, &prepared.sent, now, patience, &mut progress)?;
    let Some(Shrunk { best, case: small, ran: after, tried, cut_short }) = shrunk else {
        if interrupt.is_set() {
            println!("interrupted before anything was left out: the case is as it was");
            return Ok(Status::Lost);
        }
        println!("{case}: it failed, and the same run once more did not: see `replay --verify`");
        return Ok(Status::Moved);
    };
    let kept = CaseFile { why: why(&case, before.records, &after), case: small }.to_string();
    let file = artefacts.write(&format!("{}.shrunk.case", stem(&case.scenario, case.seed)), &kept)?;
    if let Some(path) = &args.to {
        write(path, &kept)?;
    }
    println!("{}", compared(&before, &after, lines_before.unwrap_or_default(), &best));
    if let Some(page) = &after.page {
        println!("{}\n", page.trim_end());
    }
    if let Some(cut_short) = cut_short {
        println!("{cut_short}: this is the best so far; shrink it once more to go on");
    }
    let elapsed = short_time(began_at.elapsed().as_nanos());
    println!("{} in {elapsed}; {}", counted(tried, "candidate"), file.display());
    Ok(if interrupt.is_set() { Status::Lost } else { Status::Failed })
}

/// What shrinks cases.
pub(super) struct Shrinker<'a> {
    pub(super) house: &'a House,
    pub(super) setup: &'a Setup,
    pub(super) interrupt: &'a Interrupt,
    pub(super) jobs: usize,
}

/// A case that was made small.
pub(super) struct Shrunk {
    pub(super) best: Best,
    /// The case, with how it fails.
    pub(super) case: Case,
    pub(super) ran: Box<Ran>,
    pub(super) tried: u64,
    /// Why it is not the smallest, when it was cut short.
    pub(super) cut_short: Option<&'static str>,
}

impl Shrinker<'_> {
    /// Makes a failing case small; `None` when it does not fail so.
    pub(super) fn shrink(
        &self,
        scenario: &Scenario,
        case: &Case,
        wanted: Signature,
        patience: Patience,
        told: &mut dyn FnMut(&'static str, u64, &Best),
    ) -> Result<Option<Shrunk>, Wrong> {
        let fresh = scenario.has_guests();
        let mut jury = Jury::new(self.setup, self.interrupt, self.jobs, (wanted, fresh), patience, told)?;
        let Some(best) = make_small(case, &sizes(scenario), &mut jury) else { return Ok(None) };
        let (tried, cut_short) = (jury.tried, jury.why_over());
        drop(jury);
        // Once more, so that the case says how it fails; also for who has interrupted, and waits for no more than that.
        let mut crew = Crew::new(self.setup, &Interrupt::default(), 0);
        let line = best.case.to_string();
        let command = self.house.replay_command();
        let order = Order { case: line.clone(), shown: line, command, ..Order::default() };
        let Ended::Ran(ran) = crew.run(&order, fresh) else { return Ok(None) };
        let Some(failed) = &ran.failed else { return Ok(None) };
        let (fails, digest) = (failed.signature.clone(), Some(ShortDigest::from(ran.digests.trace)));
        let case = Case { fails, digest, ..best.case.clone() };
        Ok(Some(Shrunk { best, case, ran, tried, cut_short }))
    }
}

fn tell_best(best: &Best) -> String {
    let operations = best
        .operations()
        .map_or("its own operations".to_string(), |count| counted(count as u64, "operation"));
    let at = short_time(u128::from(best.extent.failed_at_ns));
    format!(
        "{} of the plan, {operations}, {}, fails at +{at}",
        counted(best.lines() as u64, "line"),
        counted(best.extent.records, "record")
    )
}

/// What a case file says of where its case came from.
pub(super) fn why(case: &Case, records_before: u64, after: &Ran) -> Vec<String> {
    let message = after.failed.as_ref().map_or("", |failed| failed.message.as_str());
    vec![
        message.lines().next().unwrap_or_default().to_string(),
        format!(
            "Shrunk from seed {:#x}: {} became {}.",
            case.seed,
            counted(records_before, "record"),
            grouped(after.records)
        ),
    ]
}

fn compared(before: &Ran, after: &Ran, lines_before: usize, best: &Best) -> String {
    let at = |ran: &Ran| {
        format!("+{}", short_time(u128::from(ran.failed.as_ref().map_or(0, |failed| failed.at_ns))))
    };
    let row = |name: &str, before: String, after: String| vec![name.to_string(), before, after];
    let operations = best.operations().map_or("-".to_string(), |count| grouped(count as u64));
    table(&[
        row("", "before".to_string(), "after".to_string()),
        row("lines of trouble", grouped(lines_before as u64), grouped(best.lines() as u64)),
        row("operations", "-".to_string(), operations),
        row("records", grouped(before.records), grouped(after.records)),
        row("fails at", at(before), at(after)),
    ])
}
