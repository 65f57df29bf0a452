//! That acceptance bites on its own: bugs that are planted while the observer is not heard, and faults that did not
//! come.

use std::cell::Cell;

use faults::plan::Plan;
use faults::scenario::Spec;
use models::regions::api::{Class, Config, Profile};
use sim::World;

use super::accept::Acceptance;
use super::again;
use super::job::Job;
use super::load::{name, work};
use super::rig::Rig;
use super::scenario_tests::{named, run};
use super::unit::blind::blindly;

/// What is told of a run shows these bugs to who has no books of the runtime. The others break rules that no
/// acceptance of the packs speaks of, or leave a run without an end.
const SHOWS: [(&str, &str, Class, &str); 16] = [
    ("task-ended-twice", "router-storm-006", Class::R2, "regions.job-ends-as-it-may"),
    ("task-forgotten", "market-open-burst-003", Class::R1, "regions.drains"),
    ("resolved-twice", "router-storm-004", Class::R2, "router-storm.004.resolved-once"),
    ("leak-ignored", "router-storm-006", Class::R2, "router-storm.006.what-they-held-is-named"),
    ("poison-admits-reserve", "router-storm-005", Class::R2, "regions.leak-check"),
    (
        "poison-reaches-sibling",
        "router-storm-005",
        Class::R2,
        "router-storm.005.healthy-regions-do-not-notice",
    ),
    ("deadline-twice", "auto-fault-burst-002", Class::R2, "auto-fault-burst.002.every-timer-fires-once"),
    ("refusal-takes-number", "router-storm-003", Class::R2, "regions.refusals-are-clean"),
    ("ids-from-entropy-alone", "auto-fault-burst-003", Class::R2, "auto-fault-burst.003.ids-are-unique"),
    ("generation-kept", "auto-fault-burst-004", Class::R2, "auto-fault-burst.004.still-functional"),
    ("sheds-polled", "market-open-burst-001", Class::R1, "regions.refusals-are-clean"),
    ("cancel-weakens", "market-open-burst-005", Class::R2, "market-open-burst.005.asked-once-each"),
    ("precedence-swapped", "router-storm-005", Class::R2, "router-storm.005.poisoned-takes-no-work"),
    ("panic-is-error", "router-storm-001", Class::R2, "regions.job-ends-as-it-may"),
    ("class-changes-meaning", "market-open-burst-007", Class::R2, "regions.job-ends-as-it-may"),
    (
        "slot-wakes-nobody",
        "market-open-burst-004",
        Class::R1,
        "market-open-burst.004.healthy-after-each-burst",
    ),
];

#[test]
fn what_was_told_shows_bugs_without_the_observer() {
    let mut missed = Vec::new();
    for (quirk, word, class, expected) in SHOWS {
        let scenario = named(word);
        let shown = (0..20).find_map(|seed| {
            let spec = Spec {
                class: Some(class.to_string()),
                quirk: Some(quirk.to_string()),
                ..Spec::of_seed(seed)
            };
            blindly(|| run(&scenario, &spec)).report.failure().map(|failure| failure.property.clone())
        });
        if shown.as_deref() != Some(expected) {
            missed.push(format!("`{quirk}` in {word}: expected {expected}, found {shown:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Without its faults a scenario that is to live with them has shown nothing, and says so.
#[test]
fn without_its_faults_a_scenario_is_vacuous() {
    for (word, expected) in [
        ("001", "the-clock-ran-ahead"),
        ("002", "time-went-back"),
        ("003", "entropy-was-constant"),
        ("004", "the-clock-ran-ahead"),
        ("005", "the-fault-was-seen-first"),
        ("006", "the-clock-ran-ahead"),
        ("007", "faults-took-effect"),
    ] {
        let scenario = named(&format!("auto-fault-burst-{word}"));
        let spec = Spec { plan: Some(Plan::default()), ..Spec::of_seed(42) };
        let failure = run(&scenario, &spec).report.failure().cloned();
        let property = failure.as_ref().map(|failure| failure.property.as_str());
        assert_eq!(property, Some(&*format!("auto-fault-burst.{word}.{expected}")), "{failure:?}");
    }
}

/// By which property `again` fails for a load of so many jobs of so many polls; they are asked for the class, and
/// for how often the load was played before.
fn again_fails_by(size: impl Fn(Class, u64) -> (u64, usize) + 'static) -> Option<String> {
    let report = World::new(sim::Config::default()).run(move || async move {
        let played = Cell::new(0);
        let play = async move |rig: &mut Rig| {
            let (jobs, polls) = size(rig.runtime.config().class, played.replace(played.get() + 1));
            let region = rig.open(name("region", 0));
            for job in 0..jobs {
                rig.spawn(region, name("task", job), Job::new(work(polls)));
            }
            rig.settle().await;
            rig.drain(region).await;
        };
        again::judge(Acceptance("demo.007"), Config::of(Profile::EmbeddedRouter), play).await;
    });
    report.failure().map(|failure| failure.property.clone())
}

#[test]
fn what_differs_the_second_time_or_in_another_class_is_seen() {
    assert_eq!(again_fails_by(|_, _| (30, 2)), None);
    let more = |_, played| (30, if played == 1 { 3 } else { 2 });
    assert_eq!(again_fails_by(more).as_deref(), Some("regions.same-answers-same-questions"));
    let fewer = |_, played| (if played == 1 { 29 } else { 30 }, 2);
    assert_eq!(again_fails_by(fewer).as_deref(), Some("regions.same-answers-same-questions"));
    let in_one_class = |class, _| (if class == Class::R3 { 29 } else { 30 }, 2);
    assert_eq!(again_fails_by(in_one_class).as_deref(), Some("demo.007.classes-mean-the-same"));
    assert_eq!(again_fails_by(|_, _| (3, 2)).as_deref(), Some("demo.007.means-something"));
}
