//! Trouble as data: plans, the swarm that draws them, the budgets they respect, and the injector that
//! carries them out.
//!
//! A [`Plan`](plan::Plan) is decided before the run, printable, diffable and shrinkable. This crate knows
//! machines by name and points by name; it knows no model, and decides nothing while a run goes on.

pub mod budget;
pub mod inject;
pub mod plan;
pub mod scenario;
pub mod suggest;
pub mod swarm;
