//! A few seeds of every scenario in every class and profile, and that every planted bug barks.

use faults::scenario::{Run, Scenario, Spec};
use models::regions::api::{Class, Profile};

use super::scenarios;

fn run(scenario: &Scenario, seed: u64, profile: Profile, class: Class) -> Run {
    let spec = Spec {
        deployed_as: Some(profile.to_string()),
        class: Some(class.to_string()),
        ..Spec::of_seed(seed)
    };
    scenario.run(&spec).expect("a spec without mistakes")
}

#[test]
fn a_correct_runtime_passes_in_every_class() {
    for scenario in scenarios() {
        for class in Class::ALL {
            for seed in 42..45 {
                let run = run(&scenario, seed, Profile::Core, class);
                assert!(
                    run.report.passed(),
                    "{} {class} {seed}: {:?}",
                    scenario.name(),
                    run.report.failure()
                );
            }
        }
    }
}
