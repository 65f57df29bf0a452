//! What happens to a run, what it does next, and the bytes of an event. Pure.

use super::bytes::{Reader, Write};
use super::capability::{Agreement, Capability};

/// What came of a proof of integrity. All but the first are doubts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precheck {
    /// It is the right one.
    Agrees,
    /// It is another.
    Differs,
    /// It came after its deadline.
    Late,
    /// None came.
    Absent,
    /// It is no checksum.
    Malformed,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The run begins.
    Started {
        /// All chance of the run comes from it.
        seed: u64,
        /// How many chunks there are; at least one.
        chunk_count: u32,
    },
    /// The remote said what it can do.
    Negotiated(Agreement),
    /// The remote proved what it holds, or did not.
    Checked(Precheck),
    /// The chunk at the cursor is committed.
    ChunkDone,
    /// The chunk at the cursor was not answered, or refused for now.
    ChunkLost,
    /// The id of the chunk at the cursor is taken by other content.
    ChunkConflicts,
    /// The wait is over.
    BackoffOver,
    /// There are no tries left.
    TriesSpent,
    /// The remote said where it stands.
    Resumed {
        /// The seed of the run, by the remote's word.
        seed: u64,
        /// How many chunks it holds.
        acknowledged: u32,
    },
    /// Nobody answered.
    Unanswered,
    /// The remote sealed the run.
    Sealed,
    /// The remote holds something else than was committed, and sealed nothing.
    SealRefused,
    /// The client was killed and came up again with this seed.
    Restarted {
        /// The seed it was started with this time.
        seed: u64,
    },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Begin.
    Start,
    /// Ask what the remote can do.
    Negotiate,
    /// Ask for a proof of the first so many chunks.
    Precheck {
        /// How many.
        count: u32,
    },
    /// Commit the chunk of this index, from 0.
    Commit {
        /// Which.
        index: u32,
    },
    /// Wait before try number so many.
    BackOff {
        /// From 1.
        tries: u32,
    },
    /// The tries are spent.
    GiveUp,
    /// Ask where the remote stands.
    Resume,
    /// Have the run sealed.
    Complete,
    /// Nothing: the run has ended.
    Stop,
}

/// Appends an event: a number for its kind, and two numbers that it carries or not.
pub fn write(out: &mut Vec<u8>, event: Event) {
    let (tag, left, right) = match event {
        Event::Started { seed, chunk_count } => (0, seed, u64::from(chunk_count)),
        Event::Negotiated(Agreement::Agreed([a, b, c, d])) => {
            (1, u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48, 0)
        }
        Event::Negotiated(Agreement::Missing(capability)) => (2, u64::from(capability.code()), 0),
        Event::Negotiated(Agreement::Differs(capability)) => (3, u64::from(capability.code()), 0),
        Event::Checked(precheck) => (4, precheck as u64, 0),
        Event::ChunkDone => (5, 0, 0),
        Event::ChunkLost => (6, 0, 0),
        Event::ChunkConflicts => (7, 0, 0),
        Event::BackoffOver => (8, 0, 0),
        Event::TriesSpent => (9, 0, 0),
        Event::Resumed { seed, acknowledged } => (10, seed, u64::from(acknowledged)),
        Event::Unanswered => (11, 0, 0),
        Event::Sealed => (12, 0, 0),
        Event::SealRefused => (13, 0, 0),
        Event::Restarted { seed } => (14, seed, 0),
    };
    out.push(tag);
    out.u64(left);
    out.u64(right);
}

/// Reads what [`write`] wrote.
pub fn read(reader: &mut Reader<'_>) -> Option<Event> {
    let (tag, left, right) = (reader.u8()?, reader.u64()?, reader.u64()?);
    let capability = || Capability::of_code(u8::try_from(left).ok()?);
    Some(match tag {
        0 => Event::Started { seed: left, chunk_count: u32::try_from(right).ok()? },
        1 => {
            let version = |place: u32| (left >> (16 * place)) as u16;
            Event::Negotiated(Agreement::Agreed([version(0), version(1), version(2), version(3)]))
        }
        2 => Event::Negotiated(Agreement::Missing(capability()?)),
        3 => Event::Negotiated(Agreement::Differs(capability()?)),
        4 => Event::Checked(match left {
            0 => Precheck::Agrees,
            1 => Precheck::Differs,
            2 => Precheck::Late,
            3 => Precheck::Absent,
            4 => Precheck::Malformed,
            _ => return None,
        }),
        5 => Event::ChunkDone,
        6 => Event::ChunkLost,
        7 => Event::ChunkConflicts,
        8 => Event::BackoffOver,
        9 => Event::TriesSpent,
        10 => Event::Resumed { seed: left, acknowledged: u32::try_from(right).ok()? },
        11 => Event::Unanswered,
        12 => Event::Sealed,
        13 => Event::SealRefused,
        14 => Event::Restarted { seed: left },
        _ => return None,
    })
}
