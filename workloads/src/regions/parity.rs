//! The gate of profile parity: one load, under every profile and in every class, means the same. [regions 1.6, 3]

use std::rc::Rc;

use faults::scenario::Scenario;
use models::regions::api::{Class, Config, Profile, Quirks};
use models::regions::points::{CATALOGUE, QUIRKS};
use sim::workload::size;

use super::accept::Acceptance;
use super::rig::{Rig, boot};
use super::router::Mixed;
use super::seen::{Meaning, difference};

const ACCEPT: Acceptance = Acceptance("profile-parity.001");

/// The sizes of a run, and what they usually are: the first so many profiles and classes are compared.
const PROFILES: (&str, u64) = ("profiles", Profile::ALL.len() as u64);
const CLASSES: (&str, u64) = ("classes", Class::ALL.len() as u64);

/// The scenario: it is deployed in every way within one run.
pub fn scenario() -> Scenario {
    let about = "one load under all profiles and in all classes: one meaning";
    Scenario::new("profile-parity/profile-parity-001.profiles_and_classes", about, || async {
        let load = Rc::new(Mixed::draw());
        let mut first: Option<Meaning> = None;
        let [profiles, classes] = [PROFILES, CLASSES].map(|usual| size(usual.0, usual.1) as usize);
        let in_classes = |profile| Class::ALL.into_iter().take(classes).map(move |class| (profile, class));
        for (profile, class) in Profile::ALL.into_iter().take(profiles).flat_map(in_classes) {
            let unit = sim::machine(&format!("unit-{profile}-{class}")).create();
            let (load, config) = (load.clone(), Config::of(profile).class(class).quirks(Quirks::of_run()));
            let played = async move {
                let mut rig = Rig::new(config);
                load.play(&mut rig).await;
                rig.finish_leaking().await
            };
            let meaning = boot(unit, played).await.seen.meaning();
            let Some(first) = &first else {
                ACCEPT.at_least("means-something", meaning.values().map(Vec::len).sum(), 50);
                first = Some(meaning);
                continue;
            };
            let differs = difference(&meaning, first);
            ACCEPT.require("means-the-same", differs.is_none(), || {
                format!("under {profile} in {class}: {}", differs.unwrap_or_default())
            });
        }
    })
    .size(PROFILES.0, PROFILES.1, 1)
    .size(CLASSES.0, CLASSES.1, 1)
    .points(&CATALOGUE)
    .required(["regions.polled"])
    .quirks(QUIRKS)
    .confluent()
}

#[cfg(test)]
mod tests {
    use faults::scenario::Spec;

    use super::*;

    #[test]
    fn one_meaning_for_every_seed() {
        for seed in 0..20 {
            let report = scenario().run(&Spec::of_seed(seed)).expect("a spec without mistakes").report;
            assert!(report.passed(), "{seed}: {:?}", report.failure());
        }
    }

    #[test]
    fn a_class_that_changes_the_meaning_is_caught() {
        let quirk = Some("class-changes-meaning".to_string());
        let fails = |seed| {
            let spec = Spec { quirk: quirk.clone(), ..Spec::of_seed(seed) };
            !scenario().run(&spec).expect("a spec without mistakes").report.passed()
        };
        assert!((0..200).any(fails));
    }
}
