//! Scenarios and their runs, as the command line uses them.

use std::time::Duration;

use points::{Kind, Point, Quirk};
use sim::time::sleep;
use tourbillon_faults::budget::{Allowance, Budget};
use tourbillon_faults::inject::Skipped;
use tourbillon_faults::plan::{Group, Host, Plan, Selector};
use tourbillon_faults::scenario::{Scenario, Spec, Weather};
use tourbillon_faults::swarm::Profile;

static POINTS: [Point; 2] =
    [Point::new("counter.counted", Kind::Site), Point::new("counter.doubled", Kind::Sometimes)];
static COUNTS_TWICE: Quirk = Quirk::new("counts-twice", "each thing is counted twice");

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A counter that counts as often as its process lets it, until the calm and a little longer.
async fn counter() -> Result<(), String> {
    for index in 0..3 {
        let machine = sim::machine(&format!("node-{index}")).zone(["a", "b", "c"][index]).create();
        let count = |_| async {
            loop {
                sleep(ms(5)).await;
                points::site!("counter.counted").await;
                points::mark!("counter.value", "counter", 1);
            }
        };
        machine.process("counter", count).start();
    }
    sleep(ms(12_000)).await;
    if COUNTS_TWICE.is_planted() {
        return Err("counted twice".to_string());
    }
    let all = sim::machines().into_iter().filter(|machine| !machine.is_test());
    let down: Vec<String> = all
        .filter(|machine| !machine.is_up() || !machine.processes().iter().all(|process| process.is_running()))
        .map(|machine| machine.name())
        .collect();
    if down.is_empty() { Ok(()) } else { Err(format!("down after the calm: {down:?}")) }
}

fn nodes() -> Group {
    Group::new(vec![Selector::parse("node-*").unwrap()]).unwrap()
}

fn scenario() -> Scenario {
    let budget = Budget::new(ms(10_000))
        .allow(Allowance::minority(nodes(), 3).skew_max(ms(500)).scarcity(true).network(false));
    Scenario::new("count/steady", "three counters", counter)
        .hosts((0..3).map(|i| Host::new(format!("node-{i}")).zone(["a", "b", "c"][i]).process("counter")))
        .points_on(nodes(), &POINTS)
        .required(["counter.counted"])
        .quirks(&[&COUNTS_TWICE])
        .budget(budget)
        .weather(Weather::Swarm(
            Profile::named("default").unwrap().without(&["disk", "wipe", "swap", "power"]).unwrap(),
        ))
}

#[test]
fn a_swarm_of_runs_passes_and_repeats() {
    let scenario = scenario();
    let (mut effective, mut planned) = (0, 0);
    for seed in 0..60 {
        let spec = Spec::of_seed(seed);
        let run = scenario.run(&spec).unwrap();
        assert!(run.report.passed(), "seed {seed}: {:?}\n{}", run.report.failure(), run.plan);
        assert_eq!(run.plan, scenario.plan_of(&spec));
        assert_eq!(run.lines.len(), run.plan.faults.len());
        assert_eq!(scenario.run(&spec).unwrap().report.digests, run.report.digests);
        // A plan given by hand is the same run as the plan that the seed draws.
        let given = Spec { plan: Some(run.plan.clone()), ..Spec::of_seed(seed) };
        assert_eq!(scenario.run(&given).unwrap().report.digests, run.report.digests);
        effective += run.lines.iter().filter(|line| line.effects > 0).count();
        planned += run.lines.len() - 1;
    }
    assert!(effective * 3 > planned, "{effective} of {planned} lines took effect");
}

#[test]
fn what_the_scenario_has_not_is_refused_before_the_run() {
    let refused = |spec: Spec| scenario().run(&spec).expect_err("it is refused").to_string();
    let plan = |text: &str| Some(text.parse::<Plan>().unwrap());
    let spec = Spec { plan: plan("faults = [{ at = '1s', kill = 'nod-1' }]"), ..Spec::of_seed(0) };
    assert_eq!(refused(spec), "fault 1: unknown machine `nod-1`, did you mean `node-1`?");
    let spec = Spec { quirk: Some("count-twice".to_string()), ..Spec::of_seed(0) };
    assert_eq!(refused(spec), "unknown quirk `count-twice`, did you mean `counts-twice`?");
    let error =
        scenario().load_plan("plans/x.toml", "\nfaults = [{ at = '1s', kil = 'node-1' }]").unwrap_err();
    assert_eq!(error.to_string(), "plans/x.toml, line 2: unknown fault `kil`, did you mean `kill`?");
}

#[test]
fn a_planted_bug_is_planted_and_a_profile_replaced() {
    let spec = Spec {
        quirk: Some("counts-twice".to_string()),
        profile: Some(Profile::named("none").unwrap()),
        ..Spec::of_seed(0)
    };
    let run = scenario().run(&spec).unwrap();
    let failure = run.report.failure().expect("the bug is caught");
    assert_eq!((failure.property.as_str(), failure.message.as_str()), ("error", "counted twice"));
    assert_eq!(run.plan.to_string(), "faults = [\n  { calm = \"10s\" },\n]\n");
}

#[test]
fn lines_tell_what_became_of_them() {
    let text = "faults = [
        { at = '1s', kill = 'node-0', restart_after = '100ms' },
        { at = '1s', for = '1s', clock = 'node-0', skew = '1s' },
        { on = 'counter.doubled', kill = 'self' },
        { at = '2s', for = '1s', heal = true },
        { on = 'counter.counted', hit = 1400, kill = 'self' },
    ]";
    let spec = Spec { plan: Some(text.parse().unwrap()), ..Spec::of_seed(0) };
    let run = scenario().run(&spec).unwrap();
    let told: Vec<_> = run.lines.iter().map(|line| (line.effects, line.skipped)).collect();
    let expected = [
        (1, None),
        (0, None), // nobody read that clock
        (0, Some(Skipped::NotReached)),
        (0, None),
        (0, Some(Skipped::Quiet)),
    ];
    assert_eq!(told, expected);
    assert!(run.lines[1].was_harmless());
    assert!(!run.lines[2].was_harmless());
}

#[test]
fn every_plan_of_the_swarm_can_be_carried_out() {
    // Whatever is drawn, the injector itself never fails, and all is up after the calm.
    let profile = Profile::named("crash").unwrap().without(&["wipe", "swap", "power"]).unwrap();
    for seed in 0..300 {
        let spec = Spec { profile: Some(profile.clone()), ..Spec::of_seed(seed) };
        let run = scenario().run(&spec).unwrap();
        assert!(run.report.passed(), "seed {seed}: {:?}\n{}", run.report.failure(), run.plan);
    }
}

/// A point that the test hits itself: what strikes there twice ends the test, and its second line is nobody's.
#[test]
fn a_plan_that_ends_the_test_itself_is_a_failed_run() {
    static POINT: Point = Point::new("counter.asked", Kind::Site);
    let body = || async {
        points::site!("counter.asked").await;
        sleep(ms(5)).await;
    };
    let plan = r#"faults = [
      { on = "counter.asked", kill = "self" },
      { on = "counter.asked", kill = "self" },
    ]"#;
    let asked = std::slice::from_ref(&POINT);
    let run = Scenario::new("count/asked", "", body).points(asked).plan(plan).run(&Spec::of_seed(1)).unwrap();
    let failure = run.report.failure().expect("nobody is left to pass");
    assert_eq!((failure.property.as_str(), run.lines[0].effects, run.lines[1].effects), ("stall", 1, 0));
}
