//! The frames between a crew and its workers: a length, then fields in a fixed order.
//!
//! Both ends are the same binary, so there is no version; a frame that cannot be read is a worker that is lost.

use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Nothing longer is believed to be a frame.
const FRAME_BYTES_MAX: u32 = 1 << 28;

/// How a trace file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub(crate) enum Codec {
    /// The trace's own encoding: packed, and read by `diff`.
    #[default]
    Binary,
    /// One JSON object a line.
    Json,
}

/// A run that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Order {
    /// The case's line, with its plan within.
    pub(crate) case: String,
    /// The case's line as people are shown it.
    pub(crate) shown: String,
    /// What is typed before a case to repeat it. Where it is empty nobody reads the failure page, and none is made: a
    /// shrink tries thousands of cases.
    pub(crate) command: String,
    /// Where to write the run's trace.
    pub(crate) trace: Option<PathBuf>,
    /// How to write it.
    pub(crate) codec: Codec,
    /// Tell the records around this one.
    pub(crate) until: Option<u64>,
    /// Run in lock step with another worker.
    pub(crate) lockstep: bool,
    /// Tell every draw and every operation.
    pub(crate) record: bool,
    /// Tell what a guided search learns from.
    pub(crate) learn: bool,
    /// Tell where the run stands at these times, in nanoseconds.
    pub(crate) times: Vec<u64>,
}

impl Order {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_text(&self.case);
        out.put_text(&self.shown);
        out.put_text(&self.command);
        out.put_text(&self.trace.as_ref().map_or(String::new(), |path| path.display().to_string()));
        out.put(u64::from(self.codec == Codec::Json));
        out.put(self.until.map_or(0, |until| until.saturating_add(1)));
        out.put(u64::from(self.lockstep));
        out.put(u64::from(self.record));
        out.put(u64::from(self.learn));
        out.put(self.times.len() as u64);
        self.times.iter().for_each(|time| out.put(*time));
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> io::Result<Order> {
        let mut input = bytes;
        Ok(Order {
            case: input.text()?,
            shown: input.text()?,
            command: input.text()?,
            trace: Some(input.text()?).filter(|path| !path.is_empty()).map(PathBuf::from),
            codec: if input.number()? == 1 { Codec::Json } else { Codec::Binary },
            until: input.number()?.checked_sub(1),
            lockstep: input.number()? == 1,
            record: input.number()? == 1,
            learn: input.number()? == 1,
            times: input.list(Take::number)?,
        })
    }
}

/// Writes a frame.
pub(crate) fn write_frame(out: &mut dyn Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= FRAME_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::other("a frame is too long"))?;
    out.write_all(&[&length.to_le_bytes(), body].concat())
}

/// Reads a frame; `None` when the other end is gone.
pub(crate) fn read_frame(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
        read => read?,
    }
    let length = u32::from_le_bytes(length);
    if length > FRAME_BYTES_MAX {
        return Err(malformed());
    }
    let mut body = vec![0; length as usize];
    input.read_exact(&mut body)?;
    Ok(Some(body))
}

/// Writing fields.
pub(crate) trait Put {
    fn put(&mut self, number: u64);
    /// In as many bytes as it needs: seven bits a byte, the last one without its highest bit.
    fn put_varint(&mut self, number: u64);
    fn put_bytes(&mut self, bytes: &[u8]);
    fn put_text(&mut self, text: &str) {
        self.put_bytes(text.as_bytes());
    }
}

impl Put for Vec<u8> {
    fn put(&mut self, number: u64) {
        self.extend_from_slice(&number.to_le_bytes());
    }

    fn put_varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.push(number.to_le_bytes()[0]);
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// Reading fields, in the order in which they were written.
pub(crate) trait Take {
    fn number(&mut self) -> io::Result<u64>;
    fn varint(&mut self) -> io::Result<u64>;
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]>;
    fn bytes(&mut self) -> io::Result<Vec<u8>>;

    fn text(&mut self) -> io::Result<String> {
        String::from_utf8(self.bytes()?).map_err(|_| malformed())
    }

    /// So many times the same; the number of them comes first.
    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> io::Result<T>) -> io::Result<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| each(self)).collect()
    }
}

impl Take for &[u8] {
    fn number(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(malformed())
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (array, rest) = self.split_first_chunk().ok_or_else(malformed)?;
        *self = rest;
        Ok(*array)
    }

    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.number()?).map_err(|_| malformed())?;
        let (bytes, rest) = self.split_at_checked(length).ok_or_else(malformed)?;
        *self = rest;
        Ok(bytes.to_vec())
    }
}

pub(crate) fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "these bytes are not what was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_was_written_and_a_cut_one_is_refused() {
        let order = Order {
            case: "kv/steady seed=0x2a".to_string(),
            shown: "kv/steady seed=0x2a plan=a.toml".to_string(),
            command: "tourbillon replay".to_string(),
            trace: Some(PathBuf::from("a/b.trace")),
            codec: Codec::Json,
            until: Some(0),
            lockstep: true,
            record: true,
            learn: true,
            times: vec![1, 2],
        };
        let bytes = order.encode();
        assert_eq!(Order::decode(&bytes).expect("it was written"), order);
        for length in 0..bytes.len() {
            assert!(Order::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_number_takes_as_many_bytes_as_it_needs() {
        for (number, bytes) in [(0, 1), (127, 1), (128, 2), (1 << 35, 6), (u64::MAX, 10)] {
            let mut out = Vec::new();
            out.put_varint(number);
            assert_eq!(out.len(), bytes, "{number}");
            assert_eq!((&out[..]).varint().expect("it was written"), number);
            assert!((&out[..bytes - 1]).varint().is_err(), "{number}");
        }
        assert!((&[0xff; 11][..]).varint().is_err());
        assert!((&[[0x80; 9].as_slice(), &[2]].concat()[..]).varint().is_err(), "it has 65 bits");
    }

    #[test]
    fn frames_come_whole_or_not_at_all() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, b"one").expect("memory takes all");
        write_frame(&mut bytes, b"").expect("memory takes all");
        let mut input = &bytes[..];
        assert_eq!(read_frame(&mut input).expect("it was written"), Some(b"one".to_vec()));
        assert_eq!(read_frame(&mut input).expect("it was written"), Some(Vec::new()));
        assert_eq!(read_frame(&mut input).expect("the end is no error"), None);
        assert!(read_frame(&mut &bytes[..5]).is_err());
        assert!(read_frame(&mut &[0xff; 8][..]).is_err());
    }
}
