//! Evidence packs: a run's artefacts, listed with their BLAKE3 hashes, and RaptorQ repair symbols beside them.
//!
//! A pack is a folder. [`pack`] lists what is in it in `evidence.manifest` and writes a sidecar
//! `NAME.raptorq` beside each file. [`scrub`] reads everything and compares hashes and counts. [`decode_drill`]
//! loses symbols on purpose, in memory, and recovers each file byte for byte; [`recover`] does so in earnest.
//! Nothing here ever writes to a listed file, so a failure leaves the source as it was [the runtime regions,
//! section 4].
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("events.jsonl"), "{\"index\":0}\n".repeat(500))?;
//! let manifest = tourbillon_evidence::pack(folder.path())?;
//! assert_eq!(tourbillon_evidence::scrub(folder.path())?.files, 1);
//! let drill = tourbillon_evidence::decode_drill(folder.path(), 42)?;
//! assert_eq!(drill.proofs, manifest.block_count());
//! # Ok(())
//! # }
//! ```
//!
//! This crate touches the host: it reads and writes real files. It knows no simulation.

mod block;
mod drill;
mod error;
mod manifest;
mod pack;
mod recover;
mod scrub;
mod sidecar;

pub use drill::{Drill, decode_drill, decode_drill_losing};
pub use error::Error;
pub use manifest::{Listed, MANIFEST, Manifest};
pub use pack::pack;
pub use recover::recover;
pub use scrub::{Scrubbed, scrub};
pub use sidecar::{SIDECAR_SUFFIX, sidecar_of};
