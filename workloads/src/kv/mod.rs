//! The replicated key-value store under load: clients, the oracle that watches, and the scenarios.
//!
//! `order` judges as things happen, by the service's own sequence; the general checker of `check` judges the
//! same history again at the end, knowing nothing of sequences.

pub mod intent;
pub mod load;
pub mod oracle;
pub mod order;
#[cfg(test)]
mod order_tests;
pub mod run;
#[cfg(test)]
mod scenario_tests;
mod scenarios;

pub use scenarios::scenarios;
