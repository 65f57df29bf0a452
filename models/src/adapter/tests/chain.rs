//! Audit chains: recovered, tampered with, cut, and passed off as another run's.

use super::super::audit::{Broken, Chain, Record};
use super::super::capability::Agreement;
use super::super::event::{Event, Precheck};
use super::super::machine::{Bugs, Machine, Mode};
use super::super::state::State;

const RUN: u64 = 11;
const EVENTS: [Event; 9] = [
    Event::Started { seed: 5, chunk_count: 2 },
    Event::Negotiated(Agreement::Agreed([2, 3, 4, 4])),
    Event::Checked(Precheck::Agrees),
    Event::ChunkDone,
    Event::ChunkLost,
    Event::Restarted { seed: 5 },
    Event::Resumed { seed: 5, acknowledged: 1 },
    Event::ChunkDone,
    Event::Sealed,
];

fn machine() -> Machine {
    Machine::new(Mode::Strict, Bugs::default())
}

fn records() -> Vec<Vec<u8>> {
    let mut chain = Chain::new(RUN, machine());
    let record = |event: &Event| {
        let (record, next) = chain.next(*event, 1_000).expect("a row");
        chain = next;
        record.to_bytes()
    };
    EVENTS.iter().map(record).collect()
}

fn recover(run: u64, records: &[Vec<u8>]) -> Result<Chain, Broken> {
    Chain::recover(run, machine(), records.iter().map(Vec::as_slice))
}

#[test]
fn a_chain_recovers_to_where_it_was() {
    for length in 0..=EVENTS.len() {
        let chain = recover(RUN, &records()[..length]).expect("it is whole");
        assert_eq!(chain.length(), length as u64);
    }
    let chain = recover(RUN, &records()).expect("it is whole");
    assert_eq!((chain.machine().state(), chain.machine().cursor()), (State::Done, 2));
}

#[test]
fn every_flipped_bit_breaks_the_chain() {
    let whole = records();
    let head = recover(RUN, &whole).expect("it is whole").head();
    for (record, bytes) in whole.iter().enumerate() {
        for bit in 0..bytes.len() * 8 {
            let mut changed = whole.clone();
            changed[record][bit / 8] ^= 1 << (bit % 8);
            let recovered = recover(RUN, &changed);
            // Nothing comes after the last record to bind it; its head does not match any more all the same.
            let is_noticed = recovered.is_err() || recovered.is_ok_and(|chain| chain.head() != head);
            assert!(is_noticed, "bit {bit} of record {record}");
            if record + 1 < whole.len() {
                assert!(recover(RUN, &changed).is_err(), "bit {bit} of record {record}");
            }
        }
    }
}

#[test]
fn records_that_are_gone_doubled_or_moved_break_the_chain() {
    let whole = records();
    for index in 0..whole.len() - 1 {
        let mut gone = whole.clone();
        gone.remove(index);
        assert_eq!(recover(RUN, &gone), Err(Broken::Link { index: index as u64 }));
        let mut moved = whole.clone();
        moved.swap(index, index + 1);
        assert_eq!(recover(RUN, &moved), Err(Broken::Link { index: index as u64 }));
        let mut doubled = whole.clone();
        doubled.insert(index, whole[index].clone());
        assert_eq!(recover(RUN, &doubled), Err(Broken::Link { index: index as u64 + 1 }));
    }
    assert_eq!(recover(RUN + 1, &whole), Err(Broken::Link { index: 0 }), "it is another run's");
}

/// Somebody who binds his records well still cannot claim what the machine would not do.
#[test]
fn a_forged_transition_breaks_the_chain() {
    let mut chain = Chain::new(RUN, machine());
    let (record, next) = chain.next(EVENTS[0], 0).expect("a row");
    chain = next;
    let done = Record { to: State::Done.code(), ..record };
    let forged = [done.to_bytes()];
    assert_eq!(
        recover(RUN, &forged),
        Err(Broken::Claim { index: 0, replayed: State::Negotiating }),
        "a start does not finish"
    );
    let sealed = Record { index: 1, previous: chain.head(), event: Event::Sealed, ..record };
    let forged = [record.to_bytes(), sealed.to_bytes()];
    assert!(matches!(recover(RUN, &forged), Err(Broken::Event { index: 1, .. })));
}

#[test]
fn all_events_go_there_and_back() {
    let (record, _) = Chain::new(RUN, machine()).next(EVENTS[0], 9).expect("a row");
    for event in EVENTS {
        let record = Record { event, ..record };
        assert_eq!(Record::read(&record.to_bytes()), Some(record));
    }
}
