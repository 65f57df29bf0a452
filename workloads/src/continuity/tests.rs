use faults::scenario::{Run, Scenario, Spec};

use super::gate::scenarios;
use super::points::QUIRKS;

fn run(scenario: &Scenario, seed: u64, quirk: Option<&str>) -> Run {
    let quirk = quirk.map(str::to_string);
    scenario.run(&Spec { quirk, ..Spec::of_seed(seed) }).expect("a spec without mistakes")
}

#[test]
fn an_interrupted_run_comes_to_what_an_uninterrupted_one_does() {
    for scenario in scenarios() {
        let mut resumed = 0;
        for seed in 0..60 {
            let report = run(&scenario, seed, None).report;
            assert!(report.passed(), "{} {seed}: {:?}", scenario.name(), report.failure());
            let is_it = |point: &&sim::PointReport| point.name == "continuity.resumed" && point.hits > 0;
            resumed += usize::from(report.points.iter().any(|point| is_it(&point)));
        }
        assert!(resumed >= 20, "{}: {resumed} of 60 were interrupted in the middle", scenario.name());
    }
}

#[test]
fn every_planted_bug_is_caught_within_200_seeds() {
    let caught = [
        ("continuity-starts-over", "continuity.each-once"),
        ("continuity-forgets-promises", "continuity.each-once"),
        ("continuity-logs-ahead", "continuity.same-outcomes"),
    ];
    assert_eq!(
        caught.map(|(name, _)| name).to_vec(),
        QUIRKS.iter().map(|quirk| quirk.name()).collect::<Vec<_>>()
    );
    for (quirk, property) in caught {
        let found = scenarios().iter().any(|scenario| {
            (0..200).any(|seed| {
                let report = run(scenario, seed, Some(quirk)).report;
                report.failure().is_some_and(|failure| failure.property == property)
            })
        });
        assert!(found, "{quirk} is caught by {property}");
    }
}

#[test]
fn the_meaning_is_one_in_every_class_and_profile() {
    for scenario in scenarios() {
        let deployments = scenario.deployments().expect("it has some");
        let mut meanings = Vec::new();
        for (profile, class) in deployments
            .profiles()
            .iter()
            .flat_map(|profile| deployments.classes().iter().map(move |class| (profile, class)))
        {
            let spec =
                Spec { deployed_as: Some(profile.clone()), class: Some(class.clone()), ..Spec::of_seed(7) };
            let report = scenario.run(&spec).expect("a spec without mistakes").report;
            assert!(report.passed(), "{profile} {class}: {:?}", report.failure());
            meanings.push(report.digests.semantic);
        }
        meanings.dedup();
        assert_eq!(meanings.len(), 1, "{}", scenario.name());
    }
}
