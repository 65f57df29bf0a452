//! `market-open-burst`: a trading host at the opening bell, when far more comes than it holds.
//! [regions 2, GATE-E2E-DEPLOY-HFT]

mod cancel;
mod drain;
mod isolation;
mod obligations;
mod recovery;
mod spike;
mod trace;

use faults::scenario::Scenario;

/// The pack.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::from(spike::scenarios());
    all.push(obligations::scenario());
    all.extend(drain::scenarios());
    all.extend(recovery::scenarios());
    all.extend([cancel::scenario(), isolation::scenario(), trace::scenario()]);
    all
}
