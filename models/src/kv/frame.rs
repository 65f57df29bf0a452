//! Frames on a stream: length (4), checksum (4), body. A frame that was damaged on the way ends its
//! connection: what follows it cannot be trusted to begin where it seems to.

use super::api::{Answer, Operation, Status};
use super::codec::{Reader, Write, write_operation, write_outcome};
use super::message::{Message, read_message, write_message};

/// The longest body that is read.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Bytes before the body.
pub const HEADER_BYTES: usize = 8;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Open a session.
    Open,
    /// Read.
    Read(Operation),
    /// Write `operation` as number `seq` of `session`.
    Write {
        /// The session.
        session: u64,
        /// The write's number in it.
        seq: u64,
        /// What to write.
        operation: Operation,
    },
    /// Say where you stand.
    Inspect,
}

/// What a replica answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The session is open.
    Opened(u64),
    /// The operation was carried out.
    Answered(Answer),
    /// Ask another; this one is said to be the primary.
    NotPrimary(Option<u8>),
    /// The session is not known, so whether the write was ever applied is not known either.
    SessionGone,
    /// Where the replica stands.
    Inspected(Status),
}

/// Any frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Between replicas.
    Peer {
        /// Who says it.
        from: u8,
        /// Whether it heard the receiver lately.
        hears: bool,
        /// What it says.
        message: Message,
    },
    /// From a client.
    Request(Request),
    /// To a client.
    Reply(Reply),
}

/// What most frames fit into, so that one that is written grows once.
const USUAL_BYTES: usize = 256;

/// Appends a frame to `out`; `body` writes what it holds.
fn append(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.reserve(USUAL_BYTES);
    out.u64(0);
    body(out);
    let (length, sum) = {
        let body = &out[start + HEADER_BYTES..];
        (body.len() as u32, crc32fast::hash(body))
    };
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
}

/// Appends a message between replicas.
pub fn append_peer(out: &mut Vec<u8>, from: u8, hears: bool, message: &Message) {
    append(out, |out| {
        out.u8(0);
        out.u8(from);
        out.u8(u8::from(hears));
        write_message(out, message);
    });
}

/// Appends a client's request.
pub fn append_request(out: &mut Vec<u8>, request: &Request) {
    append(out, |out| match request {
        Request::Open => out.u8(1),
        Request::Read(operation) => {
            out.u8(2);
            write_operation(out, operation);
        }
        Request::Write { session, seq, operation } => {
            out.u8(3);
            out.u64(*session);
            out.u64(*seq);
            write_operation(out, operation);
        }
        Request::Inspect => out.u8(4),
    });
}

/// Appends a reply.
pub fn append_reply(out: &mut Vec<u8>, reply: &Reply) {
    append(out, |out| match reply {
        Reply::Opened(session) => {
            out.u8(5);
            out.u64(*session);
        }
        Reply::Answered(answer) => {
            out.u8(6);
            out.u64(answer.index);
            write_outcome(out, &answer.outcome);
        }
        Reply::NotPrimary(primary) => {
            out.u8(7);
            out.u8(primary.unwrap_or(u8::MAX));
        }
        Reply::SessionGone => out.u8(8),
        Reply::Inspected(status) => {
            out.u8(9);
            out.u64(status.term);
            out.u8(u8::from(status.is_primary));
            out.u64(status.last);
            out.u64(status.applied);
            out.u32(status.checksum);
        }
    });
}

/// The length of the body and its checksum; `None` when the header cannot be right.
pub fn read_header(header: [u8; HEADER_BYTES]) -> Option<(usize, u32)> {
    let mut reader = Reader::new(&header);
    let (length, sum) = (reader.u32()? as usize, reader.u32()?);
    (length <= BODY_BYTES_MAX).then_some((length, sum))
}

/// The frame of a body, if it is the body that was sent.
pub fn read_body(body: &[u8], sum: u32) -> Option<Frame> {
    if crc32fast::hash(body) != sum {
        return None;
    }
    let mut reader = Reader::new(body);
    let frame = match reader.u8()? {
        0 => {
            Frame::Peer { from: reader.u8()?, hears: reader.u8()? != 0, message: read_message(&mut reader)? }
        }
        1 => Frame::Request(Request::Open),
        2 => Frame::Request(Request::Read(reader.operation()?)),
        3 => Frame::Request(Request::Write {
            session: reader.u64()?,
            seq: reader.u64()?,
            operation: reader.operation()?,
        }),
        4 => Frame::Request(Request::Inspect),
        5 => Frame::Reply(Reply::Opened(reader.u64()?)),
        6 => Frame::Reply(Reply::Answered(Answer { index: reader.u64()?, outcome: reader.outcome()? })),
        7 => {
            let primary = reader.u8()?;
            Frame::Reply(Reply::NotPrimary((primary != u8::MAX).then_some(primary)))
        }
        8 => Frame::Reply(Reply::SessionGone),
        9 => Frame::Reply(Reply::Inspected(Status {
            term: reader.u64()?,
            is_primary: reader.u8()? != 0,
            last: reader.u64()?,
            applied: reader.u64()?,
            checksum: reader.u32()?,
        })),
        _ => return None,
    };
    reader.end().map(|()| frame)
}
