//! The audit chain: every transition of a run, each bound to the one before it by BLAKE3. Pure.
//!
//! The chain is also the run's only progress on the disk. A transition is recorded before it is acted upon, so
//! what a killed client had begun is what its chain says, and recovery is a replay: a chain that does not
//! replay to what it claims is refused whole.

use std::fmt;

use super::bytes::{Hash, Reader, Write};
use super::event::{self, Event};
use super::machine::{Machine, Unexpected};
use super::state::State;

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place, from 0.
    pub index: u64,
    /// The hash of the record before it; of the run's number for the first.
    pub previous: Hash,
    /// What happened.
    pub event: Event,
    /// Where the run stood, by [`State::code`].
    pub from: u8,
    /// Where it stands.
    pub to: u8,
    /// How many chunks were acknowledged, after it.
    pub cursor: u32,
    /// How many tries in a row brought nothing, after it.
    pub tries: u32,
    /// What the client's wall clock read, in nanoseconds since 1970. It decides nothing and may go back.
    pub at_ns: u64,
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The record of this index is none.
    Unreadable {
        /// Its place.
        index: u64,
    },
    /// It is not bound to the one before it, or not in its place.
    Link {
        /// Its place.
        index: u64,
    },
    /// It claims another transition than its event makes.
    Claim {
        /// Its place.
        index: u64,
        /// Where the machine stands after its event.
        replayed: State,
    },
    /// Its event has no place.
    Event {
        /// Its place.
        index: u64,
        /// Why.
        unexpected: Unexpected,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Unreadable { index } => write!(f, "audit record {index} is no record"),
            Broken::Link { index } => write!(f, "audit record {index} is not bound to the one before it"),
            Broken::Claim { index, replayed } => {
                write!(f, "audit record {index} claims another transition than its event makes: {replayed}")
            }
            Broken::Event { index, unexpected } => write!(f, "audit record {index}: {unexpected}"),
        }
    }
}

impl std::error::Error for Broken {}

impl Record {
    /// The bytes of the record, without its hash.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80);
        out.u64(self.index);
        out.extend_from_slice(&self.previous);
        event::write(&mut out, self.event);
        out.push(self.from);
        out.push(self.to);
        out.u32(self.cursor);
        out.u32(self.tries);
        out.u64(self.at_ns);
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, and nothing else: a record has one way to be written, or a
    /// bit of it could change unseen.
    pub fn read(bytes: &[u8]) -> Option<Record> {
        let mut reader = Reader::new(bytes);
        let record = Record {
            index: reader.u64()?,
            previous: reader.array()?,
            event: event::read(&mut reader)?,
            from: reader.u8()?,
            to: reader.u8()?,
            cursor: reader.u32()?,
            tries: reader.u32()?,
            at_ns: reader.u64()?,
        };
        reader.end(record).filter(|record| record.to_bytes() == bytes)
    }

    /// What the next record is bound to.
    pub fn hash(&self) -> Hash {
        *blake3::hash(&self.to_bytes()).as_bytes()
    }
}

/// Where a chain begins: bound to its run, so that no chain can be passed off as another run's.
pub fn root(run: u64) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tourbillon adapter audit");
    hasher.update(&run.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// A chain as far as it has come, with the machine that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    machine: Machine,
    /// How many records there are.
    length: u64,
    /// The hash of the last.
    head: Hash,
}

impl Chain {
    /// The chain of a run that has not begun.
    pub fn new(run: u64, machine: Machine) -> Chain {
        Chain { machine, length: 0, head: root(run) }
    }

    /// Reads records as they were written, checks every link, and replays every event.
    ///
    /// # Errors
    /// With the first record that is not what it should be.
    pub fn recover<'a>(
        run: u64,
        machine: Machine,
        records: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Chain, Broken> {
        let mut chain = Chain::new(run, machine);
        for bytes in records {
            let index = chain.length;
            let record = Record::read(bytes).ok_or(Broken::Unreadable { index })?;
            let is_bound = record.index == index && record.previous == chain.head;
            if !is_bound && !machine.bugs().audit_unlinked {
                return Err(Broken::Link { index });
            }
            let next = chain.next(record.event, record.at_ns);
            let (expected, next) = next.map_err(|unexpected| Broken::Event { index, unexpected })?;
            let claimed = Record { previous: expected.previous, ..record };
            if claimed != expected {
                return Err(Broken::Claim { index, replayed: next.machine.state() });
            }
            chain = Chain { head: record.hash(), ..next };
        }
        Ok(chain)
    }

    /// The machine it stands for.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// How many records it has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The hash of its last record.
    pub fn head(&self) -> Hash {
        self.head
    }

    /// The record of an event, and the chain after it.
    ///
    /// # Errors
    /// When the event has no place in the machine's state.
    pub fn next(&self, event: Event, at_ns: u64) -> Result<(Record, Chain), Unexpected> {
        let machine = self.machine.step(event)?;
        let begins_anew = machine.bugs().audit_unlinked && matches!(event, Event::Restarted { .. });
        let record = Record {
            index: self.length,
            previous: if begins_anew { [0; 32] } else { self.head },
            event,
            from: self.machine.state().code(),
            to: machine.state().code(),
            cursor: machine.cursor(),
            tries: machine.tries(),
            at_ns,
        };
        Ok((record, Chain { machine, length: self.length + 1, head: record.hash() }))
    }

    /// The chain after an event that is not recorded: only a planted bug does that.
    pub fn after_unrecorded(&self, next: &Chain) -> Chain {
        Chain { machine: next.machine, ..*self }
    }
}
