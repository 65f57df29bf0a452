//! The view: what the runtime shows of its state to those who watch it and cannot change it.

use super::handle::{Handle, Kind};
use super::outcome::CancelKind;

/// Where a region stands. It goes through these in order and never back. [regions 1.2]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RegionState {
    /// It takes work.
    Open = 0,
    /// Its tasks are asked to end, its children to close.
    Closing = 1,
    /// All children are closing; tasks clean up.
    Draining = 2,
    /// No task is alive; finalizers run.
    Finalizing = 3,
    /// It is quiescent. Its slot is freed at once, so only its last event says so.
    Closed = 4,
}

/// Where a task stands. A request to end is told beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Phase {
    /// It will be polled.
    Ready = 0,
    /// It is being polled.
    Running = 1,
    /// It waits for a timer, a wake or a slot.
    Waiting = 2,
}

/// A region, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionView {
    /// Its handle.
    pub handle: Handle,
    /// The region that it is in.
    pub parent: Option<Handle>,
    /// Where it stands.
    pub state: RegionState,
    /// Whether it was poisoned itself.
    pub is_poisoned: bool,
    /// Live tasks, as the region counts them.
    pub tasks: u32,
    /// Open children, as it counts them.
    pub children: u32,
}

/// A task, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Its handle.
    pub handle: Handle,
    /// The region that holds it.
    pub region: Handle,
    /// Where it stands.
    pub phase: Phase,
    /// Why it was asked to end, if it was.
    pub cancel: Option<CancelKind>,
}

/// A runtime, seen from outside.
pub trait View {
    /// How many things of a kind are alive, by the arena's own count.
    fn live(&self, kind: Kind) -> u16;

    /// Shows every region that is not closed.
    fn each_region(&self, see: &mut dyn FnMut(RegionView));

    /// Shows every live task.
    fn each_task(&self, see: &mut dyn FnMut(TaskView));

    /// Shows every unresolved obligation and the task that holds it.
    fn each_obligation(&self, see: &mut dyn FnMut(Handle, Handle));

    /// Shows every timer that is set.
    fn each_timer(&self, see: &mut dyn FnMut(Handle));
}
