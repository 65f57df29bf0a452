//! A test run by itself: the same binary, asked for one test and one case, answers by a file.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use faults::scenario::Scenario;
use replay::case::Case;
use replay::page::Page;
use sim::trace::{Digest, Digests};

use super::CASE;
use crate::execute::execute;

/// Holds the path of the file to answer by; only a child has it.
const ANSWER: &str = "TOURBILLON_TEST_ANSWER";
/// Holds the test that is meant: a runner may run others along with it.
const TEST: &str = "TOURBILLON_TEST";

/// What a child found.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) digests: Digests,
    pub(super) records: u64,
    pub(super) time: Duration,
    pub(super) verdict: String,
    /// The failure page of a failing run.
    pub(super) page: Option<String>,
}

/// This process, as a child.
pub(super) struct Child {
    answer: PathBuf,
    case: String,
    package: &'static str,
    path: String,
}

/// Whether this process is a child that was asked for this test.
pub(super) fn asked(package: &'static str, path: &str) -> Option<Child> {
    let (answer, test) = (std::env::var_os(ANSWER)?, std::env::var(TEST).ok()?);
    let case = std::env::var(CASE).ok()?;
    (test == path).then(|| Child { answer: PathBuf::from(answer), case, package, path: path.to_string() })
}

impl Child {
    /// Runs the case and writes what it came to.
    pub(super) fn answer(&self, scenario: &Scenario) {
        let ran = self.case.parse::<Case>().map_err(|error| error.to_string()).and_then(|case| {
            let run = execute(scenario, &case, false, Vec::new()).map_err(|refused| refused.to_string())?;
            Ok((case, run))
        });
        let text = match ran {
            Err(message) => format!("refused\n{message}"),
            Ok((case, run)) => {
                let report = &run.report;
                let verdict = report.failure().map_or("passed".to_string(), ToString::to_string);
                let digests = &report.digests;
                let page = Page::new(&case, &run, super::repeat(self.package, &self.path));
                format!(
                    "ran\n{:#}\n{:#}\n{:#}\n{}\n{}\n{}\n{}",
                    digests.trace,
                    digests.faults,
                    digests.semantic,
                    report.records,
                    report.virtual_time.as_nanos(),
                    verdict.replace('\n', " "),
                    page.map(|page| page.to_string()).unwrap_or_default()
                )
            }
        };
        std::fs::write(&self.answer, text).expect("the parent made the folder for this file");
    }
}

/// Runs a case of the test in a child.
pub(super) fn run(path: &str, case: &Case) -> Result<Answer, String> {
    static CHILDREN: AtomicU64 = AtomicU64::new(0);
    let binary =
        std::env::current_exe().map_err(|error| format!("the test binary cannot find itself: {error}"))?;
    let number = CHILDREN.fetch_add(1, Ordering::Relaxed);
    let answer = std::env::temp_dir().join(format!("tourbillon-test-{}-{number}", std::process::id()));
    let output = Command::new(binary)
        .args(["--exact", path, "--nocapture", "--test-threads=1", "--include-ignored"])
        .env(ANSWER, &answer)
        .env(TEST, path)
        .env(CASE, case.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("no second process could be started: {error}"))?;
    let text = std::fs::read_to_string(&answer);
    // A child that died has left none.
    let _ = std::fs::remove_file(&answer);
    let text = text.map_err(|_| {
        let words = String::from_utf8_lossy(&output.stderr);
        let words = words.trim();
        format!("the process that ran `{case}` ended without an answer, {}: {words}", output.status)
    })?;
    read(&text).unwrap_or_else(|| Err(format!("the second process answered what cannot be read: {text}")))
}

fn read(text: &str) -> Option<Result<Answer, String>> {
    let (first, rest) = text.split_once('\n')?;
    if first == "refused" {
        return Some(Err(rest.to_string()));
    }
    let mut lines = rest.splitn(7, '\n');
    let mut digest = || lines.next()?.parse::<Digest>().ok();
    let digests = Digests { trace: digest()?, faults: digest()?, semantic: digest()? };
    Some(Ok(Answer {
        digests,
        records: lines.next()?.parse().ok()?,
        time: Duration::from_nanos(lines.next()?.parse().ok()?),
        verdict: lines.next()?.to_string(),
        page: lines.next().filter(|page| !page.is_empty()).map(str::to_string),
    }))
}
