//! Points: places in anybody's code that have a name.
//!
//! A *point* is a place where a fault plan may strike ([`site!`]), an oracle may count ([`always!`],
//! [`sometimes!`], [`reachable!`], [`unreachable!`]), a search may be guided ([`numeric!`]), the meaning of a run
//! is told ([`mark!`]), or a planted bug may sit ([`quirk!`]). Production code may name this crate and
//! nothing else of Tourbillon: it has no dependencies, and outside a simulation each point costs one branch.
//!
//! This crate only names and dispatches; what a hit means is the business of the simulation that listens.
//!
//! ```
//! async fn append(log: &mut Vec<u8>, bytes: &[u8]) {
//!     log.extend_from_slice(bytes);
//!     tourbillon_points::site!("wal.appended_not_synced").await; // a plan may kill the process here
//!     tourbillon_points::sometimes!(log.len() > 4096, "wal.grew");
//! }
//! ```

mod listener;
mod macros;
mod point;
mod site;
mod value;

pub use listener::{Listener, Strike, listen};
pub use point::{Kind, Point, Quirk, hash};
pub use site::Site;
pub use value::Value;

#[doc(hidden)]
pub mod private {
    //! What the macros call.
    pub use crate::listener::{hit, mark, numeric, planted, verdict};
}
