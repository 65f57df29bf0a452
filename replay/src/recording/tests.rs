//! Recordings: what is kept is read back, and what does not fit is refused or left to the generator.

use std::io::Cursor;

use proptest::prelude::*;
use sim::choice::{Draw, Recording, StreamId};

use super::{Followed, follow, load, save};
use crate::case::Case;

fn draw(stream: u32, index: u64, bound: u64, value: u64) -> Draw {
    Draw { stream: StreamId::from_index(stream), index, bound, value }
}

fn recording(count: u64) -> Recording {
    let draws = (0..count).map(|n| draw((n % 3) as u32, n / 3, 100, n * 7 % 100)).collect();
    Recording { streams: ["net/a>b", "disk/a", "app/x"].map(String::from).to_vec(), draws }
}

#[test]
fn a_recording_is_read_back_with_its_case() {
    for count in [0, 1, 16_384, 40_000] {
        let case = Case::new("kv/steady", 3);
        let bytes = save(Vec::new(), &case, &recording(count)).expect("memory takes all");
        let kept = load("x.draws", Cursor::new(bytes)).expect("it is whole");
        assert_eq!(kept.recording, recording(count));
        assert_eq!(kept.case, case.to_string());
    }
}

#[test]
fn a_cut_or_damaged_recording_is_refused() {
    let bytes = save(Vec::new(), &Case::new("kv/steady", 3), &recording(1_000)).expect("memory takes all");
    for at in 0..bytes.len() {
        assert!(load("x.draws", Cursor::new(&bytes[..at])).is_err());
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(load("x.draws", Cursor::new(damaged)).is_err(), "byte {at} does not matter");
    }
    let error = load("x.draws", Cursor::new(b"kv/steady seed=1")).expect_err("it is a case");
    assert!(
        error.to_string().starts_with("x.draws: byte 0: this is no recording: it begins with `kv/steady"),
        "{error}"
    );
}

#[test]
fn a_draw_of_an_unknown_stream_is_not_kept() {
    let recording = Recording { streams: Vec::new(), draws: vec![draw(0, 0, 2, 1)] };
    assert!(save(Vec::new(), &Case::new("kv/steady", 3), &recording).is_err());
}

/// Streams are found by name, in whatever order the other run opens them.
#[test]
fn a_run_follows_by_name_and_number() {
    let (mut explorer, tally) = follow(&recording(9));
    let (disk, new, net) = (StreamId::from_index(0), StreamId::from_index(1), StreamId::from_index(2));
    explorer.stream_opened(disk, "disk/a");
    explorer.stream_opened(new, "net/c>d");
    explorer.stream_opened(net, "net/a>b");
    assert_eq!(explorer.choose(disk, 0, 100, 55), 7, "the second draw of the recording");
    assert_eq!(explorer.choose(net, 1, 100, 55), 21, "the fourth");
    assert_eq!(explorer.choose(net, 2, 99, 55), 55, "the bound moved");
    assert_eq!(explorer.choose(net, 3, 100, 55), 55, "the recording ended");
    assert_eq!(explorer.choose(new, 0, 100, 55), 55, "the recording never knew it");
    assert_eq!(*tally.borrow(), Followed { followed: 2, bound_moved: 1, beyond: 2 });
}

proptest! {
    /// Any draws at all, also such as no run makes.
    #[test]
    fn save_and_load_are_inverse(
        streams in prop::collection::vec(any::<String>(), 1..5),
        draws in prop::collection::vec((any::<prop::sample::Index>(), any::<[u64; 3]>()), 0..50),
    ) {
        let stream = |at: prop::sample::Index| at.index(streams.len()) as u32;
        let draws = draws.into_iter().map(|(at, [index, bound, value])| draw(stream(at), index, bound, value));
        let recording = Recording { draws: draws.collect(), streams: streams.clone() };
        let bytes = save(Vec::new(), &Case::new("a", 1), &recording).unwrap();
        prop_assert_eq!(load("x.draws", Cursor::new(bytes)).unwrap().recording, recording);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = load("x.draws", Cursor::new(bytes));
    }
}
