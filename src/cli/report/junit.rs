//! A sweep as continuous integration reads it.

use std::fmt::Write as _;

use crate::campaign::{Summary, Verdict};

/// A JUnit report: a suite a scenario, a case a seed.
pub(in crate::cli) fn junit(summary: &Summary) -> String {
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
        for (position, row) in scenario.rows.iter() {
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
            let kept = scenario.failing.values().find_map(|failing| failing.first.get(&position));
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
