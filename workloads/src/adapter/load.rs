//! The load: one job a client, drawn from the seed.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use models::adapter::api::{Job, Mode};
use sim::choice::Rng;

use crate::items::{items, once};

/// The machine of the remote.
pub const REMOTE: &str = "remote";

/// In which modes the clients of a run work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modes {
    /// All in one, which the seed draws.
    Drawn,
    /// Every other one in hardened mode, with equal jobs but for their numbers.
    Both,
}

/// How much is asked of the adapter.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many clients there are, each with a machine and a run of its own.
    pub clients: u32,
    /// How many chunks a run has.
    pub chunks: Range<u64>,
    /// How long a chunk takes to be made, in milliseconds.
    pub pace_ms: Range<u64>,
    /// In which modes they work.
    pub modes: Modes,
}

impl Load {
    /// One client whose run goes on through most of the storm.
    pub fn usual() -> Load {
        Load { clients: 1, chunks: 6..24, pace_ms: 20..400, modes: Modes::Drawn }
    }

    /// The jobs of a run of the simulation. Content is drawn byte by byte, and no two chunks are alike.
    pub fn draw(&self, rng: &mut Rng) -> Vec<Job> {
        let (drawn, count, pace, seed) = once(rng, "run", |rng| {
            let drawn = if rng.choose(2) == 0 { Mode::Strict } else { Mode::Hardened };
            let count = rng.range(self.chunks.clone()) as usize;
            (drawn, count, rng.range(self.pace_ms.clone()), rng.choose(0))
        });
        let mut index = 0..;
        let chunks = items(rng, "chunks", count, |rng| chunk(rng, index.next().expect("it has no end")));
        let chunks: Rc<[Vec<u8>]> = chunks.into();
        let mode = |client: u32| match self.modes {
            Modes::Drawn => drawn,
            Modes::Both if client.is_multiple_of(2) => Mode::Strict,
            Modes::Both => Mode::Hardened,
        };
        let job = |client: u32| Job {
            run: u64::from(client) + 1,
            seed: seed.wrapping_add(u64::from(client)),
            mode: mode(client),
            chunks: chunks.clone(),
            pace: Duration::from_millis(pace),
            remote: REMOTE.into(),
        };
        (0..self.clients).map(job).collect()
    }
}

fn chunk(rng: &mut Rng, index: u64) -> Vec<u8> {
    let length = rng.range(16..600);
    let word = rng.choose(0) ^ index;
    let mut content = index.to_le_bytes().to_vec();
    content.extend(word.to_le_bytes().into_iter().cycle().take(length as usize));
    content
}

/// The name of a client's machine.
pub fn client_name(client: usize) -> String {
    format!("client-{client}")
}
