//! Every run in JSON: scenario, seed, digests, verdict. It holds nothing of the wall clock.
//!
//! A sweep over many machines has millions of runs, so the text is written as it goes and no value is built.

use std::fmt::Write as _;

use sim::trace::Digest;

use super::latency_json;
use crate::campaign::{Row, Summary};
use crate::cli::json::Json;

/// About what a run takes: so much is asked for at once.
const ROW_BYTES_USUAL: usize = 400;

/// All runs, a line each, and below them the latencies of each scenario.
pub(in crate::cli) fn runs(summary: &Summary) -> String {
    let count = usize::try_from(summary.runs()).unwrap_or_default();
    let mut text = String::with_capacity(count.saturating_mul(ROW_BYTES_USUAL));
    text += "{\n  \"version\": 1,\n  \"runs\": [";
    let mut is_first = true;
    for scenario in &summary.scenarios {
        let begins = format!("\n    {{\"scenario\": {}, \"seed\": \"", line(&Json::text(&*scenario.name)));
        for row in scenario.rows.values() {
            text += if is_first { "" } else { "," };
            is_first = false;
            text += &begins;
            put_row(&mut text, row);
        }
    }
    text += if is_first { "],\n" } else { "\n  ],\n" };
    let latencies = summary.scenarios.iter().flat_map(|scenario| {
        scenario.latencies.iter().map(|(name, histogram)| latency_json(&scenario.name, name, histogram))
    });
    let latencies: Vec<String> = latencies.map(|latency| format!("\n    {}", line(&latency))).collect();
    let _ = write!(text, "  \"latencies\": [{}", latencies.join(","));
    text + if latencies.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" }
}

fn put_row(text: &mut String, row: &Row) {
    let _ = write!(text, "{:#x}\", \"verdict\": \"{}\", \"property\": ", row.seed, row.verdict.label());
    *text += &row.property.as_deref().map_or("null".to_string(), |property| line(&Json::text(property)));
    for (name, digest) in [
        ("trace", row.digests.map(|digests| digests.trace)),
        ("faults", row.digests.map(|digests| digests.faults)),
        ("semantic", row.digests.map(|digests| digests.semantic)),
    ] {
        *text += ", \"";
        *text += name;
        *text += "\": ";
        put_digest(text, digest);
    }
    let (records, virtual_ns, effects) = (row.records, row.virtual_ns, row.effects);
    let _ = write!(text, ", \"records\": {records}, \"virtual_ns\": {virtual_ns}, \"effects\": {effects}}}");
}

/// Digit by digit: a formatter takes ten times as long, and most of the text is digests.
fn put_digest(text: &mut String, digest: Option<Digest>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let Some(Digest(bytes)) = digest else {
        *text += "null";
        return;
    };
    let mut word = [b'"'; 66];
    for (pair, byte) in word[1..65].chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    *text += std::str::from_utf8(&word).expect("digits and quotes are letters");
}

/// A value without the line break behind it.
fn line(value: &Json) -> String {
    value.to_string().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::{Ended, Job, Order, Ran};
    use faults::scenario::Scenario;
    use replay::case::Case;
    use sim::trace::Digests;

    #[test]
    fn a_run_is_a_line_and_a_lost_one_has_no_digest() {
        let scenario = Scenario::new("a/one", "", || async {});
        let mut summary = Summary::new([(&scenario, "a/one")]);
        assert_eq!(runs(&summary), "{\n  \"version\": 1,\n  \"runs\": [],\n  \"latencies\": []\n}\n");
        let digests =
            Digests { trace: Digest([0x1f; 32]), faults: Digest([0; 32]), semantic: Digest([0xa; 32]) };
        let latencies = vec![("call".to_string(), vec![(7, 1)])];
        let ran = Ran { digests, records: 1, virtual_ns: 2, effects: 3, latencies, ..Ran::default() };
        let job = |position| Job {
            scenario: 0,
            position,
            seed: position + 41,
            order: Order::default(),
            ..Job::default()
        };
        summary.add(&job(1), Ended::Ran(Box::new(ran)), Case::new("a/one", 42));
        summary.add(&job(0), Ended::Hung("it took long".to_string()), Case::new("a/one", 41));
        let digest = |digits: &str| format!("\"{}\"", digits.repeat(32));
        let expected = format!(
            "{{\n  \"version\": 1,\n  \"runs\": [\n    \
             {{\"scenario\": \"a/one\", \"seed\": \"0x29\", \"verdict\": \"hung\", \"property\": \"hung\", \
             \"trace\": null, \"faults\": null, \"semantic\": null, \
             \"records\": 0, \"virtual_ns\": 0, \"effects\": 0}},\n    \
             {{\"scenario\": \"a/one\", \"seed\": \"0x2a\", \"verdict\": \"passed\", \"property\": null, \
             \"trace\": {}, \"faults\": {}, \"semantic\": {}, \
             \"records\": 1, \"virtual_ns\": 2, \"effects\": 3}}\n  ],\n  \"latencies\": [\n    \
             {{\"scenario\": \"a/one\", \"name\": \"call\", \"count\": 1, \"p50_ns\": 7, \"p90_ns\": 7, \
             \"p99_ns\": 7, \"p999_ns\": 7, \"max_ns\": 7}}\n  ]\n}}\n",
            digest("1f"),
            digest("00"),
            digest("0a"),
        );
        assert_eq!(runs(&summary), expected);
    }
}
