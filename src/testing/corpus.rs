//! Past failures in a test: every case of a corpus, run in the test's own process.

use std::path::Path;

use faults::scenario::Scenario;
use replay::ShortDigest;
use replay::case::Signature;
use replay::corpus::{Corpus, Ending, Kept};

use crate::execute::execute;

/// Runs all cases below a folder, which must be of these scenarios, and answers how many there were.
///
/// A case with a planted bug must fail as it did; one without must hold. See [`replay::corpus`].
///
/// # Panics
/// With all that is wrong: a case that ends otherwise, one whose scenario is gone, a file that is no case; and when
/// the folder cannot be read.
pub fn corpus(scenarios: &[Scenario], folder: impl AsRef<Path>) -> usize {
    let folder = folder.as_ref();
    let corpus = Corpus::read(folder)
        .unwrap_or_else(|error| panic!("{}: the corpus cannot be read: {error}", folder.display()));
    let mut wrong = corpus.problems;
    wrong.extend(corpus.cases.iter().filter_map(|kept| wrong_with(scenarios, kept)));
    assert!(
        wrong.is_empty(),
        "{} of the corpus {}:\n{}\n",
        wrong.len(),
        if wrong.len() == 1 { "is wrong" } else { "are wrong" },
        wrong.join("\n")
    );
    corpus.cases.len()
}

fn wrong_with(scenarios: &[Scenario], kept: &Kept) -> Option<String> {
    let (file, case) = (kept.path.display(), kept.case());
    let Some(scenario) = scenarios.iter().find(|scenario| scenario.name() == case.scenario) else {
        return Some(format!("{file}: the scenario `{}` is gone", case.scenario));
    };
    let run = match execute(scenario, case, false, Vec::new()) {
        Ok(run) => run,
        Err(refused) => return Some(format!("{file}: {refused}")),
    };
    let failed = Signature::of(&run);
    let ending = Ending::of(case, failed.as_ref(), ShortDigest::from(run.report.digests.trace));
    (!ending.is_right()).then(|| format!("{file}: {ending}\n  tourbillon replay '{case}'"))
}
