//! The runtime against its rules, against a naive reference, under each fault, with each bug, and on a simulated
//! machine in each profile and class.

mod catalogue;
mod faults;
mod machine;
mod overload;
mod parity;
mod planted;
mod program;
mod random;
mod reference;
mod rules;
mod words;

use super::api::{Budget, Config, Event, Faulty, Handle, Name, Runtime, Script, Time, Watched, What};
use program::Program;

type TestNode = Watched<Faulty<Script>>;
type TestRuntime = Runtime<TestNode, Program>;

/// A watched runtime whose clock stands still until it is told otherwise. A violation ends the test.
fn runtime(config: Config) -> TestRuntime {
    Runtime::new(config, Watched::new(Faulty::new(Script::default())))
}

/// The script below the faults and the watch.
fn script(runtime: &mut TestRuntime) -> &mut Script {
    runtime.node_mut().node_mut().node_mut()
}

fn faults(runtime: &mut TestRuntime) -> &mut Faulty<Script> {
    runtime.node_mut().node_mut()
}

fn advance(runtime: &mut TestRuntime, nanos: i64) {
    let clock = &mut script(runtime).clock;
    *clock = Time(clock.0 + nanos);
}

fn events(runtime: &TestRuntime) -> &[Event] {
    &runtime.node().node().node().events
}

/// What happened to this thing, in order.
fn history(runtime: &TestRuntime, of: Handle) -> Vec<What> {
    events(runtime).iter().filter(|event| event.object == of).map(|event| event.what).collect()
}

fn open(runtime: &mut TestRuntime, name: u64) -> Handle {
    runtime.open(None, Name(name), Budget::UNLIMITED).expect("there is room")
}

fn spawn(runtime: &mut TestRuntime, region: Handle, name: u64, program: Program) -> Handle {
    runtime.spawn(region, Name(name), Budget::UNLIMITED, program).expect("there is room")
}

/// Everything ends, and nothing is left.
fn finish(runtime: &mut TestRuntime) {
    runtime.shutdown();
    assert_eq!(runtime.run(Budget::UNLIMITED), super::api::Status::Ok);
    assert_eq!(runtime.node_mut().finish(), Ok(()));
}
