//! What a campaign came to: every sum here is the same in whatever order the runs came back.

use std::collections::BTreeMap;

use faults::scenario::Scenario;
use hdrhistogram::Histogram;
use replay::ShortDigest;
use replay::case::Case;
use search::coverage::Coverage;

use super::crew::Ended;
use super::pool::Job;
use super::ran::Ran;
use super::rows::{Row, Rows, Verdict};

/// Failing runs of a kind that are kept whole; the others are counted.
const KEPT_MAX: usize = 5;
/// Seeds after which a required point that was never reached fails a campaign.
pub(crate) const REQUIRED_AFTER_SEEDS: u64 = 100;
/// Latencies are told to this many digits.
const LATENCY_DIGITS: u8 = 3;

/// A campaign.
pub(crate) struct Summary {
    pub(crate) scenarios: Vec<ScenarioSummary>,
}

/// The runs of one scenario.
pub(crate) struct ScenarioSummary {
    pub(crate) name: String,
    /// What each run came to, in short; by the place of its seed among all that were asked for, so that the
    /// parts of a sweep join in order.
    pub(crate) rows: Rows,
    /// Time of the workers. It is told to people and decides nothing.
    pub(crate) busy_ns: u128,
    pub(crate) virtual_ns: u128,
    pub(crate) effects: u64,
    /// Points that the scenario declares, with what was seen of them.
    pub(crate) points: BTreeMap<String, PointSum>,
    /// Kinds of failure.
    pub(crate) failing: BTreeMap<String, Failing>,
    pub(crate) latencies: BTreeMap<String, Histogram<u64>>,
    pub(crate) warnings: BTreeMap<String, u64>,
    /// What its runs showed, and when it was new.
    pub(crate) coverage: Coverage,
    /// Schedules that were searched, and of how many seeds they were all.
    pub(crate) schedules: u64,
    pub(crate) seeds_whole: u64,
}

/// A point over all runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct PointSum {
    pub(crate) kind: &'static str,
    pub(crate) required: bool,
    /// Passed, and where it is a condition, held.
    pub(crate) hits: u64,
    pub(crate) held: u64,
    pub(crate) numeric_max: u64,
}

impl PointSum {
    /// Whether a campaign has seen what the point is there to show.
    pub(crate) fn is_reached(&self) -> bool {
        if self.kind == points::Kind::Sometimes.label() { self.held > 0 } else { self.hits > 0 }
    }
}

/// Runs that failed in one way.
pub(crate) struct Failing {
    pub(crate) verdict: Verdict,
    pub(crate) count: u64,
    /// The first of them, by position, and the shortest.
    pub(crate) first: BTreeMap<u64, Kept>,
}

/// A failing run, kept whole.
pub(crate) struct Kept {
    pub(crate) case: Case,
    pub(crate) message: String,
    pub(crate) page: Option<String>,
    pub(crate) records: u64,
}

impl Summary {
    /// Nothing yet, of scenarios under the names that tables show.
    pub(crate) fn new<'a>(scenarios: impl IntoIterator<Item = (&'a Scenario, &'a str)>) -> Summary {
        let new = |(scenario, label)| ScenarioSummary::new(scenario, label);
        Summary { scenarios: scenarios.into_iter().map(new).collect() }
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, job: &Job, ended: Ended, case: Case) {
        self.scenarios[job.scenario].add(job, ended, case);
    }

    pub(crate) fn runs(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.rows.len() as u64).sum()
    }

    pub(crate) fn count(&self, verdict: Verdict) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.count(verdict)).sum()
    }

    /// The kinds of failure, scenario by scenario.
    pub(crate) fn failing(&self) -> impl Iterator<Item = (&ScenarioSummary, &String, &Failing)> {
        self.scenarios.iter().flat_map(|scenario| {
            scenario.failing.iter().map(move |(what, failing)| (scenario, what, failing))
        })
    }
}

impl ScenarioSummary {
    fn new(scenario: &Scenario, label: &str) -> ScenarioSummary {
        let point = |point: &&'static points::Point| {
            let required = scenario.required_points().iter().any(|name| name == point.name());
            (
                point.name().to_string(),
                PointSum { kind: point.kind().label(), required, ..PointSum::default() },
            )
        };
        let counted = |point: &&&'static points::Point| point.kind() != points::Kind::Quirk;
        ScenarioSummary {
            name: label.to_string(),
            rows: Rows::default(),
            busy_ns: 0,
            virtual_ns: 0,
            effects: 0,
            points: scenario.all_points().iter().filter(counted).map(point).collect(),
            failing: BTreeMap::new(),
            latencies: BTreeMap::new(),
            warnings: BTreeMap::new(),
            coverage: Coverage::default(),
            schedules: 0,
            seeds_whole: 0,
        }
    }

    fn add(&mut self, job: &Job, ended: Ended, case: Case) {
        let lost = |verdict, property| Row::lost(job.seed, verdict, property);
        match ended {
            Ended::Ran(ran) => self.ran(job, *ran, case),
            Ended::Aborted(message) => self.fail(job, lost(Verdict::Aborted, "aborted"), case, message, None),
            Ended::Hung(message) => self.fail(job, lost(Verdict::Hung, "hung"), case, message, None),
            Ended::Parted(message) => {
                let row = lost(Verdict::Nondeterministic, "nondeterministic");
                self.fail(job, row, case, message.clone(), Some(message));
            }
            // Not a run: who handed it out sees to it.
            Ended::Refused(_) | Ended::Interrupted => {}
        }
    }

    fn ran(&mut self, job: &Job, ran: Ran, mut case: Case) {
        self.coverage.add(job.position, &ran.footprint);
        if let Some(searched) = &ran.searched {
            self.schedules = self.schedules.saturating_add(searched.schedules);
            self.seeds_whole += u64::from(searched.all);
            // The schedule that failed has a case of its own.
            case = searched.case.parse().unwrap_or(case);
        }
        self.busy_ns += u128::from(ran.wall_ns);
        self.virtual_ns += u128::from(ran.virtual_ns);
        self.effects += ran.effects;
        for seen in &ran.points {
            // A point that nobody declared is no part of what the scenario promises to reach.
            if let Some(point) = self.points.get_mut(&seen.name) {
                point.hits += seen.hits;
                point.held += seen.held;
                point.numeric_max = point.numeric_max.max(seen.numeric_max);
            }
        }
        for (name, counts) in &ran.latencies {
            let histogram = self.latencies.entry(name.clone()).or_insert_with(histogram);
            for (value, count) in counts {
                histogram.record_n(*value, *count).expect("a histogram grows with its values");
            }
        }
        for warning in &ran.warnings {
            *self.warnings.entry(warning.clone()).or_default() += 1;
        }
        let row = Row {
            seed: job.seed,
            verdict: if ran.failed.is_some() { Verdict::Failed } else { Verdict::Passed },
            property: ran.failed.as_ref().map(|failed| failed.property.clone()),
            digests: Some(ran.digests),
            records: ran.records,
            virtual_ns: ran.virtual_ns,
            effects: ran.effects,
            operations: ran.operations(),
            lines_effective: ran.lines_effective,
        };
        match ran.failed {
            None => {
                self.rows.insert(job.position, row);
            }
            Some(failed) => {
                case.fails = failed.signature;
                case.digest = Some(ShortDigest::from(ran.digests.trace));
                self.fail(job, row, case, failed.message, ran.page);
            }
        }
    }

    fn fail(&mut self, job: &Job, row: Row, case: Case, message: String, page: Option<String>) {
        // Seeds with one cause are one row.
        let bucket = case.fails.as_ref().map(|signature| signature.bucket().to_string());
        let what = bucket.or_else(|| row.property.clone()).unwrap_or_default();
        let failing = self.failing.entry(what).or_insert_with(|| Failing::new(row.verdict));
        failing.count += 1;
        failing.keep(job.position, Kept { case, message, page, records: row.records });
        self.rows.insert(job.position, row);
    }

    pub(crate) fn count(&self, verdict: Verdict) -> u64 {
        self.rows.count(verdict)
    }

    /// Runs that did not pass.
    pub(crate) fn failures(&self) -> u64 {
        self.rows.len() as u64 - self.count(Verdict::Passed)
    }

    /// Runs a second on one core.
    pub(crate) fn runs_per_second(&self) -> Option<u64> {
        let runs = self.whole_rows().count() as u128 * 1_000_000_000;
        runs.checked_div(self.busy_ns).and_then(|rate| u64::try_from(rate).ok())
    }

    /// Median operations of a run.
    pub(crate) fn operations_median(&self) -> u64 {
        median(self.whole_rows().map(|row| row.operations).collect())
    }

    /// Median lines of a plan that took effect in a run.
    pub(crate) fn lines_effective_median(&self) -> u64 {
        median(self.whole_rows().map(|row| row.lines_effective).collect())
    }

    /// Runs that came to their end.
    fn whole_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.digests.is_some())
    }

    /// Reached and declared points.
    pub(crate) fn points_reached(&self) -> (usize, usize) {
        (self.points.values().filter(|point| point.is_reached()).count(), self.points.len())
    }

    /// Required points that no run has reached.
    pub(crate) fn required_missing(&self) -> impl Iterator<Item = &str> {
        let missing = |(_, point): &(&String, &PointSum)| point.required && !point.is_reached();
        self.points.iter().filter(missing).map(|(name, _)| name.as_str())
    }
}

impl Failing {
    pub(super) fn new(verdict: Verdict) -> Failing {
        Failing { verdict, count: 0, first: BTreeMap::new() }
    }

    /// Keeps a run whole, unless there are enough of an earlier place and a shorter one.
    pub(super) fn keep(&mut self, position: u64, kept: Kept) {
        self.first.insert(position, kept);
        if self.first.len() > KEPT_MAX {
            let shortest = self.shortest().map(|(position, _)| position);
            let last = self.first.keys().rev().find(|position| Some(**position) != shortest).copied();
            self.first.remove(&last.expect("more than one is kept"));
        }
    }

    /// The shortest of those that are kept, which is the shortest of all; of equals the first.
    pub(crate) fn shortest(&self) -> Option<(u64, &Kept)> {
        self.first
            .iter()
            .map(|(position, kept)| (*position, kept))
            .min_by_key(|(position, kept)| (kept.records, *position))
    }
}

/// An empty histogram of latencies.
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new(LATENCY_DIGITS).expect("so many digits can be kept")
}

fn median(mut values: Vec<u64>) -> u64 {
    let middle = values.len() / 2;
    if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
}
