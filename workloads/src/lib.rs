//! Loads, oracles, checkers and scenarios.
//!
//! `check` holds the general checkers: they judge a history and know no system. Beside it is a room for each
//! system: its load, its oracle and its scenarios.

pub mod adapter;
pub mod check;
pub mod continuity;
pub mod kv;
pub mod regions;

mod items;
#[cfg(test)]
mod other_schedule;
