//! The failure page: all that a person needs to understand a failed run, and one line to repeat it.
//!
//! What failed and where; the plan's lines beside what they did; the chain of causes back from the
//! failure; the last records; the line to paste.

mod text;

use std::time::Duration;

use faults::inject::Skipped;
use faults::scenario::{LineReport, Run};
use sim::trace::{Digests, Record};
use sim::{Failure, FaultReport};

use crate::case::Case;
use crate::diff::causes;
use crate::trace::{Described, Describer, Names};

/// Records shown at the end of a run.
const LAST_RECORDS: usize = 24;

/// A failed run, ready to be told. `Display` is the page as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What was run, and how it failed.
    pub case: Case,
    /// What failed.
    pub failure: Failure,
    /// The plan's lines and what they did.
    pub plan: Vec<PlanLine>,
    /// What is worth saying and fails nothing.
    pub warnings: Vec<String>,
    /// The run's digests.
    pub digests: Digests,
    /// How many records the run wrote.
    pub records: u64,
    /// How much virtual time passed.
    pub time: Duration,
    /// The record in whose course it failed, when it is known, and its causes, nearest first.
    pub causes: Vec<Described>,
    /// The sequence number of a cause further back than what was at hand.
    pub causes_go_on: Option<u64>,
    /// The last records, oldest first.
    pub last: Vec<Described>,
    /// What is typed before the case to repeat it, such as `tourbillon replay`.
    pub command: String,
}

/// A line of a plan and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// The line.
    pub text: String,
    /// How often it took effect; `None` when it never began.
    pub effects: Option<u64>,
    /// Why there is nothing to see, or whose it is; may be empty.
    pub note: &'static str,
}

impl Page {
    /// The page of a failed run; `None` when it did not fail. `command` is what is typed before the case to
    /// repeat it, such as `tourbillon replay`.
    pub fn new(case: &Case, run: &Run, command: impl Into<String>) -> Option<Page> {
        let Run { report, lines, .. } = run;
        let failure = report.failure()?.clone();
        let (first, records) = &report.tail;
        let told = tell(*first, records, failure.record, &(&report.names).into());
        Some(Page {
            case: case.clone().recorded(run),
            failure,
            plan: plan_lines(lines, &report.faults),
            warnings: report.warnings.clone(),
            digests: report.digests,
            records: report.records,
            time: report.virtual_time,
            causes: told.causes,
            causes_go_on: told.causes_go_on,
            last: told.last,
            command: command.into(),
        })
    }
}

/// A plan's lines and what became of them, and behind them the faults of no line: a scenario's own.
fn plan_lines(lines: &[LineReport], faults: &[FaultReport]) -> Vec<PlanLine> {
    let of_plan = lines.iter().map(|line| PlanLine {
        text: line.line.clone(),
        effects: line.skipped.is_none().then_some(line.effects),
        note: match line.skipped {
            Some(Skipped::NotReached) => "its time or its point never came",
            Some(Skipped::Quiet) => "it was calm by then",
            Some(Skipped::Guarded) => "too many machines would have been down",
            Some(Skipped::Nobody) => "it selected nobody",
            None if line.effects == 0 => "had no effect",
            None => "",
        },
    });
    let own = faults.iter().filter(|fault| lines.iter().all(|line| line.line != fault.label));
    let own = own.map(|fault| PlanLine {
        text: fault.label.clone(),
        effects: Some(fault.effects),
        note: if fault.effects == 0 { "of the scenario, had no effect" } else { "of the scenario" },
    });
    of_plan.chain(own).collect()
}

/// The last records of a failed run, told: the causes of the failure, and the end.
struct Told {
    causes: Vec<Described>,
    causes_go_on: Option<u64>,
    last: Vec<Described>,
}

/// Tells the end of a run from its last records; `first` is the sequence number of the first of them, and
/// `failed_at` that of the one after which it failed.
fn tell(first: u64, records: &[Record], failed_at: u64, names: &Names) -> Told {
    let (mut chain, causes_go_on) = causes(first, records, failed_at);
    chain.reverse();
    let mut wanted = chain.into_iter().map(|(sequence, _)| sequence).peekable();
    let last_from = first + records.len().saturating_sub(LAST_RECORDS) as u64;
    let mut told = Told { causes: Vec::new(), causes_go_on, last: Vec::new() };
    let mut describer = Describer::of_tail(names, records);
    for (sequence, record) in (first..).zip(records) {
        let described = describer.describe(sequence, record);
        if wanted.next_if_eq(&sequence).is_some() {
            told.causes.push(described.clone());
        }
        if sequence >= last_from {
            told.last.push(described);
        }
    }
    told.causes.reverse();
    told
}

#[cfg(test)]
mod tests;
