//! What a workload may name: operations and their outcomes, timing, and the witness that watches replicas.

use std::rc::Rc;
use std::time::Duration;

/// A key: a short word.
pub type Key = Rc<str>;
/// A value: any bytes.
pub type Value = Rc<[u8]>;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The value of a key.
    Get(Key),
    /// Set a key.
    Put(Key, Value),
    /// Remove a key.
    Remove(Key),
    /// Set a key if it now holds the expected value (`None`: if it is absent).
    CompareAndSet {
        /// The key.
        key: Key,
        /// What it must hold now.
        expected: Option<Value>,
        /// What it holds after.
        value: Value,
    },
}

impl Operation {
    /// The one key it touches.
    pub fn key(&self) -> &Key {
        match self {
            Operation::Get(key) | Operation::Put(key, _) | Operation::Remove(key) => key,
            Operation::CompareAndSet { key, .. } => key,
        }
    }

    /// Whether it may change the key.
    pub fn is_write(&self) -> bool {
        !matches!(self, Operation::Get(_))
    }
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Of a get: the value, if the key was present.
    Found(Option<Value>),
    /// Of a put or a remove.
    Done,
    /// Of a compare-and-set: whether the key held what was expected, and so was set.
    Swapped(bool),
}

/// An answer: the outcome, and its place in the order of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of a write, the place in the log where it took effect; of a read, the last place that it saw.
    pub index: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What the log holds at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing: the first entry of a primary's term.
    Noop,
    /// Opens a session whose name is the place of this entry.
    Open,
    /// A client's write.
    Write {
        /// The session it belongs to.
        session: u64,
        /// Its number within the session, from 1.
        seq: u64,
        /// What it does.
        operation: Operation,
    },
}

/// One application of a log entry by one replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The place in the log, from 1.
    pub index: u64,
    /// The term whose primary wrote the entry.
    pub term: u64,
    /// The entry.
    pub command: Rc<Command>,
    /// What it did; `None` when it did nothing: no write, a retry, a session that is gone.
    pub effect: Option<Outcome>,
}

/// Where a replica stands, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its term.
    pub term: u64,
    /// Whether it holds itself for the primary of that term.
    pub is_primary: bool,
    /// The last place of its log.
    pub last: u64,
    /// The last place it applied.
    pub applied: u64,
    /// A checksum over keys, values and sessions.
    pub checksum: u32,
}

/// Watches replicas from outside the simulation, so that an oracle can judge as things happen. It must not
/// act on the run: it returns nothing, and may only count, remember, or end the run as failed.
pub trait Witness {
    /// A replica came up and begins to apply its log from the start.
    fn booted(&self, replica: u8);
    /// A replica became the primary of a term.
    fn led(&self, replica: u8, term: u64);
    /// A replica applied an entry.
    fn applied(&self, replica: u8, applied: &Applied);
}

/// Durations that a cluster agrees on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A primary sends to every backup at least this often.
    pub heartbeat: Duration,
    /// A primary may answer reads for so long after it sent what a majority answered.
    pub lease: Duration,
    /// A backup grants no vote for so long after it heard from a primary.
    pub promise: Duration,
    /// A backup waits between `patience` and twice `patience` for a primary before it stands for election.
    pub patience: Duration,
    /// A primary that a majority has not answered for so long steps down, so that its clients give it up. Its
    /// lease ended long before.
    pub quorum_patience: Duration,
}

impl Timing {
    /// For links of a few milliseconds. The promise outlives the lease by a fifth: monotonic clocks may
    /// differ in rate by that much.
    pub const LAN: Timing = Timing {
        heartbeat: Duration::from_millis(100),
        lease: Duration::from_millis(400),
        promise: Duration::from_millis(480),
        patience: Duration::from_millis(500),
        quorum_patience: Duration::from_secs(5),
    };
}

const _: () = assert!(Timing::LAN.lease.as_nanos() < Timing::LAN.promise.as_nanos());
const _: () = assert!(Timing::LAN.promise.as_nanos() <= Timing::LAN.patience.as_nanos());

/// The port that replicas listen on.
pub const PORT: u16 = 7000;

/// Who takes part, by the names of their machines: the place in the list is the replica's number.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The machines of the replicas.
    pub machines: Rc<[String]>,
    /// The durations they agree on.
    pub timing: Timing,
}
