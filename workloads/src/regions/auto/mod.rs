//! `automotive-fault-burst`: a control unit of a car whose clock, entropy and memory go wrong.
//! [regions 2, GATE-E2E-DEPLOY-AUTO]
//!
//! The faults are lines of each scenario's plan. They strike while the unit boots, but for the clock's steps back,
//! which must come when timers are set.

mod cascade;
mod containment;
mod deadline;
mod entropy;
mod reversal;
mod skew;
mod trace;

use faults::scenario::Scenario;

/// The pack.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        skew::scenario(),
        reversal::scenario(),
        entropy::scenario(),
        cascade::scenario(),
        containment::scenario(),
        deadline::scenario(),
        trace::scenario(),
    ]
}
