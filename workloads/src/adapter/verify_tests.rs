//! What lies on the disks, right and wrong: each judgement is seen to bark at what it is for.

use std::time::Duration;

use models::adapter::api::{
    Agreement, Bugs, Chain, Doubt, Entry, Event, Hash, Job, Machine, Mode, Precheck, Reason, Record, State,
    TRIES_MAX, Trouble, append_to_journal, chunk_id,
};

use super::escalation::{
    APPLIED_ONCE, AUDIT_WHOLE, HARDENED_RECHECKS, Judged, NOTHING_PARTIAL, Property, RETRIES_BOUNDED,
    SEALED_ONCE,
};
use super::verify;

const RUN: u64 = 4;
const PROVED: Event = Event::Checked(Precheck::Agrees);
const BEGIN: [Event; 3] =
    [Event::Started { seed: 1, chunk_count: 2 }, Event::Negotiated(Agreement::Agreed([4; 4])), PROVED];

fn job(mode: Mode) -> Job {
    let chunks = vec![b"a".to_vec(), b"b".to_vec()].into();
    Job { run: RUN, seed: 1, mode, chunks, pace: Duration::ZERO, remote: "remote".into() }
}

fn done() -> Vec<Event> {
    [&BEGIN[..], &[Event::ChunkDone, Event::ChunkDone, Event::Sealed]].concat()
}

/// The records of events, by a machine with these bugs.
fn records(mode: Mode, bugs: Bugs, events: &[Event]) -> Vec<Record> {
    let mut chain = Chain::new(RUN, Machine::new(mode, bugs));
    let record = |event: &Event| {
        let (record, next) = chain.next(*event, 0).expect("a row of the table");
        chain = next;
        record
    };
    events.iter().map(record).collect()
}

fn journal(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    records.iter().for_each(|record| append_to_journal(&mut bytes, record));
    bytes
}

fn audit_journal(records: &[Record]) -> Vec<u8> {
    journal(&records.iter().map(Record::to_bytes).collect::<Vec<_>>())
}

fn property(judged: Judged) -> Option<Property> {
    judged.err().map(|violation| violation.property)
}

fn audited(mode: Mode, bytes: &[u8], audited: &[(u64, Hash)], ended: State) -> Option<Property> {
    property(verify::audit(&job(mode), bytes, audited, ended).map(drop))
}

#[test]
fn a_chain_must_be_whole_and_end_as_the_client_said() {
    let good = records(Mode::Strict, Bugs::default(), &done());
    let bytes = audit_journal(&good);
    let durable: Vec<(u64, Hash)> = good.iter().map(|record| (record.index, record.hash())).collect();
    let judge = |bytes: &[u8], ended| audited(Mode::Strict, bytes, &durable, ended);
    assert_eq!(judge(&bytes, State::Done), None);
    assert_eq!(judge(&bytes, State::Failed(Reason::RetryExhausted)), Some(AUDIT_WHOLE));
    assert_eq!(judge(&bytes[..bytes.len() - 1], State::Done), Some(AUDIT_WHOLE), "it is cut");
    assert_eq!(judge(&audit_journal(&good[..5]), State::Completing), Some(AUDIT_WHOLE), "one is gone");
    let mut swapped = good.clone();
    swapped.swap(3, 4);
    assert_eq!(judge(&audit_journal(&swapped), State::Done), Some(AUDIT_WHOLE));
}

/// The judge replays with a machine that has no bug, whatever the client's machine had.
#[test]
fn a_machine_with_a_bug_is_not_believed() {
    let bugs = Bugs { doubt_goes_on: true, ..Bugs::default() };
    let events = [&BEGIN[..2], &[Event::Checked(Precheck::Absent)], &done()[3..]].concat();
    let bytes = audit_journal(&records(Mode::Strict, bugs, &events));
    assert_eq!(audited(Mode::Strict, &bytes, &[], State::Done), Some(AUDIT_WHOLE));
}

#[test]
fn a_hardened_chain_has_a_proof_before_each_chunk() {
    let bugs = Bugs { hardened_checks_once: true, ..Bugs::default() };
    let bytes = audit_journal(&records(Mode::Hardened, bugs, &done()));
    assert_eq!(audited(Mode::Hardened, &bytes, &[], State::Done), Some(HARDENED_RECHECKS));
    let proved = [&BEGIN[..], &[Event::ChunkDone, PROVED, Event::ChunkDone, Event::Sealed]].concat();
    let bytes = audit_journal(&records(Mode::Hardened, Bugs::default(), &proved));
    assert_eq!(audited(Mode::Hardened, &bytes, &[], State::Done), None);
}

#[test]
fn tries_without_an_end_are_found_in_the_chain() {
    let bugs = Bugs { retries_unbounded: true, ..Bugs::default() };
    let mut events = [&BEGIN[..], &[Event::ChunkLost]].concat();
    for _ in 0..=TRIES_MAX {
        events.extend([Event::BackoffOver, Event::Unanswered]);
    }
    let bytes = audit_journal(&records(Mode::Strict, bugs, &events));
    assert_eq!(audited(Mode::Strict, &bytes, &[], State::Retrying), Some(RETRIES_BOUNDED));
}

fn applied(index: u32, content: &[u8]) -> Entry {
    Entry::Applied { run: RUN, seed: 1, index, id: chunk_id(RUN, index), content: content.to_vec() }
}

fn sealed() -> Entry {
    Entry::Sealed { run: RUN, count: 2, audit: [0; 32] }
}

fn ledger(entries: &[Entry], ended: State) -> Option<Property> {
    let bytes = journal(&entries.iter().map(Entry::to_bytes).collect::<Vec<_>>());
    property(verify::ledger(&bytes, &[(job(Mode::Strict), ended)]))
}

#[test]
fn a_run_is_published_whole_once_or_not_at_all() {
    let whole = [applied(0, b"a"), applied(1, b"b"), sealed()];
    let failed = State::Failed;
    assert_eq!(ledger(&whole, State::Done), None);
    assert_eq!(ledger(&whole, failed(Reason::RetryExhausted)), None, "nobody could tell the client");
    assert_eq!(ledger(&whole, failed(Reason::ConflictDetected)), Some(NOTHING_PARTIAL));
    assert_eq!(ledger(&whole[..2], State::Done), Some(NOTHING_PARTIAL), "it is not sealed");
    assert_eq!(ledger(&whole[..1], failed(Reason::ConflictDetected)), None);
    assert_eq!(ledger(&[whole[0].clone(), sealed()], State::Done), Some(NOTHING_PARTIAL));
    assert_eq!(ledger(&[applied(0, b"x"), whole[1].clone(), sealed()], State::Done), Some(NOTHING_PARTIAL));
    assert_eq!(
        ledger(&[whole[1].clone(), whole[0].clone()], failed(Reason::RetryExhausted)),
        Some(NOTHING_PARTIAL)
    );
    assert_eq!(ledger(&[&whole[..], &[sealed()]].concat(), State::Done), Some(SEALED_ONCE));
    assert_eq!(ledger(&[&whole[..2], &whole[1..]].concat(), State::Done), Some(APPLIED_ONCE));
}

#[test]
fn nothing_is_applied_after_a_chunk_that_rotted_in_hardened_mode() {
    let bytes = journal(&[applied(0, b"a").to_bytes(), applied(1, b"b").to_bytes()]);
    let judge = |mode, index| {
        let trouble = Trouble { doubt: Some(Doubt::Damage { index }), ..Trouble::default() };
        property(verify::damage(&bytes, &trouble, &[(job(mode), State::Done)]))
    };
    assert_eq!(judge(Mode::Hardened, 0), Some(HARDENED_RECHECKS));
    assert_eq!((judge(Mode::Hardened, 1), judge(Mode::Strict, 0)), (None, None));
}
