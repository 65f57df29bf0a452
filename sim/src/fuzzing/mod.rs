//! Hearts of the kernel that fuzz targets drive by themselves: the event queue and the disk.
//!
//! Both are private, because code under test has no business with them: it meets them through timers and files.
//! A fuzzer that went that way would run a whole world for each operation, and could not say when a sync is under
//! way. So this room exists only with the feature `fuzzing`, is no part of what the crate promises, and holds as
//! little as a target needs: each call is one of the heart's own, in types that may be named outside.

mod disk;
mod queue;

pub use disk::{BareDisk, OpenFile};
pub use queue::Queue;
