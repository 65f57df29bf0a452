//! The work that Tourbillon, madsim and turmoil are given, so that it is the same work.
//!
//! Everything that can be said without naming a simulator is said here, once: which cases there are, how
//! much of each, what the bytes and the durations are, the loops themselves, and the [`Tally`] that
//! proves they ran. A runner brings only what is its own: how a world is made, how a task is spawned, how
//! a socket is bound. Nothing here knows how long anything took; that is [`runner`]'s, outside the run.

mod case;
mod load;
mod proof;
pub mod runner;

pub use case::{Case, HEARTBEAT_MACHINES, HEARTBEAT_PERIOD, TASKS};
pub use load::{
    Datagrams, beat_receiver, beat_sender, datagram_client, datagram_server, sleeper, stream_client,
    stream_server, yielder,
};
pub use proof::Tally;

/// The seed every world is made from.
pub const SEED: u64 = 42;

/// The UDP or TCP port every server of a case listens on.
pub const PORT: u16 = 9000;

/// How long a client waits, in virtual time, before it first speaks, so that its server is bound by then.
pub const CLIENT_DELAY: std::time::Duration = std::time::Duration::from_millis(10);
