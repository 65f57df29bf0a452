//! Tasks: ordinary futures on the kernel's own executor, with tokio's names.

mod blocking;
mod id;
mod job;
mod join;
mod key;
mod set;
mod slot;
mod spawn;
mod table;
mod waker;
mod yield_now;

pub use blocking::{block_on, spawn_blocking};
pub use id::{Id, id, try_id};
pub(crate) use job::{BoxJob, job};
pub use join::{AbortHandle, JoinError, JoinHandle};
pub(crate) use key::{NONCE_MASK, SLOT_COUNT_MAX, TaskKey};
pub use set::JoinSet;
pub(crate) use slot::WakerSlot;
pub(crate) use spawn::spawn_on;
pub use spawn::{spawn, spawn_local};
pub(crate) use table::{ABORTED, DETACHED, ENDED, NONE, ON_CORE, QUEUED, RUNNING, Tasks};
pub(crate) use waker::waker;
pub use yield_now::yield_now;

/// Why a task was woken; the flag of a [`Kind::Poll`](crate::trace::Kind::Poll) record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Why {
    /// Its first poll.
    Spawn = 0,
    /// Code called its waker.
    Code = 1,
    /// A timer fired.
    Timer = 2,
    /// The network: bytes, a connection, room to write.
    Network = 3,
    /// A disk operation ended.
    Disk = 4,
    /// A task that it awaits ended.
    Join = 5,
    /// A process or machine changed its state.
    Machine = 6,
    /// It was aborted.
    Abort = 7,
}

impl Why {
    /// The word in printed traces.
    pub const fn label(self) -> &'static str {
        match self {
            Why::Spawn => "spawn",
            Why::Code => "code",
            Why::Timer => "timer",
            Why::Network => "network",
            Why::Disk => "disk",
            Why::Join => "join",
            Why::Machine => "machine",
            Why::Abort => "abort",
        }
    }

    /// The reason of that number, when there is one.
    pub const fn from_number(number: u8) -> Option<Why> {
        Some(match number {
            0 => Why::Spawn,
            1 => Why::Code,
            2 => Why::Timer,
            3 => Why::Network,
            4 => Why::Disk,
            5 => Why::Join,
            6 => Why::Machine,
            7 => Why::Abort,
            _ => return None,
        })
    }
}
