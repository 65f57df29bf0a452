//! Runtime regions under load: the twenty-one scenarios of three packs. [regions 2]
//!
//! | room | what |
//! |---|---|
//! | `router`, `market`, `auto` | the packs, a file a scenario: the load, what is done, when it is accepted |
//! | `pack`, `deployment` | what all scenarios have; words to a configuration |
//! | `load`, `job`, `fate` | what is drawn, what a task does, how it may end |
//! | `rig`, `unit` | a runtime on the current machine, and that machine as its node |
//! | `seen`, `accept` | what was told, and what must hold of it |
//! | `again`, `parity` | the same load once more, in every class, and under every profile |
//!
//! Where a fault is one of the catalogue it comes from the scenario's plan, so that its effects are counted line by
//! line; what the machine then gave is kept by the unit, and a scenario that was to live with a fault requires that
//! there was one.

mod accept;
#[cfg(test)]
mod acceptance_tests;
mod again;
mod auto;
pub(crate) mod deployment;
mod fate;
pub(crate) mod job;
mod load;
mod market;
mod pack;
mod parity;
mod rig;
mod router;
#[cfg(test)]
mod scenario_tests;
mod seen;
mod unit;

use faults::scenario::Scenario;

/// The gate of profile parity.
pub use parity::scenario as parity;

/// All scenarios of the packs `router-storm`, `market-open-burst` and `automotive-fault-burst`.
pub fn scenarios() -> Vec<Scenario> {
    [router::scenarios(), market::scenarios(), auto::scenarios()].concat()
}
