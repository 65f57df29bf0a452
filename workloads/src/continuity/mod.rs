//! Continuity: a harness that runs regions and logs each completed task and each resolved promise to its disk; when
//! it is killed, or its machine loses power, it goes on from the log. [regions 3, GATE-E2E-CONTINUITY]
//!
//! What is asked of it: the set of (name, outcome), each once, is that of a run that nobody interrupted. Two
//! machines do the same work; trouble may befall one of them.
//!
//! | room | what |
//! |---|---|
//! | `work` | what is to be done, drawn from the seed |
//! | `entry` | a line of the log |
//! | `harness` | the process: reads its log, does what is left, logs it |
//! | `gate` | two machines, their logs side by side, the scenarios |
//! | `points` | sites and planted bugs |

mod entry;
mod gate;
mod harness;
pub mod points;
mod work;

#[cfg(test)]
mod tests;

pub use gate::scenarios;
