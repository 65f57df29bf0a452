//! Values to bytes and back: little-endian, fixed widths, lengths before bytes.
//!
//! Reading is total: any bytes give a value or `None`, never a panic. Whether bytes arrived as they were sent
//! is the business of the checksums in `frame` and `wal`.

use std::rc::Rc;

use super::api::{Command, Key, Operation, Outcome, Value};

/// The longest key or value that is read.
pub const BYTES_MAX: usize = 1 << 20;

/// Appends values to bytes.
pub trait Write {
    /// One byte.
    fn u8(&mut self, value: u8);
    /// Four bytes.
    fn u32(&mut self, value: u32);
    /// Eight bytes.
    fn u64(&mut self, value: u64);
    /// A length, then as many bytes.
    fn bytes(&mut self, bytes: &[u8]);
}

impl Write for Vec<u8> {
    fn u8(&mut self, value: u8) {
        self.push(value);
    }

    fn u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= BYTES_MAX, "a key or value of {} bytes", bytes.len());
        self.u32(bytes.len() as u32);
        self.extend_from_slice(bytes);
    }
}

/// Reads values off the front of bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    /// A length, then as many bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        if length > BYTES_MAX {
            return None;
        }
        self.take(length)
    }

    /// Something or nothing, but nothing must be left.
    pub fn end(self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    fn key(&mut self) -> Option<Key> {
        std::str::from_utf8(self.bytes()?).ok().map(Rc::from)
    }

    fn value(&mut self) -> Option<Value> {
        self.bytes().map(Rc::from)
    }

    /// What [`write_optional`] wrote.
    pub fn optional(&mut self) -> Option<Option<Value>> {
        match self.u8()? {
            0 => Some(None),
            1 => Some(Some(self.value()?)),
            _ => None,
        }
    }

    /// What [`write_operation`] wrote.
    pub fn operation(&mut self) -> Option<Operation> {
        Some(match self.u8()? {
            0 => Operation::Get(self.key()?),
            1 => Operation::Put(self.key()?, self.value()?),
            2 => Operation::Remove(self.key()?),
            3 => Operation::CompareAndSet {
                key: self.key()?,
                expected: self.optional()?,
                value: self.value()?,
            },
            _ => return None,
        })
    }

    /// What [`write_command`] wrote.
    pub fn command(&mut self) -> Option<Command> {
        Some(match self.u8()? {
            0 => Command::Noop,
            1 => Command::Open,
            2 => Command::Write { session: self.u64()?, seq: self.u64()?, operation: self.operation()? },
            _ => return None,
        })
    }

    /// What [`write_outcome`] wrote.
    pub fn outcome(&mut self) -> Option<Outcome> {
        Some(match self.u8()? {
            0 => Outcome::Found(self.optional()?),
            1 => Outcome::Done,
            2 => Outcome::Swapped(false),
            3 => Outcome::Swapped(true),
            _ => return None,
        })
    }
}

/// A value that may be absent.
pub fn write_optional(out: &mut Vec<u8>, value: Option<&Value>) {
    match value {
        None => out.u8(0),
        Some(value) => {
            out.u8(1);
            out.bytes(value);
        }
    }
}

/// An operation.
pub fn write_operation(out: &mut Vec<u8>, operation: &Operation) {
    let (tag, key) = match operation {
        Operation::Get(key) => (0, key),
        Operation::Put(key, _) => (1, key),
        Operation::Remove(key) => (2, key),
        Operation::CompareAndSet { key, .. } => (3, key),
    };
    out.u8(tag);
    out.bytes(key.as_bytes());
    match operation {
        Operation::Get(_) | Operation::Remove(_) => {}
        Operation::Put(_, value) => out.bytes(value),
        Operation::CompareAndSet { expected, value, .. } => {
            write_optional(out, expected.as_ref());
            out.bytes(value);
        }
    }
}

/// A command.
pub fn write_command(out: &mut Vec<u8>, command: &Command) {
    match command {
        Command::Noop => out.u8(0),
        Command::Open => out.u8(1),
        Command::Write { session, seq, operation } => {
            out.u8(2);
            out.u64(*session);
            out.u64(*seq);
            write_operation(out, operation);
        }
    }
}

/// An outcome.
pub fn write_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Found(value) => {
            out.u8(0);
            write_optional(out, value.as_ref());
        }
        Outcome::Done => out.u8(1),
        Outcome::Swapped(swapped) => out.u8(2 + u8::from(*swapped)),
    }
}
