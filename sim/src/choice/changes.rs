//! The edits and new seeds of one run, ready to be asked draw by draw.

use rand_core::Rng as _;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::edit::{Change, Edit, Reseed};
use super::stream::{Key, StreamId};

/// What is changed of a run's draws.
#[derive(Default)]
pub(super) struct Changes {
    edits: Vec<Edit>,
    /// Whether each edit has changed a draw; of those that never do, the case that holds them is stale.
    used: Vec<bool>,
    /// The edits of each stream that is open, as places in `edits`, by the stream's number.
    by_stream: Vec<Vec<u32>>,
    /// New seeds, by draw.
    reseeds: Vec<Reseed>,
    /// Draws of all streams so far.
    drawn: u64,
    /// How many of the new seeds are behind us.
    epoch: usize,
    /// The generator of each stream under the newest seed, with the epoch that it is of.
    generators: Vec<Option<(usize, Xoshiro256PlusPlus)>>,
}

impl Changes {
    pub(super) fn edit(&mut self, edits: &[Edit]) {
        self.edits.extend_from_slice(edits);
        self.used.resize(self.edits.len(), false);
    }

    /// Of several new seeds for one draw the last one counts.
    pub(super) fn reseed(&mut self, reseeds: &[Reseed]) {
        self.reseeds.extend_from_slice(reseeds);
        self.reseeds.sort_by_key(|reseed| reseed.draw);
    }

    /// A stream came to be.
    pub(super) fn open(&mut self, id: StreamId, name: &str) {
        let mut of = Vec::new();
        for (edit, number) in self.edits.iter().zip(0..) {
            if edit.is_of(name) {
                of.push(number);
            }
        }
        let place = id.index();
        if self.by_stream.len() <= place {
            self.by_stream.resize_with(place + 1, Vec::new);
        }
        self.by_stream[place] = of;
    }

    /// How many words of its generator a stream throws away before this draw.
    pub(super) fn skipped(&mut self, id: StreamId, index: u64) -> u64 {
        let Some(of) = self.by_stream.get(id.index()) else { return 0 };
        let mut skipped = 0;
        for &number in of {
            let edit = &self.edits[number as usize];
            if edit.change == Change::Skip && edit.first == index {
                skipped += edit.end.map_or(0, |end| end - edit.first);
                self.used[number as usize] = true;
            }
        }
        skipped
    }

    /// The value that an edit puts in the place of this draw.
    pub(super) fn set(&mut self, id: StreamId, index: u64) -> Option<u64> {
        let of = self.by_stream.get(id.index())?;
        for &number in of.iter().rev() {
            let edit = &self.edits[number as usize];
            if let Change::Set(value) = edit.change
                && edit.covers(index)
            {
                self.used[number as usize] = true;
                return Some(value);
            }
        }
        None
    }

    /// Counts a draw, and gives the word of the newest seed that answers it, if there is one by now.
    pub(super) fn reseeded(&mut self, id: StreamId, name: &str, skipped: u64) -> Option<u64> {
        while self.reseeds.get(self.epoch).is_some_and(|reseed| reseed.draw <= self.drawn) {
            self.epoch += 1;
        }
        self.drawn += 1;
        let reseed = self.reseeds.get(self.epoch.checked_sub(1)?)?;
        let place = id.index();
        if self.generators.len() <= place {
            self.generators.resize_with(place + 1, || None);
        }
        let slot = &mut self.generators[place];
        if slot.as_ref().is_none_or(|(epoch, _)| *epoch != self.epoch) {
            *slot = Some((self.epoch, Key::new(reseed.seed).generator(name)));
        }
        let (_, generator) = slot.as_mut().expect("it was just seeded");
        for _ in 0..skipped {
            generator.next_u64();
        }
        Some(generator.next_u64())
    }

    pub(super) fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Edits that changed nothing, so that a stale case can say so.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Edit> {
        self.edits.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(edit, _)| edit)
    }

    /// New seeds whose draw never came.
    pub(super) fn reseeds_unused(&self) -> impl Iterator<Item = &Reseed> {
        self.reseeds.iter().filter(|reseed| reseed.draw >= self.drawn)
    }
}
