//! Tourbillon: deterministic simulation testing.

#[cfg(feature = "hyper")]
pub mod hyper;
