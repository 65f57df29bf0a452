//! What the scenarios of the house do, seed by seed and in every class, is what the goldens say.

use std::collections::BTreeMap;
use std::path::Path;

use faults::scenario::{Scenario, Spec};
use replay::golden::{Golden, Header};
use tourbillon::packs;

#[test]
fn every_scenario_does_what_its_golden_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/goldens");
    for (scenario, class, label) in packs::all().iter().flat_map(in_every_class) {
        let header = Header::new(&*label, scenario.is_confluent());
        let golden = Golden::read(&root, &label).expect("a golden that can be read");
        let golden = golden.unwrap_or_else(|| panic!("{label} has no golden: `tourbillon golden bless`"));
        assert!(golden.entries.len() >= SEEDS_MIN, "{label} pins {} seeds", golden.entries.len());
        let run = |&seed: &u64| {
            let spec = Spec { class: class.clone(), ..Spec::of_seed(seed) };
            let report = scenario.run(&spec).expect("a spec without mistakes").report;
            assert!(report.passed(), "{label} {seed}: {:?}", report.failure());
            (seed, header.entry(&report.digests, report.records, report.virtual_time))
        };
        let runs: BTreeMap<_, _> = golden.entries.keys().map(run).collect();
        let check = golden.check(&header, &runs);
        assert!(check.holds(), "{check}");
    }
}

/// Seeds of each golden, at least.
const SEEDS_MIN: usize = 10;

/// A scenario in each of its classes, as goldens are named.
fn in_every_class(scenario: &Scenario) -> Vec<(&Scenario, Option<String>, String)> {
    match scenario.deployments() {
        None => vec![(scenario, None, scenario.name().to_string())],
        Some(deployments) => deployments
            .classes()
            .iter()
            .map(|class| (scenario, Some(class.clone()), format!("{}.{class}", scenario.name())))
            .collect(),
    }
}
