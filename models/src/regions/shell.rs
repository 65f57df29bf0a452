//! The shell: it drives a runtime on a simulated machine, and waits as the profile says. Nothing that the runtime
//! does depends on it but time. [regions 1.6]

use std::time::Duration;

use super::body::Body;
use super::budget::Budget;
use super::handle::Handle;
use super::node::Node;
use super::profile::WaitPolicy;
use super::runtime::Runtime;
use super::status::Status;

/// Polls between two looks at the rest of the machine, unless a caller says otherwise. (ours)
pub const SLICE_POLLS: u64 = 32;

/// What one turn of a wait takes of the processor. (ours)
const TURN_COST: Duration = Duration::from_micros(1);

/// The least that is slept: a clock that stands still, or goes back, is looked at again after it.
const SLEEP_MIN: Duration = Duration::from_micros(1);

/// Runs until no task is alive (`Ok`), or all that are wait for something that is no timer (`WouldBlock`). Between
/// two slices of `slice_polls` others run, and a plan may strike.
///
/// # Panics
/// Outside of a simulation, and with a slice of no polls.
pub async fn drive<N: Node, B: Body<N>>(runtime: &mut Runtime<N, B>, slice_polls: u64) -> Status {
    assert!(slice_polls > 0, "a slice of no polls goes nowhere");
    loop {
        let status = runtime.run(Budget::polls(slice_polls));
        points::site!("regions.slice_run").await;
        match status {
            Status::PollBudgetExhausted => sim::task::yield_now().await,
            Status::WouldBlock if runtime.next_deadline().is_some() => wait(runtime).await,
            status => return status,
        }
    }
}

/// Closes a region and runs until it is closed. Between two slices of `slice_polls` others run, and a plan may strike.
/// `Ok`, or the word for a handle that never was.
///
/// # Panics
/// Outside of a simulation, and with a slice of no polls.
pub async fn drain<N: Node, B: Body<N>>(
    runtime: &mut Runtime<N, B>,
    region: Handle,
    slice_polls: u64,
) -> Status {
    assert!(slice_polls > 0, "a slice of no polls goes nowhere");
    loop {
        let status = runtime.drain(region, Budget::polls(slice_polls));
        points::site!("regions.slice_drained").await;
        if status != Status::PollBudgetExhausted {
            return status;
        }
        sim::task::yield_now().await;
    }
}

/// Waits once, for the next timer or for less. `WouldBlock` of a runtime without timers is its caller's to resolve.
///
/// # Panics
/// Outside of a simulation.
pub async fn wait<N: Node, B: Body<N>>(runtime: &mut Runtime<N, B>) {
    match runtime.config().profile.wait_policy() {
        WaitPolicy::Yield | WaitPolicy::BusySpin => {
            // Both give the machine's other tasks their turn, for a process that never did would stop the world; a
            // spin is charged as the polls that it does.
            sim::work(TURN_COST);
            sim::task::yield_now().await;
        }
        WaitPolicy::SleepUntilTimer => {
            let now = runtime.now();
            let rest = runtime.next_deadline().map_or(SLEEP_MIN, |next| next - now);
            sim::time::sleep(rest.max(SLEEP_MIN)).await;
        }
    }
}
