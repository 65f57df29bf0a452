//! A rehearsal: one run under the standard plan whose artefacts are kept, as the files of an evidence pack.
//!
//! The same seed gives the same files, to the bit, so an operator can tell whether a bundle is current.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use faults::scenario::Spec;
use sim::Failure;

use super::events;
use super::run::Remains;
use super::scenarios::rehearsed;
use super::tail::{BUDGET, Tail};

/// A file of an evidence pack: its name, and what is in it.
pub type Artefact = (String, Vec<u8>);

/// Runs the rehearsal of a seed, and hands over what it left.
///
/// # Errors
/// With the property that did not hold.
pub fn rehearse(seed: u64) -> Result<Vec<Artefact>, Failure> {
    let kept: Arc<Mutex<Vec<Artefact>>> = Arc::default();
    let sink = kept.clone();
    let scenario = rehearsed(move |remains| {
        *sink.lock().unwrap_or_else(PoisonError::into_inner) = artefacts(&remains);
    });
    let run = scenario.run(&Spec::of_seed(seed)).expect("the plan and the points are the scenario's own");
    if let Some(failure) = run.report.failure() {
        return Err(failure.clone());
    }
    let mut files = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let digests = run.report.digests;
    let verdict = format!(
        "{{\"scenario\":\"{}\",\"seed\":{seed},\"verdict\":\"passed\",\"trace\":\"{}\",\"faults\":\"{}\",\"semantic\":\"{}\"}}\n",
        scenario.name(),
        digests.trace,
        digests.faults,
        digests.semantic,
    );
    files.push(("verdict.json".to_string(), verdict.into_bytes()));
    files.sort();
    Ok(files)
}

fn artefacts(remains: &Remains) -> Vec<Artefact> {
    let mut files = vec![
        ("ledger.journal".to_string(), remains.ledger.clone()),
        ("tail.json".to_string(), tail(&remains.tail).into_bytes()),
    ];
    for (job, _, journal) in &remains.clients {
        files.push((format!("run-{}.audit.journal", job.run), journal.clone()));
        files.push((format!("run-{}.events.jsonl", job.run), events::lines(job.run, journal).into_bytes()));
    }
    files
}

fn tail(tail: &Tail) -> String {
    let mut out = format!("{{\"count\":{}", tail.count());
    let gates = tail.gates(BUDGET).expect("the budget is compiled in, and a test reads it");
    for gate in gates {
        write!(
            out,
            ",\"{}\":{{\"found_us\":{},\"allowed_us\":{}}}",
            gate.property.name, gate.found_us, gate.allowed_us
        )
        .expect("a string takes everything");
    }
    out.push_str("}\n");
    out
}
