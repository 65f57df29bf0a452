//! A ring of bytes addressed by their offset in the stream, from the first byte ever written.
//!
//! Bytes are copied in by a write and out by a read, and nowhere between. What the offsets between mean
//! (readable, under way, not yet sent) is the business of [`way`](super::way).

#[derive(Debug, Default)]
pub(crate) struct Ring {
    /// Invariant: empty, or a power of two long.
    bytes: Vec<u8>,
}

const BYTES_MIN: usize = 256;

impl Ring {
    pub(crate) fn capacity(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Makes room for the bytes from `begin` to `end`; those from `begin` to `kept` stay.
    #[inline]
    pub(crate) fn reserve(&mut self, begin: u64, kept: u64, end: u64) {
        if (end - begin) as usize > self.bytes.len() {
            self.grow(begin, kept, end);
        }
    }

    #[cold]
    fn grow(&mut self, begin: u64, kept: u64, end: u64) {
        let length = ((end - begin) as usize).next_power_of_two().max(BYTES_MIN);
        let mut grown = Ring { bytes: vec![0; length] };
        let (first, second) = self.slices(begin, kept);
        grown.write(begin, first);
        grown.write(begin + first.len() as u64, second);
        *self = grown;
    }

    /// Writes bytes at an offset. There is room for them.
    #[inline]
    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let length = self.bytes.len();
        let begin = at as usize & (length - 1);
        let whole = length - begin;
        if bytes.len() <= whole {
            self.bytes[begin..begin + bytes.len()].copy_from_slice(bytes);
        } else {
            let (first, second) = bytes.split_at(whole);
            self.bytes[begin..].copy_from_slice(first);
            self.bytes[..second.len()].copy_from_slice(second);
        }
    }

    /// The bytes from one offset to another, in two parts, the second of which is mostly empty.
    #[inline]
    pub(crate) fn slices(&self, begin: u64, end: u64) -> (&[u8], &[u8]) {
        let count = (end - begin) as usize;
        if count == 0 {
            return (&[], &[]);
        }
        let length = self.bytes.len();
        let begin = begin as usize & (length - 1);
        let whole = length - begin;
        if count <= whole {
            (&self.bytes[begin..begin + count], &[])
        } else {
            (&self.bytes[begin..], &self.bytes[..count - whole])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_come_back_whatever_the_offsets(
            origin in 0u64..1 << 40, parts in prop::collection::vec((1usize..700, 0usize..700), 1..40),
        ) {
            let mut ring = Ring::default();
            let mut reference = Vec::new();
            let (mut read, mut written) = (origin, origin);
            let mut next = 0u8;
            for (write, take) in parts {
                let bytes: Vec<u8> = (0..write).map(|_| { next = next.wrapping_add(7); next }).collect();
                ring.reserve(read, written, written + bytes.len() as u64);
                ring.write(written, &bytes);
                written += bytes.len() as u64;
                reference.extend_from_slice(&bytes);
                let take = take.min(reference.len());
                let (first, second) = ring.slices(read, read + take as u64);
                prop_assert_eq!(&[first, second].concat()[..], &reference[..take]);
                reference.drain(..take);
                read += take as u64;
            }
        }
    }
}
