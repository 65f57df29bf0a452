//! The two rules that keep an old primary harmless, one step at a time: its entries are refused, and its
//! lease ends.

use std::rc::Rc;
use std::time::Duration;

use super::super::api::{Command, Timing};
use super::super::consensus::{Consensus, Durable, Now};
use super::super::log::Entry;
use super::super::message::{Append, Message};

const fn at(ms: u64) -> Now {
    let reading = Duration::from_millis(10_000 + ms);
    Now { timer: reading, lease: reading }
}

fn fresh(me: u8) -> Consensus {
    Consensus::new(me, 3, Timing::LAN, Durable::default(), at(0), Timing::LAN.patience)
}

/// The primary of term 1, whose first entry is agreed, at 600 ms; its last stamp was answered then.
fn primary() -> Consensus {
    let mut primary = fresh(0);
    primary.on_deadline(at(500), Timing::LAN.patience);
    primary.effects.records.clear();
    primary.synced(at(500));
    primary.receive(1, Message::VoteReply { term: 1, granted: true }, at(550));
    assert_eq!(primary.effects.elected.take(), Some(1));
    primary.effects.records.clear();
    primary.synced(at(560));
    primary.receive(1, Message::AppendReply { term: 1, stamp: at(600).lease, matched: 1 }, at(600));
    assert_eq!(primary.commit(), 1);
    primary
}

fn append(term: u64) -> Message {
    let entries = vec![Entry { term, command: Rc::new(Command::Open) }];
    let stamp = Duration::ZERO;
    Message::Append(Append { term, stamp, previous: 0, previous_term: 0, commit: 0, entries })
}

fn takes_from_an_older_primary(mut backup: Consensus) -> bool {
    backup.receive(1, append(2), at(10));
    backup.effects.after_sync.clear();
    backup.receive(2, append(1), at(20));
    let answer = backup.effects.after_sync.pop().expect("every append is answered");
    assert_eq!(answer.0, 2);
    !matches!(answer.1, Message::AppendRefused { term: 2, .. }) || backup.log().last_term() != 2
}

#[test]
fn entries_of_an_older_term_are_refused_with_the_newer_term() {
    assert!(!takes_from_an_older_primary(fresh(0)));
}

#[test]
fn with_the_bug_they_are_taken() {
    let mut backup = fresh(0);
    backup.leave_fencing_unchecked();
    assert!(takes_from_an_older_primary(backup));
}

#[test]
fn a_lease_ends_when_nobody_answers() {
    let primary = primary();
    assert!(primary.may_read(at(999)));
    assert!(!primary.may_read(at(1000)));
}

#[test]
fn with_the_bug_a_clock_set_back_stretches_the_lease() {
    let set_back = Now { timer: at(5_000).timer, lease: at(700).lease };
    assert!(primary().may_read(set_back));
}

#[test]
fn a_primary_in_good_standing_and_its_backup_ignore_a_candidate() {
    let mut primary = primary();
    let request = Message::VoteRequest { term: 9, last: 9, last_term: 9 };
    primary.receive(2, request.clone(), at(900));
    assert!(primary.is_primary());
    primary.receive(2, request.clone(), at(1100));
    assert!(!primary.is_primary());

    let mut backup = fresh(1);
    backup.receive(0, append(1), at(600));
    backup.effects.after_sync.clear();
    backup.receive(2, request.clone(), at(1079));
    assert!(backup.effects.after_sync.is_empty());
    backup.receive(2, request, at(1080));
    assert_eq!(backup.effects.after_sync.pop(), Some((2, Message::VoteReply { term: 9, granted: true })));
}

#[test]
fn a_replica_that_restarts_owes_the_promise_it_may_have_made() {
    let mut backup = fresh(1);
    let request = Message::VoteRequest { term: 1, last: 0, last_term: 0 };
    backup.receive(2, request.clone(), at(479));
    assert!(backup.effects.after_sync.is_empty());
    backup.receive(2, request, at(480));
    assert_eq!(backup.effects.after_sync.pop(), Some((2, Message::VoteReply { term: 1, granted: true })));
}

#[test]
fn a_short_patience_with_a_short_log_puts_nobody_off() {
    let mut backup = fresh(1);
    let deadline = backup.deadline();
    backup.receive(0, Message::VoteRequest { term: 3, last: 0, last_term: 0 }, at(481));
    assert!(backup.deadline() > deadline, "a vote was granted: the candidate gets time");
    let mut durable = Durable { term: 1, ..Durable::default() };
    durable.log.place(1, Entry { term: 1, command: Rc::new(Command::Noop) });
    let mut backup = Consensus::new(1, 3, Timing::LAN, durable, at(0), Timing::LAN.patience);
    backup.receive(0, Message::VoteRequest { term: 3, last: 0, last_term: 0 }, at(481));
    assert_eq!(backup.term(), 3);
    assert_eq!(backup.deadline(), deadline, "no vote was granted: its own election comes as it would have");
}

/// No backup may lose what it held. If one does, its primary must not spend its time on telling it so.
#[test]
fn a_backup_that_lost_its_log_is_not_talked_to_in_circles() {
    let mut primary = primary();
    for _ in 0..300 {
        primary.propose(Command::Open);
    }
    primary.effects.records.clear();
    primary.synced(at(610));
    let last = primary.log().last();
    primary.receive(1, Message::AppendReply { term: 1, stamp: at(600).lease, matched: last / 2 }, at(620));
    let mut backup = fresh(1);
    let mut rounds = 0;
    primary.on_deadline(at(700), Timing::LAN.patience);
    loop {
        primary.flush(at(700));
        let messages: Vec<Message> = primary
            .effects
            .at_once
            .drain(..)
            .filter(|(to, _)| *to == 1)
            .map(|(_, message)| message)
            .collect();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            backup.receive(0, message, at(700));
        }
        for (_, answer) in backup.effects.after_sync.drain(..) {
            primary.receive(1, answer, at(700));
        }
        rounds += 1;
        assert!(rounds < 20, "they go on for ever");
    }
}
