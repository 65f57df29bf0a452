//! Machines and processes: who computes where, and how it ends.
//!
//! A *machine* has a zone, addresses, a disk, clocks and cores. It hosts *processes*, each with a boot function
//! that is called again at every restart. The test's own body runs in the process `test` of the machine `test`,
//! which no fault touches unless it is named.

mod builder;
mod handle;
mod host;
mod program;
mod termination;

pub(crate) use crate::kernel::Plate;
pub use builder::{MachineBuilder, machine};
pub use handle::{
    Machine, Process, ProcessBuilder, current_machine, current_process, find_machine, machines, shutdown,
    test_machine,
};
pub(crate) use host::{Host, OnCore, Refusal};
pub use program::{Boot, Ending, PanicPolicy};
pub(crate) use program::{Program, State};
pub use termination::Termination;

/// The index of the test's own machine.
pub(crate) const TEST: u16 = 0;
