//! Loads, oracles, checkers and scenarios.
