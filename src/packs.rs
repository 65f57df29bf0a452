//! The packs of the house: each a feature, each with its scenarios.

use faults::scenario::Scenario;

#[cfg(feature = "kv")]
use workloads::kv::scenarios as kv;

/// A pack that this build does not have.
#[cfg(not(feature = "kv"))]
fn kv() -> Vec<Scenario> {
    Vec::new()
}

/// The scenarios of all packs that this build has.
pub fn all() -> Vec<Scenario> {
    kv()
}
