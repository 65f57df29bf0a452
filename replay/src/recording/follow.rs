//! Following a recording: a run whose draws are answered as they were answered before.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sim::choice::{Explorer, Recording, StreamId};

/// How well a run could follow a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Draws answered as recorded.
    pub followed: u64,
    /// Draws that the recording has, with another bound: the code asked for something else.
    pub bound_moved: u64,
    /// Draws that the recording does not have; the generator answered them.
    pub beyond: u64,
}

/// An explorer that answers draws as the recording did, stream by stream by name, and the tally of how
/// well that went. Draws that do not fit are left to the generator.
pub fn follow(recording: &Recording) -> (Box<dyn Explorer>, Rc<RefCell<Followed>>) {
    let mut answers: BTreeMap<String, BTreeMap<u64, (u64, u64)>> = BTreeMap::new();
    for draw in &recording.draws {
        if let Some(name) = recording.streams.get(draw.stream.index()) {
            answers.entry(name.clone()).or_default().insert(draw.index, (draw.bound, draw.value));
        }
    }
    let tally = Rc::new(RefCell::new(Followed::default()));
    (Box::new(Follower { answers, streams: BTreeMap::new(), tally: tally.clone() }), tally)
}

struct Follower {
    /// Bound and value by stream and draw, of streams not opened yet.
    answers: BTreeMap<String, BTreeMap<u64, (u64, u64)>>,
    /// The same of the streams that were.
    streams: BTreeMap<StreamId, BTreeMap<u64, (u64, u64)>>,
    tally: Rc<RefCell<Followed>>,
}

impl Explorer for Follower {
    fn stream_opened(&mut self, stream: StreamId, name: &str) {
        self.streams.insert(stream, self.answers.remove(name).unwrap_or_default());
    }

    fn choose(&mut self, stream: StreamId, index: u64, bound: u64, drawn: u64) -> u64 {
        let mut tally = self.tally.borrow_mut();
        match self.streams.get(&stream).and_then(|draws| draws.get(&index)) {
            Some(&(recorded, value)) if recorded == bound => {
                tally.followed += 1;
                value
            }
            Some(_) => {
                tally.bound_moved += 1;
                drawn
            }
            None => {
                tally.beyond += 1;
                drawn
            }
        }
    }
}
