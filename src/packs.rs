//! The packs of the house: each a feature, each with its scenarios.

use faults::scenario::Scenario;

/// The scenarios of all packs that this build has.
pub fn all() -> Vec<Scenario> {
    let packs: &[fn() -> Vec<Scenario>] = &[
        #[cfg(feature = "kv")]
        workloads::kv::scenarios,
        #[cfg(feature = "regions")]
        workloads::regions::scenarios,
        #[cfg(feature = "regions")]
        || vec![workloads::regions::parity()],
        #[cfg(feature = "regions")]
        workloads::continuity::scenarios,
        #[cfg(feature = "adapter")]
        workloads::adapter::scenarios,
    ];
    packs.iter().flat_map(|scenarios| scenarios()).collect()
}
