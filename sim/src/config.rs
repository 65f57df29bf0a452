//! The configuration of a run: everything besides the code and the seed that its course depends on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::choice::{Edit, Reseed};
use crate::net;
use crate::schedule::Schedule;
use crate::time::SystemTime;
use crate::trace::Tracing;
use crate::workload::Operations;

/// What happens when a run has made many polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepLimit {
    /// It fails by the property `step-limit` after so many.
    FailAfter(u64),
}

/// What happens when a run has taken much virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// It fails by the property `time-limit` after so much.
    FailAfter(Duration),
}

/// What happens when a task wakes a task of another process other than through the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SharedMemory {
    /// The run fails by the property `shared-memory`.
    #[default]
    Fail,
    /// The report says it.
    Warn,
    /// It is nobody's business: for systems that are not meant to be distributed.
    Allow,
}

/// What of the bytes on streams goes into the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Payloads {
    /// Length and a checksum of the content.
    #[default]
    Digested,
    /// Neither: for third-party clients whose bytes differ from run to run of one process, because they
    /// number things from a process-wide counter.
    Opaque,
}

/// The configuration of a run.
///
/// ```
/// use tourbillon_sim::Config;
/// let config = Config { seed: 42, ..Config::default() };
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// All chance of the run comes from it.
    pub seed: u64,
    /// A limit on polls. Default: fail after 50 million.
    pub steps: StepLimit,
    /// A limit on virtual time. Default: fail after 24 hours.
    pub time: TimeLimit,
    /// What a true wall clock reads when the run begins. Default: 2023-11-14 22:13:20 UTC, not zero, so
    /// that code which takes zero for "never" is not spared.
    pub epoch: SystemTime,
    /// How long a poll keeps a core of its machine busy at speed one. Default: 100 ns.
    pub poll_cost: Duration,
    /// Which ready task is polled next.
    pub schedule: Schedule,
    /// Whether the report carries every draw.
    pub record_choices: bool,
    /// Draws to change.
    pub edits: Vec<Edit>,
    /// Seeds that take over from some draw on.
    pub reseeds: Vec<Reseed>,
    /// When all trouble is over, for bodies that ask [`calm_at`](crate::fault::calm_at).
    pub calm_at: Option<Duration>,
    /// What the actors of the load do, in place of what they would draw.
    pub operations: Option<Operations>,
    /// Whether the report carries every operation.
    pub record_operations: bool,
    /// Numbers by which the run is large, where they are not the usual ones.
    pub sizes: BTreeMap<String, u64>,
    /// Names of the planted bugs to switch on.
    pub quirks: Vec<String>,
    /// Waking across processes.
    pub shared_memory: SharedMemory,
    /// What the network is like while nothing is wrong with it.
    pub network: net::Settings,
    /// Bytes of streams in the trace.
    pub payloads: Payloads,
    /// Whether the trace is kept; only benches say no.
    pub tracing: Tracing,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 0,
            steps: StepLimit::FailAfter(50_000_000),
            time: TimeLimit::FailAfter(Duration::from_secs(24 * 60 * 60)),
            epoch: SystemTime::from_nanos(1_700_000_000_000_000_000),
            poll_cost: Duration::from_nanos(100),
            schedule: Schedule::Random,
            record_choices: false,
            edits: Vec::new(),
            reseeds: Vec::new(),
            calm_at: None,
            operations: None,
            record_operations: false,
            sizes: BTreeMap::new(),
            quirks: Vec::new(),
            shared_memory: SharedMemory::Fail,
            network: net::Settings::default(),
            payloads: Payloads::Digested,
            tracing: Tracing::On,
        }
    }
}
