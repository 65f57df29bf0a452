//! Shrinking in small worlds of which it is known what matters.

use std::time::Duration;

use faults::budget::{Allowance, Budget};
use faults::plan::{Group, Host};
use faults::scenario::{Scenario, Spec};
use replay::case::{Case, PlanSource, Signature};
use sim::time::sleep;
use sim::workload::{script, size};

use super::{Best, Extent, Judge, Recorded, Size, shrink};

/// Runs cases in this thread, a few at a time as workers would.
struct InProcess {
    scenario: Scenario,
    wanted: Signature,
    runs_left: usize,
    /// Candidates are tried from the last to the first of so many, as side by side they might be.
    wave: usize,
}

fn spec_of(case: &Case) -> Spec {
    Spec {
        seed: case.seed,
        plan: case.plan.as_ref().map(|plan| match plan {
            PlanSource::Inline(text) => text.parse().expect("a plan"),
            PlanSource::File { path, .. } => panic!("{path}: a case within a test holds its plan"),
        }),
        operations: case.operations.clone(),
        sizes: case.sizes.clone(),
        edits: case.edits.clone(),
        reseeds: case.reseeds.clone(),
        ..Spec::default()
    }
}

impl InProcess {
    fn new(scenario: Scenario, case: &Case) -> InProcess {
        let run = scenario.run(&spec_of(case)).expect("a spec without mistakes");
        let wanted = Signature::of(&run).expect("it fails");
        InProcess { scenario, wanted, runs_left: 3000, wave: 1 }
    }

    fn fails(&mut self, case: &Case) -> Option<Extent> {
        self.runs_left = self.runs_left.saturating_sub(1);
        let run = self.scenario.run(&spec_of(case)).ok()?;
        let failure = run.report.failure()?;
        let same = Signature::of(&run)?.is_same_failure(&self.wanted);
        same.then_some(Extent { records: run.report.records, failed_at_ns: failure.at })
    }
}

impl Judge for InProcess {
    fn first(&mut self, candidates: &[Case], records_max: u64) -> Option<(usize, Extent)> {
        for (wave, cases) in candidates.chunks(self.wave).enumerate() {
            let mut found = None;
            for (index, case) in cases.iter().enumerate().rev() {
                let fails = self.fails(case).filter(|extent| extent.records <= records_max);
                found = fails.map(|extent| (wave * self.wave + index, extent)).or(found);
            }
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn record(&mut self, case: &Case) -> Option<Recorded> {
        let extent = self.fails(case)?;
        let run = self.scenario.run(&Spec { record: true, ..spec_of(case) }).ok()?;
        let recording = run.report.recording?;
        Some(Recorded {
            plan: run.plan,
            operations: run.report.operations?,
            streams: recording.streams,
            draws: recording.draws,
            extent,
        })
    }

    fn is_over(&self) -> bool {
        self.runs_left == 0
    }
}

/// Counters on some machines; each does what its script says, and is lost when its machine loses power. It fails
/// when a counter that was added to since it came up passes 20, if its luck is 3 when it does.
async fn counters() {
    let mut actors = Vec::new();
    for index in 0..size("counters", 4) {
        let name = format!("counter-{index}");
        let machine = sim::machine(&name).create();
        let process = machine.process("adder", move |boot| {
            let name = name.clone();
            async move {
                let (mut script, mut rng, mut sum) = (script(&name), sim::rng("luck"), 0);
                let mut left = 30;
                while let Some(number) = script.next::<u64>(|| {
                    left -= 1;
                    (left >= 0).then(|| rng.choose(9) + 1)
                }) {
                    sleep(Duration::from_millis(100)).await;
                    sum += number;
                    let luck = sim::rng("fortune").choose(8);
                    if boot.incarnation > 0 && sum > 20 && luck == 3 {
                        sim::fail("counters.stay-low", format!("{name} is at {sum}"));
                    }
                }
            }
        });
        actors.push(process.start());
    }
    sleep(Duration::from_secs(8)).await;
}

fn scenario() -> Scenario {
    let hosts: Vec<String> = (0..4).map(|index| format!("counter-{index}")).collect();
    let all = || Group::machines(hosts.iter().map(String::as_str));
    Scenario::new("test/counters", "counters that must stay low", counters)
        .hosts(hosts.iter().map(|name| Host::new(name).process("adder")))
        .size("counters", 4, 1)
        .budget(Budget::new(Duration::from_secs(6)).allow(Allowance::new(all()).down_max(2)))
        .profile("default")
}

/// A failing seed whose plan has that many lines.
fn failing(scenario: &Scenario) -> Case {
    let fails = |seed: &u64| {
        let run = scenario.run(&Spec::of_seed(*seed)).expect("a spec");
        // The first counter, so that the others can be left out.
        let machine = run.report.failure().and_then(|failure| failure.machine.clone());
        machine.as_deref() == Some("counter-0") && run.plan.faults.len() > 5
    };
    Case::new("test/counters", (0..3000).find(fails).expect("one of them fails"))
}

fn sizes() -> Vec<Size> {
    vec![Size { name: "counters".to_string(), usual: 4, least: 1 }]
}

fn shrunk(wave: usize) -> (Case, Best, Scenario) {
    let scenario = scenario();
    let case = failing(&scenario);
    let mut judge = InProcess::new(scenario.clone(), &case);
    judge.wave = wave;
    let best = shrink(&case, &sizes(), &mut judge).expect("it fails");
    (case, best, scenario)
}

#[test]
fn what_is_left_is_little_and_says_everything_itself() {
    let (case, best, scenario) = shrunk(1);
    let before = scenario.run(&spec_of(&case)).expect("a spec").report;
    let run = scenario.run(&spec_of(&best.case)).expect("a spec");
    assert!(
        Signature::of(&run)
            .expect("it fails")
            .is_same_failure(&Signature::from(before.failure().expect("it fails")))
    );
    // One fault restarts the counter, and three numbers are more than twenty.
    assert_eq!(best.lines(), 1, "{}", best.case);
    assert!(best.operations().expect("they are said") <= 6, "{}", best.case);
    assert!(
        best.extent.records * 5 < before.records,
        "{} of {}: {}",
        best.extent.records,
        before.records,
        best.case
    );
    // Whatever the seed is, it fails: all choices are said.
    let seeds = (100..120).filter(|seed| {
        let run = scenario.run(&Spec { seed: *seed, ..spec_of(&best.case) }).expect("a spec");
        !run.report.passed()
    });
    assert_eq!(seeds.count(), 20, "{}", best.case);
    assert_eq!(best.case.to_string().parse::<Case>(), Ok(best.case.clone()));
}

#[test]
fn the_result_is_the_same_however_many_are_tried_side_by_side() {
    let (_, one, _) = shrunk(1);
    for wave in [2, 5] {
        assert_eq!(shrunk(wave).1, one);
    }
}

#[test]
fn what_does_not_fail_is_not_shrunk_and_who_is_interrupted_keeps_the_best() {
    let scenario = scenario();
    let case = failing(&scenario);
    let mut judge = InProcess::new(scenario.clone(), &case);
    judge.wanted.property = "another".to_string();
    assert_eq!(shrink(&case, &sizes(), &mut judge), None);
    let mut judge = InProcess { runs_left: 12, ..InProcess::new(scenario.clone(), &case) };
    let best = shrink(&case, &sizes(), &mut judge).expect("it fails");
    let run = scenario.run(&spec_of(&best.case)).expect("a spec");
    assert!(!run.report.passed(), "{}", best.case);
    assert!(best.lines() < scenario.plan_of(&spec_of(&case)).faults.len());
}

#[test]
fn sizes_that_do_not_matter_are_the_least() {
    let (_, best, _) = shrunk(1);
    assert_eq!(best.case.sizes, [("counters".to_string(), 1)].into(), "{}", best.case);
}
