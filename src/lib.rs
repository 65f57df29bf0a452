//! Tourbillon: deterministic simulation testing.
