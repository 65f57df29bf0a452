//! One run of a scenario.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use sim::choice::{Edit, Reseed};
use sim::workload::Operations;
use sim::{Progress, Report, World};

use super::{Deployment, Scenario, Size, UnknownWord, Weather};
use crate::inject::{self, Injection, Skipped};
use crate::plan::{Plan, PlanError};
use crate::suggest;
use crate::swarm::{self, Profile};

/// What one run has that others of its scenario have not.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The seed, from which all chance comes.
    pub seed: u64,
    /// A plan in place of the scenario's.
    pub plan: Option<Plan>,
    /// A profile in place of the scenario's; a plan comes first.
    pub profile: Option<Profile>,
    /// The profile that the system is built as, in place of the scenario's usual one.
    pub deployed_as: Option<String>,
    /// The resource class, in place of the scenario's usual one.
    pub class: Option<String>,
    /// The planted bug, by name.
    pub quirk: Option<String>,
    /// What the load does, in place of what it would draw.
    pub operations: Option<Operations>,
    /// Sizes that are not the usual ones.
    pub sizes: BTreeMap<String, u64>,
    /// Draws that are changed.
    pub edits: Vec<Edit>,
    /// Seeds that take over from some draw on.
    pub reseeds: Vec<Reseed>,
    /// Whether to record every draw and every operation.
    pub record: bool,
}

impl Spec {
    /// A run of this seed with nothing changed.
    pub fn of_seed(seed: u64) -> Spec {
        Spec { seed, ..Spec::default() }
    }
}

/// What one run came to.
#[derive(Debug)]
pub struct Run {
    /// What the kernel reports.
    pub report: Report,
    /// The plan that was carried out.
    pub plan: Plan,
    /// What became of its lines, in order.
    pub lines: Vec<LineReport>,
}

/// What became of one line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineReport {
    /// The line.
    pub line: String,
    /// How often it took effect.
    pub effects: u64,
    /// Why it did not strike, when it did not.
    pub skipped: Option<Skipped>,
}

impl LineReport {
    /// Whether it struck and nobody could notice.
    pub fn was_harmless(&self) -> bool {
        self.effects == 0 && self.skipped.is_none()
    }
}

/// Why a run could not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// The plan names what the scenario has not, or contradicts itself.
    Plan(PlanError),
    /// There is no such profile or resource class.
    Deployment(UnknownWord),
    /// There is no such size, or it cannot be that.
    Size {
        /// The word.
        word: String,
        /// What it should be.
        asked: u64,
        /// The scenario's sizes.
        known: Vec<Size>,
    },
    /// There is no such planted bug.
    UnknownQuirk {
        /// The word.
        word: String,
        /// The scenario's planted bugs.
        known: Vec<String>,
    },
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpecError::Plan(error) => write!(f, "{error}"),
            SpecError::Deployment(error) => write!(f, "{error}"),
            SpecError::Size { word, asked, known } => match known.iter().find(|size| size.name == *word) {
                Some(Size { least, usual, .. }) => {
                    write!(
                        f,
                        "the size `{word}` cannot be {asked}: expected a number from {least} to {usual}"
                    )
                }
                None => {
                    write!(f, "unknown size `{word}`")?;
                    match suggest::nearest(word, known.iter().map(|size| &*size.name)) {
                        Some(meant) => write!(f, ", did you mean `{meant}`?"),
                        None if known.is_empty() => write!(f, ": the scenario has none"),
                        None => {
                            let names: Vec<&str> = known.iter().map(|size| &*size.name).collect();
                            write!(f, ": expected one of {}", names.join(", "))
                        }
                    }
                }
            },
            SpecError::UnknownQuirk { word, known } => {
                write!(f, "unknown quirk `{word}`")?;
                match suggest::nearest(word, known.iter().map(String::as_str)) {
                    Some(meant) => write!(f, ", did you mean `{meant}`?"),
                    None if known.is_empty() => write!(f, ": the scenario plants none"),
                    None => write!(f, ": expected one of {}", known.join(", ")),
                }
            }
        }
    }
}

impl std::error::Error for SpecError {}

impl From<PlanError> for SpecError {
    fn from(error: PlanError) -> SpecError {
        SpecError::Plan(error)
    }
}

impl From<UnknownWord> for SpecError {
    fn from(error: UnknownWord) -> SpecError {
        SpecError::Deployment(error)
    }
}

impl Scenario {
    /// What the system of a run is built as; `None` where there is no choice.
    ///
    /// # Errors
    /// When the scenario has no such profile or class.
    pub fn deployment_of(&self, spec: &Spec) -> Result<Option<Deployment>, UnknownWord> {
        let (profile, class) = (spec.deployed_as.as_deref(), spec.class.as_deref());
        if let Some(deployments) = &self.deployments {
            return deployments.of(profile, class).map(Some);
        }
        let unknown = |what, word: &str| UnknownWord { what, word: word.to_string(), known: Vec::new() };
        match (profile, class) {
            (Some(word), _) => Err(unknown("profile", word)),
            (None, Some(word)) => Err(unknown("class", word)),
            (None, None) => Ok(None),
        }
    }

    /// The sizes of a run: the scenario's, and the spec's in their place.
    fn sizes_of(&self, spec: &Spec) -> Result<BTreeMap<String, u64>, SpecError> {
        let mut sizes: BTreeMap<String, u64> =
            self.sizes.iter().map(|size| (size.name.clone(), size.usual)).collect();
        for (word, &asked) in &spec.sizes {
            let size = self.sizes.iter().find(|size| size.name == *word);
            if size.is_none_or(|size| asked < size.least || asked > size.usual) {
                return Err(SpecError::Size { word: word.clone(), asked, known: self.sizes.clone() });
            }
            sizes.insert(word.clone(), asked);
        }
        Ok(sizes)
    }

    /// The plan of a run: the spec's, or the scenario's, or drawn from the seed.
    pub fn plan_of(&self, spec: &Spec) -> Plan {
        let draw = |profile: &Profile| swarm::draw(spec.seed, profile, &self.budget, &self.catalogue);
        match (&spec.plan, &spec.profile, &self.weather) {
            (Some(plan), ..) => plan.clone(),
            (None, Some(profile), _) | (None, None, Weather::Swarm(profile)) => draw(profile),
            (None, None, Weather::Fixed(plan)) => plan.clone(),
        }
    }

    /// The world of a run, not yet begun, and its plan; for those who step it themselves.
    ///
    /// # Errors
    /// When the plan names what the scenario does not have, or the planted bug is not among its own.
    pub fn prepare(&self, spec: &Spec) -> Result<Prepared, SpecError> {
        let deployment = self.deployment_of(spec)?;
        let plan = self.plan_of(spec);
        plan.check(&self.catalogue)?;
        let mut config = self.config.clone();
        config.seed = spec.seed;
        config.operations.clone_from(&spec.operations);
        config.calm_at = plan.calm_at();
        config.sizes = self.sizes_of(spec)?;
        config.edits.clone_from(&spec.edits);
        config.reseeds.clone_from(&spec.reseeds);
        config.record_choices |= spec.record;
        config.record_operations |= spec.record;
        if let Some(quirk) = &spec.quirk {
            if !self.quirks.iter().any(|known| known.name() == quirk) {
                let known = self.quirks.iter().map(|quirk| quirk.name().to_string()).collect();
                return Err(SpecError::UnknownQuirk { word: quirk.clone(), known });
            }
            config.quirks.push(quirk.clone());
        }
        Ok(Prepared { scenario: self.clone(), world: World::new(config), plan, deployment })
    }

    /// One run, to its end.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare). A run that failed is no error: its report says so.
    pub fn run(&self, spec: &Spec) -> Result<Run, SpecError> {
        Ok(self.prepare(spec)?.run())
    }
}

/// A run that has not begun.
pub struct Prepared {
    scenario: Scenario,
    world: World,
    plan: Plan,
    deployment: Option<Deployment>,
}

impl Prepared {
    /// The plan that will be carried out.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The world, to add readers to it.
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// Runs it to its end.
    pub fn run(self) -> Run {
        self.run_past(&[], &mut |_| {})
    }

    /// Runs it to its end, and shows the world at these times, in their order, unless it has ended by then.
    pub fn run_past(self, times: &[Duration], show: &mut dyn FnMut(&World)) -> Run {
        let Prepared { scenario, mut world, plan, deployment } = self;
        let injection: Rc<RefCell<Option<Injection>>> = Rc::default();
        let (slot, injected, body) = (injection.clone(), plan.clone(), scenario.body.clone());
        world.start(move || async move {
            *slot.borrow_mut() = Some(inject::inject(&injected));
            body(deployment).await
        });
        for time in times {
            if world.run_until(*time) == Progress::Ended {
                break;
            }
            show(&world);
        }
        world.run_until(Duration::MAX);
        let report = world.finish();
        let notes = injection.borrow().as_ref().map(Injection::notes).unwrap_or_default();
        let line = |(line, note): (&crate::plan::Line, &inject::Note)| LineReport {
            line: line.to_string(),
            // What a plan begins after it ended the test itself is no fault of the run.
            effects: note
                .faults
                .iter()
                .filter_map(|fault| report.faults.get(fault.index()))
                .map(|fault| fault.effects)
                .sum(),
            skipped: note.skipped,
        };
        let lines = plan.faults.iter().zip(&notes).map(line).collect();
        Run { report, plan, lines }
    }
}
