//! What is said between a process and the referee, and how it travels.
//!
//! A message is `TBLv`, a tag, a length of four bytes and the content; a reply is one byte. Whatever else
//! comes over the pipe (a scenario that prints there, say) is refused as what it is.

use std::io::{self, Read, Write};

use sim::choice::ALGORITHM;
use sim::trace::{Digest, Digests, RECORD_BYTES, Record, TRACE_VERSION, WINDOW_RECORDS};

use crate::trace::{Names, decode_records, verdict};
use crate::wire::{Put, Take};
use crate::words::shown;

const MARK: [u8; 4] = *b"TBLv";
/// The version of this protocol. Both processes are the same build, so it guards against mix-ups only.
const VERSION: u16 = 1;
const HEAD_BYTES: usize = 9;
/// Names are the longest content there is.
const CONTENT_BYTES_MAX: u32 = 1 << 28;
const WINDOWS_RECORDS_MAX: usize = 2 * WINDOW_RECORDS;

/// What a process says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It is there, and is about to run this.
    Hello(Hello),
    /// It has come to a checkpoint.
    Checkpoint {
        /// How many records there were.
        sequence: u64,
        /// The digest over them.
        digest: Digest,
    },
    /// Its run is over.
    Ended(Ended),
    /// The last windows that it has kept; the answer to [`Reply::Part`].
    Windows(Windows),
    /// The names behind its numbers, once its run is over.
    Names(Names),
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The version of this protocol.
    pub version: u16,
    /// The encoding of records.
    pub encoding: u16,
    /// The algorithm of choice.
    pub algorithm: u32,
    /// The line of the case.
    pub case: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How many records it wrote.
    pub records: u64,
    /// Its digests.
    pub digests: Digests,
    /// Its verdict in one line.
    pub verdict: String,
}

/// The last records of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// The sequence number of the first.
    pub first: u64,
    /// The records.
    pub records: Vec<Record>,
}

/// What the referee answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reply {
    /// Both say the same: go on.
    Agree = b'=',
    /// They do not: hand over the windows, and the names at the end.
    Part = b'!',
}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The pipe is closed: whoever wrote to it is gone.
    #[error("it ended without a word")]
    Closed,
    /// The system says so.
    #[error("its pipe broke: {0}")]
    Io(io::Error),
    /// What came is no message.
    #[error(
        "it wrote `{}` where a message was expected: something else writes to the pipe of `--verify`; let the scenario print elsewhere",
        shown(.word)
    )]
    Foreign {
        /// What came.
        word: String,
    },
    /// What came is a message with a content that no process writes.
    #[error(
        "it wrote a message {tag} that cannot be read: expected the messages of this build; start both processes from one binary"
    )]
    Unreadable {
        /// The tag of the message.
        tag: u8,
    },
}

impl From<io::Error> for MessageError {
    fn from(error: io::Error) -> MessageError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => MessageError::Closed,
            _ => MessageError::Io(error),
        }
    }
}

impl From<&sim::Report> for Ended {
    fn from(report: &sim::Report) -> Ended {
        Ended { records: report.records, digests: report.digests, verdict: verdict(report) }
    }
}

impl Hello {
    /// What this build says before it runs a case.
    pub fn new(case: &str) -> Hello {
        Hello { version: VERSION, encoding: TRACE_VERSION, algorithm: ALGORITHM, case: case.to_string() }
    }
}

/// Writes a message and sends it off.
///
/// # Errors
/// When it is too long, or `out` cannot be written.
pub fn write_message(out: &mut dyn Write, message: &Message) -> io::Result<()> {
    let mut bytes = MARK.to_vec();
    bytes.push(tag(message));
    bytes.extend_from_slice(&[0; 4]);
    content(message, &mut bytes);
    let length = u32::try_from(bytes.len() - HEAD_BYTES).ok().filter(|length| *length <= CONTENT_BYTES_MAX);
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the content of a message is too long");
    bytes[5..HEAD_BYTES].copy_from_slice(&length.ok_or_else(too_long)?.to_le_bytes());
    out.write_all(&bytes)?;
    out.flush()
}

/// Reads a message.
///
/// # Errors
/// When the other side is gone, or says what is no message.
pub fn read_message(input: &mut dyn Read) -> Result<Message, MessageError> {
    let mut head = [0; HEAD_BYTES];
    let read = fill(input, &mut head)?;
    if read == 0 {
        return Err(MessageError::Closed);
    }
    if !head.starts_with(&MARK[..read.min(4)]) {
        return Err(MessageError::Foreign { word: String::from_utf8_lossy(&head[..read]).into_owned() });
    }
    if read < HEAD_BYTES {
        return Err(MessageError::Closed);
    }
    let tag = head[4];
    let length = u32::from_le_bytes(*head.last_chunk().expect("the head has nine bytes"));
    if length > CONTENT_BYTES_MAX {
        return Err(MessageError::Unreadable { tag });
    }
    // Grown as it comes: an announced length alone takes no memory.
    let mut content = Vec::new();
    input.take(u64::from(length)).read_to_end(&mut content)?;
    if content.len() < length as usize {
        return Err(MessageError::Closed);
    }
    message(tag, &content).ok_or(MessageError::Unreadable { tag })
}

/// Writes a reply and sends it off.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_reply(out: &mut dyn Write, reply: Reply) -> io::Result<()> {
    out.write_all(&[reply as u8])?;
    out.flush()
}

/// Reads a reply.
///
/// # Errors
/// When the other side is gone, or says what is no reply.
pub fn read_reply(input: &mut dyn Read) -> Result<Reply, MessageError> {
    let mut byte = [0];
    input.read_exact(&mut byte)?;
    match byte[0] {
        b'=' => Ok(Reply::Agree),
        b'!' => Ok(Reply::Part),
        _ => Err(MessageError::Foreign { word: String::from_utf8_lossy(&byte).into_owned() }),
    }
}

/// Reads until the buffer is full or nothing more comes.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match input.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn tag(message: &Message) -> u8 {
    match message {
        Message::Hello(_) => 1,
        Message::Checkpoint { .. } => 2,
        Message::Ended(_) => 3,
        Message::Windows(_) => 4,
        Message::Names(_) => 5,
    }
}

fn content(message: &Message, bytes: &mut Vec<u8>) {
    match message {
        Message::Hello(Hello { version, encoding, algorithm, case }) => {
            bytes.put_varint(u64::from(*version));
            bytes.put_varint(u64::from(*encoding));
            bytes.put_varint(u64::from(*algorithm));
            bytes.put_text(case);
        }
        Message::Checkpoint { sequence, digest } => {
            bytes.put_u64(*sequence);
            bytes.extend_from_slice(&digest.0);
        }
        Message::Ended(Ended { records, digests: Digests { trace, faults, semantic }, verdict }) => {
            bytes.put_u64(*records);
            [trace, faults, semantic].iter().for_each(|digest| bytes.extend_from_slice(&digest.0));
            bytes.put_text(verdict);
        }
        Message::Windows(Windows { first, records }) => {
            bytes.put_u64(*first);
            records.iter().for_each(|record| bytes.extend_from_slice(&record.encode()));
        }
        Message::Names(names) => bytes.extend_from_slice(&names.encode()),
    }
}

fn message(tag: u8, content: &[u8]) -> Option<Message> {
    let mut take = Take(content);
    let message = match tag {
        1 => {
            let version = take.varint()?.try_into().ok()?;
            let encoding = take.varint()?.try_into().ok()?;
            let algorithm = take.varint()?.try_into().ok()?;
            Message::Hello(Hello { version, encoding, algorithm, case: take.text()? })
        }
        2 => Message::Checkpoint { sequence: take.u64()?, digest: Digest(take.array()?) },
        3 => {
            let records = take.u64()?;
            let (trace, faults, semantic) =
                (Digest(take.array()?), Digest(take.array()?), Digest(take.array()?));
            let digests = Digests { trace, faults, semantic };
            Message::Ended(Ended { records, digests, verdict: take.text()? })
        }
        4 => {
            let first = take.u64()?;
            let bytes = take.bytes(take.0.len())?;
            let fits = bytes.len().is_multiple_of(RECORD_BYTES)
                && bytes.len() <= WINDOWS_RECORDS_MAX * RECORD_BYTES
                && first.checked_add((bytes.len() / RECORD_BYTES) as u64).is_some();
            let records = fits.then(|| decode_records(bytes).ok()).flatten()?;
            Message::Windows(Windows { first, records })
        }
        5 => Message::Names(Names::decode(take.bytes(take.0.len())?)?),
        _ => return None,
    };
    take.is_empty().then_some(message)
}
