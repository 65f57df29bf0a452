//! `--verify`: one case run by two processes in lock step.
//!
//! Each process tells its running digest at every checkpoint and waits until the referee has heard the
//! other one. While they agree, both go on. When they do not, each hands over the last two windows that
//! it has kept, so the very runs that differed are compared: nothing needs to happen a second time.
//!
//! ```text
//! process                        referee                       process
//!   Hello    ------------------->       <-------------------    Hello
//!            <------------------- Agree ------------------->
//!   Checkpoint ----------------->       <-----------------  Checkpoint
//!            <------------------- Agree ------------------->
//!   Ended    ------------------->       <-------------------    Ended
//!            <-------------------  Part ------------------->
//!   Windows  ------------------->       <-------------------  Windows
//!   Names    ------------------->       <-------------------    Names      once the run is over
//! ```
//!
//! [`Referee`] and the messages are pure; [`referee`] and [`LockStep`] move them over any pipes. Starting
//! processes, and ending one that hangs, is up to who calls.

mod lockstep;
mod message;
mod referee;

pub use lockstep::{LockStep, LockStepError, Verdict};
pub use message::{
    Ended, Hello, Message, MessageError, Reply, Windows, read_message, read_reply, write_message, write_reply,
};
pub use referee::{Event, Referee, Step, Verified, referee};

#[cfg(test)]
mod tests;
