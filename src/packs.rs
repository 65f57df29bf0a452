//! The packs of the house: each a feature, each with its scenarios.

use faults::scenario::Scenario;

/// The scenarios of all packs that this build has.
pub fn all() -> Vec<Scenario> {
    Vec::new()
}
