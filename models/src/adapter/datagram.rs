//! The bytes of a message: one datagram, with a checksum over all of it. Pure.
//!
//! A datagram whose checksum is wrong was damaged on the way: it is as good as lost, and nobody answers it. One
//! that arrived as it was sent and says nothing sensible is another matter: whoever sent it is in doubt.

use super::bytes::{Reader, Write};
use super::capability::{Capability, Offer, Versions};
use super::message::{Body, Message, Reply, Request};

/// What every datagram begins with: the letters and the version of this protocol.
const MAGIC: u32 = u32::from_le_bytes(*b"TAd1");

/// Why a datagram is not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It was damaged on the way.
    Damaged,
    /// It arrived as it was sent, and is no message.
    Malformed,
}

/// Whether the checksum of a datagram is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// As it must be.
    Verified,
    /// A planted bug.
    Ignored,
}

impl Message {
    /// The datagram.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.u32(MAGIC);
        out.u64(self.exchange);
        match &self.body {
            Body::Request(request) => write_request(&mut out, request),
            Body::Reply(reply) => write_reply(&mut out, reply),
        }
        let checksum = crc32fast::hash(&out[4..]);
        out[..4].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// When it was damaged on the way, or says nothing sensible.
    pub fn read(bytes: &[u8], checksum: Checksum) -> Result<Message, Unreadable> {
        let (sum, rest) = bytes.split_first_chunk::<4>().ok_or(Unreadable::Damaged)?;
        if checksum == Checksum::Verified && crc32fast::hash(rest) != u32::from_le_bytes(*sum) {
            return Err(Unreadable::Damaged);
        }
        let mut reader = Reader::new(rest);
        let message = read_message(&mut reader).ok_or(Unreadable::Malformed)?;
        reader.end(message).ok_or(Unreadable::Malformed)
    }
}

fn read_message(reader: &mut Reader<'_>) -> Option<Message> {
    if reader.u32()? != MAGIC {
        return None;
    }
    let (exchange, tag) = (reader.u64()?, reader.u8()?);
    let body = if tag < 16 {
        Body::Request(read_request(reader, tag)?)
    } else {
        Body::Reply(read_reply(reader, tag)?)
    };
    Some(Message { exchange, body })
}

fn write_request(out: &mut Vec<u8>, request: &Request) {
    match request {
        Request::Negotiate => out.push(0),
        Request::Precheck { run, nonce, count } => {
            out.push(1);
            out.u64(*run);
            out.u64(*nonce);
            out.u32(*count);
        }
        Request::Commit { run, seed, index, id, content } => {
            out.push(2);
            out.u64(*run);
            out.u64(*seed);
            out.u32(*index);
            out.u64(*id);
            out.bytes(content);
        }
        Request::Resume { run } => {
            out.push(3);
            out.u64(*run);
        }
        Request::Complete { run, seed, count, checksum, audit } => {
            out.push(4);
            out.u64(*run);
            out.u64(*seed);
            out.u32(*count);
            out.extend_from_slice(checksum);
            out.extend_from_slice(audit);
        }
    }
}

fn read_request(reader: &mut Reader<'_>, tag: u8) -> Option<Request> {
    Some(match tag {
        0 => Request::Negotiate,
        1 => Request::Precheck { run: reader.u64()?, nonce: reader.u64()?, count: reader.u32()? },
        2 => Request::Commit {
            run: reader.u64()?,
            seed: reader.u64()?,
            index: reader.u32()?,
            id: reader.u64()?,
            content: reader.bytes()?.to_vec(),
        },
        3 => Request::Resume { run: reader.u64()? },
        4 => Request::Complete {
            run: reader.u64()?,
            seed: reader.u64()?,
            count: reader.u32()?,
            checksum: reader.array()?,
            audit: reader.array()?,
        },
        _ => return None,
    })
}

fn write_reply(out: &mut Vec<u8>, reply: &Reply) {
    match reply {
        Reply::Offered(offer) => {
            out.push(16);
            out.push(offer.len() as u8);
            for (capability, versions) in offer {
                out.push(capability.code());
                out.u16(versions.least);
                out.u16(versions.greatest);
            }
        }
        Reply::Proof(bytes) => {
            out.push(17);
            out.bytes(bytes);
        }
        Reply::Committed { index } => {
            out.push(18);
            out.u32(*index);
        }
        Reply::Conflict { index } => {
            out.push(19);
            out.u32(*index);
        }
        Reply::Refused => out.push(20),
        Reply::Stands { seed, acknowledged } => {
            out.push(21);
            out.push(u8::from(seed.is_some()));
            out.u64(seed.unwrap_or_default());
            out.u32(*acknowledged);
        }
        Reply::Sealed => out.push(22),
        Reply::Unsealed => out.push(23),
    }
}

fn read_reply(reader: &mut Reader<'_>, tag: u8) -> Option<Reply> {
    Some(match tag {
        16 => Reply::Offered(read_offer(reader)?),
        17 => Reply::Proof(reader.bytes()?.to_vec()),
        18 => Reply::Committed { index: reader.u32()? },
        19 => Reply::Conflict { index: reader.u32()? },
        20 => Reply::Refused,
        21 => {
            let (is_known, seed) = (reader.u8()?, reader.u64()?);
            let seed = match (is_known, seed) {
                (1, seed) => Some(seed),
                (0, 0) => None,
                _ => return None,
            };
            Reply::Stands { seed, acknowledged: reader.u32()? }
        }
        22 => Reply::Sealed,
        23 => Reply::Unsealed,
        _ => return None,
    })
}

/// Each capability at most once, in order: an offer has one way to be written.
fn read_offer(reader: &mut Reader<'_>) -> Option<Offer> {
    let count = reader.u8()?;
    let mut offer = Offer::new();
    for _ in 0..count {
        let capability = Capability::of_code(reader.u8()?)?;
        let versions = Versions::new(reader.u16()?, reader.u16()?)?;
        if offer.last_key_value().is_some_and(|(last, _)| *last >= capability) {
            return None;
        }
        offer.insert(capability, versions);
    }
    Some(offer)
}
