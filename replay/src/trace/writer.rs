//! Writing a trace file along with the run.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use sim::trace::{Digest, RECORD_BYTES, Reader, WINDOW_RECORDS};

use super::block::to_columns;
use super::frame::{FrameWriter, Offset, Tag};
use super::summary::{Summary, Window};
use super::{Ended, SHAPE};
use crate::case::Case;
use crate::wire::Put;

/// Writes a trace file while the run goes on: its [`reader`](TraceWriter::reader) is given to the run,
/// and [`finish`](TraceWriter::finish) adds what is known only at the end.
///
/// Until it is finished the file has no end mark, so what a run that died leaves behind is refused.
pub struct TraceWriter<W> {
    state: Rc<RefCell<State<W>>>,
}

struct State<W> {
    /// `None` once it is finished, or after the first error.
    frames: Option<FrameWriter<W>>,
    /// The first error; nothing is written after it.
    error: Option<io::Error>,
    /// Records of the window that is not full yet.
    window: Vec<u8>,
    columns: Vec<u8>,
    /// Records read, written or not.
    records: u64,
    windows: Vec<Window>,
}

impl<W: Write + 'static> TraceWriter<W> {
    /// Begins a file with the case's line.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new(out: W, case: &Case) -> io::Result<TraceWriter<W>> {
        let mut frames = FrameWriter::begin(out, &SHAPE)?;
        let mut head = Vec::new();
        head.put_text(&case.to_string());
        frames.frame(Tag::Head, &head)?;
        let state = State {
            frames: Some(frames),
            error: None,
            window: Vec::with_capacity(WINDOW_RECORDS * RECORD_BYTES),
            columns: Vec::new(),
            records: 0,
            windows: Vec::new(),
        };
        Ok(TraceWriter { state: Rc::new(RefCell::new(state)) })
    }

    /// The fold to be given to the run.
    pub fn reader(&self) -> Box<dyn Reader> {
        Box::new(Along { state: self.state.clone() })
    }

    /// Writes what is left, the names and the summary, and ends the file.
    ///
    /// # Errors
    /// When `out` could not be written, now or at any time since the file began.
    pub fn finish(self, ended: &Ended) -> io::Result<W> {
        let mut state = self.state.borrow_mut();
        state.block(ended.digests.trace);
        let Some(mut frames) = state.frames.take() else {
            return Err(state.error.take().expect("only an error ends the writing early"));
        };
        let names = frames.frame(Tag::Names, &ended.names.encode())?;
        let summary =
            Summary { ended: ended.clone(), records: state.records, windows: state.windows.clone(), names };
        frames.end(&summary.encode())
    }
}

impl<W: Write> State<W> {
    /// Writes the window as a block; `digest` is over all records up to its end.
    fn block(&mut self, digest: Digest) {
        if self.window.is_empty() {
            return;
        }
        to_columns(&self.window, &mut self.columns);
        self.window.clear();
        let Some(frames) = &mut self.frames else { return };
        match frames.frame(Tag::Records, &self.columns) {
            Ok(Offset(offset)) => self.windows.push(Window { offset, digest }),
            Err(error) => {
                self.error = Some(error);
                self.frames = None;
            }
        }
    }
}

/// What the run holds.
struct Along<W> {
    state: Rc<RefCell<State<W>>>,
}

impl<W: Write> Reader for Along<W> {
    fn read(&mut self, first: u64, records: &[u8]) {
        let mut state = self.state.borrow_mut();
        assert_eq!(first, state.records, "records are read in order, each once");
        state.records += (records.len() / RECORD_BYTES) as u64;
        state.window.extend_from_slice(records);
    }

    fn checkpoint(&mut self, sequence: u64, digest: Digest) {
        let mut state = self.state.borrow_mut();
        assert_eq!(sequence, state.records, "a checkpoint stands behind the records it is over");
        state.block(digest);
    }
}
