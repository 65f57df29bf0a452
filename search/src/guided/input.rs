//! What a planned run is made of, and what is told of it.

use sim::Config;
use sim::choice::{Edit, Recording, Reseed};

use crate::coverage::Footprint;

/// A run as the search plans it: a seed and what is changed of its draws. With the scenario it is a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Input {
    /// The seed.
    pub seed: u64,
    /// Seeds that take over, by draw.
    pub reseeds: Vec<Reseed>,
    /// Draws that are changed.
    pub edits: Vec<Edit>,
}

impl Input {
    /// A seed as it is.
    pub fn of_seed(seed: u64) -> Input {
        Input { seed, reseeds: Vec::new(), edits: Vec::new() }
    }

    /// The configuration of such a run; the rest is as given.
    pub fn config(&self, config: Config) -> Config {
        Config { seed: self.seed, reseeds: self.reseeds.clone(), edits: self.edits.clone(), ..config }
    }
}

/// Another future of a run: all is the same up to a draw (counted over all streams, from 0), and from there on chance
/// comes from another seed. Edits stay, also behind the draw.
///
/// ```
/// use sim::choice::Reseed;
/// use tourbillon_search::guided::{Input, branch};
///
/// let first = branch(&Input::of_seed(7), 100, 1);
/// let second = branch(&first, 40, 2); // what followed draw 100 is of no future any more
/// assert_eq!(second.reseeds, [Reseed { draw: 40, seed: 2 }]);
/// ```
pub fn branch(input: &Input, draw: u64, seed: u64) -> Input {
    let mut branched = input.clone();
    branched.reseeds.retain(|reseed| reseed.draw < draw);
    branched.reseeds.push(Reseed { draw, seed });
    branched
}

/// What came of a planned run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it showed.
    pub footprint: Footprint,
    /// The streams that it drew from, by name, with how many draws each made.
    pub streams: Vec<(String, u64)>,
}

impl Told {
    /// Of a run whose choices were recorded.
    pub fn new(footprint: Footprint, recording: &Recording) -> Told {
        let mut streams: Vec<(String, u64)> =
            recording.streams.iter().map(|name| (name.clone(), 0)).collect();
        for draw in &recording.draws {
            streams[draw.stream.index()].1 += 1;
        }
        streams.retain(|(_, draws)| *draws > 0);
        Told { footprint, streams }
    }

    /// How many draws it made.
    pub fn draws(&self) -> u64 {
        self.streams.iter().map(|(_, draws)| draws).sum()
    }
}
