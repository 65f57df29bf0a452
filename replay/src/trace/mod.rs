//! Trace files: every record of a run, packed, with its case, its digests and its names.
//!
//! A file is written along with the run, block by block, and read from any place without reading the
//! rest. It is believed only when it is whole: a truncated or foreign file is refused, and a flipped bit
//! is named by the part of the file that it is in.

mod block;
mod error;
mod file;
pub(crate) mod frame;
mod json;
mod names;
mod summary;
mod text;
mod writer;

pub use error::{FileError, FileProblem};
pub use file::TraceFile;
pub use json::{convert_to_json, write_events, write_json};
pub use names::{Names, Space};
pub use summary::Ended;
pub use text::{Described, Describer};
pub use writer::TraceWriter;

pub(crate) use block::decode as decode_records;
pub(crate) use json::Json;
pub(crate) use summary::verdict;

use frame::Shape;

/// A trace file's first bytes and version.
const SHAPE: Shape = Shape { magic: *b"\x89TBLrun\n", name: "trace file", format: 1 };

#[cfg(test)]
pub(crate) mod tests;
