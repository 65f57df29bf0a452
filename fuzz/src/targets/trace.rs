//! Trace files: any bytes, a written one, and mutated ones.

use std::io::Cursor;
use std::time::Duration;

use replay::case::Case;
use replay::trace::{Ended, Names, Space, TraceFile, TraceWriter, write_json};
use sim::trace::{Digest, Digests, Kind, RECORD_BYTES, Record, WINDOW_RECORDS};

use crate::sealed::{Change, Inner, change_within, changes};

/// The first byte says what is done with the others.
///
/// # Panics
/// When what was written does not read back, or what was damaged does.
pub fn fuzz_one(bytes: &[u8]) {
    let Some((way, rest)) = bytes.split_first() else { return };
    match way % 4 {
        0 => drop(read(rest)),
        1 => {
            let records = said(rest);
            let read = read(&written(&records)).expect("what was written is whole");
            assert_eq!(read, records, "other records are read than were written");
        }
        2 => {
            let whole = written(&usual());
            let mut torn = whole.clone();
            changes::<Change>(rest).into_iter().for_each(|change| change.apply(&mut torn));
            assert!(torn == whole || read(&torn).is_none(), "a damaged trace file is believed");
        }
        _ => {
            let mut sealed = written(&usual());
            change_within(&mut sealed, &changes::<Inner>(rest));
            drop(read(&sealed));
        }
    }
}

/// Reads a file in every way there is; `None` when one of them refuses it.
fn read(bytes: &[u8]) -> Option<Vec<Record>> {
    let mut file = named(TraceFile::new("x.trace", Cursor::new(bytes)))?;
    if let Err(error) = file.case() {
        assert!(!error.to_string().is_empty(), "a case line is refused without a word");
    }
    let mut records = Vec::new();
    let whole = named(file.read_all(|sequence, record| {
        assert_eq!(sequence, records.len() as u64, "records come in their order");
        records.push(*record);
    }));
    // A part may be whole where the file is not. What is there must agree with the rest.
    let count = file.records();
    let middle = count / 2;
    let part = named(file.range(middle..middle.saturating_add(40)));
    let last = named(file.record(count.saturating_sub(1)));
    assert_eq!(named(file.record(count)), Some(None), "there is nothing behind the last record");
    named(write_json(&mut file, &mut Vec::new()));
    whole?;
    assert_eq!(records.len() as u64, count, "as many records come as are announced");
    let end = records.len().min(middle as usize + 40);
    assert_eq!(part.as_deref(), Some(&records[middle as usize..end]), "a range is a part of the whole");
    assert_eq!(last, Some(records.last().copied()), "the last record is the last");
    Some(records)
}

/// What was read; an error must name the file.
fn named<T>(read: Result<T, replay::trace::FileError>) -> Option<T> {
    if let Err(error) = &read {
        assert!(error.to_string().starts_with("x.trace"), "an error names its file: {error}");
    }
    read.ok()
}

/// A file as a run writes it, block by block, with a checkpoint every window.
fn written(records: &[Record]) -> Vec<u8> {
    let writer = TraceWriter::new(Vec::new(), &Case::new("kv/steady", 42)).expect("memory takes all");
    let mut reader = writer.reader();
    let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
    for (index, window) in bytes.chunks(WINDOW_RECORDS * RECORD_BYTES).enumerate() {
        reader.read((index * WINDOW_RECORDS) as u64, window);
        if window.len() == WINDOW_RECORDS * RECORD_BYTES {
            let end = (index + 1) * WINDOW_RECORDS;
            reader.checkpoint(end as u64, Digest::of(&bytes[..end * RECORD_BYTES]));
        }
    }
    let digests = Digests { trace: Digest::of(&bytes), faults: Digest::of(b"f"), semantic: Digest::of(b"s") };
    let mut names = Names::new();
    names.set_all(Space::Machine, ["core-0", "core-1", "test"]);
    names.set(Space::Place, 0, "src/server.rs:12:5");
    let ended = Ended { digests, time: Duration::from_millis(1_204), verdict: "passed".to_string(), names };
    writer.finish(&ended).expect("memory takes all")
}

/// Records that the bytes say, the first of them so often that there are windows.
fn said(bytes: &[u8]) -> Vec<Record> {
    let Some((repeat, rest)) = bytes.split_first() else { return Vec::new() };
    let (chunks, _) = rest.as_chunks::<RECORD_BYTES>();
    let record = |chunk: &[u8; RECORD_BYTES]| {
        let mut chunk = *chunk;
        chunk[8] = Kind::ALL[usize::from(chunk[8]) % Kind::ALL.len()] as u8;
        Record::decode(&chunk).expect("it is of a kind that is")
    };
    let mut records: Vec<Record> = chunks.iter().map(record).collect();
    if let Some(first) = records.first().copied() {
        let count = usize::from(*repeat) * 64;
        records.extend((0..count).map(|n| Record { at: first.at.wrapping_add(n as u64), ..first }));
    }
    records
}

/// Few records as a run makes them.
fn usual() -> Vec<Record> {
    let record = |index: u64| Record {
        at: index * 150 + index % 7,
        kind: Kind::ALL[(index % 5 + 6) as usize],
        flag: (index % 3) as u8,
        machine: (index % 4) as u16,
        cause: index.min(index % 9) as u32,
        a: (index * 7 % 50) as u32,
        b: (index % 2) as u32,
    };
    (0..90).map(record).collect()
}
