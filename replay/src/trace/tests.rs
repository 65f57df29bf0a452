//! Trace files: what is written is read back, and what is not whole or not ours is refused.

use std::cell::OnceCell;
use std::io::Cursor;
use std::time::Duration;

use proptest::prelude::*;
use sim::trace::{Digest, Digests, Kind, RECORD_BYTES, Record, WINDOW_RECORDS};

use super::{Describer, Ended, FileError, Names, Space, TraceFile, TraceWriter, write_json};
use crate::case::Case;

/// A run's records as a run would write them: blocks of at most 1024, a checkpoint every window.
pub(crate) fn write_records(records: &[Record], names: Names) -> Vec<u8> {
    let writer = TraceWriter::new(Vec::new(), &Case::new("kv/steady", 42)).expect("memory takes all");
    let mut reader = writer.reader();
    let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
    for (index, window) in bytes.chunks(WINDOW_RECORDS * RECORD_BYTES).enumerate() {
        let first = index * WINDOW_RECORDS;
        for (index, block) in window.chunks(1024 * RECORD_BYTES).enumerate() {
            reader.read((first + index * 1024) as u64, block);
        }
        if window.len() == WINDOW_RECORDS * RECORD_BYTES {
            let end = first + WINDOW_RECORDS;
            reader.checkpoint(end as u64, Digest::of(&bytes[..end * RECORD_BYTES]));
        }
    }
    let digests = Digests {
        trace: Digest::of(&bytes),
        faults: Digest::of(b"faults"),
        semantic: Digest::of(b"semantic"),
    };
    let verdict = "passed".to_string();
    let ended = Ended { digests, time: Duration::from_millis(1_204), verdict, names };
    writer.finish(&ended).expect("memory takes all")
}

/// Records like those of a run: time goes on, few kinds, small numbers.
pub(crate) fn records(count: usize) -> Vec<Record> {
    let record = |index: u64| Record {
        at: index * 150 + index % 7,
        kind: Kind::ALL[(index % 5 + 6) as usize],
        flag: (index % 3) as u8,
        machine: (index % 4) as u16,
        cause: (index.min(index % 9)) as u32,
        a: (index * 7 % 50) as u32,
        b: (index % 2) as u32,
    };
    (0..count as u64).map(record).collect()
}

fn names() -> Names {
    let mut names = Names::new();
    names.set_all(Space::Machine, ["core-0", "core-1", "test"]);
    names.set(Space::Place, 0, "src/server.rs:12:5");
    names
}

fn open(bytes: &[u8]) -> Result<TraceFile<Cursor<&[u8]>>, FileError> {
    TraceFile::new("run.trace", Cursor::new(bytes))
}

fn read_all(bytes: &[u8]) -> Result<Vec<Record>, FileError> {
    let mut file = open(bytes)?;
    let mut records = Vec::new();
    file.read_all(|sequence, record| {
        assert_eq!(sequence, records.len() as u64);
        records.push(*record);
    })?;
    Ok(records)
}

#[test]
fn what_is_written_is_read_back_whole_and_in_parts() {
    for count in [0, 1, 1023, 1024, 4095, 4096, 4097, 30_000] {
        let written = records(count);
        let bytes = write_records(&written, names());
        assert_eq!(read_all(&bytes).expect("it is whole"), written);
        let mut file = open(&bytes).expect("it is whole");
        assert_eq!((file.records(), file.names()), (count as u64, &names()));
        assert_eq!(file.case().expect("it is a case"), Case::new("kv/steady", 42));
        assert_eq!(file.ended().time, Duration::from_millis(1_204));
        assert_eq!(file.checkpoints().count(), count.div_ceil(WINDOW_RECORDS));
        for range in [0..10, 4090..4100, 29_990..40_000] {
            let inside = (range.start as usize).min(count)..(range.end as usize).min(count);
            assert_eq!(file.range(range).expect("it is whole"), written[inside]);
        }
        assert_eq!(file.record(count as u64).expect("it is whole"), None);
    }
}

#[test]
fn records_pack_to_a_fraction() {
    let bytes = write_records(&records(40_960), names());
    assert!(bytes.len() * 8 < 40_960 * RECORD_BYTES, "{} bytes", bytes.len());
}

#[test]
fn a_file_cut_at_any_length_is_refused() {
    let bytes = write_records(&records(5_000), names());
    for length in 0..bytes.len() {
        let error = open(&bytes[..length]).err().expect("a part is no file").to_string();
        let expected = match length {
            0 => "run.trace: byte 0: this is no trace file: it begins with nothing: the file is empty"
                .to_string(),
            _ => format!(
                "run.trace: byte {length}: the file ends without the end mark of a trace file: it was cut, or its writer died; write it again by replaying its case"
            ),
        };
        assert_eq!(error, expected);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(open(&longer).is_err());
}

#[test]
fn a_flipped_bit_is_named_wherever_it_is() {
    let written = records(5_000);
    let bytes = write_records(&written, names());
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let error =
            read_all(&damaged).err().unwrap_or_else(|| panic!("byte {at} does not matter")).to_string();
        assert!(error.starts_with("run.trace: "), "{error}");
    }
    let mut damaged = bytes;
    let first_block = 16 + 20 + 60;
    damaged[first_block] ^= 1;
    let error = read_all(&damaged).expect_err("a block is damaged").to_string();
    assert!(
        error.contains(", records 0 to 4095: damaged: the checksum does not fit; write it again"),
        "{error}"
    );
}

#[test]
fn a_foreign_file_is_refused_by_what_it_looks_like() {
    for (bytes, message) in [
        (
            &b"{\"trace\":1}\n"[..],
            "it begins with `{`, as a trace of `--codec json` does: name one of `--codec binary`",
        ),
        (
            b"# why\nkv/steady seed=1\n",
            "it begins with `# why\\nkv/steady seed=1`, which is text: a case is given as it is, or as a file whose name ends in `.case`",
        ),
        (
            b"\x7fELF\x02\x01\x01\x00\x00\x00",
            "it begins with the bytes 7f 45 4c 46 02 01 01 00: name a file that `--trace` wrote",
        ),
    ] {
        let error = open(bytes).err().expect("it is foreign").to_string();
        assert_eq!(error, format!("run.trace: byte 0: this is no trace file: {message}"));
    }
    let mut newer = write_records(&[], Names::new());
    newer[8] = 9;
    let error = open(&newer).err().expect("it is newer").to_string();
    assert_eq!(
        error,
        "run.trace: file format 9 is newer than this build, which reads 1: use the build that wrote the file, or write it again by replaying its case"
    );
}

#[test]
fn a_trace_as_json_is_one_object_a_line() {
    let bytes = write_records(&records(2), names());
    let mut json = Vec::new();
    write_json(&mut open(&bytes).expect("it is whole"), &mut json).expect("memory takes all");
    let json = String::from_utf8(json).expect("JSON is text");
    let lines: Vec<&str> = json.lines().collect();
    assert_eq!(lines[0], "{\"trace\":1,\"algorithm\":1,\"case\":\"kv/steady seed=0x2a alg=1\"}");
    assert!(
        lines[1].starts_with(
            "{\"seq\":0,\"at_ns\":0,\"kind\":\"spawn\",\"machine\":0,\"name\":\"core-0\",\"flag\":0,"
        ),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with(
            "{\"seq\":1,\"at_ns\":151,\"kind\":\"poll\",\"machine\":1,\"name\":\"core-1\",\"cause\":0,"
        ),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].starts_with("{\"records\":2,\"time_ns\":1204000000,\"digests\":{\"trace\":\""),
        "{}",
        lines[3]
    );
    assert!(lines[3].ends_with(",\"verdict\":\"passed\"}"), "{}", lines[3]);
    assert_eq!(lines.len(), 4);
}

/// A disk that is full after some bytes.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = self.0.min(bytes.len());
        self.0 -= room;
        if room == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(room) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_does_not_reach_the_run_and_is_reported_at_the_end() {
    let writer = TraceWriter::new(Full(200), &Case::new("kv/steady", 1)).expect("there is room for the head");
    let mut reader = writer.reader();
    let bytes: Vec<u8> = records(WINDOW_RECORDS).iter().flat_map(Record::encode).collect();
    for window in 0..3 {
        reader.read(window * WINDOW_RECORDS as u64, &bytes);
        reader.checkpoint((window + 1) * WINDOW_RECORDS as u64, Digest::default());
    }
    let error = writer.finish(&Ended::default()).err().expect("the disk is full");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

thread_local! {
    static SOUND: OnceCell<Vec<u8>> = const { OnceCell::new() };
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = read_all(&bytes);
    }

    /// A sound file with some bytes replaced: what it says is refused, unless nothing was changed.
    #[test]
    fn a_damaged_file_is_refused(at: prop::sample::Index, with in prop::collection::vec(any::<u8>(), 1..20)) {
        let sound = SOUND.with(|sound| sound.get_or_init(|| write_records(&records(4_200), names())).clone());
        let mut damaged = sound.clone();
        let at = at.index(sound.len());
        let end = (at + with.len()).min(sound.len());
        damaged[at..end].copy_from_slice(&with[..end - at]);
        prop_assert_eq!(read_all(&damaged).is_ok(), damaged == sound);
    }
}

#[test]
fn disk_records_are_told_in_words() {
    let names = names();
    let told = |kind, flag, a, b| {
        let record = Record { kind, flag, a, b, ..records(1)[0] };
        Describer::new(&names).describe(0, &record).what
    };
    assert_eq!(told(Kind::Disk, 5, 3, 0xab), "sync on file 3 (checksum 000000ab)");
    assert_eq!(told(Kind::Disk, 9, u32::MAX, 1), "rename (checksum 00000001)");
    assert_eq!(told(Kind::Disk, 200, 3, 1), "file system call 200 on file 3 (checksum 00000001)");
    assert_eq!(told(Kind::DiskDone, 0, 3, 512), "the disk is done on file 3: 512 bytes");
    assert_eq!(told(Kind::DiskDone, 28, 3, 0), "the disk fails on file 3: ENOSPC");
    assert_eq!(told(Kind::DiskDone, 250, u32::MAX, 0), "the disk fails: error 250");
}
