//! Why a message did not arrive.

/// Why a datagram, a segment or a part of a handshake was lost; the flag of a
/// [`Kind::Lose`](crate::trace::Kind::Lose) record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Loss {
    /// The link is blocked: a partition.
    Blocked = 1,
    /// The link loses messages.
    Lossy = 2,
    /// It was damaged, and the checksum of a stream told.
    Damaged = 3,
    /// The queue before a link of little bandwidth was full.
    Congested = 4,
    /// A condition swallows what would open a connection.
    Hanging = 5,
    /// No machine has that address, or the one that had it has moved.
    NoSuchAddress = 6,
    /// The machine has no power.
    PowerOff = 7,
    /// Nobody has bound the port, or whoever has talks to another peer only.
    NoSocket = 8,
    /// The receiving socket holds as much as it may.
    SocketFull = 9,
    /// The listener has as many connections waiting as it may.
    BacklogFull = 10,
}

impl Loss {
    const ALL: [Loss; 10] = [
        Loss::Blocked,
        Loss::Lossy,
        Loss::Damaged,
        Loss::Congested,
        Loss::Hanging,
        Loss::NoSuchAddress,
        Loss::PowerOff,
        Loss::NoSocket,
        Loss::SocketFull,
        Loss::BacklogFull,
    ];

    /// The words in printed traces.
    pub const fn label(self) -> &'static str {
        match self {
            Loss::Blocked => "blocked",
            Loss::Lossy => "lossy",
            Loss::Damaged => "damaged",
            Loss::Congested => "congested",
            Loss::Hanging => "hanging",
            Loss::NoSuchAddress => "no such address",
            Loss::PowerOff => "power off",
            Loss::NoSocket => "no socket",
            Loss::SocketFull => "socket full",
            Loss::BacklogFull => "backlog full",
        }
    }

    /// The reason of that number, when there is one.
    pub fn from_number(number: u8) -> Option<Loss> {
        Loss::ALL.into_iter().find(|loss| *loss as u8 == number)
    }
}
