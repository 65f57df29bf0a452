//! The same run in another schedule: for the tests that a meaning depends on none.

use sim::choice::{Explorer, StreamId};

/// Draws of schedulers from elsewhere; all others as the seed says.
pub struct OtherSchedule {
    state: u64,
    schedulers: Vec<StreamId>,
}

impl OtherSchedule {
    /// One of many.
    pub fn new(state: u64) -> OtherSchedule {
        OtherSchedule { state, schedulers: Vec::new() }
    }
}

impl Explorer for OtherSchedule {
    fn stream_opened(&mut self, stream: StreamId, name: &str) {
        if name.starts_with("sched/") {
            self.schedulers.push(stream);
        }
    }

    fn choose(&mut self, stream: StreamId, _index: u64, bound: u64, drawn: u64) -> u64 {
        if !self.schedulers.contains(&stream) {
            return drawn;
        }
        self.state = self.state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let word = self.state >> 33;
        if bound == 0 { word } else { word % bound }
    }
}
