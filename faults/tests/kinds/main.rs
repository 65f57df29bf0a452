//! Each kind of trouble: that it took effect, and that a workload saw the consequence.
//!
//! A test runs the example of its kind, which is also the example in `docs/faults.md`. The machines of the
//! examples are made by [`World`]; what happens on them is the test's own.

mod calm;
mod clock;
mod disk;
mod examples;
mod network;
mod page;
mod process;
mod resource;

use std::future::Future;
use std::time::Duration;

use sim::machine::{Boot, Machine, Process, find_machine};
use sim::time::sleep;
use tourbillon_faults::plan::Plan;
use tourbillon_faults::scenario::{Run, Scenario, Spec};

use examples::{catalogue, example};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Runs `body` in a world with the machines of the examples and a plan of these lines. What it asserts holds.
fn run_lines<F: Future<Output = ()> + 'static>(lines: &str, body: fn() -> F) -> Run {
    let catalogue = catalogue();
    let plan = Plan::load("lines", &format!("faults = [\n{lines}\n]"), &catalogue).expect(lines);
    let mut scenario = Scenario::new("kinds/one", "one kind of trouble", move || async move {
        for host in self::catalogue().hosts {
            sim::machine(&host.name).zone(&host.zone.unwrap_or_default()).create();
        }
        body().await;
    });
    scenario = scenario.hosts(catalogue.hosts).strikable(catalogue.points);
    scenario = catalogue.knobs.into_iter().fold(scenario, Scenario::knob);
    scenario = catalogue.calls.into_iter().fold(scenario, Scenario::call);
    let run = scenario.run(&Spec { plan: Some(plan), ..Spec::of_seed(1) }).expect(lines);
    if let Some(failure) = run.report.failure() {
        panic!("{lines}\n{failure}");
    }
    run
}

/// Runs the example of a kind. It takes effect, and what `body` asserts holds. The answer is the count.
fn run<F: Future<Output = ()> + 'static>(kind: &str, body: fn() -> F) -> u64 {
    let run = run_lines(&example(kind).to_string(), body);
    let line = &run.lines[0];
    assert_eq!(line.skipped, None, "{line:?}");
    assert!(line.effects > 0, "it took no effect: {line:?}");
    line.effects
}

/// A machine of the examples.
fn on(name: &str) -> Machine {
    find_machine(name).expect(name)
}

/// Its process `server`.
fn server(name: &str) -> Process {
    on(name).find_process("server").expect(name)
}

/// Starts a process `server`.
fn serve<F: Future<Output = ()> + 'static>(name: &str, boot: impl Fn(Boot) -> F + 'static) -> Process {
    on(name).process("server", boot).start()
}

/// Waits until a time since the run began.
async fn until(millis: u64) {
    sleep(ms(millis).saturating_sub(sim::fault::now())).await;
}
