//! The kernel of Tourbillon: a whole system in one thread, in virtual time, from one seed.
//!
//! A [`World`] is one run. Inside it, ordinary futures run as tasks of processes on machines, with tokio's names
//! for what tokio has: [`task::spawn`], [`time::sleep`], `net`, `fs`. The same configuration and code give the
//! same [`Report`], to the bit. This crate knows no system under test, ever.
//!
//! ```
//! use std::time::Duration;
//! use tourbillon_sim::{Config, World, machine, time::sleep};
//!
//! let run = || {
//!     World::new(Config { seed: 1, ..Config::default() }).run(|| async {
//!         let ledger = machine("ledger").create();
//!         let server = ledger.process("server", |boot| async move {
//!             sleep(Duration::from_secs(u64::from(boot.incarnation) + 1)).await;
//!         });
//!         let server = server.start();
//!         sleep(Duration::from_millis(10)).await;
//!         server.kill();
//!         server.restart();
//!         server.wait().await;
//!     })
//! };
//! assert_eq!(run().unwrap().digests, run().unwrap().digests);
//! ```

#[cfg(not(target_pointer_width = "64"))]
compile_error!("tourbillon needs a 64-bit target: a waker carries its task's key in a pointer");

mod checksum;
pub mod choice;
mod config;
pub mod disk;
pub mod fault;
pub mod fs;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod kernel;
mod latency;
pub mod machine;
pub mod net;
mod observe;
mod queue;
mod ratio;
mod report;
mod resource;
mod schedule;
#[doc(hidden)]
pub mod select;
pub mod task;
pub mod time;
pub mod trace;
pub mod workload;
mod world;

pub use choice::rng;
pub use config::{Config, Payloads, SharedMemory, StepLimit, TimeLimit};
pub use fault::{drop_role, knob, take_role};
pub use latency::latency;
pub use machine::{find_machine, machine, machines, shutdown, test_machine};
pub use points;
pub use ratio::{Ratio, RatioError};
pub use report::{Failure, FaultReport, LatencyReport, Names, Outcome, PointReport, Report};
pub use resource::{AllocationRefused, entropy, fail, try_reserve, work};
pub use schedule::Schedule;
pub use world::{Progress, World};

/// What the current machine's monotonic clock reads.
///
/// # Panics
/// Outside of a simulation.
pub fn now() -> time::Instant {
    time::Instant::now()
}
