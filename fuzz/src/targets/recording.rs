//! Recordings: any bytes, a saved one, and mutated ones.

use std::io::Cursor;

use arbitrary::{Arbitrary, Unstructured};
use replay::case::Case;
use replay::recording::{Kept, load, save};
use sim::choice::{Draw, Recording, StreamId};

use crate::sealed::{Change, Inner, change_within, changes};

/// Draws that the bytes say, of a few streams.
#[derive(Arbitrary, Debug)]
struct Said {
    stream: u8,
    index: u16,
    bound: u64,
    value: u64,
}

/// The first byte says what is done with the others.
///
/// # Panics
/// When what was saved does not read back, or what was damaged does.
pub fn fuzz_one(bytes: &[u8]) {
    let Some((way, rest)) = bytes.split_first() else { return };
    match way % 4 {
        0 => drop(read(rest)),
        1 => {
            let recording = said(rest);
            let kept = read(&saved(&recording)).expect("what was saved is whole");
            assert_eq!(kept.recording, recording, "it reads back as another recording");
        }
        2 => {
            let whole = saved(&usual());
            let mut torn = whole.clone();
            changes::<Change>(rest).into_iter().for_each(|change| change.apply(&mut torn));
            assert!(torn == whole || read(&torn).is_none(), "a damaged recording is believed");
        }
        _ => {
            let mut sealed = saved(&usual());
            change_within(&mut sealed, &changes::<Inner>(rest));
            if let Some(kept) = read(&sealed) {
                saves_what_it_reads(&kept);
            }
        }
    }
}

/// What was read once is saved and reads back, whatever wrote it.
fn saves_what_it_reads(kept: &Kept) {
    let again = read(&saved(&kept.recording)).expect("what was saved is whole");
    assert_eq!(again.recording, kept.recording, "it reads back as another recording");
}

fn read(bytes: &[u8]) -> Option<Kept> {
    let read = load("x.draws", Cursor::new(bytes));
    if let Err(error) = &read {
        assert!(error.to_string().starts_with("x.draws"), "an error names its file: {error}");
    }
    read.ok()
}

fn saved(recording: &Recording) -> Vec<u8> {
    save(Vec::new(), &Case::new("kv/steady", 3), recording).expect("memory takes all")
}

fn streams() -> Vec<String> {
    ["net/a>b", "disk/a", "app/x", "sched/a"].map(String::from).to_vec()
}

fn said(bytes: &[u8]) -> Recording {
    let mut input = Unstructured::new(bytes);
    let streams = streams();
    let mut draws = Vec::new();
    while !input.is_empty() {
        let Ok(Said { stream, index, bound, value }) = Said::arbitrary(&mut input) else { break };
        let stream = StreamId::from_index(u32::from(stream) % streams.len() as u32);
        draws.push(Draw { stream, index: index.into(), bound, value });
    }
    Recording { streams, draws }
}

/// A small recording as a run makes one.
fn usual() -> Recording {
    let draw = |n: u64| Draw {
        stream: StreamId::from_index((n % 3) as u32),
        index: n / 3,
        bound: 100,
        value: n * 7 % 100,
    };
    Recording { streams: streams(), draws: (0..60).map(draw).collect() }
}
