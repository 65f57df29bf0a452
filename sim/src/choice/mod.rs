//! Choice: every bit of chance in a run is one bounded draw from a named stream.
//!
//! Streams are found by name, so a new stream or a new draw moves no other stream. A recording lists the
//! draws; an edit replaces one of them while the generator still advances, so that a case can be a seed
//! and a few edits. Random runs, recordings, replays and searches differ only in who answers here.

mod changes;
mod edit;
mod recording;
mod rng;
mod seeded;
mod stream;

pub use edit::{Change, Edit, EditError, Reseed};
pub use recording::{Draw, Explorer, Recording};
pub use rng::{Rng, rng};
pub use seeded::Seeded;
pub(crate) use stream::Choices;
pub use stream::{ALGORITHM, Stream, StreamId};
