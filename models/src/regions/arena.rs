//! Arenas: so many slots and never more, each with a generation. A pure heart.
//!
//! A slot that was freed is used before a fresh one, and the one freed first before others: which slot a thing
//! gets does not depend on how many there are.

use std::collections::VecDeque;

use super::handle::{Handle, Kind};
use super::status::Error;

#[derive(Clone, Debug)]
struct Slot<T> {
    generation: u32,
    /// How often it was freed. It differs from the generation only with a bug planted.
    freed: u32,
    value: Option<T>,
}

/// Fixed slots of one kind.
#[derive(Clone, Debug)]
pub(super) struct Arena<T> {
    kind: Kind,
    capacity: u16,
    /// The slots that were ever used.
    slots: Vec<Slot<T>>,
    /// Invariant: each vacant slot once, but for those that have no generation left.
    free: VecDeque<u16>,
    live: u16,
    /// The planted bug: what is freed keeps its generation.
    keeps_generation: bool,
}

impl<T> Arena<T> {
    pub(super) fn new(kind: Kind, capacity: u16, keeps_generation: bool) -> Arena<T> {
        let slots = Vec::with_capacity(usize::from(capacity));
        let free = VecDeque::with_capacity(usize::from(capacity));
        Arena { kind, capacity, slots, free, live: 0, keeps_generation }
    }

    /// How many are alive, by count.
    pub(super) fn live(&self) -> u16 {
        self.live
    }

    /// Slots that may still be taken.
    pub(super) fn room(&self) -> u16 {
        let fresh = usize::from(self.capacity) - self.slots.len();
        let vacant = u16::try_from(self.free.len() + fresh).expect("no more than its capacity");
        vacant.min(self.capacity.saturating_sub(self.live))
    }

    /// Takes a slot.
    ///
    /// # Panics
    /// When there is no room, which the caller has asked before.
    pub(super) fn insert(&mut self, value: T) -> Handle {
        assert!(self.room() > 0, "an arena of {} {} is full", self.capacity, self.kind.word());
        self.live += 1;
        let slot = self.free.pop_front().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, freed: 0, value: None });
            u16::try_from(self.slots.len() - 1).expect("no more than its capacity")
        });
        let place = &mut self.slots[usize::from(slot)];
        assert!(place.value.is_none(), "a free slot is vacant");
        place.value = Some(value);
        Handle { kind: self.kind, slot, generation: place.generation }
    }

    /// Frees a slot and gives back what was in it.
    ///
    /// # Panics
    /// When the handle is not alive, which the caller has asked before.
    pub(super) fn remove(&mut self, handle: Handle) -> T {
        let value = self.take(handle);
        self.live -= 1;
        value
    }

    /// With a bug planted: frees a slot and goes on counting it.
    pub(super) fn remove_uncounted(&mut self, handle: Handle) -> T {
        self.take(handle)
    }

    fn take(&mut self, handle: Handle) -> T {
        assert!(self.get(handle).is_ok(), "{handle} is not alive");
        let place = &mut self.slots[usize::from(handle.slot)];
        let value = place.value.take().expect("it was just seen");
        place.freed = place.freed.saturating_add(1);
        if !self.keeps_generation {
            place.generation = place.freed;
        }
        // A generation is never given twice: a slot that has used up all of them is retired.
        if place.freed < u32::MAX {
            self.free.push_back(handle.slot);
        }
        value
    }

    pub(super) fn get(&self, handle: Handle) -> Result<&T, Error> {
        if handle.kind != self.kind {
            return Err(Error::NotFound(handle));
        }
        match self.slots.get(usize::from(handle.slot)) {
            Some(Slot { generation, value: Some(value), .. }) if *generation == handle.generation => {
                Ok(value)
            }
            Some(place) if handle.generation < place.generation => Err(Error::StaleHandle(handle)),
            _ => Err(Error::NotFound(handle)),
        }
    }

    pub(super) fn get_mut(&mut self, handle: Handle) -> Result<&mut T, Error> {
        self.get(handle)?;
        Ok(self.slots[usize::from(handle.slot)].value.as_mut().expect("it was just seen"))
    }

    /// Whether this handle was the last to name its slot, and nothing took the slot since.
    pub(super) fn was_last(&self, handle: Handle) -> bool {
        handle.kind == self.kind
            && self.slots.get(usize::from(handle.slot)).is_some_and(|place| {
                place.value.is_none() && place.freed > 0 && handle.generation == place.freed - 1
            })
    }

    /// What is alive, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        (0u16..).zip(&self.slots).filter_map(|(slot, place)| {
            let handle = Handle { kind: self.kind, slot, generation: place.generation };
            place.value.as_ref().map(|value| (handle, value))
        })
    }

    /// The handle of the next that is alive at or after a slot: to walk while the arena changes.
    pub(super) fn next_from(&self, slot: u16) -> Option<Handle> {
        let at = self.slots.iter().skip(usize::from(slot)).position(|place| place.value.is_some())?;
        let slot = slot + u16::try_from(at).expect("no more than its capacity");
        let generation = self.slots[usize::from(slot)].generation;
        Some(Handle { kind: self.kind, slot, generation })
    }

    /// Generations and order of the free slots, for the state's hash.
    pub(super) fn fold(&self, mut each: impl FnMut(u64)) {
        each(u64::from(self.live));
        for place in &self.slots {
            each(u64::from(place.generation) << 1 | u64::from(place.value.is_some()));
        }
        for &slot in &self.free {
            each(u64::from(slot));
        }
    }

    /// Slots that memory is held for.
    pub(super) fn reserved(&self) -> usize {
        self.slots.capacity() + self.free.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arena() -> Arena<char> {
        Arena::new(Kind::Task, 2, false)
    }

    #[test]
    fn a_freed_slot_knows_its_old_handles() {
        let mut arena = arena();
        let first = arena.insert('a');
        assert_eq!(arena.remove(first), 'a');
        assert!(arena.was_last(first));
        let second = arena.insert('b');
        assert_eq!((second.slot, second.generation), (0, 1));
        assert!(!arena.was_last(first));
        assert_eq!(arena.get(first), Err(Error::StaleHandle(first)));
        assert_eq!(arena.get(second), Ok(&'b'));
    }

    #[test]
    fn what_never_was_is_not_found() {
        let mut arena = arena();
        let task = arena.insert('a');
        for wrong in [
            Handle { kind: Kind::Timer, ..task },
            Handle { slot: 1, ..task },
            Handle { slot: 9, ..task },
            Handle { generation: 1, ..task },
        ] {
            assert_eq!(arena.get(wrong), Err(Error::NotFound(wrong)));
        }
    }

    #[test]
    fn the_slot_freed_first_is_used_first_and_none_is_added() {
        let mut arena = arena();
        let (a, b) = (arena.insert('a'), arena.insert('b'));
        assert_eq!(arena.room(), 0);
        arena.remove(b);
        arena.remove(a);
        let reserved = arena.reserved();
        assert_eq!(arena.insert('c').slot, b.slot);
        assert_eq!(arena.insert('d').slot, a.slot);
        assert_eq!((arena.room(), arena.live(), arena.reserved()), (0, 2, reserved));
    }

    #[test]
    fn a_slot_without_generations_left_is_retired() {
        let mut arena = arena();
        let first = arena.insert('a');
        arena.slots[0].generation = u32::MAX - 1;
        arena.slots[0].freed = u32::MAX - 1;
        arena.remove(Handle { generation: u32::MAX - 1, ..first });
        assert_eq!(arena.room(), 1);
        assert_eq!(arena.insert('b').slot, 1);
        assert_eq!(arena.room(), 0);
    }
}
