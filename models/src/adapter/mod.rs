//! An adapter: a client that carries out resumable work on a remote runtime, and fails closed.
//!
//! It negotiates capabilities, has the remote prove its integrity, commits chunks one at a time, retries within
//! a bound, resumes only the run that it began, and has the whole sealed. Any doubt ends in one of six reasons
//! and publishes nothing [section 4 of the runtime regions].
//!
//! | room | what |
//! |---|---|
//! | `api` | jobs, the witness, the journals' places: what a workload may name |
//! | `bytes`, `message`, `datagram` | bytes on the wire and on the disk, with checksums |
//! | `backoff`, `capability`, `content` | pure parts |
//! | `state`, `event`, `machine`, `audit` | the client's pure heart: the table of states, and the chain of its transitions |
//! | `remote`, `ledger`, `trouble` | the remote's pure heart, and what a scenario has go wrong in it |
//! | `exchange`, `client`, `server` | thin shells, over the house's `journal` |
//! | `points` | sites, marks and planted bugs |
//!
//! What it survives (its budget): any number of crashes of both sides, power losses, partitions, lost, late,
//! doubled, reordered and damaged datagrams, pauses, slow machines, and any wall clock at all, as long as no
//! outage lasts longer than the client's patience (twenty seconds): beyond that it fails closed, by name. What it
//! does not: a disk that fails.

pub mod api;
mod audit;
mod backoff;
mod bytes;
mod capability;
pub mod client;
mod content;
mod datagram;
mod event;
mod exchange;
mod ledger;
mod machine;
mod message;
pub mod points;
mod remote;
pub mod server;
mod state;
mod trouble;

#[cfg(test)]
mod tests;
