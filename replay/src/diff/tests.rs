//! Where two runs part is found as a plain comparison finds it, and told in words.

use std::io::Cursor;

use proptest::prelude::*;
use sim::trace::{Digest, Digests, Kind, NO_MACHINE, RECORD_BYTES, Reader, Record, WINDOW_RECORDS};

use super::{RerunError, Run, Which, files, runs};
use crate::trace::tests::{records, write_records};
use crate::trace::{Names, Space, TraceFile};

fn open(bytes: Vec<u8>, name: &str) -> TraceFile<Cursor<Vec<u8>>> {
    TraceFile::new(name, Cursor::new(bytes)).expect("it is whole")
}

/// The first index at which two lists differ, the plain way.
fn first_difference(left: &[Record], right: &[Record]) -> Option<u64> {
    let differs = |at: &usize| left.get(*at) != right.get(*at);
    (0..left.len().max(right.len())).find(differs).map(|at| at as u64)
}

fn run(label: &str, records: &[Record]) -> Run {
    let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
    let whole = bytes.len() / (WINDOW_RECORDS * RECORD_BYTES);
    let digest = |window| Digest::of(&bytes[..(window + 1) * WINDOW_RECORDS * RECORD_BYTES]);
    Run {
        label: label.to_string(),
        checkpoints: (0..whole).map(digest).collect(),
        records: records.len() as u64,
        digests: Digests { trace: Digest::of(&bytes), ..Digests::default() },
        names: Names::new(),
    }
}

/// Shows records to a reader as a run does.
fn replay(records: &[Record], reader: &mut dyn Reader) {
    for (index, block) in records.chunks(1024).enumerate() {
        let bytes: Vec<u8> = block.iter().flat_map(Record::encode).collect();
        reader.read((index * 1024) as u64, &bytes);
    }
}

#[test]
fn the_first_difference_is_told_with_both_contexts_and_the_causes() {
    let record = |at, kind, machine, cause, a, b| Record { at, kind, flag: 2, machine, cause, a, b };
    let both = [
        record(0, Kind::Machine, 0, 0, 0, 0),
        record(0, Kind::Spawn, 0, 1, 12, 0),
        record(1_204_000_000, Kind::Poll, 0, 1, 12, 3),
    ];
    let left = [
        &both[..],
        &[
            record(1_204_000_100, Kind::Send, 0, 1, 0, 7),
            record(1_204_000_200, Kind::Finish, NO_MACHINE, 0, 0, 0),
        ],
    ]
    .concat();
    let right = [&both[..], &[record(1_204_000_100, Kind::Panic, 0, 1, 12, 0)]].concat();
    let mut names = Names::new();
    names.set_all(Space::Machine, ["core-0"]);
    names.set_all(Space::Process, ["server"]);
    names.set_all(Space::Place, ["src/server.rs:12:5"]);
    names.set_all(Space::Link, ["core-0>core-1"]);
    let mut left = open(write_records(&left, names.clone()), "left.trace");
    let mut right = open(write_records(&right, names), "right.trace");
    let compared = files(&mut left, &mut right, 2).expect("both are whole");
    assert_eq!(
        compared.to_string(),
        "\
the runs part at record #3: the 3 records before it are equal

in both, before
    #1 [+0.000s] core-0: spawn task 12 (src/server.rs:12:5) of server
    #2 [+1.204s] core-0: poll task 12 (src/server.rs:12:5) (woken by timer), one of 3 ready

left.trace
  > #3 [+1.204_000_100s] core-0: send over core-0>core-1 (checksum 00000007)
    #4 [+1.204_000_200s] the run ends: passed
    caused by #2 [+1.204s] core-0: poll task 12 (src/server.rs:12:5) (woken by timer), one of 3 ready
         from #1 [+0.000s] core-0: spawn task 12 (src/server.rs:12:5) of server
         from #0 [+0.000s] core-0: the machine comes to be, number 0

right.trace
  > #3 [+1.204_000_100s] core-0: task 12 (src/server.rs:12:5) of server panics in a destructor
    caused by #2 [+1.204s] core-0: poll task 12 (src/server.rs:12:5) (woken by timer), one of 3 ready
         from #1 [+0.000s] core-0: spawn task 12 (src/server.rs:12:5) of server
         from #0 [+0.000s] core-0: the machine comes to be, number 0
"
    );
    assert!(!compared.is_same());
}

#[test]
fn equal_files_are_the_same_and_a_shorter_one_has_ended() {
    for count in [0, 10, 4096, 9_000] {
        let mut left = open(write_records(&records(count), Names::new()), "left");
        let mut right = open(write_records(&records(count), Names::new()), "right");
        assert!(files(&mut left, &mut right, 3).expect("both are whole").is_same());
        let mut longer = open(write_records(&records(count + 5_000), Names::new()), "longer");
        let compared = files(&mut left, &mut longer, 3).expect("both are whole");
        let divergence = compared.divergence.expect("one goes on");
        assert_eq!((divergence.sequence, divergence.left.after.len()), (count as u64, 0));
        assert!(divergence.to_string().contains("left\n  > the run has ended\n"));
    }
}

#[test]
fn a_run_that_does_not_repeat_itself_is_called_so() {
    let (left, mut right) = (records(10_000), records(10_000));
    right[9_000].a += 1;
    let (left_run, right_run) = (run("left", &left), run("right", &right));
    let compared = runs::<()>(&left_run, &right_run, 3, |which, mut reader| {
        let which_records = if which == Which::Left { &left } else { &right };
        let mut now = which_records.clone();
        if which == Which::Right {
            now[50].a += 1;
        }
        replay(&now, &mut *reader);
        Ok(run("again", &now))
    });
    let error = compared.expect_err("the right run is not the same again");
    assert_eq!(
        error,
        RerunError::NotRepeated { label: "right".into(), what: "records 0 to 4095 differ".into() }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Two runs that differ in a few places, or in length, part where a plain comparison says.
    #[test]
    fn runs_and_files_part_where_a_plain_comparison_says(
        count in 0usize..14_000,
        changes in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        shorter in prop_oneof![Just(0usize), 1usize..9_000],
    ) {
        let left = records(count);
        let mut right = records(count.saturating_sub(shorter));
        for change in changes {
            if !right.is_empty() {
                let at = change.index(right.len());
                right[at].b += 1;
            }
        }
        let expected = first_difference(&left, &right);

        let mut left_file = open(write_records(&left, Names::new()), "left");
        let mut right_file = open(write_records(&right, Names::new()), "right");
        let compared = files(&mut left_file, &mut right_file, 3).unwrap();
        prop_assert_eq!(compared.divergence.map(|divergence| divergence.sequence), expected);

        let (left_run, right_run) = (run("left", &left), run("right", &right));
        let mut again = 0;
        let compared = runs::<()>(&left_run, &right_run, 3, |which, mut reader| {
            again += 1;
            let which_records = if which == Which::Left { &left } else { &right };
            replay(which_records, &mut *reader);
            Ok(run("again", which_records))
        });
        let compared = compared.unwrap();
        prop_assert_eq!(compared.divergence.map(|divergence| divergence.sequence), expected);
        prop_assert_eq!(again, if expected.is_some() { 2 } else { 0 });
    }
}
