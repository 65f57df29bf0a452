//! The kernel of Tourbillon: scheduler, time, clocks, choice, machines, network, disk and trace.

pub mod choice;
mod ratio;
pub mod trace;

pub use ratio::Ratio;
