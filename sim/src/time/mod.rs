//! Time: what a machine believes, and waiting by it.

mod clock;
mod instant;
mod interval;
mod sleep;
mod system;
mod timeout;

pub(crate) use clock::{Clock, WallTrouble};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use std::time::Duration;
pub use system::SystemTime;
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};

/// What waiting may answer, under tokio's name for it.
pub mod error {
    pub use super::Elapsed;
}
