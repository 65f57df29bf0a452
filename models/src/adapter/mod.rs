//! An adapter: a client that carries out resumable work on a remote runtime, and fails closed.
//!
//! It negotiates capabilities, has the remote prove its integrity, commits chunks one at a time, retries within
//! a bound, resumes only the run that it began, and has the whole sealed. Any doubt ends in one of six reasons
//! and publishes nothing [section 4 of the runtime regions].
//!
//! | room | what |
//! |---|---|
//! | `backoff`, `bytes`, `capability` | pure parts |
//! | `machine` | the pure machine: states, events, reasons |

pub mod backoff;
mod bytes;
pub mod capability;
pub mod machine;
