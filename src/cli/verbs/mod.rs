//! The verbs, one a file.

#[cfg(feature = "adapter")]
mod checklist;
mod corpus;
mod diff;
mod golden;
mod list;
mod merge;
mod mutants;
mod origin;
mod pack;
mod past;
mod picture;
mod replay;
mod run;
mod shrink;
mod sweep;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::replay::case::{Case, PlanSource};
use faults::scenario::{Deployment, Scenario};

use super::args::Common;
use super::artefacts::{Artefacts, keep, stem};
use super::report;
use super::subject::{Subject, in_classes};
use super::{Status, Wrong};
use crate::campaign::{Ended, Order, Setup, Summary, Tally, Variation, Verdict};
use crate::execute::{load_plan, spec_of};

pub(super) use corpus::corpus;
pub(super) use diff::diff;
pub(super) use golden::golden;
pub(super) use list::list;
pub(super) use merge::merge;
pub(super) use mutants::mutants;
pub(super) use origin::origin;
pub(super) use replay::replay;
pub(super) use run::run;
pub(super) use shrink::shrink;
pub(super) use sweep::sweep;

/// What every verb works on.
pub(super) struct House {
    pub(super) scenarios: Vec<Scenario>,
    /// How this program was called, for lines to paste.
    pub(super) program: String,
}

impl House {
    fn replay_command(&self) -> String {
        format!("{} replay", self.program)
    }

    fn setup(&self, logs: Option<PathBuf>, wall_limit: Duration) -> Result<Setup, Wrong> {
        let binary = std::env::current_exe()
            .map_err(|error| Wrong(format!("this binary cannot find itself to start workers: {error}")))?;
        Ok(Setup { binary, logs, wall_limit })
    }
}

/// A scenario with the flags applied: the case of its seed zero, as shown and as sent to workers.
struct Prepared<'a> {
    scenario: &'a Scenario,
    /// The scenario's name, and the class where it was asked for several.
    label: String,
    /// Whether its plans are drawn by another profile than its own.
    has_other_faults: bool,
    shown: Case,
    sent: Case,
}

impl<'a> Prepared<'a> {
    /// Each scenario in each class that the flags ask for.
    fn all(scenarios: Vec<&'a Scenario>, common: &Common) -> Result<Vec<Prepared<'a>>, Wrong> {
        let subjects = in_classes(scenarios, &common.class)?;
        subjects.into_iter().map(|subject| Prepared::new(subject, common)).collect()
    }

    /// Applies the flags, or says which of them does not fit the scenario.
    fn new(subject: Subject<'a>, common: &Common) -> Result<Prepared<'a>, Wrong> {
        let (label, scenario) = (subject.label(), subject.scenario);
        let mut shown = Case::new(scenario.name(), 0);
        shown.quirks.extend(common.quirk.clone());
        shown.profile.clone_from(&common.profile);
        shown.class = subject.class;
        if let Some(path) = &common.plan {
            let path = path.display().to_string();
            let plan = load_plan(scenario, &PlanSource::File { path: path.clone(), hash: None })?;
            shown.plan = Some(PlanSource::file(path, &plan));
        }
        Ok(Prepared { label, ..Prepared::of(scenario, shown)? })
    }

    /// A case as it is, when it fits the scenario.
    fn of(scenario: &'a Scenario, shown: Case) -> Result<Prepared<'a>, Wrong> {
        let spec = spec_of(scenario, &shown)?;
        if let Some(quirk) = &spec.quirk {
            let known = || scenario.all_quirks().iter().map(|quirk| quirk.name());
            if !known().any(|known| known == quirk) {
                let words = known().map(str::to_string).collect();
                let error = faults::scenario::SpecError::UnknownQuirk { word: quirk.clone(), known: words };
                return Err(Wrong(format!("{}: {error}", scenario.name())));
            }
        }
        let sent = Case { plan: spec.plan.as_ref().map(PlanSource::inline), ..shown.clone() };
        let (label, has_other_faults) = (scenario.name().to_string(), spec.profile.is_some());
        Ok(Prepared { scenario, label, has_other_faults, shown, sent })
    }

    /// What the system is built as, where there is a choice.
    fn deployment(&self) -> Option<Deployment> {
        let spec = spec_of(self.scenario, &self.sent).ok()?;
        self.scenario.deployment_of(&spec).ok().flatten()
    }

    /// The scenario, and what tables call it.
    fn labelled(&self) -> (&'a Scenario, &str) {
        (self.scenario, &self.label)
    }

    fn shown(&self, seed: u64) -> Case {
        Case { seed, ..self.shown.clone() }
    }

    fn order(&self, house: &House, seed: u64) -> Order {
        self.varied(house, &Variation::of_seed(seed))
    }

    /// A run that differs in more than its seed.
    fn varied(&self, house: &House, variation: &Variation) -> Order {
        Order {
            case: variation.of(&self.sent).to_string(),
            shown: variation.of(&self.shown).to_string(),
            command: house.replay_command(),
            ..Order::default()
        }
    }

    /// The run of a case that a sweep made.
    fn order_of(&self, house: &House, case: &Case) -> Order {
        Order {
            case: self.sent_of(case).to_string(),
            shown: case.to_string(),
            command: house.replay_command(),
            ..Order::default()
        }
    }

    /// A case that a sweep made, with its plan within.
    fn sent_of(&self, case: &Case) -> Case {
        Case { plan: self.sent.plan.clone(), ..case.clone() }
    }
}

/// What some runs come to.
pub(super) fn status_of(summary: &Summary) -> Status {
    let any = |verdict| summary.count(verdict) > 0;
    if any(Verdict::Nondeterministic) {
        Status::Moved
    } else if any(Verdict::Failed) {
        Status::Failed
    } else if any(Verdict::Aborted) || any(Verdict::Hung) {
        Status::Lost
    } else {
        Status::Held
    }
}

/// The tally of a sweep, or of a shard of one, among its artefacts.
const TALLY: &str = "sweep.tally";

/// Writes what a sweep, or its joined shards, came to, and answers the text; nothing in it is of the wall clock.
fn keep_report(tally: &Tally, artefacts: &Artefacts) -> Result<String, Wrong> {
    let text = report::told(tally, None, &[]);
    artefacts.write("report.txt", &text)?;
    artefacts.write("report.json", &report::json(tally).to_string())?;
    Ok(text)
}

/// Writes the case and the page of each failing run that was kept.
fn keep_failures(summary: &Summary, artefacts: &Artefacts) -> Result<(), Wrong> {
    for (scenario, _, failing) in summary.failing() {
        for kept in failing.first.values() {
            let stem = stem(&scenario.name, kept.case.seed);
            artefacts.write(&format!("{stem}.case"), &format!("{}\n", kept.case))?;
            if let Some(page) = &kept.page {
                artefacts.write(&format!("{stem}.page.txt"), page)?;
            }
        }
    }
    Ok(())
}

/// Refuses what workers refused: it was not seen before they were asked.
fn refusal(ended: &Ended) -> Option<Wrong> {
    match ended {
        Ended::Refused(message) => Some(Wrong(message.clone())),
        _ => None,
    }
}

/// A file that exists.
fn existing(word: &str) -> Option<&Path> {
    let path = Path::new(word);
    path.is_file().then_some(path)
}
