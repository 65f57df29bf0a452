//! Recordings: every draw of a run, kept in a file of their own, and followed by another run.
//!
//! A draw is kept under the name of its stream and its number within it, so that a recording still fits
//! after the code under test got more streams or draws.

mod file;
mod follow;

pub use file::{Kept, load, save};
pub use follow::{Followed, follow};

#[cfg(test)]
mod tests;
