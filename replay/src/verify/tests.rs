//! Two processes in lock step: played by two threads over real pipes.
#![allow(clippy::disallowed_methods, reason = "two processes are played by two threads")]

use std::io::{Cursor, PipeReader, PipeWriter, pipe};
use std::thread;

use proptest::prelude::*;
use sim::trace::{Digest, Digests, RECORD_BYTES, Record, WINDOW_RECORDS};

use super::message::Windows;
use super::{
    Ended, Event, Hello, LockStep, Message, MessageError, Referee, Reply, Step, Verdict, Verified,
    read_message, read_reply, referee, write_message, write_reply,
};
use crate::trace::tests::records;
use crate::trace::{Names, Space};

/// Runs those records in lock step, as a process would.
fn process(input: PipeReader, output: PipeWriter, records: &[Record], verdict: &str) -> Option<Verdict> {
    let lockstep = LockStep::new(input, output, "kv/steady seed=0x1 alg=1").ok()?;
    let mut reader = lockstep.reader();
    let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
    for (index, window) in bytes.chunks(WINDOW_RECORDS * RECORD_BYTES).enumerate() {
        let first = index * WINDOW_RECORDS;
        for (index, block) in window.chunks(1024 * RECORD_BYTES).enumerate() {
            reader.read((first + index * 1024) as u64, block);
        }
        let end = first * RECORD_BYTES + window.len();
        if window.len() == WINDOW_RECORDS * RECORD_BYTES {
            reader.checkpoint((end / RECORD_BYTES) as u64, Digest::of(&bytes[..end]));
        }
    }
    let digests = Digests { trace: Digest::of(&bytes), ..Digests::default() };
    let ended = Ended { records: records.len() as u64, digests, verdict: verdict.to_string() };
    let mut names = Names::new();
    names.set_all(Space::Machine, ["core-0", "core-1", "core-2", "core-3"]);
    lockstep.finish(ended, names).ok()
}

/// The pipes between a process and the referee: the process's ends, then the referee's.
fn pipes() -> ((PipeReader, PipeWriter), (PipeReader, PipeWriter)) {
    let (process_in, referee_out) = pipe().expect("there are pipes");
    let (referee_in, process_out) = pipe().expect("there are pipes");
    ((process_in, process_out), (referee_in, referee_out))
}

/// Runs two lists of records against each other.
fn verified(
    left: Vec<Record>,
    right: Vec<Record>,
    verdicts: (&'static str, &'static str),
) -> (Verified, Vec<Option<Verdict>>) {
    let (left_process, left_referee) = pipes();
    let (right_process, right_referee) = pipes();
    let left = thread::spawn(move || process(left_process.0, left_process.1, &left, verdicts.0));
    let right = thread::spawn(move || process(right_process.0, right_process.1, &right, verdicts.1));
    let verified = referee(left_referee, right_referee, 2);
    let heard = [left, right].map(|thread| thread.join().expect("no process panics"));
    (verified, heard.to_vec())
}

#[test]
fn equal_runs_are_the_same_and_both_processes_hear_it() {
    for count in [0, 100, 4096, 20_000] {
        let (verified, heard) = verified(records(count), records(count), ("passed", "passed"));
        assert!(verified.is_same(), "{verified}");
        assert_eq!(heard, [Some(Verdict::Same); 2]);
    }
}

#[test]
fn the_very_runs_that_differed_are_compared() {
    // The left run is twice as long, so it is still going when the runs part.
    for at in [0, 1, 4095, 4096, 4097, 12_000, 16_383] {
        let (left, mut right) = (records(32_768), records(16_384));
        right[at].a += 1;
        let (verified, heard) = verified(left, right, ("passed", "passed"));
        let Verified::Parted(divergence) = &verified else { panic!("{verified}") };
        assert_eq!(divergence.sequence, at as u64);
        assert_eq!(divergence.before.1.len(), at.min(2));
        assert_eq!(heard, [Some(Verdict::Parted); 2]);
        assert!(verified.to_string().contains("core-"), "the names came with it: {verified}");
    }
}

#[test]
fn a_run_that_stops_early_is_no_equal_run() {
    for (left, right) in [(8_192, 8_191), (8_192, 4_096), (5_000, 4_999), (1, 0), (20_000, 4_097)] {
        let (verified, _) = verified(records(left), records(right), ("passed", "passed"));
        let Verified::Parted(divergence) = &verified else { panic!("{left} {right}: {verified}") };
        assert_eq!(divergence.sequence, right as u64);
        assert!(divergence.right.after.is_empty());
    }
}

#[test]
fn equal_records_with_another_verdict_are_told() {
    let (verified, heard) = verified(records(5_000), records(5_000), ("passed", "failed: no-lost-write"));
    assert!(matches!(verified, Verified::Told { .. }) && verified.is_different());
    let told = "not deterministic: all 5,000 records are equal, but not what is told of them\n  \
                the first run: passed\n  the second run: failed: no-lost-write\n";
    assert_eq!(verified.to_string(), told);
    assert_eq!(heard, [Some(Verdict::Parted); 2]);
}

#[test]
fn a_process_that_dies_or_prints_is_named() {
    let (left_process, left_referee) = pipes();
    let (right_process, right_referee) = pipes();
    let left = thread::spawn(move || process(left_process.0, left_process.1, &records(5_000), "passed"));
    let right = thread::spawn(move || {
        let (mut input, mut output) = right_process;
        write_message(&mut output, &Message::Hello(Hello::new("kv/steady seed=0x1 alg=1")))
            .expect("it listens");
        read_reply(&mut input).expect("it answers");
    });
    let verified = referee(left_referee, right_referee, 2);
    assert_eq!(
        verified.to_string(),
        "the second process was lost after record 0, the last that both agreed on: it ended without a word; \
         see what it printed, or replay the case alone\n"
    );
    assert!(!verified.is_same() && !verified.is_different());
    right.join().expect("no process panics");
    // The referee is gone, so the first process goes on alone and says that nobody answers.
    assert_eq!(left.join().expect("no process panics"), None);

    let error = read_message(&mut Cursor::new(b"hello from the scenario\n")).expect_err("it is no message");
    assert_eq!(
        error.to_string(),
        "it wrote `hello fro` where a message was expected: something else writes to the pipe of `--verify`; let the scenario print elsewhere"
    );
}

#[test]
fn two_cases_are_not_compared() {
    let hello = |case| Event::Said(Message::Hello(Hello::new(case)));
    let Step::Over(verified) = Referee::default().hear(hello("kv/a seed=0x1"), hello("kv/b seed=0x1")) else {
        panic!("there is nothing to compare");
    };
    assert_eq!(
        verified.to_string(),
        "the processes were given different cases: `kv/a seed=0x1` and `kv/b seed=0x1`; start both with one binary and one case\n"
    );
}

fn message() -> impl Strategy<Value = Message> {
    let digest = || any::<[u8; 32]>().prop_map(Digest);
    let hello = (any::<u16>(), any::<u16>(), any::<u32>(), any::<String>()).prop_map(
        |(version, encoding, algorithm, case)| Message::Hello(Hello { version, encoding, algorithm, case }),
    );
    let checkpoint =
        (any::<u64>(), digest()).prop_map(|(sequence, digest)| Message::Checkpoint { sequence, digest });
    let ended = (any::<u64>(), digest(), digest(), digest(), any::<String>()).prop_map(
        |(records, trace, faults, semantic, verdict)| {
            Message::Ended(Ended { records, digests: Digests { trace, faults, semantic }, verdict })
        },
    );
    let windows = (0u64..1 << 40, 0usize..2 * WINDOW_RECORDS)
        .prop_map(|(first, count)| Message::Windows(Windows { first, records: records(count) }));
    let names = prop::collection::vec(any::<String>(), 0..5).prop_map(|all| {
        let mut names = Names::new();
        names.set_all(Space::Stream, all);
        Message::Names(names)
    });
    prop_oneof![hello, checkpoint, ended, windows, names]
}

proptest! {
    #[test]
    fn messages_are_read_as_they_were_written(messages in prop::collection::vec(message(), 0..5)) {
        let mut bytes = Vec::new();
        for message in &messages {
            write_message(&mut bytes, message).unwrap();
        }
        let mut input = Cursor::new(bytes);
        for message in messages {
            prop_assert_eq!(read_message(&mut input).unwrap(), message);
        }
        prop_assert!(matches!(read_message(&mut input), Err(MessageError::Closed)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, tag in 0u8..8) {
        let _ = read_message(&mut Cursor::new(&bytes));
        let length = (bytes.len() as u32).to_le_bytes();
        let _ = read_message(&mut Cursor::new([b"TBLv", &[tag][..], &length, &bytes].concat()));
    }

    #[test]
    fn a_message_cut_short_is_a_process_that_is_gone(message in message(), at: prop::sample::Index) {
        let mut bytes = Vec::new();
        write_message(&mut bytes, &message).unwrap();
        bytes.truncate(at.index(bytes.len()));
        prop_assert!(matches!(read_message(&mut Cursor::new(bytes)), Err(MessageError::Closed)));
    }

    /// Whatever two processes say, in whatever order, the referee comes to an end and does not panic.
    #[test]
    fn the_referee_ends_whatever_is_said(said in prop::collection::vec((message(), message(), 0..4u8), 0..8)) {
        let mut referee = Referee::default();
        let hello = || Event::Said(Message::Hello(Hello::new("a")));
        prop_assert!(matches!(referee.hear(hello(), hello()), Step::Reply(Reply::Agree)));
        for (left, right, same) in said {
            let right = if same > 0 { left.clone() } else { right };
            if let Step::Over(verified) = referee.hear(Event::Said(left), Event::Said(right)) {
                let _ = verified.to_string();
                break;
            }
        }
    }
}

#[test]
fn replies_are_read_as_they_were_written() {
    let mut bytes = Vec::new();
    write_reply(&mut bytes, Reply::Agree).expect("memory takes all");
    write_reply(&mut bytes, Reply::Part).expect("memory takes all");
    let mut input = Cursor::new(bytes);
    assert_eq!(read_reply(&mut input).expect("it was written"), Reply::Agree);
    assert_eq!(read_reply(&mut input).expect("it was written"), Reply::Part);
    assert!(matches!(read_reply(&mut input), Err(MessageError::Closed)));
}
