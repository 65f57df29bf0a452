//! The report: what a run came to.

use std::fmt;
use std::time::Duration;

use crate::choice::Recording;
use crate::trace::{Digest, Digests, Record};
use crate::workload::Operations;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every property held.
    Passed,
    /// A property failed; the first one, where several did.
    Failed(Failure),
}

/// A property that failed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The property's name: a point, an invariant, or one of the kernel's own (`panic`, `stall`, `step-limit`,
    /// `time-limit`, `shared-memory`, `panic-in-drop`, `panic-in-waker`, `error`).
    pub property: String,
    /// Where: `file:line:column`, a point's name, or empty.
    pub place: String,
    /// What was found and what was expected.
    pub message: String,
    /// When, in nanoseconds of virtual time.
    pub at: u64,
    /// The sequence number of the last record before it, where the search for causes begins.
    pub record: u64,
    /// On which machine, when on one.
    pub machine: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed", self.property)?;
        if let Some(machine) = &self.machine {
            write!(f, " on {machine}")?;
        }
        write!(f, " at {:?}", Duration::from_nanos(self.at))?;
        if !self.place.is_empty() {
            write!(f, " ({})", self.place)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A fault of a run and how often it took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultReport {
    /// What the plan calls it.
    pub label: String,
    /// How often somebody could notice it.
    pub effects: u64,
}

/// A point of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointReport {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub kind: points::Kind,
    /// How often it was passed.
    pub hits: u64,
    /// How often its condition held.
    pub held: u64,
    /// The greatest number it saw.
    pub numeric_max: u64,
}

impl PointReport {
    /// The hash that stands for the name in records.
    pub fn hash(&self) -> u64 {
        points::Point::new(self.name, self.kind).hash()
    }
}

/// The latencies of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyReport {
    /// What the scenario calls it.
    pub name: &'static str,
    /// How often each value came, in nanoseconds to within 0.4 %, in order of value.
    pub counts: Vec<(u64, u64)>,
}

/// The names behind the numbers of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Machines by index.
    pub machines: Vec<String>,
    /// Processes by index, with the index of their machine.
    pub processes: Vec<(String, u16)>,
    /// Links between machines by index, each with the index of its source and of its target.
    pub links: Vec<(u16, u16)>,
    /// Choice streams by index.
    pub streams: Vec<String>,
    /// Faults by index.
    pub faults: Vec<String>,
    /// Where tasks were spawned, by the number in [`Kind::Spawn`](crate::trace::Kind::Spawn).
    pub places: Vec<String>,
    /// Where the last task of each number was spawned, as an index into `places`: for tasks that are older
    /// than the records at hand.
    pub tasks: Vec<u16>,
    /// Points that were passed, with their hash.
    pub points: Vec<(u64, String)>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// The seed it had.
    pub seed: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The three digests.
    pub digests: Digests,
    /// The running trace digest, every 4,096 records.
    pub checkpoints: Vec<Digest>,
    /// Records of the trace.
    pub records: u64,
    /// Polls made.
    pub steps: u64,
    /// How long it took on its own clock.
    pub virtual_time: Duration,
    /// The points that were passed, by name.
    pub points: Vec<PointReport>,
    /// The faults that began, in that order.
    pub faults: Vec<FaultReport>,
    /// The latencies that were counted, by name.
    pub latencies: Vec<LatencyReport>,
    /// What is worth saying and fails nothing.
    pub warnings: Vec<String>,
    /// Every draw, when the configuration asked for it.
    pub recording: Option<Recording>,
    /// Every operation of the load, when the configuration asked for it.
    pub operations: Option<Operations>,
    /// The last records, oldest first, and the sequence number of the first.
    pub tail: (u64, Vec<Record>),
    /// The names behind the numbers.
    pub names: Names,
}

impl Report {
    /// The failure, if the run failed.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Passed => None,
            Outcome::Failed(failure) => Some(failure),
        }
    }

    /// Whether every property held.
    pub fn passed(&self) -> bool {
        self.failure().is_none()
    }

    /// The report of a run that passed.
    ///
    /// # Panics
    /// When the run failed, with the failure and the seed.
    #[track_caller]
    pub fn unwrap(self) -> Report {
        if let Outcome::Failed(failure) = &self.outcome {
            panic!("seed {:#x}: {failure}", self.seed);
        }
        self
    }

    /// How often the fault of this label took effect.
    pub fn effects(&self, label: &str) -> u64 {
        self.faults.iter().filter(|fault| fault.label == label).map(|fault| fault.effects).sum()
    }
}
