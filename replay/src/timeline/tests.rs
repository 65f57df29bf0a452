//! Pictures: what is drawn, and that nothing in a run can break out of the file.

use std::io::Cursor;

use sim::trace::{Kind, NO_MACHINE, Record};

use super::gather::{Arrow, FAULTS, Span, What, gather};
use super::{Shown, timeline};
use crate::trace::tests::write_records;
use crate::trace::{Names, Space, TraceFile};

fn open(records: &[Record], names: Names) -> TraceFile<Cursor<Vec<u8>>> {
    TraceFile::new("run.trace", Cursor::new(write_records(records, names))).expect("it is whole")
}

fn record(at: u64, kind: Kind, flag: u8, machine: u16, cause: u32, a: u32) -> Record {
    Record { at, kind, flag, machine, cause, a, b: 0 }
}

#[test]
fn processes_faults_and_messages_are_gathered() {
    let mut names = Names::new();
    names.set_all(Space::Machine, ["core-0", "core-1"]);
    names.set_all(Space::Process, ["server"]);
    names.set_all(Space::Fault, ["{ at = \"1s\", kill = \"core-0\" }"]);
    let records = [
        record(0, Kind::Boot, 0, 0, 0, 0),
        record(10, Kind::Send, 0, 0, 1, 0),
        record(20, Kind::Fault, 0, NO_MACHINE, 0, 0),
        record(30, Kind::Deliver, 0, 1, 2, 0),
        record(40, Kind::End, 2, 0, 0, 0),
        record(50, Kind::Power, 0, 0, 0, 0),
        record(60, Kind::Heal, 0, NO_MACHINE, 4, 0),
        record(70, Kind::Power, 1, 0, 0, 0),
        record(80, Kind::Boot, 0, 0, 0, 0),
        record(90, Kind::Finish, 1, NO_MACHINE, 0, 0),
    ];
    let gathered = gather(&mut open(&records, names)).expect("it is whole");
    let span = |lane, from, until, what, text: &str| Span { lane, from, until, what, text: text.into() };
    assert_eq!(
        gathered.spans,
        [
            span(0, 0, Some(40), What::Process, "server"),
            span(FAULTS, 20, Some(60), What::Fault, "{ at = \"1s\", kill = \"core-0\" }"),
            span(0, 50, Some(70), What::PowerOff, "power off"),
            span(0, 80, None, What::Process, "server"),
        ]
    );
    let text = "#3 [+0.000_000_030s] core-1: deliver over link 0 (checksum 00000000)".to_string();
    assert_eq!(gathered.arrows, [Arrow { from: 0, sent: 10, to: 1, came: 30, text }]);
    let marks: Vec<(u64, bool)> = gathered.events.iter().map(|event| (event.at, event.bad)).collect();
    assert_eq!(marks, [(40, false), (90, true)]);
}

#[test]
fn the_file_is_whole_and_nothing_breaks_out_of_it() {
    let evil = "</script><script>alert(1)</script>\u{2028}\"{{text}}";
    let mut names = Names::new();
    names.set_all(Space::Machine, [evil]);
    names.set_all(Space::Process, [evil]);
    let file = timeline(
        &mut open(&[record(0, Kind::Boot, 0, 0, 0, 0)], names),
        Shown { text: evil, divergence: None },
    );
    let file = file.expect("it is whole");
    assert_eq!((file.matches("<script").count(), file.matches("</script>").count()), (2, 2));
    assert_eq!(file.matches("{{text}}").count(), 3, "a place is one in the template alone");
    assert!(file.contains("<h1>kv/steady seed=0x2a alg=1</h1>"));
    assert!(!file.contains("http"), "it needs no other file");
}

#[test]
fn a_long_run_keeps_its_last_messages_and_says_what_is_left_out() {
    let pair = |at| [record(at, Kind::Send, 0, 0, 0, 0), record(at + 5, Kind::Deliver, 0, 1, 1, 0)];
    let records: Vec<Record> = (0..25_000).flat_map(|index| pair(index * 10)).collect();
    let gathered = gather(&mut open(&records, Names::new())).expect("it is whole");
    assert_eq!((gathered.arrows_all, gathered.arrows.len()), (25_000, 20_000));
    assert_eq!(gathered.arrows.back().expect("there are some").came, 249_995);
    let file = timeline(&mut open(&records, Names::new()), Shown::default()).expect("it is whole");
    assert!(file.contains("\"left_out\":5000}"));
}
