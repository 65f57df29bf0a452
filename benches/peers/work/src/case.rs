//! The cases, how much of each, and what a peer that did the work must have tallied.

use std::{fmt, str::FromStr, time::Duration};

use crate::proof::{self, Tally};

/// Tasks that yield or sleep side by side.
pub const TASKS: u64 = 100;
/// Machines that all send to each other.
pub const HEARTBEAT_MACHINES: u64 = 500;
/// Virtual time between two beats.
pub const HEARTBEAT_PERIOD: Duration = Duration::from_millis(100);

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// 100 tasks, each yielding `iterations` times; the operation is a yield.
    Yield,
    /// `iterations` empty tasks, each spawned and awaited before the next.
    Spawn,
    /// 100 tasks, each sleeping 10 to 110 microseconds `iterations` times; the operation is a sleep.
    Timer,
    /// `iterations` times a 32-byte datagram there and back between two machines.
    Datagram,
    /// `iterations` times 32 bytes there and back on one stream between two machines.
    Stream,
    /// 500 machines, each sending 32 bytes to every other every 100 ms, `iterations` times; the operation
    /// is a message received.
    Heartbeat,
}

impl Case {
    /// Every case, in the order in which they are run and printed.
    pub const ALL: [Case; 6] =
        [Case::Yield, Case::Spawn, Case::Timer, Case::Datagram, Case::Stream, Case::Heartbeat];

    /// The case's name on command lines and in results.
    pub fn name(self) -> &'static str {
        match self {
            Case::Yield => "yield",
            Case::Spawn => "spawn",
            Case::Timer => "timer",
            Case::Datagram => "datagram",
            Case::Stream => "stream",
            Case::Heartbeat => "heartbeat",
        }
    }

    /// How often the work is repeated unless told otherwise: enough that making the world does not show.
    pub fn iterations_default(self) -> u64 {
        match self {
            Case::Yield => 100_000,
            Case::Spawn => 2_000_000,
            Case::Timer => 50_000,
            Case::Datagram | Case::Stream => 100_000,
            // Ten beats of 100 ms are the virtual second.
            Case::Heartbeat => 10,
        }
    }

    /// What a peer has tallied once it has done this work, computed without any simulator.
    pub fn tally(self, iterations: u64) -> Tally {
        let mut total = Tally::default();
        match self {
            Case::Yield | Case::Timer => {
                for task in 0..TASKS {
                    let mut tally = Tally::default();
                    for step in 0..iterations {
                        tally.count(match self {
                            Case::Timer => proof::sleep_duration(task, step).as_nanos() as u64,
                            _ => step,
                        });
                    }
                    total.join(tally);
                }
            }
            Case::Spawn => (0..iterations).for_each(|index| total.count(index)),
            Case::Datagram | Case::Stream => {
                let mut server = Tally::default();
                for round in 0..iterations {
                    server.count(proof::check([round, 0, 0]));
                    total.count(proof::check([round, server.digest, server.operations]));
                }
            }
            Case::Heartbeat => {
                for sender in 0..HEARTBEAT_MACHINES {
                    for receiver in (0..HEARTBEAT_MACHINES).filter(|receiver| *receiver != sender) {
                        for beat in 0..iterations {
                            total.count_unordered(proof::check([sender, receiver, beat]));
                        }
                    }
                }
            }
        }
        total
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(word: &str) -> Result<Case, String> {
        Case::ALL.into_iter().find(|case| case.name() == word).ok_or_else(|| {
            format!("unknown case `{word}`; the cases are {}", Case::ALL.map(Case::name).join(", "))
        })
    }
}
