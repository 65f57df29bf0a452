//! Campaigns: many runs, in worker processes, and what they come to.
//!
//! A run never happens in the process that reads the command line: a worker may die or hang and is then that
//! run's outcome. `worker` is the side that runs, `crew` the side that asks, `pool` hands runs to several
//! workers at once, `summary` adds up what came back, `tally` keeps it as a file that others join. Order and outcome travel as frames (`wire`).

mod crew;
mod hunt;
mod jury;
mod pool;
mod ran;
mod rows;
mod schedules;
mod strategy;
mod summary;
mod tally;
mod wire;
mod worker;

pub(crate) use crew::{Crew, Ended, Setup};
pub(crate) use hunt::{Catch, Caught, Hunt, Hunted, Outcome, Try};
pub(crate) use jury::{Jury, Patience, sizes};
pub(crate) use pool::{Handed, Interrupt, Job, Pool};
pub(crate) use ran::{Ran, Stand};
pub(crate) use rows::{Row, Verdict};
pub(crate) use strategy::{PLATEAU_RUNS, Strategy, Turn, Variation};
pub(crate) use summary::{Failing, PointSum, REQUIRED_AFTER_SEEDS, ScenarioSummary, Summary};
pub(crate) use tally::{Joined, Parts, PastCase, Sweep, Tally, join};
pub(crate) use wire::{Codec, Order};
pub(crate) use worker::{CANARY, HIDDEN_VERB, serve};
