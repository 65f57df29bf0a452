//! The trace: what happened, as fixed-width records, and the digests over them.

mod digest;
mod fs_call;
mod log;
mod record;

pub use digest::{Digest, DigestError, Digests};
pub use fs_call::{FsCall, errno_symbol};
pub(crate) use log::Log;
pub use log::{Reader, Tracing, WINDOW_RECORDS};
pub use record::{Kind, NO_MACHINE, RECORD_BYTES, Record, TRACE_VERSION};
