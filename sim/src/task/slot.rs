//! Where a resource keeps the waker it was polled with.

use std::task::Waker;

use super::key::TaskKey;
use super::waker::key_of;

/// The waker of whoever waits for a resource. Ours are kept as eight bytes; a foreign one (that of a
/// `FuturesUnordered`, say) is kept as it is, and is never cloned, woken or dropped while the world is
/// borrowed, because that is user code.
///
/// Its tag is a word, because slots are swapped by words: a word that was written in two parts costs a stall when
/// it is read at once.
#[derive(Debug, Default)]
#[repr(u64)]
pub(crate) enum WakerSlot {
    /// Nobody waits.
    #[default]
    Empty,
    /// A task of this world, or so it says: the key is checked when it is woken.
    Own(TaskKey),
    /// Somebody else's waker.
    Foreign(Waker),
    /// A set of tasks, which keeps the order in which its members end.
    Member {
        /// The set.
        set: u32,
        /// The number it has for this one.
        member: u32,
    },
}

impl WakerSlot {
    /// Takes a waker in. Call it *before* borrowing the world: a foreign waker's clone is user code.
    #[inline]
    pub(crate) fn of(waker: &Waker) -> WakerSlot {
        match key_of(waker) {
            Some(key) => WakerSlot::Own(key),
            None => WakerSlot::Foreign(waker.clone()),
        }
    }

    /// Puts `fresh` in and the old waker into `fresh`, to be dropped when nothing is borrowed.
    #[inline]
    pub(crate) fn swap(&mut self, fresh: &mut WakerSlot) {
        std::mem::swap(self, fresh);
    }

    #[inline]
    pub(crate) fn take(&mut self) -> WakerSlot {
        std::mem::take(self)
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        !matches!(self, WakerSlot::Empty)
    }

    /// Whether both wake the same. That compares two words, which is nobody's code.
    pub(crate) fn is_same(&self, other: &WakerSlot) -> bool {
        match (self, other) {
            (WakerSlot::Own(left), WakerSlot::Own(right)) => left == right,
            (WakerSlot::Foreign(left), WakerSlot::Foreign(right)) => left.will_wake(right),
            _ => false,
        }
    }

    /// The task that waits, when it is one of ours: for the report of a stall.
    pub(crate) fn key(&self) -> Option<TaskKey> {
        match self {
            WakerSlot::Own(key) => Some(*key),
            WakerSlot::Empty | WakerSlot::Foreign(_) | WakerSlot::Member { .. } => None,
        }
    }
}
