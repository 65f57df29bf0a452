//! Whole runs of a scenario, steered by bytes: whatever a draw could be, a fuzzer may say that it is.
//!
//! A scenario must hold in every run that its draws can give, so every answer to a draw is fair. Bytes are read in
//! one place, [`Input`], and answer in one place, [`Answers`]; where they have nothing to say, and when they are
//! spent, the generator of the seed answers. What fails is a [`Finding`]: a case, with an edit for each draw that
//! the bytes changed, so that it is replayed, shrunk and kept as any other, and no fuzzer is needed for that.

mod answers;
mod finding;
mod input;

use faults::scenario::{Run, Scenario, Spec};

pub use answers::Answers;
pub use finding::Finding;
pub use input::{Input, Word};

/// Some scenarios to steer, and the bug that is planted in each run, if one is.
pub struct Pack {
    scenarios: Vec<Scenario>,
    quirk: Option<&'static str>,
}

impl Pack {
    /// Scenarios as they are: a run that fails is a finding.
    ///
    /// # Panics
    /// When there is none.
    pub fn new(scenarios: Vec<Scenario>) -> Pack {
        assert!(!scenarios.is_empty(), "a pack has a scenario");
        Pack { scenarios, quirk: None }
    }

    /// The same with a planted bug, so that it is known that a fuzzer finds what there is to be found. No bytes of an
    /// input say so: a run with a bug that is known is no finding, and a fuzzer would spend its time on those.
    ///
    /// # Panics
    /// When a scenario does not have it.
    pub fn with_quirk(self, quirk: &'static str) -> Pack {
        for scenario in &self.scenarios {
            let known = scenario.all_quirks().iter().any(|known| known.name() == quirk);
            assert!(known, "`{}` has no planted bug `{quirk}`", scenario.name());
        }
        Pack { quirk: Some(quirk), ..self }
    }

    /// The one with that name.
    pub fn scenario(&self, name: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.name() == name)
    }

    /// Runs one input to its end.
    ///
    /// # Errors
    /// When the run fails: with all that replays it.
    pub fn run(&self, bytes: &[u8]) -> Result<Run, Box<Finding>> {
        let input = Input::decode(bytes, self.scenarios.len());
        let scenario = &self.scenarios[input.scenario];
        let quirk = self.quirk.map(str::to_string);
        let spec = Spec { quirk, ..Spec::of_seed(input.seed) };
        let mut prepared = scenario.prepare(&spec).expect("a scenario's own plan and bugs fit it");
        let (answers, changed) = Answers::new(input.words);
        prepared.world().explore(Box::new(answers));
        let run = prepared.run();
        if run.report.passed() {
            return Ok(run);
        }
        let changed = changed.take();
        Err(Box::new(Finding::new(scenario, &spec, &run, &changed)))
    }

    /// Runs one input, which must hold.
    ///
    /// # Panics
    /// When it does not: with the failure, and the case line that replays it.
    pub fn fuzz_one(&self, bytes: &[u8]) {
        if let Err(finding) = self.run(bytes) {
            panic!("{finding}");
        }
    }
}
