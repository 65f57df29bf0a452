//! Footprints of worlds: the same run shows the same, and each thing that differs shows.

use std::time::Duration;

use faults::plan::Host;
use faults::scenario::{Scenario, Spec};
use sim::points::{mark, numeric, reachable, sometimes};
use sim::{Config, World, fault};
use tourbillon_search::coverage::{Coverage, Footprint, Marks};

#[derive(Clone, Copy, Default)]
struct Shown {
    hits: u64,
    holds: bool,
    number: u64,
    effects: u64,
    mark: u64,
    fails: bool,
}

fn footprint(shown: Shown) -> Footprint {
    let marks = Marks::default();
    let mut world = World::new(Config::default());
    world.read_along(marks.reader());
    let report = world.run(move || async move {
        for _ in 0..shown.hits {
            reachable!("shown.hit");
        }
        sometimes!(shown.holds, "shown.held");
        numeric!("shown.number", shown.number);
        mark!("shown.mark", "subject", shown.mark);
        let trouble = fault::begin("trouble");
        for _ in 0..shown.effects {
            fault::effect(trouble);
        }
        sim::time::sleep(Duration::from_millis(1)).await;
        if shown.fails {
            sim::fail("shown", "as it was asked to");
        }
    });
    Footprint::of_report(&report).with_marks(&marks)
}

fn differ(left: Shown, right: Shown) -> usize {
    let (left, right) = (footprint(left), footprint(right));
    let only_right = |feature: &&u32| !left.features().contains(feature);
    right.features().iter().filter(only_right).count()
}

#[test]
fn each_thing_that_a_run_shows_is_a_feature_and_numbers_count_in_powers_of_two() {
    let plain = Shown { hits: 4, number: 8, effects: 2, ..Shown::default() };
    assert_eq!(differ(plain, plain), 0);
    assert_eq!(
        differ(plain, Shown { hits: 7, number: 15, effects: 3, ..plain }),
        0,
        "the same powers of two"
    );
    assert_eq!(differ(plain, Shown { hits: 8, ..plain }), 1);
    assert_eq!(differ(plain, Shown { number: 16, ..plain }), 1);
    assert_eq!(differ(plain, Shown { effects: 4, ..plain }), 1);
    assert_eq!(differ(plain, Shown { holds: true, ..plain }), 1);
    assert_eq!(differ(Shown { holds: true, ..plain }, plain), 1, "that it did not hold is a feature, too");
    assert_eq!(differ(plain, Shown { mark: 1, ..plain }), 1);
    assert_eq!(differ(plain, Shown { fails: true, ..plain }), 1);
}

#[test]
fn a_number_that_grows_within_its_power_of_two_is_news() {
    let mut coverage = Coverage::default();
    assert!(coverage.add(0, &footprint(Shown { number: 8, ..Shown::default() })).is_some());
    assert!(!coverage.add(1, &footprint(Shown { number: 8, ..Shown::default() })).is_some());
    let news = coverage.add(2, &footprint(Shown { number: 9, ..Shown::default() }));
    assert_eq!((news.features.len(), news.grown.len()), (0, 1));
}

#[test]
fn a_caller_adds_features_of_states_that_only_he_sees() {
    let own = |number: u64| Footprint::default().with_own([("shown.state", number), ("shown.state", number)]);
    assert_eq!(own(3).features().len(), 1, "each once");
    assert_eq!(own(3), own(3));
    assert_ne!(own(3), own(4));
    assert_ne!(own(3), Footprint::default().with_own([("shown.other", 3)]));
}

#[test]
fn marks_beyond_one_block_of_the_trace_are_seen() {
    let marks = Marks::default();
    let mut world = World::new(Config::default());
    world.read_along(marks.reader());
    let report = world.run(|| async {
        for number in 0..5_000u64 {
            mark!("shown.many", number);
        }
    });
    assert!(report.records > 5_000);
    let buckets: std::collections::BTreeSet<u16> = marks.buckets().collect();
    assert_eq!(buckets.len(), marks.buckets().count(), "each once");
    // 5,000 in 65,536 buckets: about 190 fall into one that is taken.
    assert!((4_700..4_900).contains(&buckets.len()), "{}", buckets.len());
    assert_eq!(
        Footprint::default().with_marks(&marks).features().len(),
        buckets.len(),
        "no two share a feature"
    );
}

/// A server and a plan for it.
fn storm(plan: &str) -> Footprint {
    let body = || async {
        let store = sim::machine("store").create();
        store.process("server", |_| async { sim::time::sleep(Duration::from_secs(60)).await }).start();
        sim::time::sleep(Duration::from_secs(10)).await;
    };
    let scenario =
        Scenario::new("shown/storm", "a machine in trouble", body).host(Host::new("store")).plan(plan);
    let run = scenario.run(&Spec::of_seed(1)).expect("a spec without mistakes");
    assert!(run.report.passed(), "{:?}", run.report.failure());
    Footprint::of_run(&run)
}

#[test]
fn lines_of_a_plan_show_as_their_kind_whatever_their_times() {
    let early = storm(r#"faults = [{ at = "1s", power = "store", restart_after = "1s" }]"#);
    let late = storm(r#"faults = [{ at = "3s", power = "store", restart_after = "2s" }]"#);
    let other = storm(r#"faults = [{ at = "1s", for = "1s", pause = "store" }]"#);
    assert!(!early.features().is_empty());
    assert_eq!(early, late);
    assert_ne!(early, other);
}
