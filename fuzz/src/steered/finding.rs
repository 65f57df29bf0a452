//! What a steered run that failed comes to: a failure, and the case that replays it.

use std::fmt;

use faults::scenario::{Run, Scenario, Spec};
use replay::ShortDigest;
use replay::case::{Case, Signature};
use sim::choice::{Draw, Edit};

/// A run that failed.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The case; its edits are the draws that the bytes changed.
    pub case: Case,
    /// What failed, and where.
    pub failure: sim::Failure,
    /// What the case came to when it was run by itself, without the bytes: nothing where it is the same failure
    /// with the same digest.
    pub doubt: Option<String>,
}

impl Finding {
    /// Makes a case of a run and of the draws that were changed in it, and tries it.
    ///
    /// # Panics
    /// When the run passed.
    pub(super) fn new(scenario: &Scenario, spec: &Spec, run: &Run, changed: &[Draw]) -> Finding {
        let mut failure = run.report.failure().expect("only a run that failed is a finding").clone();
        failure.place = in_the_house(&failure.place);
        let streams = &run.report.names.streams;
        let edit = |draw: &Draw| Edit::one(&streams[draw.stream.index()], draw.index, draw.value);
        let place = (!failure.place.is_empty()).then(|| failure.place.clone());
        let signature = Signature::of(run).map(|signature| Signature { place, ..signature });
        let case = Case {
            quirks: spec.quirk.iter().cloned().collect(),
            edits: changed.iter().map(edit).collect(),
            fails: signature,
            digest: Some(ShortDigest::from(run.report.digests.trace)),
            ..Case::new(scenario.name(), spec.seed)
        };
        let edits = case.edits.clone();
        let again = scenario.run(&Spec { edits, ..spec.clone() });
        let doubt = match again {
            Err(error) => Some(error.to_string()),
            Ok(again) if again.report.digests == run.report.digests => None,
            Ok(again) => Some(match again.report.failure() {
                None => "it passes".to_string(),
                Some(other) => format!("it has another digest, and {other}"),
            }),
        };
        Finding { case, failure, doubt }
    }
}

/// A place as the house's own build names it. From another workspace its crates are built by their whole paths, and a
/// case that said so would be another failure on every machine.
fn in_the_house(place: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR").strip_suffix("fuzz").expect("this folder is called fuzz");
    place.strip_prefix(root).unwrap_or(place).to_string()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.failure)?;
        if let Some(doubt) = &self.doubt {
            writeln!(
                f,
                "NOT REPLAYED by the case alone: {doubt}. The harness or the kernel is wrong; keep the bytes."
            )?;
        }
        write!(f, "replay it, and keep it below corpus/cases, by\n    tourbillon replay '{}'", self.case)
    }
}
