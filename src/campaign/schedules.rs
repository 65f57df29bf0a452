//! Every schedule of one seed: an exhaustive search within a worker, as one run of a sweep.

use faults::scenario::{Run, Scenario};
use replay::case::Case;
use search::dfs::Dfs;

use crate::execute::{Refused, prepare};

/// Records of all schedules together after which a search is given up: about a second.
const RECORDS_MAX: u64 = 4_000_000;
/// Schedules of one seed, at most.
const SCHEDULES_MAX: u64 = 100_000;

/// What a search through all schedules of a seed came to.
pub(super) struct Searched {
    /// The run of the first schedule that failed, or else of the last.
    pub(super) run: Run,
    /// The case of that schedule.
    pub(super) case: Case,
    /// How many schedules there were.
    pub(super) schedules: u64,
    /// Whether these are all.
    pub(super) all: bool,
}

/// Runs every schedule of a case's seed, until one fails.
pub(super) fn search_schedules(scenario: &Scenario, case: &Case) -> Result<Searched, Refused> {
    let mut dfs = Dfs::schedules().schedules_max(SCHEDULES_MAX);
    let (mut records, mut last) = (0u64, None);
    let refuse = |error: search::dfs::DfsError| Refused::Field(format!("explore=dfs: {error}"));
    while records < RECORDS_MAX
        && let Some(explorer) = dfs.next_run().map_err(refuse)?
    {
        let mut prepared = prepare(scenario, case, false)?;
        prepared.world().explore(explorer);
        let run = prepared.run();
        records = records.saturating_add(run.report.records);
        let mut edits = case.edits.clone();
        edits.extend(dfs.path());
        let failed = !run.report.passed();
        last = Some((run, Case { explore: None, edits, ..case.clone() }));
        if failed {
            break;
        }
    }
    let (run, case) = last.expect("a search has a first run");
    let failed = !run.report.passed();
    // The count of the last run comes when the next is asked for.
    let all = !failed && records < RECORDS_MAX && dfs.is_finished();
    let out = u64::from(!dfs.is_finished());
    Ok(Searched { run, case, schedules: dfs.counts().runs() + out, all })
}
