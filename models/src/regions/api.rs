//! What a workload may name.

pub use super::body::{Body, Boxed, Poll};
pub use super::budget::Budget;
pub use super::context::TaskContext;
pub use super::event::{Event, Operation, Subject, What};
pub use super::faulty::{Effects, Faulty, Refusal, Reversal};
pub use super::handle::{Handle, Kind, Name};
pub use super::invariants::{Observer, Rule, Violation, Watched};
pub use super::machine::{MachineNode, OnMachine, POLL_COST, Witness, on_machine};
pub use super::node::{Node, Step};
pub use super::outcome::{CancelKind, Outcome};
pub use super::points::{Bug, Quirks};
pub use super::profile::{Capacity, Class, Config, Overload, Profile, UnknownName, WaitPolicy};
pub use super::runtime::{CLEANUP_POLLS, Runtime};
pub use super::script::Script;
pub use super::status::{Error, Status};
pub use super::time::Time;
pub use super::view::{Phase, RegionState, RegionView, TaskView, View};
