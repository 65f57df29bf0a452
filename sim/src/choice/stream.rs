//! Streams: the generators behind the names, and the one place where a draw is answered.

use std::collections::BTreeMap;

use rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::changes::Changes;
use super::edit::{Edit, Reseed};
use super::recording::{Draw, Explorer, Recording};
use crate::Ratio;
use crate::task;

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

/// What a seed makes of a stream's name.
#[derive(Clone, Copy)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(seed: u64) -> Key {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&ALGORITHM.to_le_bytes());
        Key(key)
    }

    /// The generator of that name, at its beginning.
    pub(super) fn generator(self, name: &str) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::from_seed(*blake3::keyed_hash(&self.0, name.as_bytes()).as_bytes())
    }
}

/// All that decides draws: the seed, the names, and whoever watches or replaces answers.
pub(crate) struct Choices {
    key: Key,
    /// By number. Empty for a link's stream while nobody watches: five hundred machines have a quarter of a
    /// million of them.
    names: Vec<String>,
    scratch: String,
    by_name: BTreeMap<String, StreamId>,
    /// Whether any draw needs the slow path: a recording, an edit or an explorer is present.
    watched: bool,
    recording: Option<Vec<Draw>>,
    changes: Changes,
    explorer: Option<Box<dyn Explorer>>,
}

impl Choices {
    pub(crate) fn new(seed: u64) -> Choices {
        Choices {
            key: Key::new(seed),
            names: Vec::new(),
            scratch: String::new(),
            by_name: BTreeMap::new(),
            watched: false,
            recording: None,
            changes: Changes::default(),
            explorer: None,
        }
    }

    pub(crate) fn record(&mut self) {
        self.recording = Some(Vec::new());
        self.watched = true;
    }

    pub(crate) fn edit(&mut self, edits: &[Edit]) {
        self.changes.edit(edits);
        self.watched |= !edits.is_empty();
    }

    pub(crate) fn reseed(&mut self, reseeds: &[Reseed]) {
        self.changes.reseed(reseeds);
        self.watched |= !reseeds.is_empty();
    }

    /// Whether somebody else than the generator answers draws.
    #[inline]
    pub(crate) fn is_explored(&self) -> bool {
        self.explorer.is_some()
    }

    /// The explorer is shown the streams that are open already: the schedule of the test's own machine is.
    pub(crate) fn explore(&mut self, mut explorer: Box<dyn Explorer>) {
        for (name, number) in self.names.iter().zip(0..) {
            explorer.stream_opened(StreamId(number), name);
        }
        self.explorer = Some(explorer);
        self.watched = true;
    }

    pub(crate) fn take_explorer(&mut self) -> Option<Box<dyn Explorer>> {
        self.explorer.take()
    }

    /// Draws of all streams so far, where anybody counts them.
    pub(crate) fn drawn(&self) -> u64 {
        self.changes.drawn()
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
        Stream { generator: self.key.generator(name), drawn: 0, id }
    }

    /// Hands a new stream its edits, and shows it to the explorer.
    fn show(&mut self, id: StreamId, name: &str) {
        if !self.watched {
            return;
        }
        self.changes.open(id, name);
        if let Some(explorer) = &mut self.explorer {
            explorer.stream_opened(id, name);
        }
    }

    /// Edits and new seeds that changed nothing, so that a stale case can say so.
    pub(crate) fn changes_unused(&self) -> impl Iterator<Item = String> {
        let edits = self.changes.unused().map(ToString::to_string);
        edits.chain(self.changes.reseeds_unused().map(|reseed| format!("reseed {reseed}")))
    }

    /// One draw below `bound`; a bound of 0 stands for 2^64. One word, multiply-high, no rejection:
    /// the bias is below `bound / 2^64`, and every draw costs the stream exactly one step.
    #[inline]
    pub(crate) fn draw(&mut self, stream: &mut Stream, bound: u64) -> u64 {
        let word = stream.generator.next_u64();
        let index = stream.drawn;
        stream.drawn += 1;
        if self.watched { self.draw_watched(stream, index, bound, word, None) } else { bounded(word, bound) }
    }

    /// Which of some ready tasks goes on: a draw as any other, but the explorer is shown the tasks.
    #[cold]
    pub(crate) fn draw_task(&mut self, stream: &mut Stream, ready: &[task::Id]) -> u64 {
        let word = stream.generator.next_u64();
        let index = stream.drawn;
        stream.drawn += 1;
        self.draw_watched(stream, index, ready.len() as u64, word, Some(ready))
    }

    #[cold]
    #[inline(never)]
    fn draw_watched(
        &mut self,
        stream: &mut Stream,
        index: u64,
        bound: u64,
        mut word: u64,
        ready: Option<&[task::Id]>,
    ) -> u64 {
        let id = stream.id;
        let skipped = self.changes.skipped(id, index);
        for _ in 0..skipped {
            word = stream.generator.next_u64();
        }
        if let Some(reseeded) = self.changes.reseeded(id, &self.names[id.index()], skipped) {
            word = reseeded;
        }
        let mut value = bounded(word, bound);
        if let Some(explorer) = &mut self.explorer {
            value = match ready {
                Some(ready) => explorer.choose_task(id, index, ready, value),
                None => explorer.choose(id, index, bound, value),
            };
        }
        if let Some(edited) = self.changes.set(id, index) {
            value = edited;
        }
        // An edit or an explorer may name a value beyond the bound, for instance after the code under
        // test changed: it is brought into range instead of breaking what relies on the bound.
        if bound != 0 && value >= bound {
            value %= bound;
        }
        if let Some(recording) = &mut self.recording {
            recording.push(Draw { stream: id, index, bound, value });
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
pub(super) fn bounded(word: u64, bound: u64) -> u64 {
    if bound == 0 { word } else { ((u128::from(word) * u128::from(bound)) >> 64) as u64 }
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
        choices.edit(&[Edit::one("s", 3, 999)]);
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
        choices.edit(&[Edit::one("s", 0, 13)]);
        let mut stream = choices.open("s");
        assert_eq!(choices.draw(&mut stream, 10), 3);
    }

    fn edited(text: &str) -> Vec<u64> {
        let mut choices = Choices::new(7);
        let edits: Vec<Edit> = text.split(',').map(|edit| edit.parse().expect("an edit")).collect();
        choices.edit(&edits);
        let drawn = draws(&mut choices, "s", 20);
        assert_eq!(choices.changes_unused().count(), 0);
        drawn
    }

    #[test]
    fn spans_patterns_and_skips_change_what_they_say() {
        let plain = draws(&mut Choices::new(7), "s", 30);
        let mut expected = plain[..20].to_vec();
        expected[3..6].fill(0);
        assert_eq!(edited("s[3..6]=0"), expected);
        expected[5] = 8;
        assert_eq!(edited("s[3..6]=0,s[5]=8"), expected);
        assert_eq!(edited("*[0..]=0"), vec![0; 20]);
        assert_eq!(edited("s[2..5]=skip"), [&plain[..2], &plain[5..23]].concat());
    }

    #[test]
    fn an_edit_that_changes_nothing_is_told() {
        let mut choices = Choices::new(7);
        choices.edit(&[Edit::one("s", 20, 0), Edit::one("t", 0, 0)]);
        choices.reseed(&[Reseed { draw: 20, seed: 1 }]);
        draws(&mut choices, "s", 20);
        let unused: Vec<String> = choices.changes_unused().collect();
        assert_eq!(unused, ["s[20]=0", "t[0]=0", "reseed 20:0x1"]);
    }

    #[test]
    fn a_new_seed_keeps_what_was_drawn_and_begins_every_stream_anew() {
        let (old, new) = (draws(&mut Choices::new(7), "s", 20), draws(&mut Choices::new(9), "s", 20));
        let mut choices = Choices::new(7);
        choices.reseed(&[Reseed { draw: 5, seed: 9 }, Reseed { draw: 8, seed: 7 }]);
        let drawn = draws(&mut choices, "s", 12);
        assert_eq!(drawn, [&old[..5], &new[..3], &old[..4]].concat());
        assert_eq!(draws(&mut choices, "t", 3), draws(&mut Choices::new(7), "t", 3));
    }

    #[test]
    fn an_explorer_is_shown_every_stream_also_those_before_it() {
        struct Witness(std::rc::Rc<std::cell::RefCell<Vec<(usize, String)>>>);
        impl Explorer for Witness {
            fn stream_opened(&mut self, stream: StreamId, name: &str) {
                self.0.borrow_mut().push((stream.index(), name.to_string()));
            }
            fn choose(&mut self, _stream: StreamId, _index: u64, _bound: u64, drawn: u64) -> u64 {
                drawn
            }
        }
        let shown = std::rc::Rc::default();
        let mut choices = Choices::new(7);
        choices.open("before");
        choices.explore(Box::new(Witness(std::rc::Rc::clone(&shown))));
        choices.open("after");
        assert_eq!(*shown.borrow(), [(0, "before".to_string()), (1, "after".to_string())]);
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
