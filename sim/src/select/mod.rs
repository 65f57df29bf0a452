//! Awaiting several futures in one task: [`select!`](crate::select), [`join!`](crate::join),
//! [`try_join!`](crate::try_join).
//!
//! They have tokio's syntax and meaning. In which order the futures are polled is drawn from the machine's
//! stream `select/<machine>`, one draw a poll, so that a seed decides it, a recording keeps it and a search
//! tries others. This folder holds the macros and what they expand to; it knows no future of its own.

mod join;
mod macros;
mod order;

pub use join::{MaybeDone, maybe_done};
pub use order::Order;
