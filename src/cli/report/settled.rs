//! A sweep's report and its exit status, from its tally alone: the same for a whole sweep and for its joined parts.

use std::fmt::Write as _;
use std::time::Duration;

use super::{failures, growth, missing, overview, scenario_fields};
use crate::campaign::{CANARY, PastCase, Tally, Verdict};
use crate::cli::Status;
use crate::cli::json::Json;
use crate::cli::verbs::status_of;
use crate::cli::words::counted;

/// The table, the failures, what was never reached, and what was left out. How fast it went, and what else was
/// left out, is told where the one who tells it knows.
pub(in crate::cli) fn told(tally: &Tally, elapsed: Option<Duration>, more_left_out: &[String]) -> String {
    let mut text = overview(&tally.summary, elapsed);
    text += &growth(&tally.summary);
    text += &failures(&tally.summary, &tally.sweep.program);
    text += &past(tally);
    if !tally.sweep.planted {
        text += &missing(&tally.summary).0;
    }
    if !tally.canary_failed {
        let _ = writeln!(text, "the canary `{CANARY}` did not fail: this sweep sees no failures");
    }
    for what in left_out(tally).iter().chain(more_left_out) {
        let _ = writeln!(text, "left out: {what}");
    }
    text
}

/// The same for programs.
pub(in crate::cli) fn json(tally: &Tally) -> Json {
    let asked = tally.sweep.asked.iter().map(|(name, value)| (name.clone(), Json::text(value))).collect();
    // A whole sweep is one, in however many parts it ran.
    let shards = match tally.parts.is_whole() {
        true => Json::Null,
        false => Json::text(tally.parts.to_string()),
    };
    let scenarios = tally.summary.scenarios.iter().map(|scenario| Json::Object(scenario_fields(scenario)));
    Json::object([
        ("version", Json::number(1u64)),
        ("exit_status", Json::number(status(tally).code())),
        ("runs", Json::number(tally.summary.runs())),
        ("asked", Json::Object(asked)),
        ("only_shards", shards),
        ("canary_failed", Json::Bool(tally.canary_failed)),
        ("interrupted", Json::Bool(tally.interrupted)),
        ("left_out", Json::texts(left_out(tally))),
        ("corpus", Json::List(tally.past.iter().map(past_json).collect())),
        ("scenarios", Json::List(scenarios.collect())),
    ])
}

/// What it came to. A required point that was missed counts only over all seeds, and only where nothing was planted.
pub(in crate::cli) fn status(tally: &Tally) -> Status {
    let mut status = status_of(&tally.summary);
    status = tally.past.iter().map(PastCase::status).fold(status, Status::max);
    let (_, missing_counts) = missing(&tally.summary);
    if missing_counts && !tally.sweep.planted && tally.parts.is_whole() {
        status = status.max(Status::Failed);
    }
    if !tally.canary_failed || tally.interrupted {
        status = status.max(Status::Lost);
    }
    status
}

/// The cases of the corpus: in one line when all end as they should, and each that does not.
fn past(tally: &Tally) -> String {
    let wrong = |past: &&PastCase| past.verdict != Verdict::Passed;
    if tally.past.is_empty() {
        return String::new();
    }
    let (all, wrong) = (counted(tally.past.len() as u64, "case"), tally.past.iter().filter(wrong));
    let mut text = format!("corpus: {all}, {} not as they should end\n", wrong.clone().count());
    for past in wrong {
        let _ = writeln!(text, "corpus: {}: {}", past.name, past.told);
        let _ = writeln!(text, "  {} replay '{}'", tally.sweep.program, past.case);
    }
    text
}

fn past_json(past: &PastCase) -> Json {
    Json::object([
        ("name", Json::text(&*past.name)),
        ("verdict", Json::text(past.verdict.label())),
        ("told", Json::text(&*past.told)),
    ])
}

impl PastCase {
    /// What one case comes to.
    pub(in crate::cli) fn status(&self) -> Status {
        match self.verdict {
            Verdict::Passed => Status::Held,
            Verdict::Failed => Status::Failed,
            Verdict::Nondeterministic => Status::Moved,
            Verdict::Aborted | Verdict::Hung => Status::Lost,
        }
    }
}

/// What a reader might take for done.
pub(in crate::cli) fn left_out(tally: &Tally) -> Vec<String> {
    let mut left_out = tally.sweep.left_out.clone();
    left_out.extend(tally.interrupted.then(|| "interrupted: what was still to come".to_string()));
    left_out
        .extend((!tally.parts.is_whole()).then(|| format!("the seeds of other shards than {}", tally.parts)));
    left_out
}
