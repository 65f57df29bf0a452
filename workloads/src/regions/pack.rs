//! What the scenarios of all packs have in common: what is declared of them, and a load on one rig.

use std::future::Future;

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Class, Config, Profile};
use models::regions::points::{CATALOGUE, QUIRKS};
use sim::machine::Termination;

use super::deployment::{config, deployments};
use super::rig::{Remains, Rig, TASKS, UNIT, on};

/// A load that is played on one rig, and what must hold of what is left.
pub trait Load: Sized + 'static {
    /// Whether promises leak on purpose.
    const LEAKS: bool = false;

    /// A load drawn from the seed.
    fn draw() -> Self;

    /// The load for an arena that has memory for fewer tasks than its class holds.
    #[must_use]
    fn tight(self) -> Self {
        self
    }

    /// The configuration that it wants.
    fn config(&self, config: Config) -> Config {
        config
    }

    /// Plays it.
    async fn play(&self, rig: &mut Rig);

    /// Judges what is left.
    fn accept(&self, remains: &Remains);
}

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

/// A scenario that plays a load on the unit.
pub fn played<L: Load>(profile: Profile, name: &str, about: &str) -> Scenario {
    scenario(profile, name, about, |config| on(UNIT, judged(L::draw(), config, Rig::new)))
}

/// Tasks that an arena which a load is to fill has room for, at least.
const FILLED_MIN: u64 = 4;

/// A load that fills the arena: at the capacity of its class, and at that of the tight class wherever it runs.
pub fn filled<L: Load>(profile: Profile, name: &str, about: &str) -> [Scenario; 2] {
    let (tight_name, tight_about) =
        (format!("{name}_r1"), format!("{about}; with memory for as many as R1 holds"));
    let tight = |config| on(UNIT, judged(L::draw().tight(), config, Rig::tight));
    let tasks_max = |class: Class| u64::from(class.capacity().tasks);
    [
        played::<L>(profile, name, about).size(TASKS, tasks_max(Class::R3), FILLED_MIN),
        scenario(profile, &tight_name, &tight_about, tight).size(TASKS, tasks_max(Class::R1), FILLED_MIN),
    ]
}

async fn judged<L: Load>(load: L, config: Config, rig: fn(Config) -> Rig) {
    let mut rig = rig(load.config(config));
    load.play(&mut rig).await;
    load.accept(&if L::LEAKS { rig.finish_leaking().await } else { rig.finish().await });
}
