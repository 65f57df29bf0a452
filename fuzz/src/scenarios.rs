//! The scenarios that are steered, pack by pack.

use faults::scenario::Scenario;

/// The replicated key-value store.
pub fn kv() -> Vec<Scenario> {
    workloads::kv::scenarios()
}

/// Runtime regions, their parity and their continuity.
pub fn regions() -> Vec<Scenario> {
    let parity = vec![workloads::regions::parity()];
    [workloads::regions::scenarios(), parity, workloads::continuity::scenarios()].concat()
}

/// The adapter and its remote.
pub fn adapter() -> Vec<Scenario> {
    workloads::adapter::scenarios()
}
