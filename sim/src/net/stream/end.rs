//! An end of a connection: what the code that has it may do, and who waits.

use std::io::{Error, ErrorKind};

use super::super::address::AddressId;
use super::super::waiters::Waiters;

/// What an end is to its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndState {
    /// It has asked and waits for the answer.
    Connecting,
    /// It has answered and waits for the last word of the handshake.
    Answered,
    /// It reads and writes.
    Open,
    /// The connection is no more, and its owner will hear of it.
    Broken,
    /// Its owner has dropped it; what was written still goes out.
    Closed,
    /// The machine knows nothing of it.
    Gone,
}

/// Why a connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamError {
    Reset,
    TimedOut,
    Refused,
}

impl From<StreamError> for Error {
    fn from(error: StreamError) -> Error {
        match error {
            StreamError::Reset => ErrorKind::ConnectionReset.into(),
            StreamError::TimedOut => ErrorKind::TimedOut.into(),
            StreamError::Refused => ErrorKind::ConnectionRefused.into(),
        }
    }
}

pub(crate) struct End {
    pub(super) state: EndState,
    pub(super) machine: u16,
    pub(super) port: u16,
    pub(super) address: AddressId,
    /// Whether the port is its own and not a listener's.
    pub(super) owns_port: bool,
    pub(super) nodelay: bool,
    /// Whether dropping it resets the connection.
    pub(super) resets_on_drop: bool,
    /// What the next read, or the next write, is told: each half hears of it once.
    pub(super) read_error: Option<StreamError>,
    pub(super) write_error: Option<StreamError>,
    pub(super) process: u32,
    pub(super) readers: Waiters,
    pub(super) writers: Waiters,
}

impl End {
    pub(super) fn new(state: EndState, machine: u16, process: u32, address: AddressId, port: u16) -> End {
        End {
            state,
            machine,
            port,
            address,
            owns_port: false,
            nodelay: false,
            resets_on_drop: false,
            read_error: None,
            write_error: None,
            process,
            readers: Waiters::default(),
            writers: Waiters::default(),
        }
    }
}
