//! Streams: the generators behind the names, and the one place where a draw is answered.

use std::collections::BTreeMap;

use rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::recording::{Draw, Edit, Explorer, Recording};
use crate::Ratio;

/// The version of seeding, bounding and shuffling, written into every trace header and case: two
/// versions give two runs from one seed.
pub const ALGORITHM: u32 = 1;

/// The dense number of a stream within one run, in order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(crate) u32);

impl StreamId {
    /// The stream with that number in a recording that was kept.
    pub fn from_index(index: u32) -> StreamId {
        StreamId(index)
    }

    /// The number, to look up a name in a recording.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One generator: xoshiro256++ seeded by BLAKE3, keyed with the run's seed, over the stream's name.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
    /// Draws made so far; the number of the next one.
    drawn: u64,
    id: StreamId,
}

/// All that decides draws: the seed, the names, and whoever watches or replaces answers.
pub(crate) struct Choices {
    key: [u8; 32],
    /// By number. Empty for a link's stream while nobody watches: five hundred machines have a quarter of a
    /// million of them.
    names: Vec<String>,
    scratch: String,
    by_name: BTreeMap<String, StreamId>,
    /// Whether any draw needs the slow path: a recording, an edit or an explorer is present.
    watched: bool,
    recording: Option<Vec<Draw>>,
    /// Edits not yet bound to a stream, by name; a stream takes its own when it is first opened.
    edits_by_name: BTreeMap<String, BTreeMap<u64, u64>>,
    edits: BTreeMap<(StreamId, u64), u64>,
    explorer: Option<Box<dyn Explorer>>,
}

impl Choices {
    pub(crate) fn new(seed: u64) -> Choices {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&ALGORITHM.to_le_bytes());
        Choices {
            key,
            names: Vec::new(),
            scratch: String::new(),
            by_name: BTreeMap::new(),
            watched: false,
            recording: None,
            edits_by_name: BTreeMap::new(),
            edits: BTreeMap::new(),
            explorer: None,
        }
    }

    pub(crate) fn record(&mut self) {
        self.recording = Some(Vec::new());
        self.watched = true;
    }

    pub(crate) fn edit(&mut self, edits: &[Edit]) {
        for edit in edits {
            self.edits_by_name.entry(edit.stream.clone()).or_default().insert(edit.index, edit.value);
        }
        self.watched |= !edits.is_empty();
    }

    pub(crate) fn explore(&mut self, explorer: Box<dyn Explorer>) {
        self.explorer = Some(explorer);
        self.watched = true;
    }

    pub(crate) fn take_explorer(&mut self) -> Option<Box<dyn Explorer>> {
        self.explorer.take()
    }

    pub(crate) fn take_recording(&mut self) -> Option<Recording> {
        let draws = self.recording.take()?;
        Some(Recording { streams: self.names.clone(), draws })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Opens the stream of that name. Each name has one owner in the kernel: opening it twice is our own
    /// mistake, because two generators would give the same values.
    pub(crate) fn open(&mut self, name: &str) -> Stream {
        assert!(!self.by_name.contains_key(name), "the stream `{name}` was opened twice");
        let stream = self.seeded(name);
        self.names.push(name.to_string());
        self.by_name.insert(name.to_string(), stream.id);
        self.show(stream.id, name);
        stream
    }

    /// Opens the stream `net/<source>><target>`, which the caller does once. While nobody watches, its name
    /// seeds it and is not kept.
    pub(crate) fn open_link(&mut self, source: &str, target: &str) -> Stream {
        let mut name = std::mem::take(&mut self.scratch);
        name.clear();
        for part in ["net/", source, ">", target] {
            name.push_str(part);
        }
        let stream = self.seeded(&name);
        self.names.push(if self.watched { name.clone() } else { String::new() });
        self.show(stream.id, &name);
        self.scratch = name;
        stream
    }

    /// A generator at its beginning, with the next number.
    fn seeded(&self, name: &str) -> Stream {
        let id = StreamId(u32::try_from(self.names.len()).expect("fewer than 2^32 streams"));
        let state = blake3::keyed_hash(&self.key, name.as_bytes());
        Stream { generator: Xoshiro256PlusPlus::from_seed(*state.as_bytes()), drawn: 0, id }
    }

    /// Hands a new stream its edits, and shows it to the explorer.
    fn show(&mut self, id: StreamId, name: &str) {
        if !self.watched {
            return;
        }
        if let Some(edits) = self.edits_by_name.remove(name) {
            self.edits.extend(edits.into_iter().map(|(index, value)| ((id, index), value)));
        }
        if let Some(explorer) = &mut self.explorer {
            explorer.stream_opened(id, name);
        }
    }

    /// Edits whose stream was never opened, so that a stale case can say so.
    pub(crate) fn edits_unused(&self) -> impl Iterator<Item = &str> {
        self.edits_by_name.keys().map(String::as_str)
    }

    /// One draw below `bound`; a bound of 0 stands for 2^64. One word, multiply-high, no rejection:
    /// the bias is below `bound / 2^64`, and every draw costs the stream exactly one step.
    #[inline]
    pub(crate) fn draw(&mut self, stream: &mut Stream, bound: u64) -> u64 {
        let word = stream.generator.next_u64();
        let value = if bound == 0 { word } else { bounded(word, bound) };
        let index = stream.drawn;
        stream.drawn += 1;
        if self.watched { self.draw_watched(stream.id, index, bound, value) } else { value }
    }

    #[cold]
    #[inline(never)]
    fn draw_watched(&mut self, stream: StreamId, index: u64, bound: u64, drawn: u64) -> u64 {
        let mut value = drawn;
        if let Some(explorer) = &mut self.explorer {
            value = explorer.choose(stream, index, bound, drawn);
        }
        if let Some(&edited) = self.edits.get(&(stream, index)) {
            value = edited;
        }
        // An edit or an explorer may name a value beyond the bound, for instance after the code under
        // test changed: it is brought into range instead of breaking what relies on the bound.
        if bound != 0 && value >= bound {
            value %= bound;
        }
        if let Some(recording) = &mut self.recording {
            recording.push(Draw { stream, index, bound, value });
        }
        value
    }

    /// Whether something with this chance happens. A chance of 0 or 1 draws all the same, so that
    /// turning a knob moves as little as it can.
    #[inline]
    pub(crate) fn chance(&mut self, stream: &mut Stream, chance: Ratio) -> bool {
        self.draw(stream, u64::from(chance.denominator())) < u64::from(chance.numerator())
    }
}

impl Stream {
    /// The stream's number in this run.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// How many draws were made.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }
}

#[inline]
fn bounded(word: u64, bound: u64) -> u64 {
    ((u128::from(word) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draws(choices: &mut Choices, name: &str, count: usize) -> Vec<u64> {
        let mut stream = choices.open(name);
        (0..count).map(|_| choices.draw(&mut stream, 1000)).collect()
    }

    #[test]
    fn the_generator_is_the_published_one() {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
        assert_eq!(generator.next_u64(), 0xcfc5_d07f_6f03_c29b);
        assert_eq!(generator.next_u64(), 0xbf42_4132_963f_e08d);
    }

    #[test]
    fn another_stream_moves_no_stream() {
        let alone = draws(&mut Choices::new(7), "net/a>b", 20);
        let mut choices = Choices::new(7);
        draws(&mut choices, "disk/a", 5);
        assert_eq!(draws(&mut choices, "net/a>b", 20), alone);
        assert_ne!(draws(&mut Choices::new(8), "net/a>b", 20), alone);
    }

    #[test]
    fn an_edit_replaces_one_draw_and_moves_no_other() {
        let plain = draws(&mut Choices::new(7), "s", 20);
        let mut choices = Choices::new(7);
        choices.record();
        choices.edit(&[Edit { stream: "s".into(), index: 3, value: 999 }]);
        let mut edited = draws(&mut choices, "s", 20);
        assert_eq!(edited[3], 999);
        edited[3] = plain[3];
        assert_eq!(edited, plain);
        let recording = choices.take_recording().expect("it was recorded");
        assert_eq!(recording.draws.len(), 20);
        assert_eq!(recording.draws[3].value, 999);
    }

    #[test]
    fn an_edit_beyond_the_bound_is_brought_into_range() {
        let mut choices = Choices::new(7);
        choices.edit(&[Edit { stream: "s".into(), index: 0, value: 13 }]);
        let mut stream = choices.open("s");
        assert_eq!(choices.draw(&mut stream, 10), 3);
    }

    proptest! {
        #[test]
        fn a_draw_is_below_its_bound(seed: u64, bound in 1u64.., name in "[a-z/]{1,12}") {
            let mut choices = Choices::new(seed);
            let mut stream = choices.open(&name);
            for _ in 0..50 {
                prop_assert!(choices.draw(&mut stream, bound) < bound);
            }
        }
    }

    #[test]
    fn small_bounds_are_even() {
        let mut choices = Choices::new(1);
        let mut stream = choices.open("s");
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[choices.draw(&mut stream, 6) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
