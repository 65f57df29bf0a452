//! Finding failures and making them small.
//!
//! Every explorer stands over the one stream of choices that the kernel draws from; nothing here runs anything by
//! itself or touches the host: who searches asks what to run next, runs it wherever it likes, and tells what came of
//! it. So a search gives the same answers with any number of workers.

pub mod coverage;
pub mod dfs;
pub mod explore;
pub mod guided;
pub mod pct;
pub mod shrink;
