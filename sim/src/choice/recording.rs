//! Recordings and explorers: choice as data, and who may answer a draw.

use super::StreamId;
use crate::task;

/// One draw of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Which stream; its name is `recording.streams[stream.index()]`.
    pub stream: StreamId,
    /// The number of the draw within its stream, from 0.
    pub index: u64,
    /// The value was below this; 0 stands for 2^64.
    pub bound: u64,
    /// The answer that the run saw.
    pub value: u64,
}

/// Every draw of a run, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The names of the streams, by [`StreamId::index`].
    pub streams: Vec<String>,
    /// The draws.
    pub draws: Vec<Draw>,
}

/// Answers draws in place of the generator: replay, exhaustive search, guided search, fuzzer bytes.
///
/// The generator advances whatever the answer is, so an explorer that returns `drawn` changes nothing.
pub trait Explorer {
    /// A stream was used for the first time; or it was open before the explorer came.
    fn stream_opened(&mut self, stream: StreamId, name: &str) {
        let _ = (stream, name);
    }

    /// The value for draw `index` of `stream`, to be below `bound` (0 stands for 2^64). `drawn` is what
    /// the generator said.
    fn choose(&mut self, stream: StreamId, index: u64, bound: u64, drawn: u64) -> u64;

    /// Which of a machine's ready tasks goes on, by its place among them: draw `index` of the machine's stream
    /// `sched/<machine>`. There are at least two; of one alone nobody is asked. An explorer that does not care
    /// which task is which answers in [`choose`](Self::choose).
    fn choose_task(&mut self, stream: StreamId, index: u64, ready: &[task::Id], drawn: u64) -> u64 {
        self.choose(stream, index, ready.len() as u64, drawn)
    }
}
