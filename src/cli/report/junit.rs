//! A sweep as continuous integration reads it.

use std::fmt::Write as _;

use crate::campaign::{PastCase, Tally, Verdict};

/// A JUnit report: a suite a scenario, a case a seed.
pub(in crate::cli) fn junit(tally: &Tally) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    text += &corpus(&tally.past);
    for scenario in &tally.summary.scenarios {
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

/// The past failures, a suite of their own.
fn corpus(past: &[PastCase]) -> String {
    if past.is_empty() {
        return String::new();
    }
    let wrong = past.iter().filter(|past| past.verdict != Verdict::Passed).count();
    let mut text =
        format!("  <testsuite name=\"corpus\" tests=\"{}\" failures=\"{wrong}\" errors=\"0\">\n", past.len());
    for past in past {
        let open = format!("    <testcase classname=\"corpus\" name=\"{}\"", xml(&past.name));
        let _ = match past.verdict {
            Verdict::Passed => writeln!(text, "{open}/>"),
            verdict => writeln!(
                text,
                "{open}><failure type=\"{}\" message=\"{}\">{}</failure></testcase>",
                verdict.label(),
                xml(&past.told),
                xml(&past.case)
            ),
        };
    }
    text + "  </testsuite>\n"
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
