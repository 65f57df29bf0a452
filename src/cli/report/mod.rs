//! A campaign as people and machines read it: the table, the failures, what was never reached.
//!
//! `settled` puts them together without anything of the wall clock, so that the parts of a sweep join to the same
//! report as the whole; `runs` is the list of all runs, `junit` what continuous integration reads.

mod junit;
mod runs;
mod settled;

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::json::Json;
use super::words::{counted, grouped, short_time, table};
use crate::campaign::{Failing, REQUIRED_AFTER_SEEDS, ScenarioSummary, Summary, Verdict};

pub(super) use junit::junit;
pub(super) use runs::runs;
pub(super) use settled::{json, left_out, status, told};

/// The percentiles that are told.
const PERCENTILES: [(&str, f64); 4] = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9)];

/// The table: a row for each scenario, and one for all; with what depends on the wall clock, where that is known.
pub(super) fn overview(summary: &Summary, elapsed: Option<Duration>) -> String {
    let mut head = vec!["scenario", "seeds"];
    head.extend(elapsed.map(|_| "runs/s"));
    head.extend(["virtual time", "faults", "lines/run", "ops/run", "points", "failures"]);
    let mut rows = vec![head.into_iter().map(str::to_string).collect()];
    for scenario in &summary.scenarios {
        let (reached, declared) = scenario.points_reached();
        let mut row = vec![scenario.name.clone(), grouped(scenario.rows.len() as u64)];
        row.extend(elapsed.map(|_| scenario.runs_per_second().map_or("-".to_string(), grouped)));
        row.extend([
            short_time(scenario.virtual_ns),
            grouped(scenario.effects),
            grouped(scenario.lines_effective_median()),
            grouped(scenario.operations_median()),
            format!("{reached}/{declared}"),
            grouped(scenario.failures()),
        ]);
        rows.push(row);
    }
    let sum = |each: fn(&ScenarioSummary) -> u64| summary.scenarios.iter().map(each).sum::<u64>();
    let reached = summary.scenarios.iter().map(|scenario| scenario.points_reached().0).sum::<usize>();
    let declared = summary.scenarios.iter().map(|scenario| scenario.points_reached().1).sum::<usize>();
    let mut all = vec!["all".to_string(), grouped(summary.runs())];
    all.extend(elapsed.map(|elapsed| {
        let rate = u128::from(summary.runs()) * 1000 / elapsed.as_millis().max(1);
        grouped(u64::try_from(rate).unwrap_or(u64::MAX))
    }));
    all.extend([
        short_time(summary.scenarios.iter().map(|scenario| scenario.virtual_ns).sum()),
        grouped(sum(|scenario| scenario.effects)),
        String::new(),
        String::new(),
        format!("{reached}/{declared}"),
        grouped(sum(ScenarioSummary::failures)),
    ]);
    rows.push(all);
    let mut text = table(&rows);
    if elapsed.is_some() {
        text += "runs/s: of a scenario on one core, of all by the wall clock; ";
    }
    text += "faults: how often they took effect;\n\
             lines/run: median of plan lines that took effect; ops/run: median of measured operations;\n\
             points: reached of declared\n";
    let mut rows = Vec::new();
    for scenario in &summary.scenarios {
        for (name, histogram) in &scenario.latencies {
            let mut row = vec![format!("{} {name}", scenario.name), grouped(histogram.len())];
            let at = |percentile| short_time(u128::from(histogram.value_at_percentile(percentile)));
            row.extend(PERCENTILES.map(|(_, percentile)| at(percentile)));
            row.push(short_time(u128::from(histogram.max())));
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        let mut head = vec!["virtual latency".to_string(), "count".to_string()];
        head.extend(PERCENTILES.map(|(name, _)| name.to_string()));
        head.push("max".to_string());
        rows.insert(0, head);
        text.push('\n');
        text += &table(&rows);
    }
    text
}

/// The property of a kind of failure; behind it stands where it failed, which the cases say too.
fn property_of(what: &str) -> &str {
    what.split(['@', ',']).next().unwrap_or(what)
}

/// Whether the search still learns: how many behaviours had been seen after so many runs, and when the last was new.
pub(super) fn growth(summary: &Summary) -> String {
    /// Runs before which nothing can be told.
    const RUNS_MIN: u64 = 10;
    let mut rows = Vec::new();
    for scenario in summary.scenarios.iter().filter(|scenario| scenario.coverage.runs() >= RUNS_MIN) {
        let coverage = &scenario.coverage;
        let at = |runs: u64| {
            let growth = coverage.growth();
            let reached =
                growth.iter().find(|(end, _)| *end == runs).map(|(_, behaviours)| grouped(*behaviours));
            reached.unwrap_or_default()
        };
        let mut row = vec![scenario.name.clone()];
        row.extend([1, 10, 100, 1_000, 10_000].map(at));
        row.push(grouped(coverage.behaviours()));
        row.push(coverage.last_new().map_or("-".to_string(), |last| grouped(last + 1)));
        rows.push(row);
    }
    let mut text = String::new();
    if !rows.is_empty() {
        let head = ["behaviours after runs", "1", "10", "100", "1,000", "10,000", "all", "last new at"];
        rows.insert(0, head.map(str::to_string).to_vec());
        text = format!("\n{}", table(&rows));
    }
    for scenario in summary.scenarios.iter().filter(|scenario| scenario.schedules > 0) {
        let _ = writeln!(
            text,
            "{}: {} searched; of {} they are all",
            scenario.name,
            counted(scenario.schedules, "schedule"),
            counted(scenario.seeds_whole, "seed")
        );
    }
    text
}

/// What failed, each kind with its cases, and what was never reached.
pub(super) fn failures(summary: &Summary, program: &str) -> String {
    let mut text = String::new();
    let mut page_shown = false;
    for (scenario, what, failing) in summary.failing() {
        let Failing { verdict, count, first } = failing;
        let verb = match verdict {
            Verdict::Failed => format!("`{}` failed", property_of(what)),
            verdict => verdict.label().to_string(),
        };
        let _ = writeln!(text, "\n{}: {verb} in {} of {}", scenario.name, count, scenario.rows.len());
        for kept in first.values() {
            let _ = writeln!(text, "  {program} replay '{}'", kept.case);
        }
        match first.values().next() {
            // One page is read; more of them hide each other.
            Some(kept) if !page_shown && kept.page.is_some() => {
                page_shown = true;
                let _ = writeln!(text, "\n{}", kept.page.as_deref().unwrap_or_default().trim_end());
            }
            Some(kept) => {
                let _ = writeln!(text, "  {}", kept.message.replace('\n', "\n  "));
            }
            None => {}
        }
    }
    for scenario in &summary.scenarios {
        for (warning, count) in &scenario.warnings {
            let _ = writeln!(text, "\n{}: warning, in {}: {warning}", scenario.name, counted(*count, "run"));
        }
    }
    text
}

/// Required points that were never reached, one a line. They count when there were seeds enough.
pub(super) fn missing(summary: &Summary) -> (String, bool) {
    let (mut text, mut counts) = (String::new(), false);
    for scenario in &summary.scenarios {
        let seeds = scenario.rows.len() as u64;
        for point in scenario.required_missing() {
            let enough = seeds >= REQUIRED_AFTER_SEEDS;
            counts |= enough;
            let note = if enough { "" } else { " yet; too few seeds to tell" };
            let _ = writeln!(
                text,
                "{}: the required point `{point}` was not reached in {}{note}",
                scenario.name,
                counted(seeds, "seed")
            );
        }
    }
    (text, counts)
}

fn latency_json(scenario: &str, name: &str, histogram: &Histogram<u64>) -> Json {
    let mut fields = vec![
        ("scenario".to_string(), Json::text(scenario)),
        ("name".to_string(), Json::text(name)),
        ("count".to_string(), Json::number(histogram.len())),
    ];
    for (label, percentile) in PERCENTILES {
        let value = Json::number(histogram.value_at_percentile(percentile));
        fields.push((format!("{}_ns", label.replace('.', "")), value));
    }
    fields.push(("max_ns".to_string(), Json::number(histogram.max())));
    Json::Object(fields)
}

/// One scenario in the manifest, with how fast it ran.
pub(super) fn timed_scenario_json(scenario: &ScenarioSummary) -> Json {
    let rate = scenario.runs_per_second().map_or(Json::Null, Json::number);
    let mut fields = scenario_fields(scenario);
    fields.push(("runs_per_second".to_string(), rate));
    Json::Object(fields)
}

/// What one scenario came to, without anything of the wall clock.
fn scenario_fields(scenario: &ScenarioSummary) -> Vec<(String, Json)> {
    let count = |verdict| Json::number(scenario.count(verdict));
    let points = scenario.points.iter().map(|(name, point)| {
        Json::object([
            ("name", Json::text(name)),
            ("kind", Json::text(point.kind)),
            ("required", Json::Bool(point.required)),
            ("reached", Json::Bool(point.is_reached())),
            ("hits", Json::number(point.hits)),
            ("held", Json::number(point.held)),
            ("numeric_max", Json::number(point.numeric_max)),
        ])
    });
    let failing = scenario.failing.iter().map(|(what, failing)| {
        Json::object([
            ("property", Json::text(property_of(what))),
            ("signature", Json::text(what)),
            ("verdict", Json::text(failing.verdict.label())),
            ("count", Json::number(failing.count)),
            ("cases", Json::texts(failing.first.values().map(|kept| kept.case.to_string()))),
        ])
    });
    let latencies =
        scenario.latencies.iter().map(|(name, histogram)| latency_json(&scenario.name, name, histogram));
    let fields = [
        ("name", Json::text(&*scenario.name)),
        ("seeds", Json::number(scenario.rows.len() as u64)),
        ("passed", count(Verdict::Passed)),
        ("failed", count(Verdict::Failed)),
        ("nondeterministic", count(Verdict::Nondeterministic)),
        ("aborted", count(Verdict::Aborted)),
        ("hung", count(Verdict::Hung)),
        ("virtual_ns", Json::number(scenario.virtual_ns)),
        ("fault_effects", Json::number(scenario.effects)),
        ("operations_median", Json::number(scenario.operations_median())),
        ("plan_lines_effective_median", Json::number(scenario.lines_effective_median())),
        ("failing", Json::List(failing.collect())),
        ("required_missing", Json::texts(scenario.required_missing())),
        ("points", Json::List(points.collect())),
        ("latencies", Json::List(latencies.collect())),
        ("warnings", Json::texts(scenario.warnings.keys().cloned())),
        ("behaviours", Json::number(scenario.coverage.behaviours())),
        ("behaviours_last_new_at", scenario.coverage.last_new().map_or(Json::Null, Json::number)),
        ("schedules", Json::number(scenario.schedules)),
        ("seeds_with_all_schedules", Json::number(scenario.seeds_whole)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
