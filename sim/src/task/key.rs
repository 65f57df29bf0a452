//! A task's key: slot, generation and world in 64 bits.

/// Names one task of one world; a key of an ended task or of another world is recognized as such.
///
/// Generations wrap after 2^20 reuses of a slot and nonces after 2^20 worlds of a process. A key that is
/// older than that could wake a stranger, and a wake too many is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskKey(u64);

const SLOT_BITS: u32 = 24;
const GENERATION_BITS: u32 = 20;
const NONCE_BITS: u32 = 20;
const _: () = assert!(SLOT_BITS + GENERATION_BITS + NONCE_BITS == 64);

pub(crate) const SLOT_COUNT_MAX: usize = 1 << SLOT_BITS;
pub(crate) const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;
pub(crate) const NONCE_MASK: u32 = (1 << NONCE_BITS) - 1;

impl TaskKey {
    #[inline]
    pub(crate) fn new(nonce: u32, generation: u32, slot: u32) -> TaskKey {
        let nonce = u64::from(nonce & NONCE_MASK) << (SLOT_BITS + GENERATION_BITS);
        TaskKey(nonce | u64::from(generation & GENERATION_MASK) << SLOT_BITS | u64::from(slot))
    }

    #[inline]
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(crate) fn from_bits(bits: u64) -> TaskKey {
        TaskKey(bits)
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.0 & (SLOT_COUNT_MAX as u64 - 1)) as u32
    }

    #[inline]
    pub(crate) fn generation(self) -> u32 {
        (self.0 >> SLOT_BITS) as u32 & GENERATION_MASK
    }

    #[inline]
    pub(crate) fn nonce(self) -> u32 {
        (self.0 >> (SLOT_BITS + GENERATION_BITS)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_come_back(nonce in 0..=NONCE_MASK, generation in 0..=GENERATION_MASK, slot in 0u32..1 << SLOT_BITS) {
            let key = TaskKey::new(nonce, generation, slot);
            prop_assert_eq!((key.nonce(), key.generation(), key.slot()), (nonce, generation, slot));
            prop_assert_eq!(TaskKey::from_bits(key.bits()), key);
        }
    }
}
