//! Parity: a load that fits the tight class means the same in every class and profile, under every schedule.

use std::collections::BTreeMap;

use super::super::api::{
    Budget, Bug, CancelKind, Class, Config, Handle, Name, Outcome, Profile, Quirks, Status, Subject,
};
use super::program::{Act, Program};
use super::{TestRuntime, advance, events, finish, runtime, script};

/// Each subject's semantic events, in its own order.
type Meaning = BTreeMap<Subject, Vec<[u64; 3]>>;

fn meaning(it: &TestRuntime) -> Meaning {
    let mut meaning = Meaning::new();
    for event in events(it) {
        if let Some(words) = event.meaning() {
            meaning.entry(event.subject).or_default().push(words);
        }
    }
    meaning
}

/// A mixed load: regions within regions, timers, obligations, refusals, every kind of ending.
fn load(config: Config, seed: u64, slice: u64, step: i64) -> TestRuntime {
    let mut it = runtime(config);
    script(&mut it).seed = seed;
    let settle = |it: &mut TestRuntime| {
        loop {
            match it.run(Budget::polls(slice)) {
                Status::PollBudgetExhausted => {}
                Status::WouldBlock if it.next_deadline().is_some() => advance(it, step),
                _ => return,
            }
        }
    };
    for cycle in 0..3 {
        let top = it.open(None, Name(1), Budget::UNLIMITED).expect("there is room");
        let inner = it.open(Some(top), Name(2), Budget::polls(30)).expect("there is room");
        let tasks: Vec<Handle> = (0..12)
            .map(|name| {
                let region = if name % 3 == 0 { inner } else { top };
                let acts = match name % 6 {
                    0 => vec![Act::Reserve(1), Act::Sleep(100 * name), Act::Check, Act::Commit],
                    1 => vec![Act::Reserve(2), Act::Again, Act::Abort, Act::Done(Outcome::Err)],
                    2 => vec![Act::Wait, Act::Check],
                    3 => vec![Act::Again; 50],
                    4 => vec![Act::Reserve(3), Act::Sleep(250), Act::Spawn(100 + name, Program::nothing())],
                    _ => vec![Act::Sleep(70), Act::Panic],
                };
                it.spawn(region, Name(name), Budget::UNLIMITED, Program::new(acts)).expect("there is room")
            })
            .collect();
        it.finally(top, Name(1), Program::nothing()).expect("there is room");
        settle(&mut it);
        it.cancel(tasks[2], CancelKind::Timeout).expect("it waits");
        settle(&mut it);
        if cycle == 1 {
            it.poison(inner).expect("it is alive");
        }
        it.close(top).expect("it is alive");
        let _ = it.spawn(top, Name(9), Budget::UNLIMITED, Program::nothing());
        settle(&mut it);
        let _ = it.state(top);
        let _ = it.reserve(tasks[0], Name(5));
    }
    finish(&mut it);
    it
}

fn meaning_of(config: Config, seed: u64, slice: u64, step: i64) -> Meaning {
    meaning(&load(config, seed, slice, step))
}

#[test]
fn every_class_and_profile_means_the_same() {
    let expected = meaning_of(Config::of(Profile::Core), 42, 32, 50);
    assert!(expected.len() > 15, "the load says something: {}", expected.len());
    for profile in Profile::ALL {
        for class in Class::ALL {
            let config = Config::of(profile).class(class);
            assert_eq!(meaning_of(config, 42, 32, 50), expected, "{profile} {class}");
        }
    }
}

/// In the classes even the schedule is the same: the very same events.
#[test]
fn every_class_does_the_same_in_the_same_order() {
    let [tight, balanced, roomy] = Class::ALL.map(|class| load(Config::default().class(class), 42, 32, 50));
    let encoded = |it: &TestRuntime| -> Vec<[u64; 8]> {
        // Hashes cover slots, which are as many as were used: they agree too.
        events(it).iter().map(super::super::api::Event::encode).collect()
    };
    assert_eq!(encoded(&tight), encoded(&balanced));
    assert_eq!(encoded(&tight), encoded(&roomy));
}

/// Waiting longer or shorter, in long slices or short ones, with other draws: another schedule, the same meaning.
#[test]
fn a_schedule_changes_no_meaning() {
    let expected = meaning_of(Config::default(), 42, 32, 50);
    for (seed, slice, step) in [(42, 1, 50), (42, 1000, 50), (42, 32, 1), (42, 32, 10_000), (7, 5, 33)] {
        assert_eq!(meaning_of(Config::default(), seed, slice, step), expected, "{seed} {slice} {step}");
    }
}

#[test]
fn the_same_run_twice_is_the_same_to_the_last_event() {
    let twice = [(); 2].map(|()| load(Config::default(), 42, 3, 50));
    assert_eq!(events(&twice[0]), events(&twice[1]));
}

/// A region in trouble leaves no trace in the others.
#[test]
fn healthy_regions_do_not_notice_poison() {
    let run = |poisons: bool| {
        let mut it = runtime(Config::default());
        let regions: Vec<Handle> =
            (0..4).map(|name| it.open(None, Name(name), Budget::UNLIMITED).expect("there is room")).collect();
        for round in 0..10 {
            for &region in &regions {
                let acts = [Act::Reserve(1), Act::Again, Act::Sleep(30), Act::Commit];
                let _ = it.spawn(region, Name(round), Budget::UNLIMITED, Program::new(acts));
            }
            it.run(Budget::polls(5));
            advance(&mut it, 10);
            if poisons && round == 4 {
                it.poison(regions[2]).expect("it is alive");
            }
        }
        while it.run(Budget::UNLIMITED) == Status::WouldBlock {
            advance(&mut it, 10);
        }
        for &region in &regions {
            assert_eq!(it.drain(region, Budget::UNLIMITED), Status::Ok);
        }
        finish(&mut it);
        let mut meaning = meaning(&it);
        let poisoned = meaning.extract_if(.., |subject, _| subject.region == Some(Name(2))).count();
        assert!(poisoned > 0);
        meaning
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_class_that_changes_meaning_is_seen() {
    let planted = Config::default().quirks(Quirks::only(Bug::ClassChangesMeaning));
    let run = |class| {
        let mut it = runtime(planted.class(class));
        script(&mut it).keeps_violations = true;
        let region = super::open(&mut it, 1);
        super::spawn(&mut it, region, 1, Program::new(vec![Act::Again; 6]));
        it.drain(region, Budget::UNLIMITED);
        meaning(&it)
    };
    assert_eq!(run(Class::R2), run(Class::R3));
    assert_ne!(run(Class::R1), run(Class::R2));
}
