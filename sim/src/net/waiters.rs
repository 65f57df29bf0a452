//! Waiters: whoever waits for a socket to become readable, writable or acceptable.
//!
//! One waiter is the usual case and needs no allocation. Several may wait at once, because a socket is
//! shared by reference; all are woken and look again. A waiter has a ticket, so that a future which is
//! dropped takes its waker along. Ticket 0 is that of the `poll_*` functions, where the last caller counts.

use crate::kernel::{Kernel, Litter};
use crate::task::{WakerSlot, Why};

/// Somebody who is ready to wait: a ticket and a waker.
pub(crate) type Waiter<'a> = (u32, &'a mut WakerSlot);

#[derive(Debug, Default)]
pub(crate) struct Waiters {
    slot: WakerSlot,
    ticket: u32,
    /// Those who came while the slot was taken.
    #[expect(clippy::box_collection, reason = "one word instead of three in every socket")]
    more: Option<Box<Vec<(u32, WakerSlot)>>>,
}

impl Waiters {
    /// Keeps the waker of a ticket, in place of its earlier one. What was kept before is left in `waker`,
    /// to be dropped when nothing is borrowed.
    #[inline]
    pub(crate) fn park(&mut self, ticket: u32, waker: &mut WakerSlot) {
        let free = !self.slot.is_set() && self.more.as_ref().is_none_or(|more| more.is_empty());
        if free || self.ticket == ticket && self.slot.is_set() {
            self.ticket = ticket;
            self.slot.swap(waker);
        } else {
            self.park_more(ticket, waker);
        }
    }

    #[cold]
    fn park_more(&mut self, ticket: u32, waker: &mut WakerSlot) {
        let more = self.more.get_or_insert_default();
        match more.iter_mut().find(|(other, _)| *other == ticket) {
            Some((_, slot)) => slot.swap(waker),
            None => more.push((ticket, waker.take())),
        }
    }

    /// A waiter no longer waits; its waker is answered, to be dropped when nothing is borrowed.
    pub(crate) fn leave(&mut self, ticket: u32) -> WakerSlot {
        if self.ticket == ticket {
            return self.slot.take();
        }
        let Some(more) = &mut self.more else { return WakerSlot::Empty };
        match more.iter().position(|(other, _)| *other == ticket) {
            Some(index) => more.remove(index).1,
            None => WakerSlot::Empty,
        }
    }

    #[inline]
    pub(crate) fn wake(&mut self, kernel: &mut Kernel) {
        kernel.wake(&mut self.slot, Why::Network);
        if self.more.is_some() {
            self.wake_more(kernel);
        }
    }

    #[cold]
    fn wake_more(&mut self, kernel: &mut Kernel) {
        for (_, mut slot) in self.more.iter_mut().flat_map(|more| more.drain(..)) {
            kernel.wake(&mut slot, Why::Network);
        }
    }

    /// Forgets everybody, without a wake: whoever waited is no more.
    #[inline]
    pub(crate) fn forget(&mut self, kernel: &mut Kernel) {
        if self.slot.is_set() || self.more.is_some() {
            self.forget_all(kernel);
        }
    }

    #[cold]
    fn forget_all(&mut self, kernel: &mut Kernel) {
        for slot in self.take() {
            if matches!(slot, WakerSlot::Foreign(_)) {
                kernel.discard(Some(Litter::Waker(slot)));
            }
        }
    }

    /// Takes everybody's waker out, at the end of a run.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = WakerSlot> {
        let more = self.more.take().into_iter().flat_map(|more| more.into_iter()).map(|(_, slot)| slot);
        std::iter::once(self.slot.take()).chain(more)
    }

    /// The tasks of this world that wait, for the report of a stall.
    pub(crate) fn keys(&self) -> impl Iterator<Item = crate::task::TaskKey> {
        let more = self.more.iter().flat_map(|more| more.iter().map(|(_, slot)| slot));
        std::iter::once(&self.slot).chain(more).filter_map(WakerSlot::key)
    }
}
