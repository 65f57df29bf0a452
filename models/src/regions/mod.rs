//! Runtime regions: a small structured-concurrency runtime, as an embedded device, a trading host or a car's
//! control unit would run it. It is itself the system under test. [regions 1]
//!
//! It is single-threaded, does no I/O, takes all its memory at the start, and sees its machine only through a
//! [`api::Node`]: a clock, entropy, allocation sites. Its every change of state is told as an [`api::Event`].
//!
//! | room | what |
//! |---|---|
//! | `api` | what a workload may name |
//! | `handle`, `status`, `outcome`, `budget`, `time`, `profile`, `event` | words |
//! | `arena`, `agenda`, `core`, `view`, `hash` | the state, and what is shown of it |
//! | `body`, `context`, `node` | what it is given: tasks, and a machine |
//! | `runtime` | the pure machine: regions, admission, cancellation, obligations, timers, the scheduler |
//! | `invariants` | an observer with books of its own, fed by events: R-1 to R-10 |
//! | `faulty`, `script`, `machine` | nodes: one with faults, one by a script, one on a simulated machine |
//! | `shell` | the thin async part: it waits as the profile says |
//! | `points` | sites, marks and planted bugs |
//!
//! What the specification leaves open, and how it is here: a completed task's slot is freed at once, and so is a
//! closed region's; an obligation that ended answers `AlreadyResolved` until its slot is taken again; finalizers
//! wait for child regions too; a task that was asked to end does not wait any more, each of its polls is one of its
//! cleanup; polls or cost that are spent are a request to end of kind `Timeout`; poison reaches down the tree.

mod agenda;
pub mod api;
mod arena;
mod body;
mod budget;
mod context;
mod core;
mod event;
mod faulty;
mod handle;
mod hash;
mod invariants;
mod machine;
mod node;
mod outcome;
pub mod points;
mod profile;
mod runtime;
mod script;
pub mod shell;
mod status;
mod time;
mod view;

#[cfg(test)]
mod tests;
