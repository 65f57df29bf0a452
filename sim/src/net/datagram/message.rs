//! Messages: datagrams under way or waiting for their reader, one cache line each.
//!
//! A payload of up to 32 bytes lies within the message; a longer one in a buffer that is used again. Both
//! are kept in slabs, so that a message costs no allocation once there were that many at a time.

use super::super::address::AddressId;
use super::free::FreeSlots;

/// No message; the end of a queue.
pub(crate) const NONE: u32 = u32::MAX;

const INLINE_BYTES: usize = 32;

/// It has marks of faults.
pub(crate) const MARKED: u8 = 1;
/// Its sender is connected, and hears when nobody has bound the port.
pub(crate) const CONNECTED: u8 = 2;
/// It is the news that nobody had bound the port, on its way back.
pub(crate) const REFUSAL: u8 = 4;
/// Its payload lies in a buffer.
const LARGE: u8 = 8;

/// One datagram.
#[repr(align(64))]
#[derive(Clone, Copy)]
pub(crate) struct Message {
    /// For a short payload its bytes, for a long one the number of the buffer.
    payload: [u8; INLINE_BYTES],
    /// The lower half of the number of the record of its sending.
    pub(crate) sent: u32,
    pub(crate) checksum: u32,
    pub(crate) link: u32,
    /// The next in its socket's queue.
    pub(crate) next: u32,
    pub(crate) source: AddressId,
    pub(crate) target: AddressId,
    pub(crate) source_port: u16,
    pub(crate) target_port: u16,
    /// The machine it goes to.
    pub(crate) machine: u16,
    length: u16,
    pub(crate) flags: u8,
}

const _: () = assert!(size_of::<Message>() == 64, "a message is one cache line");

const BLANK: Message = Message {
    payload: [0; INLINE_BYTES],
    sent: 0,
    checksum: 0,
    link: 0,
    next: NONE,
    source: AddressId::ANY,
    target: AddressId::ANY,
    source_port: 0,
    target_port: 0,
    machine: 0,
    length: 0,
    flags: 0,
};

/// Where a datagram comes from and goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) source: AddressId,
    pub(crate) source_port: u16,
    pub(crate) target: AddressId,
    pub(crate) target_port: u16,
    pub(crate) machine: u16,
}

pub(crate) struct Messages {
    slots: Vec<Message>,
    /// Free slots, apart from them: taking one reads no cold memory.
    free: FreeSlots,
    buffers: Vec<Vec<u8>>,
    buffers_free: Vec<u32>,
}

impl Messages {
    pub(crate) fn new() -> Messages {
        Messages {
            slots: Vec::new(),
            free: FreeSlots::default(),
            buffers: Vec::new(),
            buffers_free: Vec::new(),
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn live(&mut self) -> usize {
        let free: Vec<u32> = std::iter::from_fn(|| self.free.take()).collect();
        free.iter().for_each(|&slot| self.free.give(slot));
        self.slots.len() - free.len()
    }

    #[cfg(test)]
    pub(crate) fn next(&self, index: u32) -> u32 {
        self.slots[index as usize].next
    }

    #[inline]
    pub(crate) fn at(&mut self, index: u32) -> &mut Message {
        &mut self.slots[index as usize]
    }

    /// Reads a message that is due soon, so that it is at hand then: of a quarter of a million under way
    /// hardly any is, and several are fetched in the time of one. The answer is nobody's business.
    #[inline]
    pub(crate) fn warm(&self, index: u32) -> u8 {
        self.slots[index as usize].flags
    }

    /// Takes a message in.
    #[inline]
    pub(crate) fn add(&mut self, ends: Ends, link: u32, sent: u64, checksum: u32, bytes: &[u8]) -> u32 {
        let index = self.take_slot();
        let buffer = if bytes.len() > INLINE_BYTES { Some(self.buffer(bytes)) } else { None };
        // Written where it stays: built elsewhere and copied it would cost twice as much.
        let message = &mut self.slots[index as usize];
        message.sent = sent as u32;
        message.checksum = checksum;
        message.link = link;
        message.next = NONE;
        message.source = ends.source;
        message.target = ends.target;
        message.source_port = ends.source_port;
        message.target_port = ends.target_port;
        message.machine = ends.machine;
        message.length = bytes.len() as u16;
        match buffer {
            None => {
                message.flags = 0;
                message.payload[..bytes.len()].copy_from_slice(bytes);
            }
            Some(buffer) => {
                message.flags = LARGE;
                message.payload[..4].copy_from_slice(&buffer.to_le_bytes());
            }
        }
        index
    }

    #[inline]
    fn take_slot(&mut self) -> u32 {
        self.free.take().unwrap_or_else(|| {
            self.slots.push(BLANK);
            (self.slots.len() - 1) as u32
        })
    }

    #[inline(never)]
    fn buffer(&mut self, bytes: &[u8]) -> u32 {
        let index = match self.buffers_free.pop() {
            Some(index) => index,
            None => {
                self.buffers.push(Vec::new());
                (self.buffers.len() - 1) as u32
            }
        };
        let buffer = &mut self.buffers[index as usize];
        buffer.clear();
        buffer.extend_from_slice(bytes);
        index
    }

    #[inline]
    pub(crate) fn payload(&self, index: u32) -> &[u8] {
        let message = &self.slots[index as usize];
        if message.flags & LARGE == 0 {
            return &message.payload[..usize::from(message.length)];
        }
        &self.buffers[message.buffer()]
    }

    /// Flips one bit of a payload that has any.
    pub(crate) fn flip(&mut self, index: u32, word: u64) {
        let message = &mut self.slots[index as usize];
        let bit = (word % (u64::from(message.length) * 8)) as usize;
        let bytes = if message.flags & LARGE == 0 {
            &mut message.payload[..]
        } else {
            &mut self.buffers[message.buffer()][..]
        };
        bytes[bit / 8] ^= 1 << (bit % 8);
    }

    /// A second message with the same content.
    pub(crate) fn copy(&mut self, index: u32) -> u32 {
        let original = self.slots[index as usize];
        let bytes = self.payload(index).to_vec();
        let ends = Ends {
            source: original.source,
            source_port: original.source_port,
            target: original.target,
            target_port: original.target_port,
            machine: original.machine,
        };
        let copy = self.add(ends, original.link, 0, original.checksum, &bytes);
        self.slots[copy as usize].sent = original.sent;
        self.slots[copy as usize].flags |= original.flags & CONNECTED;
        copy
    }

    /// Gives a message back.
    #[inline]
    pub(crate) fn free(&mut self, index: u32) {
        let message = &mut self.slots[index as usize];
        if message.flags & LARGE != 0 {
            self.buffers_free.push(message.buffer() as u32);
        }
        self.free.give(index);
    }
}

impl Message {
    #[inline]
    pub(crate) fn length(&self) -> usize {
        usize::from(self.length)
    }

    fn buffer(&self) -> usize {
        let number = self.payload[..4].try_into().expect("four bytes of thirty-two");
        u32::from_le_bytes(number) as usize
    }
}
