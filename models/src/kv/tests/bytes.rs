//! Frames and log records: there and back, damaged, cut and foreign.

use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;

use super::super::api::{Answer, Command, Key, Operation, Outcome, Status, Value};
use super::super::frame::{self, Frame, Reply, Request};
use super::super::log::Entry;
use super::super::message::{Append, Message};
use super::super::wal::{MAGIC, Record, Recovered, TornTail, Writer, recover};

fn key() -> impl Strategy<Value = Key> {
    "[a-z]{0,6}".prop_map(Key::from)
}

fn value() -> impl Strategy<Value = Value> {
    prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::from)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        key().prop_map(Operation::Get),
        key().prop_map(Operation::Remove),
        (key(), value()).prop_map(|(key, value)| Operation::Put(key, value)),
        (key(), prop::option::of(value()), value())
            .prop_map(|(key, expected, value)| Operation::CompareAndSet { key, expected, value }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let command = prop_oneof![
        Just(Command::Noop),
        Just(Command::Open),
        (any::<u64>(), any::<u64>(), operation()).prop_map(|(session, seq, operation)| Command::Write {
            session,
            seq,
            operation
        }),
    ];
    (any::<u64>(), command).prop_map(|(term, command)| Entry { term, command: Rc::new(command) })
}

fn message() -> impl Strategy<Value = Message> {
    let stamp = any::<u64>().prop_map(Duration::from_nanos);
    prop_oneof![
        any::<(u64, u64, u64)>().prop_map(|(term, last, last_term)| Message::VoteRequest {
            term,
            last,
            last_term
        }),
        any::<(u64, bool)>().prop_map(|(term, granted)| Message::VoteReply { term, granted }),
        (any::<(u64, u64, u64, u64)>(), stamp.clone(), prop::collection::vec(entry(), 0..4)).prop_map(
            |((term, previous, previous_term, commit), stamp, entries)| {
                Message::Append(Append { term, stamp, previous, previous_term, commit, entries })
            }
        ),
        (any::<(u64, u64)>(), stamp.clone()).prop_map(|((term, matched), stamp)| Message::AppendReply {
            term,
            stamp,
            matched
        }),
        (any::<(u64, u64, u64)>(), stamp).prop_map(|((term, previous, retry_from), stamp)| {
            Message::AppendRefused { term, stamp, previous, retry_from }
        }),
        any::<u64>().prop_map(|term| Message::Release { term }),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let outcome = prop_oneof![
        prop::option::of(value()).prop_map(Outcome::Found),
        Just(Outcome::Done),
        any::<bool>().prop_map(Outcome::Swapped),
    ];
    prop_oneof![
        (any::<u8>(), any::<bool>(), message()).prop_map(|(from, hears, message)| Frame::Peer {
            from,
            hears,
            message
        }),
        Just(Frame::Request(Request::Open)),
        Just(Frame::Request(Request::Inspect)),
        operation().prop_map(|operation| Frame::Request(Request::Read(operation))),
        (any::<u64>(), any::<u64>(), operation())
            .prop_map(|(session, seq, operation)| Frame::Request(Request::Write { session, seq, operation })),
        any::<u64>().prop_map(|session| Frame::Reply(Reply::Opened(session))),
        (any::<u64>(), outcome)
            .prop_map(|(index, outcome)| Frame::Reply(Reply::Answered(Answer { index, outcome }))),
        prop::option::of(0u8..64).prop_map(|primary| Frame::Reply(Reply::NotPrimary(primary))),
        Just(Frame::Reply(Reply::SessionGone)),
        any::<(u64, bool, u64, u64, u32)>().prop_map(|(term, is_primary, last, applied, checksum)| {
            Frame::Reply(Reply::Inspected(Status { term, is_primary, last, applied, checksum }))
        }),
    ]
}

fn bytes_of(frame: &Frame) -> Vec<u8> {
    let mut out = Vec::new();
    match frame {
        Frame::Peer { from, hears, message } => frame::append_peer(&mut out, *from, *hears, message),
        Frame::Request(request) => frame::append_request(&mut out, request),
        Frame::Reply(reply) => frame::append_reply(&mut out, reply),
    }
    out
}

fn frame_of(bytes: &[u8]) -> Option<Frame> {
    let (header, body) = bytes.split_first_chunk()?;
    let (length, sum) = frame::read_header(*header)?;
    if length == body.len() { frame::read_body(body, sum) } else { None }
}

fn file_of(records: &[Record]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let mut writer = Writer::default();
    for record in records {
        writer.append(&mut file, record);
    }
    file
}

/// Records of a log that grows and is replaced, as a replica writes them.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = prop_oneof![
        (any::<u64>(), prop::option::of(0u8..64)).prop_map(|(term, vote)| Record::Vote { term, vote }),
        (0u64..10, entry()).prop_map(|(index, entry)| Record::Entry { index, entry }),
    ];
    prop::collection::vec(record, 0..12).prop_map(|mut records| {
        let mut last = 0;
        for record in &mut records {
            if let Record::Entry { index, .. } = record {
                *index = *index % (last + 1) + 1;
                last = *index;
            }
        }
        records
    })
}

fn naive(records: &[Record]) -> Recovered {
    let mut recovered = Recovered::default();
    for record in records {
        match record.clone() {
            Record::Vote { term, vote } => (recovered.term, recovered.vote) = (term, vote),
            Record::Entry { index, entry } => recovered.log.place(index, entry),
        }
    }
    recovered
}

proptest! {
    #[test]
    fn a_frame_comes_back(frame in frame()) {
        prop_assert_eq!(frame_of(&bytes_of(&frame)), Some(frame));
    }

    #[test]
    fn a_damaged_frame_is_refused(frame in frame(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = bytes_of(&frame);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(frame_of(&bytes), None);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = frame::read_body(&bytes, crc32fast::hash(&bytes));
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&bytes);
        for tail in [TornTail::Refused, TornTail::Accepted] {
            prop_assert!(recover(&file, tail).is_some());
        }
    }

    #[test]
    fn a_log_file_comes_back(records in records()) {
        let expected = naive(&records);
        prop_assert_eq!(recover(&file_of(&records), TornTail::Refused), Some(expected.clone()));
        let (rewritten, _) = expected.rewrite();
        prop_assert_eq!(recover(&rewritten, TornTail::Refused), Some(expected));
    }

    /// Whatever happens to the bytes from some place on, all records before that place are believed, and
    /// nothing that was not written.
    #[test]
    fn a_torn_file_gives_a_prefix(records in records(), kept in 0usize..12, cut in 0usize..60, zeros in 0usize..60, flip in any::<bool>()) {
        let kept = kept.min(records.len());
        let before = file_of(&records[..kept]).len();
        let mut file = file_of(&records);
        let cut = (before + cut).min(file.len());
        if flip && cut < file.len() {
            file[cut] ^= 0x10;
        } else {
            file.truncate(cut);
            file.resize(cut + zeros, 0);
        }
        let recovered = recover(&file, TornTail::Refused).expect("the magic word is there");
        let torn_bytes = recovered.torn_bytes;
        let believed = Recovered { torn_bytes: 0, ..recovered };
        let is_prefix = (kept..=records.len()).any(|count| naive(&records[..count]) == believed);
        prop_assert!(is_prefix);
        let intact = file.len() - torn_bytes;
        prop_assert!(intact >= before);
    }

    /// What was left of an older write behind the end is not taken for its continuation.
    #[test]
    fn a_record_of_another_history_is_refused(first in records(), second in records()) {
        prop_assume!(!second.is_empty() && !first.is_empty());
        let mut file = file_of(&first);
        file.extend_from_slice(&file_of(&second)[MAGIC.len()..]);
        let recovered = recover(&file, TornTail::Refused).expect("the magic word is there");
        prop_assert_eq!(Recovered { torn_bytes: 0, ..recovered }, naive(&first));
    }
}

#[test]
fn a_foreign_file_is_no_log() {
    assert_eq!(recover(b"", TornTail::Refused), None);
    assert_eq!(recover(b"TBKVLOG2", TornTail::Refused), None);
}

#[test]
fn with_the_bug_a_torn_record_is_believed() {
    let command =
        Command::Write { session: 1, seq: 1, operation: Operation::Put("k".into(), [7u8; 40][..].into()) };
    let entry = Entry { term: 1, command: Rc::new(command) };
    let mut file = file_of(&[Record::Entry { index: 1, entry }]);
    let torn = file.len() - 10;
    file[torn..].fill(0);
    let refused = recover(&file, TornTail::Refused).expect("a log");
    let accepted = recover(&file, TornTail::Accepted).expect("a log");
    assert_eq!((refused.log.last(), accepted.log.last()), (0, 1));
}
