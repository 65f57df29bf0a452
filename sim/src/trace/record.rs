//! The record: one fixed-width line of the trace, 24 bytes, little-endian.
//!
//! ```text
//! 0        8      9      10       12       16     20     24
//! | at ns  | kind | flag | machine | cause  | a    | b    |
//! ```
//! A record's sequence number is its position and is not stored; its cause is stored as a distance back.
//! What `flag`, `a` and `b` mean is said at each [`Kind`].

/// Bytes of an encoded record.
pub const RECORD_BYTES: usize = 24;

/// The version of the encoding, in every trace header.
pub const TRACE_VERSION: u16 = 1;

/// One event of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Virtual time in nanoseconds since the run began.
    pub at: u64,
    /// What happened.
    pub kind: Kind,
    /// A small detail of the kind.
    pub flag: u8,
    /// The machine it happened on; `u16::MAX` where it is the world itself.
    pub machine: u16,
    /// How many records back the cause stands; 0 where there is none.
    pub cause: u32,
    /// First argument of the kind.
    pub a: u32,
    /// Second argument of the kind.
    pub b: u32,
}

/// The machine of a record that belongs to no machine.
pub const NO_MACHINE: u16 = u16::MAX;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $label:literal;)*) => {
        /// What a record tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[doc = $doc])+ $name = $number,)*
        }

        impl Kind {
            /// Every kind, in order of number.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)*];

            /// The kind's word in printed traces.
            pub const fn label(self) -> &'static str {
                match self { $(Kind::$name => $label,)* }
            }

            /// The kind of that number, when there is one.
            pub const fn from_number(number: u8) -> Option<Kind> {
                match number { $($number => Some(Kind::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// A machine came to be. `a` its index.
    Machine = 1, "machine";
    /// A process was declared. `a` its index, `b` its machine.
    Process = 2, "process";
    /// A process was booted. `a` process, `b` incarnation.
    Boot = 3, "boot";
    /// A process ended. `flag` how ([`crate::machine::Ending`]), `a` process, `b` incarnation.
    End = 4, "end";
    /// Power of a machine. `flag` 1 on, 0 off.
    Power = 5, "power";
    /// A process or machine was paused (`flag` 1) or resumed (0). `a` process or `u32::MAX` for all.
    Pause = 6, "pause";
    /// A task was spawned. `a` task, `b` where in the sources (upper half) and its process (lower half).
    Spawn = 7, "spawn";
    /// A task is polled. `flag` why it woke ([`crate::task::Why`]), `a` task, `b` ready tasks to choose from.
    Poll = 8, "poll";
    /// A task panicked. `flag` 0 in its poll, 1 so that its process crashes, 2 in a destructor, 3 in a waker.
    /// `a` task, `b` process.
    Panic = 9, "panic";
    /// Code drew from its own stream. `a` stream, `b` the value folded to 32 bits.
    Draw = 10, "draw";
    /// A clock was changed. `flag` 0 monotonic, 1 wall. `a` fault.
    Clock = 11, "clock";
    /// A datagram is sent. `a` link, `b` checksum of ports and payload.
    Send = 16, "send";
    /// A datagram arrives. `a` link, `b` checksum.
    Deliver = 17, "deliver";
    /// A datagram or segment is lost. `flag` why ([`crate::net::Loss`]), `a` link, `b` checksum.
    Lose = 18, "lose";
    /// A stream's handshake. `flag` its step, `a` connection, `b` link.
    Connect = 19, "connect";
    /// Stream bytes leave. `a` connection and direction, `b` length or checksum.
    Segment = 20, "segment";
    /// Stream bytes arrive. `a` connection and direction, `b` length or checksum.
    Arrive = 21, "arrive";
    /// A stream direction ends. `flag` 0 finished, 1 reset, 2 timed out. `a` connection and direction.
    Close = 22, "close";
    /// A socket is bound or released. `flag` 1 bound, 0 released. `a` port.
    Bind = 23, "bind";
    /// A disk operation begins. `flag` operation, `a` file, `b` checksum of offset, length and content.
    Disk = 32, "disk";
    /// A disk operation ends. `flag` 0 done or an error number, `a` file, `b` bytes.
    DiskDone = 33, "disk-done";
    /// A disk lost something. `flag` 0: by a power loss, `a` sectors and names kept, `b` dropped or torn;
    /// 1: it was wiped of `b` sectors; 2: it was swapped for that of machine `a`.
    DiskLoss = 34, "disk-loss";
    /// A point was passed. `flag` what it is for ([`points::Kind`]). `a` and `b` are the low and high half of its name's hash.
    Point = 40, "point";
    /// A mark for the semantic digest. `a` and `b` fold subject, name and values.
    Mark = 41, "mark";
    /// A fault begins. `a` fault.
    Fault = 48, "fault";
    /// A fault took effect. `flag` the effect, `a` fault, `b` detail.
    Effect = 49, "effect";
    /// A fault ends. `a` fault.
    Heal = 50, "heal";
    /// An allocation site was asked. `flag` 1 refused, `a` its point's hash folded, `b` bytes folded.
    Reserve = 51, "reserve";
    /// The run ended. `flag` 0 passed, 1 failed.
    Finish = 63, "finish";
}

impl Record {
    /// The record's 24 bytes.
    #[inline]
    pub fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        let head = u64::from(self.kind as u8)
            | u64::from(self.flag) << 8
            | u64::from(self.machine) << 16
            | u64::from(self.cause) << 32;
        let tail = u64::from(self.a) | u64::from(self.b) << 32;
        bytes[..8].copy_from_slice(&self.at.to_le_bytes());
        bytes[8..16].copy_from_slice(&head.to_le_bytes());
        bytes[16..].copy_from_slice(&tail.to_le_bytes());
        bytes
    }

    /// Reads 24 bytes; `None` when the kind's number is unknown.
    pub fn decode(bytes: &[u8; RECORD_BYTES]) -> Option<Record> {
        let word =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes of twenty-four"));
        let (head, tail) = (word(8), word(16));
        Some(Record {
            at: word(0),
            kind: Kind::from_number(head as u8)?,
            flag: (head >> 8) as u8,
            machine: (head >> 16) as u16,
            cause: (head >> 32) as u32,
            a: tail as u32,
            b: (tail >> 32) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encode_and_decode_are_inverse(
            at: u64, kind in 0..Kind::ALL.len(), flag: u8, machine: u16, cause: u32, a: u32, b: u32,
        ) {
            let record = Record { at, kind: Kind::ALL[kind], flag, machine, cause, a, b };
            prop_assert_eq!(Record::decode(&record.encode()), Some(record));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: [u8; RECORD_BYTES]) {
            if let Some(record) = Record::decode(&bytes) {
                prop_assert_eq!(record.encode(), bytes);
            }
        }
    }
}
