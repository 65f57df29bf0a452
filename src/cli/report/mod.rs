//! A campaign as people and machines read it: the table, the failures, JSON and JUnit.

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::json::Json;
use super::words::{counted, grouped, short_time, table};
use crate::campaign::{Failing, REQUIRED_AFTER_SEEDS, Row, ScenarioSummary, Summary, Verdict};

/// The percentiles that are told.
const PERCENTILES: [(&str, f64); 4] = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9)];

/// The table: a row for each scenario, and one for all.
pub(super) fn overview(summary: &Summary, elapsed: Duration) -> String {
    let head = [
        "scenario",
        "seeds",
        "runs/s",
        "virtual time",
        "faults",
        "lines/run",
        "ops/run",
        "points",
        "failures",
    ];
    let mut rows = vec![head.map(str::to_string).to_vec()];
    for scenario in &summary.scenarios {
        let (reached, declared) = scenario.points_reached();
        rows.push(vec![
            scenario.name.clone(),
            grouped(scenario.rows.len() as u64),
            scenario.runs_per_second().map_or("-".to_string(), grouped),
            short_time(scenario.virtual_ns),
            grouped(scenario.effects),
            grouped(scenario.lines_effective_median()),
            grouped(scenario.operations_median()),
            format!("{reached}/{declared}"),
            grouped(scenario.failures()),
        ]);
    }
    let sum = |each: fn(&ScenarioSummary) -> u64| summary.scenarios.iter().map(each).sum::<u64>();
    let reached = summary.scenarios.iter().map(|scenario| scenario.points_reached().0).sum::<usize>();
    let declared = summary.scenarios.iter().map(|scenario| scenario.points_reached().1).sum::<usize>();
    let millis = elapsed.as_millis().max(1);
    rows.push(vec![
        "all".to_string(),
        grouped(summary.runs()),
        grouped(u64::try_from(u128::from(summary.runs()) * 1000 / millis).unwrap_or(u64::MAX)),
        short_time(summary.scenarios.iter().map(|scenario| scenario.virtual_ns).sum()),
        grouped(sum(|scenario| scenario.effects)),
        String::new(),
        String::new(),
        format!("{reached}/{declared}"),
        grouped(sum(ScenarioSummary::failures)),
    ]);
    let mut text = table(&rows);
    text += "runs/s: of a scenario on one core, of all by the wall clock; faults: how often they took effect;\n\
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

/// What failed, each kind with its cases, and what was never reached.
pub(super) fn failures(summary: &Summary, program: &str) -> String {
    let mut text = String::new();
    let mut page_shown = false;
    for (scenario, what, failing) in summary.failing() {
        let Failing { verdict, count, first } = failing;
        let verb = match verdict {
            Verdict::Failed => format!("`{what}` failed"),
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

/// Every run: scenario, seed, digests, verdict. It holds nothing of the wall clock.
pub(super) fn runs_json(summary: &Summary) -> Json {
    let row = |scenario: &ScenarioSummary, row: &Row| {
        let digest = |digest: fn(&sim::trace::Digests) -> sim::trace::Digest| {
            Json::option(row.digests.as_ref().map(|digests| format!("{:#}", digest(digests))))
        };
        Json::object([
            ("scenario", Json::text(&*scenario.name)),
            ("seed", Json::text(format!("{:#x}", row.seed))),
            ("verdict", Json::text(row.verdict.label())),
            ("property", Json::option(row.property.as_deref())),
            ("trace", digest(|digests| digests.trace)),
            ("faults", digest(|digests| digests.faults)),
            ("semantic", digest(|digests| digests.semantic)),
            ("records", Json::number(row.records)),
            ("virtual_ns", Json::number(row.virtual_ns)),
            ("effects", Json::number(row.effects)),
        ])
    };
    let runs = summary
        .scenarios
        .iter()
        .flat_map(|scenario| scenario.rows.values().map(move |one| row(scenario, one)))
        .collect();
    let latencies = summary.scenarios.iter().flat_map(|scenario| {
        scenario.latencies.iter().map(|(name, histogram)| latency_json(&scenario.name, name, histogram))
    });
    Json::object([
        ("version", Json::number(1u64)),
        ("runs", Json::List(runs)),
        ("latencies", Json::List(latencies.collect())),
    ])
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

/// One scenario in the manifest.
pub(super) fn scenario_json(scenario: &ScenarioSummary) -> Json {
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
            ("property", Json::text(what)),
            ("verdict", Json::text(failing.verdict.label())),
            ("count", Json::number(failing.count)),
            ("cases", Json::texts(failing.first.values().map(|kept| kept.case.to_string()))),
        ])
    });
    let latencies =
        scenario.latencies.iter().map(|(name, histogram)| latency_json(&scenario.name, name, histogram));
    Json::object([
        ("name", Json::text(&*scenario.name)),
        ("seeds", Json::number(scenario.rows.len() as u64)),
        ("passed", count(Verdict::Passed)),
        ("failed", count(Verdict::Failed)),
        ("nondeterministic", count(Verdict::Nondeterministic)),
        ("aborted", count(Verdict::Aborted)),
        ("hung", count(Verdict::Hung)),
        ("runs_per_second", scenario.runs_per_second().map_or(Json::Null, Json::number)),
        ("virtual_ns", Json::number(scenario.virtual_ns)),
        ("fault_effects", Json::number(scenario.effects)),
        ("operations_median", Json::number(scenario.operations_median())),
        ("plan_lines_effective_median", Json::number(scenario.lines_effective_median())),
        ("failing", Json::List(failing.collect())),
        ("required_missing", Json::texts(scenario.required_missing())),
        ("points", Json::List(points.collect())),
        ("latencies", Json::List(latencies.collect())),
        ("warnings", Json::texts(scenario.warnings.keys().cloned())),
    ])
}

/// A JUnit report: a suite a scenario, a case a seed.
pub(super) fn junit(summary: &Summary) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for scenario in &summary.scenarios {
        let errors =
            [Verdict::Aborted, Verdict::Hung].map(|verdict| scenario.count(verdict)).iter().sum::<u64>();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\">",
            xml(&scenario.name),
            scenario.rows.len(),
            scenario.failures() - errors
        );
        for (position, row) in &scenario.rows {
            let open =
                format!("    <testcase classname=\"{}\" name=\"seed {:#x}\"", xml(&scenario.name), row.seed);
            if row.verdict == Verdict::Passed {
                let _ = writeln!(text, "{open}/>");
                continue;
            }
            let element = if row.digests.is_none() && row.verdict != Verdict::Nondeterministic {
                "error"
            } else {
                "failure"
            };
            let property = row.property.as_deref().unwrap_or_default();
            let kept = scenario.failing.get(property).and_then(|failing| failing.first.get(position));
            let message = kept.map_or_else(String::new, |kept| kept.message.clone());
            let body = kept.map_or_else(String::new, |kept| {
                format!("{}\n{}", kept.case, kept.page.as_deref().unwrap_or_default())
            });
            let _ = writeln!(
                text,
                "{open}><{element} type=\"{}\" message=\"{}\">{}</{element}></testcase>",
                xml(property),
                xml(&message),
                xml(&body)
            );
        }
        text += "  </testsuite>\n";
    }
    text + "</testsuites>\n"
}

/// Text within XML: what XML cannot hold at all is left out.
fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' => out += "&#10;",
            '\t' => out.push(c),
            c if c < ' ' => {}
            c => out.push(c),
        }
    }
    out
}
