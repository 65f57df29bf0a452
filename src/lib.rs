//! Tourbillon: deterministic simulation testing. A whole system runs in one thread, in virtual time, from one
//! seed, and the same seed gives the same run, to the bit.
//!
//! A test of one's own is an `async fn`; see [`test`](macro@test):
//!
//! ```
//! use std::time::Duration;
//!
//! #[tourbillon::test(seeds = 20)]
//! async fn an_hour_passes_in_no_time() {
//!     let asked_at = tourbillon::now();
//!     tourbillon::time::sleep(Duration::from_secs(3600)).await;
//!     assert!(asked_at.elapsed() >= Duration::from_secs(3600));
//! }
//! # fn main() {}
//! ```
//!
//! Scenarios are tests with a name, machines that trouble may befall, and a place in the command line; see
//! [`Scenario`] and [`main!`]. This crate is the front door: what it shows is the business of the rooms behind it,
//! `sim` (the kernel), `faults`, `replay` and `points`. Its own part is what touches the host: the command
//! line, the workers of a sweep, and the attribute's runner.

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

// The attribute's code names this crate as a user would.
extern crate self as tourbillon;

#[cfg(feature = "cli")]
#[allow(clippy::disallowed_methods, reason = "the host is its business, and no run sees it")]
mod campaign;
#[cfg(feature = "cli")]
#[allow(clippy::disallowed_methods, reason = "the host is its business, and no run sees it")]
pub mod cli;
mod execute;
#[cfg(feature = "hyper")]
pub mod hyper;
pub mod packs;
mod seeds;
#[allow(clippy::disallowed_methods, reason = "the host is its business, and no run sees it")]
pub mod testing;

pub use faults::budget::{Allowance, Budget};
pub use faults::plan::{Call, Group, Host, Knob, Plan};
pub use faults::scenario::{Deployment, Deployments, Run, Scenario, Spec, Weather};
pub use faults::swarm::Profile;
pub use faults::{budget, inject, plan, scenario, swarm};
/// ```
/// use std::time::Duration;
///
/// #[tourbillon::test(seeds = 200)]
/// async fn a_pause_is_as_long_as_it_is() -> Result<(), String> {
///     let machine = tourbillon::machine("left").create();
///     let pause = Duration::from_millis(tourbillon::rng("pause").choose(500));
///     let waited = machine.spawn(async move {
///         let asked_at = tourbillon::now();
///         tourbillon::time::sleep(pause).await;
///         asked_at.elapsed()
///     });
///     let waited = waited.await.map_err(|error| error.to_string())?;
///     if waited < pause { Err(format!("{waited:?} is less than {pause:?}")) } else { Ok(()) }
/// }
/// # fn main() {}
/// ```
///
pub use macros::test;
pub use points::{Point, Quirk, always, mark, numeric, quirk, reachable, site, sometimes, unreachable};
pub use replay::case::Case;
pub use replay::{case, diff, golden, page, recording, verify};
pub use sim::*;

/// Gives a binary of one's own every verb of the command line, over one's own scenarios.
///
/// ```no_run
/// use tourbillon::Scenario;
///
/// fn scenarios() -> Vec<Scenario> {
///     vec![Scenario::new("shop/checkout", "a cart is paid once", || async {
///         // machines, processes, a load, checks
///     })]
/// }
///
/// tourbillon::main!(scenarios());
/// ```
#[cfg(feature = "cli")]
#[macro_export]
macro_rules! main {
    ($scenarios:expr) => {
        fn main() -> ::std::process::ExitCode {
            $crate::cli::main($scenarios)
        }
    };
}
