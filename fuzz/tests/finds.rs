//! A harness that finds nothing must be known to see: with a planted bug it finds it, in few inputs, and what it
//! tells is a case that fails again by itself.

// `cargo bolero` builds every test with coverage, and only bolero brings what coverage calls.
use bolero as _;

use std::panic::{AssertUnwindSafe, catch_unwind};

use faults::scenario::{Run, Scenario, Spec};
use replay::case::{Case, Signature};
use sim::choice::Seeded;
use tourbillon_fuzz::steered::{Input, Pack};

/// Inputs until each of these bugs must be found.
const INPUT_COUNT: u64 = 200;

/// Bytes as a fuzzer might bring them, from a seed of their own.
fn bytes(input: u64) -> Vec<u8> {
    let mut dice = Seeded::new(input, "fuzz/bytes");
    let length = dice.choose(300) as usize;
    (0..length).map(|_| dice.choose(256) as u8).collect()
}

/// What a target says of an input that does not hold: its panic.
fn panics(pack: &Pack, bytes: &[u8]) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(|| pack.fuzz_one(bytes))).err()?;
    Some(payload.downcast_ref::<String>().expect("a finding is told in words").clone())
}

/// The case in what is told, as somebody would paste it.
fn told(finding: &str) -> Case {
    let line = finding.rsplit_once("tourbillon replay '").and_then(|(_, rest)| rest.strip_suffix('\''));
    line.expect("a finding ends with its case").parse().expect("its case is one")
}

/// Runs a case as it stands in its line.
fn run(scenario: &Scenario, case: &Case) -> Run {
    let edits = case.edits.clone();
    let spec = Spec { quirk: case.quirks.first().cloned(), edits, ..Spec::of_seed(case.seed) };
    scenario.run(&spec).expect("the case fits its scenario")
}

/// Among seeded inputs there is one that steers its run into this failure, and its case fails in the same way.
#[track_caller]
fn finds(pack: Pack, property: &str) {
    let findings = (0..INPUT_COUNT).filter_map(|input| panics(&pack, &bytes(input)));
    let steered = findings.map(|finding| (told(&finding), finding)).find(|(case, _)| {
        let fails_so = case.fails.as_ref().is_some_and(|fails| fails.property == property);
        fails_so && !case.edits.is_empty()
    });
    let Some((case, finding)) = steered else {
        panic!("`{property}` did not fail in {INPUT_COUNT} inputs");
    };
    assert!(!finding.contains("NOT REPLAYED"), "{finding}");
    let again = run(pack.scenario(&case.scenario).expect("it is of the pack"), &case);
    let failure = again.report.failure().expect("the case fails again");
    // From this workspace the house's sources have other paths.
    let now = Signature::of(&again).map(|now| Signature { place: None, ..now }).expect("it failed");
    assert!(case.fails.as_ref().is_some_and(|fails| fails.is_same_failure(&now)), "{failure}, and {case}");
    assert_eq!(Some(again.report.digests.trace.into()), case.digest, "it is the same run");
    // The edits are what the bytes did: without them it is another run.
    let plain =
        run(pack.scenario(&case.scenario).expect("it is of the pack"), &Case { edits: vec![], ..case });
    assert_ne!(plain.report.digests.trace, again.report.digests.trace);
}

#[test]
fn the_kv_target_finds_a_planted_bug() {
    finds(Pack::new(workloads::kv::scenarios()).with_quirk("ack-before-sync"), "kv.acknowledged_writes_stay");
}

#[test]
fn the_regions_target_finds_a_planted_bug() {
    finds(Pack::new(workloads::regions::scenarios()).with_quirk("leak-ignored"), "regions.R-3");
}

#[test]
fn the_adapter_target_finds_a_planted_bug() {
    finds(Pack::new(workloads::adapter::scenarios()).with_quirk("mute"), "adapter.named_reason");
}

/// The same bytes are the same run, and bytes that say nothing are the plain run of their seed.
#[test]
fn bytes_alone_decide() {
    let pack = Pack::new(workloads::kv::scenarios());
    let digests = |bytes: &[u8]| pack.run(bytes).expect("nothing is planted").report.digests;
    let steered = bytes(1);
    assert!(!Input::decode(&steered, 1).words.is_empty());
    assert_eq!(digests(&steered), digests(&steered));
    let scenarios = workloads::kv::scenarios();
    let plain = scenarios[1].run(&Spec::of_seed(7)).expect("its own plan fits it").report.digests;
    assert_eq!(digests(&[1, 0, 7]), plain);
    assert_ne!(digests(&[1, 0, 7, 0, 3, 255]), plain);
}
