//! What replicas tell each other, and its bytes.

use std::rc::Rc;
use std::time::Duration;

use super::codec::{Reader, Write, write_command};
use super::log::Entry;

/// A primary's entries, or none: then only a sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The primary's term.
    pub term: u64,
    /// The primary's clock when it sent this; comes back with the answer.
    pub stamp: Duration,
    /// The place before the entries.
    pub previous: u64,
    /// The term there, in the primary's log.
    pub previous_term: u64,
    /// Up to where the primary knows the log to be agreed.
    pub commit: u64,
    /// What follows the place `previous`.
    pub entries: Vec<Entry>,
}

/// A message between replicas. Each carries its sender's term; one of an older term has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A candidate asks for a vote.
    VoteRequest {
        /// The term it stands in.
        term: u64,
        /// The last place of its log.
        last: u64,
        /// The term there.
        last_term: u64,
    },
    /// The answer to a candidate.
    VoteReply {
        /// The voter's term.
        term: u64,
        /// Whether the candidate has its vote.
        granted: bool,
    },
    /// A primary's entries.
    Append(Append),
    /// A backup holds the primary's log, durably, up to a place.
    AppendReply {
        /// The backup's term.
        term: u64,
        /// The stamp of what it answers.
        stamp: Duration,
        /// The place.
        matched: u64,
    },
    /// A backup does not hold what the entries were to follow.
    AppendRefused {
        /// The backup's term.
        term: u64,
        /// The stamp of what it answers.
        stamp: Duration,
        /// The place that it does not hold.
        previous: u64,
        /// From where the primary had better send.
        retry_from: u64,
    },
    /// A primary that stops gives its lease back.
    Release {
        /// Its term.
        term: u64,
    },
}

/// Appends a message to `out`.
pub fn write_message(out: &mut Vec<u8>, message: &Message) {
    match message {
        Message::VoteRequest { term, last, last_term } => {
            out.u8(0);
            out.u64(*term);
            out.u64(*last);
            out.u64(*last_term);
        }
        Message::VoteReply { term, granted } => {
            out.u8(1);
            out.u64(*term);
            out.u8(u8::from(*granted));
        }
        Message::Append(Append { term, stamp, previous, previous_term, commit, entries }) => {
            out.u8(2);
            out.u64(*term);
            write_duration(out, *stamp);
            out.u64(*previous);
            out.u64(*previous_term);
            out.u64(*commit);
            out.u32(entries.len() as u32);
            for entry in entries {
                out.u64(entry.term);
                write_command(out, &entry.command);
            }
        }
        Message::AppendReply { term, stamp, matched } => {
            out.u8(3);
            out.u64(*term);
            write_duration(out, *stamp);
            out.u64(*matched);
        }
        Message::AppendRefused { term, stamp, previous, retry_from } => {
            out.u8(4);
            out.u64(*term);
            write_duration(out, *stamp);
            out.u64(*previous);
            out.u64(*retry_from);
        }
        Message::Release { term } => {
            out.u8(5);
            out.u64(*term);
        }
    }
}

/// What [`write_message`] wrote.
pub fn read_message(reader: &mut Reader<'_>) -> Option<Message> {
    Some(match reader.u8()? {
        0 => Message::VoteRequest { term: reader.u64()?, last: reader.u64()?, last_term: reader.u64()? },
        1 => Message::VoteReply { term: reader.u64()?, granted: reader.u8()? != 0 },
        2 => {
            let (term, stamp) = (reader.u64()?, read_duration(reader)?);
            let (previous, previous_term, commit) = (reader.u64()?, reader.u64()?, reader.u64()?);
            let count = reader.u32()?;
            let mut entries = Vec::new();
            for _ in 0..count {
                entries.push(Entry { term: reader.u64()?, command: Rc::new(reader.command()?) });
            }
            Message::Append(Append { term, stamp, previous, previous_term, commit, entries })
        }
        3 => Message::AppendReply {
            term: reader.u64()?,
            stamp: read_duration(reader)?,
            matched: reader.u64()?,
        },
        4 => Message::AppendRefused {
            term: reader.u64()?,
            stamp: read_duration(reader)?,
            previous: reader.u64()?,
            retry_from: reader.u64()?,
        },
        5 => Message::Release { term: reader.u64()? },
        _ => return None,
    })
}

fn write_duration(out: &mut Vec<u8>, duration: Duration) {
    out.u64(u64::try_from(duration.as_nanos()).expect("a clock's reading fits 584 years"));
}

fn read_duration(reader: &mut Reader<'_>) -> Option<Duration> {
    reader.u64().map(Duration::from_nanos)
}
