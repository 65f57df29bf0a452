//! A replicated key-value store: the first system, real enough to break.
//!
//! Three machines or more, one primary a term. A write is acknowledged when it is durable on a majority;
//! a read is answered by a primary that holds its lease; a retried write is applied once. The shape is Raft's
//! [Ongaro, *Consensus: bridging theory and practice*, 2014: chapters 3 and 6], with a lease in place of a
//! round of messages for each read.
//!
//! | room | what |
//! |---|---|
//! | `api` | operations, replies, timing, the witness: what a workload may name |
//! | `codec`, `frame`, `wal` | bytes on the wire and on the disk, with checksums |
//! | `log`, `lease`, `session`, `store` | pure parts |
//! | `consensus`, `replica` | the pure machine: messages in; messages, log records and replies out |
//! | `disk`, `inbox`, `link`, `stream`, `tasks`, `server`, `client` | thin shells |
//! | `points` | sites, marks and planted bugs |
//!
//! What it survives (its budget): any number of crashes, power losses with torn writes, partitions one-way or
//! not, lost, late and corrupted streams, pauses, slow machines, full disks, failing reads, writes and syncs,
//! and any wall clock at all. What it does not: a disk that lies about a sync or loses what was synced, and a
//! monotonic clock whose rate is off by more than [`api::Timing`] allows. It keeps its whole log: there is no
//! compaction.

pub mod api;
pub mod client;
mod codec;
mod consensus;
mod disk;
mod frame;
mod inbox;
mod lease;
mod link;
mod log;
mod message;
pub mod points;
mod replica;
pub mod server;
mod session;
mod store;
mod stream;
mod tasks;
mod wal;

#[cfg(test)]
mod tests;
