//! What the scenarios of the house do, seed by seed, is what the goldens say.

use std::collections::BTreeMap;
use std::path::Path;

use faults::scenario::Spec;
use replay::golden::{Golden, Header};
use tourbillon::packs;

#[test]
fn every_scenario_does_what_its_golden_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/goldens");
    for scenario in packs::all() {
        let header = Header::new(scenario.name(), scenario.is_confluent());
        let runs: BTreeMap<_, _> = (0..10)
            .map(|seed| {
                let report = scenario.run(&Spec::of_seed(seed)).expect("a spec without mistakes").report;
                assert!(report.passed(), "{} {seed}: {:?}", scenario.name(), report.failure());
                (seed, header.entry(&report.digests, report.records, report.virtual_time))
            })
            .collect();
        let golden = Golden::read(&root, scenario.name()).expect("a golden that can be read");
        let golden =
            golden.unwrap_or_else(|| panic!("{} has no golden: `tourbillon golden bless`", scenario.name()));
        let check = golden.check(&header, &runs);
        assert!(check.holds(), "{check}");
    }
}
