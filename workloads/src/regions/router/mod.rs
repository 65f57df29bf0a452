//! `router-storm`: a router that opens, loads, poisons and closes regions as fast as its slots allow.
//! [regions 2, GATE-E2E-DEPLOY-ROUTER]

mod cancel;
mod churn;
mod exhaustion;
mod obligations;
mod poison;
mod saturation;
mod trace;

use faults::scenario::Scenario;

pub use trace::Mixed;

/// The pack.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![churn::scenario(), saturation::scenario()];
    all.extend(exhaustion::scenarios());
    all.extend([obligations::scenario(), poison::scenario(), cancel::scenario(), trace::scenario()]);
    all
}
