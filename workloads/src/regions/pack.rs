//! What the scenarios of all packs have in common.

use std::future::Future;

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Config, Profile};
use models::regions::points::{CATALOGUE, QUIRKS};
use sim::machine::Termination;

use super::deployment::{config, deployments};
use super::rig::UNIT;

/// A scenario of the pack of this profile. Its meaning depends on no schedule, because what cuts a load short
/// strikes only where that makes no difference.
pub fn scenario<F, B>(profile: Profile, name: &str, about: &str, body: B) -> Scenario
where
    B: Fn(Config) -> F + Send + Sync + 'static,
    F: Future<Output: Termination> + 'static,
{
    Scenario::deployed(name, about, deployments(profile), move |deployment| body(config(&deployment)))
        .host(Host::new(UNIT))
        .points(&CATALOGUE)
        .quirks(QUIRKS)
        .required(["regions.polled"])
        .confluent()
}
