//! One run of one case in this process: from a case to its spec, and from its report to what is told of it.

use std::fmt;
#[cfg(feature = "cli")]
use std::fs::File;
#[cfg(feature = "cli")]
use std::io::BufWriter;
#[cfg(feature = "cli")]
use std::path::{Path, PathBuf};
#[cfg(feature = "cli")]
use std::time::Duration;

use faults::plan::Plan;
use faults::scenario::{Prepared, Run, Scenario, Spec, SpecError, UnknownWord, Weather};
use faults::swarm::Profile;
use replay::case::{Case, PlanSource};
#[cfg(feature = "cli")]
use replay::trace::{Ended, TraceWriter};
use search::explore::{Explore, ExploreError};
use search::pct::Pct;
#[cfg(feature = "cli")]
use sim::World;
use sim::trace::Reader;

/// Why a case cannot be run.
#[derive(Debug)]
pub enum Refused {
    /// It does not fit its scenario.
    Spec {
        /// The scenario.
        scenario: String,
        /// What does not fit.
        error: Box<SpecError>,
    },
    /// A file of it cannot be read, or is no plan.
    Plan(String),
    /// A field of it says what this build does not have.
    Field(String),
    #[cfg(feature = "cli")]
    /// An artefact cannot be written.
    Unwritable(PathBuf, std::io::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Spec { scenario, error } => write!(f, "{scenario}: {error}"),
            Refused::Plan(message) | Refused::Field(message) => f.write_str(message),
            #[cfg(feature = "cli")]
            Refused::Unwritable(path, error) => {
                write!(f, "{}: it cannot be written: {error}; name another place", path.display())
            }
        }
    }
}

impl std::error::Error for Refused {}

/// The run that a case names.
pub fn spec_of(scenario: &Scenario, case: &Case) -> Result<Spec, Refused> {
    if let [_, second, ..] = &case.quirks[..] {
        let message =
            format!("quirk `{second}`: one planted bug a run, so that it is known which was caught");
        return Err(Refused::Field(message));
    }
    let (profile, deployed_as) = match &case.profile {
        None => (None, None),
        Some(word) => profile_of(scenario, word)?,
    };
    let profile = match (explore_of(case)?, profile, scenario.plans_from()) {
        // Plain chance: the scenario's own faults, all of them in every seed.
        (Some(Explore::Random), Some(profile), _) => Some(profile.all_on()),
        (Some(Explore::Random), None, Weather::Swarm(profile)) => Some(profile.clone().all_on()),
        (_, profile, _) => profile,
    };
    let spec = Spec {
        seed: case.seed,
        deployed_as,
        class: case.class.clone(),
        plan: case.plan.as_ref().map(|plan| load_plan(scenario, plan)).transpose()?,
        profile,
        quirk: case.quirks.first().cloned(),
        operations: case.operations.clone(),
        sizes: case.sizes.clone(),
        edits: case.edits.clone(),
        reseeds: case.reseeds.clone(),
        record: false,
    };
    let refuse = |error: UnknownWord| Refused::Field(format!("{}: {error}", scenario.name()));
    scenario.deployment_of(&spec).map_err(refuse)?;
    Ok(spec)
}

/// A word is a profile of the scenario's system, or one that plans are drawn by.
fn profile_of(scenario: &Scenario, word: &str) -> Result<(Option<Profile>, Option<String>), Refused> {
    let Some(deployments) = scenario.deployments() else {
        let profile = Profile::named(word).map_err(|error| Refused::Field(error.to_string()))?;
        return Ok((Some(profile), None));
    };
    match (deployments.of(Some(word), None), Profile::named(word)) {
        (Ok(deployment), _) => Ok((None, Some(deployment.profile))),
        (Err(_), Ok(profile)) => Ok((Some(profile), None)),
        (Err(error), Err(_)) => Err(Refused::Field(format!(
            "{}: {error}; or, for the faults that a run draws, one of {}",
            scenario.name(),
            Profile::names().collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// Reads a case's plan and checks every name in it.
pub fn load_plan(scenario: &Scenario, source: &PlanSource) -> Result<Plan, Refused> {
    let refuse = |error: faults::plan::PlanError| Refused::Plan(error.to_string());
    match source {
        PlanSource::Inline(text) => scenario.load_plan("the case's plan", text).map_err(refuse),
        PlanSource::File { path, hash } => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Refused::Plan(format!("{path}: the plan cannot be read: {error}; name a plan's file"))
            })?;
            let plan = scenario.load_plan(path, &text).map_err(refuse)?;
            let found = plan.hash();
            match hash {
                Some(wanted) if !found.begins_with(wanted) => Err(Refused::Plan(format!(
                    "{path}: the plan has changed: the case was made with #{wanted}, and the file now is #{found}; \
                     restore the file, or leave `#{wanted}` out to run what is there"
                ))),
                _ => Ok(plan),
            }
        }
    }
}

/// The way in which a case is explored, when it says one.
pub fn explore_of(case: &Case) -> Result<Option<Explore>, Refused> {
    let refuse = |error: ExploreError| Refused::Field(format!("explore: {error}"));
    let explore = case.explore.as_deref().map(str::parse).transpose().map_err(refuse)?;
    match explore {
        Some(Explore::Guided | Explore::Portfolio) => Err(Refused::Field(format!(
            "explore: `{}` is a way to sweep and not to run: a case of it says `reseed` and `edits`",
            case.explore.as_deref().unwrap_or_default()
        ))),
        explore => Ok(explore),
    }
}

/// Has an explorer answer the draws of a run whose case says one.
fn explore(prepared: &mut Prepared, case: &Case) -> Result<(), Refused> {
    if let Some(Explore::Pct { depth, window }) = explore_of(case)? {
        prepared.world().explore(Box::new(Pct::new(case.seed, depth, window)));
    }
    Ok(())
}

/// The run of a case, not yet begun.
pub fn prepare(scenario: &Scenario, case: &Case, record: bool) -> Result<Prepared, Refused> {
    let spec = Spec { record, ..spec_of(scenario, case)? };
    let refuse = |error| Refused::Spec { scenario: scenario.name().to_string(), error: Box::new(error) };
    scenario.prepare(&spec).map_err(refuse)
}

/// Runs a case to its end, with readers along; its report carries every draw and every operation when it is to
/// record them.
pub fn execute(
    scenario: &Scenario,
    case: &Case,
    record: bool,
    readers: Vec<Box<dyn Reader>>,
) -> Result<Run, Refused> {
    let mut prepared = prepare(scenario, case, record)?;
    explore(&mut prepared, case)?;
    for reader in readers {
        prepared.world().read_along(reader);
    }
    Ok(prepared.run())
}

#[cfg(feature = "cli")]
/// Runs a case to its end, counting its draws, and shows its world at some times.
pub fn execute_past(
    scenario: &Scenario,
    case: &Case,
    times: &[Duration],
    show: &mut dyn FnMut(&World),
) -> Result<Run, Refused> {
    let mut prepared = prepare(scenario, case, true)?;
    explore(&mut prepared, case)?;
    Ok(prepared.run_past(times, show))
}

#[cfg(feature = "cli")]
/// Runs a case, with readers along, and keeps every record in a trace file.
pub fn execute_traced(
    scenario: &Scenario,
    case: &Case,
    path: &Path,
    mut readers: Vec<Box<dyn Reader>>,
) -> Result<Run, Refused> {
    let unwritable = |error| Refused::Unwritable(path.to_path_buf(), error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    // Whoever looks while the run goes on, or after it died, finds no file that could be taken for whole.
    let partial = path.with_extension("part");
    let file = File::create(&partial).map_err(unwritable)?;
    let writer = TraceWriter::new(BufWriter::new(file), case).map_err(unwritable)?;
    readers.push(writer.reader());
    let run = execute(scenario, case, false, readers)?;
    let written = writer.finish(&Ended::from(&run.report));
    let file = written.and_then(|out| out.into_inner().map_err(std::io::IntoInnerError::into_error));
    file.and_then(|file| file.sync_all()).map_err(unwritable)?;
    std::fs::rename(&partial, path).map_err(unwritable)?;
    Ok(run)
}
