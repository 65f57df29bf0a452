//! What is left of a run when it is over, and what can be done with it: cases, trace files, recordings,
//! goldens, divergence and the failure page.
//!
//! | to | use |
//! |---|---|
//! | name a run in one line, and read that line again | [`case::Case`] |
//! | keep past failures, and judge how they end now | [`corpus`] |
//! | keep every record of a run, and read it back | [`trace::TraceWriter`], [`trace::TraceFile`] |
//! | keep every draw of a run | [`recording`] |
//! | find the first record where two runs part | [`diff`] |
//! | run one case twice, in lock step | [`verify`] |
//! | pin what a scenario does | [`golden`] |
//! | tell a person what failed | [`page`] |
//! | see a run | [`timeline`] |
//!
//! Nothing here decides anything in a run. What comes from outside (lines, files, pipes) is read or
//! refused with an error that says the place, what was found, what was expected and what to do.

pub mod case;
pub mod corpus;
pub mod diff;
pub mod golden;
pub mod page;
pub mod recording;
pub mod store;
pub mod timeline;
pub mod trace;
pub mod verify;
mod wire;
mod words;

pub use words::{ShortDigest, ShortDigestError};
