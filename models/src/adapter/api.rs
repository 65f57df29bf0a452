//! What a workload may name: jobs, the witness, and where client and remote keep their journals.

use std::rc::Rc;
use std::time::Duration;

pub use super::audit::{Broken, Chain, Record, root};
pub use super::backoff::TRIES_MAX;
pub use super::bytes::Hash;
pub use super::capability::{Agreement, Capability};
pub use super::content::{checksum, chunk_id, content_hash};
pub use super::event::{Event, Precheck};
pub use super::ledger::Entry;
pub use super::machine::{Bugs, Machine, Mode};
pub use super::state::{Reason, State};
pub use super::trouble::{Doubt, Trouble};
pub use crate::journal::frame::{append as append_to_journal, read as read_journal};

/// The port that a remote listens on.
pub const PORT: u16 = 4200;

/// A proof of integrity that comes later is late. Longer than any outage that a remote comes back from.
pub const PROOF_DEADLINE: Duration = Duration::from_secs(20);

/// The work of one client.
#[derive(Clone, Debug)]
pub struct Job {
    /// The run's number: what the remote knows it by.
    pub run: u64,
    /// All chance of the run comes from it.
    pub seed: u64,
    /// How often integrity is checked.
    pub mode: Mode,
    /// What is to be committed, in order; at least one.
    pub chunks: Rc<[Vec<u8>]>,
    /// How long each chunk takes to be made before it is first sent.
    pub pace: Duration,
    /// The name of the remote's machine.
    pub remote: Rc<str>,
}

/// Who is told what happens. Nothing that it does reaches the adapter.
pub trait Witness {
    /// A client recorded a transition, durably.
    fn audited(&self, run: u64, record: &Record);
    /// A client came to an end; it says so again each time it is started.
    fn ended(&self, run: u64, state: State);
    /// A commit was acknowledged so long after the chunk was first sent.
    fn chunk_took(&self, run: u64, took: Duration);
    /// The remote holds so many chunks of a run, durably.
    fn holds(&self, run: u64, count: u32);
    /// The remote's trouble shaped an answer that is to provoke this reason.
    fn provoked(&self, reason: Reason);
}

/// Where the client of a run keeps its audit chain.
pub fn audit_path() -> String {
    "/adapter/audit".to_string()
}

/// Where the remote keeps its ledger.
pub fn ledger_path() -> String {
    "/adapter/ledger".to_string()
}
