//! Datagrams, journals and records: there and back, damaged, cut and foreign.

use proptest::prelude::*;

use super::super::audit::Record;
use super::super::capability::{Capability, Offer, Versions};
use super::super::datagram::{Checksum, Unreadable};
use super::super::ledger::Entry;
use super::super::message::{Body, Message, Reply, Request};

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..60)
}

fn offer() -> impl Strategy<Value = Offer> {
    let versions = |(least, more): (u16, u16)| Versions::new(least, least.saturating_add(more));
    prop::collection::btree_map(0u8..4, any::<(u16, u16)>(), 0..5).prop_map(move |offered| {
        let named = |(code, range)| Some((Capability::of_code(code)?, versions(range)?));
        offered.into_iter().filter_map(named).collect()
    })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Negotiate),
        any::<(u64, u64, u32)>().prop_map(|(run, nonce, count)| Request::Precheck { run, nonce, count }),
        (any::<(u64, u64, u32, u64)>(), content()).prop_map(|((run, seed, index, id), content)| {
            Request::Commit { run, seed, index, id, content }
        }),
        any::<u64>().prop_map(|run| Request::Resume { run }),
        any::<(u64, u64, u32, [u8; 32], [u8; 32])>().prop_map(|(run, seed, count, checksum, audit)| {
            Request::Complete { run, seed, count, checksum, audit }
        }),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        offer().prop_map(Reply::Offered),
        content().prop_map(Reply::Proof),
        any::<u32>().prop_map(|index| Reply::Committed { index }),
        any::<u32>().prop_map(|index| Reply::Conflict { index }),
        Just(Reply::Refused),
        any::<(Option<u64>, u32)>().prop_map(|(seed, acknowledged)| Reply::Stands { seed, acknowledged }),
        Just(Reply::Sealed),
        Just(Reply::Unsealed),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let body = prop_oneof![request().prop_map(Body::Request), reply().prop_map(Body::Reply)];
    (any::<u64>(), body).prop_map(|(exchange, body)| Message { exchange, body })
}

proptest! {
    #[test]
    fn messages_go_there_and_back(message in message()) {
        prop_assert_eq!(Message::read(&message.to_bytes(), Checksum::Verified), Ok(message));
    }

    #[test]
    fn a_changed_byte_is_damage(message in message(), place: prop::sample::Index, with in 1u8..) {
        let mut bytes = message.to_bytes();
        *place.get_mut(&mut bytes) ^= with;
        prop_assert_eq!(Message::read(&bytes, Checksum::Verified), Err(Unreadable::Damaged));
    }

    #[test]
    fn garbage_is_no_message(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(Message::read(&bytes, Checksum::Verified).is_err());
        // With its checksum mended it must still not panic, and what is read must be written the same.
        if let Ok(message) = Message::read(&bytes, Checksum::Ignored) {
            prop_assert_eq!(&message.to_bytes()[4..], &bytes[4..]);
        }
        let _ = Record::read(&bytes);
        let _ = Entry::read(&bytes);
    }

    /// Bytes that begin as a message does and go on as they like: malformed, not damaged, and no panic.
    #[test]
    fn a_message_with_more_or_less_is_malformed(message in message(), rest in content(), cut in 1usize..20) {
        let seal = |bytes: &mut Vec<u8>| {
            let checksum = crc32fast::hash(&bytes[4..]);
            bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        };
        let mut longer = message.to_bytes();
        longer.extend_from_slice(&rest);
        longer.push(0);
        seal(&mut longer);
        prop_assert_eq!(Message::read(&longer, Checksum::Verified), Err(Unreadable::Malformed));
        let mut shorter = message.to_bytes();
        shorter.truncate((shorter.len() - cut.min(shorter.len() - 4)).max(4));
        seal(&mut shorter);
        prop_assert_eq!(Message::read(&shorter, Checksum::Verified), Err(Unreadable::Malformed));
    }

    #[test]
    fn ledger_entries_go_there_and_back(numbers: (u64, u64, u32, u64), content in content(), audit: [u8; 32]) {
        let (run, seed, index, id) = numbers;
        for entry in [
            Entry::Applied { run, seed, index, id, content: content.clone() },
            Entry::Sealed { run, count: index, audit },
        ] {
            prop_assert_eq!(Entry::read(&entry.to_bytes()), Some(entry));
        }
    }
}

#[test]
fn an_offer_has_one_way_to_be_written() {
    let versions = Versions::new(1, 2).expect("in order");
    let offer: Offer = [Capability::Checksum, Capability::Resume].map(|it| (it, versions)).into();
    let mut bytes = Message { exchange: 1, body: Body::Reply(Reply::Offered(offer)) }.to_bytes();
    let length = bytes.len();
    bytes.copy_within(length - 5.., length - 10);
    assert_eq!(Message::read(&bytes, Checksum::Ignored), Err(Unreadable::Malformed), "one capability twice");
}
