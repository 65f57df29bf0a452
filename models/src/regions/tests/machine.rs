//! On a simulated machine, through the shell: profiles wait in their own way, the machine's faults arrive, and the
//! semantic digest is the same.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sim::fault::{self, Condition, Target};
use sim::time::Instant;
use sim::{Config as SimConfig, Report, World};

use super::super::api::{
    Budget, Class, Config, Event, Name, Profile, Quirks, Runtime, Status, What, Witness, on_machine,
};
use super::super::shell::{SLICE_POLLS, drain, drive};
use super::program::{Act, Program};

#[derive(Default)]
struct Log(RefCell<Vec<Event>>);

impl Witness for Log {
    fn told(&self, event: &Event) {
        self.0.borrow_mut().push(*event);
    }
}

/// Timers, obligations and deadlines, and how long they took.
async fn load(config: Config, log: Rc<Log>) -> Duration {
    let mut runtime = Runtime::new(config, on_machine(log));
    let began = Instant::now();
    let region = runtime.open(None, Name::of("pump"), Budget::UNLIMITED).expect("there is room");
    for name in 0..10 {
        let acts = [Act::Reserve(1), Act::Sleep(200_000 + 10_000 * name), Act::Check, Act::Commit];
        runtime.spawn(region, Name(name), Budget::UNLIMITED, Program::new(acts)).expect("there is room");
    }
    let until = Budget::UNLIMITED.until(runtime.now().after(Duration::from_micros(400)));
    runtime.spawn(region, Name(90), until, Program::waiting()).expect("there is room");
    runtime.spawn(region, Name(91), until, Program::deaf_sleeper()).expect("there is room");
    assert_eq!(drive(&mut runtime, SLICE_POLLS).await, Status::Ok);
    assert_eq!(drain(&mut runtime, region, 4).await, Status::Ok);
    assert_eq!(runtime.check_leaks(), Ok(()));
    assert_eq!(runtime.node_mut().finish(), Ok(()));
    began.elapsed()
}

fn run(
    config: Config,
    troubles: &'static [Condition],
    quirk: Option<&str>,
) -> (Report, Vec<Event>, Duration) {
    let log = Rc::new(Log::default());
    let took = Rc::new(Cell::new(Duration::ZERO));
    let (heard, taken) = (log.clone(), took.clone());
    let quirks = quirk.into_iter().map(String::from).collect();
    let report = World::new(SimConfig { seed: 42, quirks, ..SimConfig::default() }).run(move || async move {
        let machine = sim::machine("unit").create();
        for trouble in troubles {
            let fault = fault::begin(&format!("{trouble:?}"));
            fault::impose(fault, Target::Machine(machine), *trouble);
        }
        let config = Config { quirks: Quirks::of_run(), ..config };
        taken.set(machine.spawn(load(config, heard)).await.expect("no fault ends it"));
    });
    let events = log.0.borrow().clone();
    (report, events, took.get())
}

fn usual(profile: Profile) -> (Report, Vec<Event>, Duration) {
    run(Config::of(profile), &[], None)
}

#[test]
fn every_profile_and_class_has_one_semantic_digest() {
    let expected = usual(Profile::Core).0.unwrap().digests.semantic;
    for profile in Profile::ALL {
        for class in Class::ALL {
            let (report, ..) = run(Config::of(profile).class(class), &[], None);
            assert_eq!(report.unwrap().digests.semantic, expected, "{profile} {class}");
        }
    }
}

#[test]
fn the_same_run_has_the_same_digests() {
    let [(first, heard, _), (second, heard_again, _)] = [(); 2].map(|()| usual(Profile::Hft));
    assert_eq!(first.unwrap().digests, second.unwrap().digests);
    assert_eq!(heard, heard_again);
}

/// Who sleeps until the next timer looks at it far less often than who yields or spins, and ends in time.
#[test]
fn profiles_wait_in_their_own_way() {
    let [yields, spins, sleeps] = [Profile::Core, Profile::Hft, Profile::Automotive].map(usual);
    for (_, _, took) in [&yields, &spins, &sleeps] {
        assert!((Duration::from_micros(400)..Duration::from_micros(600)).contains(took), "{took:?}");
    }
    let polls = [yields, spins, sleeps].map(|(report, ..)| report.unwrap().steps);
    assert!(polls[2] * 3 < polls[0] && polls[2] * 3 < polls[1], "{polls:?}");
}

#[test]
fn what_happened_is_told_and_counted() {
    let (report, heard, _) = usual(Profile::Automotive);
    let report = report.unwrap();
    let hits = |name| report.points.iter().find(|point| point.name == name).map_or(0, |point| point.hits);
    let count = |is: fn(&What) -> bool| heard.iter().filter(|event| is(&event.what)).count() as u64;
    assert_eq!(hits("regions.polled"), count(|what| *what == What::Polled));
    assert_eq!(hits("regions.timer_fired"), 10);
    assert_eq!((hits("regions.forced"), hits("regions.leaked"), hits("regions.refused")), (1, 0, 0));
    assert_eq!(hits("regions.meant"), count(What::is_semantic));
    assert_eq!((hits("regions.allocate_region"), hits("regions.allocate_task")), (1, 12));
    assert_eq!((hits("regions.allocate_obligation"), hits("regions.allocate_timer")), (10, 10));
}

/// The machine's own faults reach the runtime, and it lives with them: all obligations are kept.
#[test]
fn faults_of_the_machine_take_effect_and_are_lived_with() {
    static TROUBLES: [Condition; 4] = [
        Condition::WallCreep { by: 5_000 },
        Condition::WallStrobe { by: -300_000, period: Duration::from_micros(20) },
        Condition::ConstantEntropy(7),
        Condition::FailAllocation { after: 30, count: 1000, point: None },
    ];
    for profile in Profile::ALL {
        let (report, heard, _) = run(Config::of(profile), &TROUBLES[..3], None);
        let report = report.unwrap();
        assert!(report.faults.iter().all(|fault| fault.effects > 0), "{profile}: {:?}", report.faults);
        let kept = heard.iter().filter(|event| matches!(event.what, What::Committed { .. })).count();
        assert_eq!(kept, 10, "{profile}");
    }
    let (report, heard, _) = run(Config::of(Profile::Automotive), &TROUBLES, None);
    report.unwrap();
    assert!(heard.iter().any(|event| matches!(event.what, What::Refused { .. })), "memory was refused");
}

/// A bug that the run plants is told by the property that it breaks.
#[test]
fn a_planted_bug_fails_the_run_by_its_rule() {
    for (quirk, property) in [
        ("cleanup-unbounded", "regions.R-8"),
        ("count-drift", "regions.R-7"),
        ("regions-mute", "regions.1.5-order"),
    ] {
        let (report, ..) = run(Config::of(Profile::Automotive), &[], Some(quirk));
        let failure = report.failure().expect("it is caught");
        assert_eq!(failure.property, property, "{quirk}: {}", failure.message);
    }
}
