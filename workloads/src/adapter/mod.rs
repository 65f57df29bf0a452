//! The adapter under load: jobs, provocations, the oracle that watches, the judgement of what lies on the disks,
//! and the scenarios.
//!
//! | room | what |
//! |---|---|
//! | `load`, `provocation` | what is asked, and what goes wrong in the remote, drawn from the seed |
//! | `oracle`, `verify`, `tail` | what is judged: as it happens, from the disks, and by percentiles |
//! | `escalation`, `checklist` | properties by name, and what to do when one does not hold; the operator's list |
//! | `run`, `scenarios` | one run; the pack |
//! | `events`, `rehearsal` | transitions as JSON lines; a run whose artefacts are kept for an evidence pack |

pub mod checklist;
pub mod escalation;
pub mod events;
pub mod load;
pub mod oracle;
pub mod provocation;
pub mod rehearsal;
pub mod run;
#[cfg(test)]
mod scenario_tests;
mod scenarios;
pub mod tail;
pub mod verify;
#[cfg(test)]
mod verify_tests;

pub use scenarios::{STANDARD_PLAN, killed_at, pairs, scenarios};
