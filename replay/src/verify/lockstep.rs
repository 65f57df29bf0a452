//! The side of the process that runs.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use sim::trace::{Digest, RECORD_BYTES, Reader};

use super::message::{Ended, Hello, Message, MessageError, Reply, Windows, read_reply, write_message};
use crate::trace::{Names, decode_records};

/// Runs in lock step with another process: its [`reader`](LockStep::reader) is given to the run, which
/// then waits at every checkpoint for the referee.
pub struct LockStep {
    state: Rc<RefCell<State>>,
}

struct State {
    pipes: Box<dyn Pipes>,
    /// The window before the current one.
    previous: Vec<u8>,
    /// Records since the last checkpoint.
    current: Vec<u8>,
    /// The sequence number of the next record.
    next: u64,
    parted: bool,
    /// The referee is gone; the run goes on in silence to its end.
    broken: Option<LockStepError>,
}

/// What the referee found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both runs were the same.
    Same,
    /// They were not; the referee knows where.
    Parted,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum LockStepError {
    /// The referee could not be written to.
    #[error("the referee of `--verify` cannot be told anything: {0}")]
    Telling(io::Error),
    /// The referee did not answer.
    #[error("the referee of `--verify` does not answer: {0}")]
    Hearing(MessageError),
}

/// Both directions to the referee.
trait Pipes {
    fn say(&mut self, message: &Message) -> Result<(), LockStepError>;
    fn hear(&mut self) -> Result<Reply, LockStepError>;
}

impl<I: Read, O: Write> Pipes for (I, O) {
    fn say(&mut self, message: &Message) -> Result<(), LockStepError> {
        write_message(&mut self.1, message).map_err(LockStepError::Telling)
    }

    fn hear(&mut self) -> Result<Reply, LockStepError> {
        read_reply(&mut self.0).map_err(LockStepError::Hearing)
    }
}

impl LockStep {
    /// Greets the referee; answers when the other process is there too and runs the same case.
    ///
    /// # Errors
    /// When the referee is gone. It goes when the other process runs another case or is another build.
    pub fn new<I, O>(input: I, output: O, case: &str) -> Result<LockStep, LockStepError>
    where
        I: Read + 'static,
        O: Write + 'static,
    {
        let mut pipes: Box<dyn Pipes> = Box::new((input, output));
        pipes.say(&Message::Hello(Hello::new(case)))?;
        pipes.hear()?;
        let state =
            State { pipes, previous: Vec::new(), current: Vec::new(), next: 0, parted: false, broken: None };
        Ok(LockStep { state: Rc::new(RefCell::new(state)) })
    }

    /// The fold to be given to the run.
    pub fn reader(&self) -> Box<dyn Reader> {
        Box::new(Along { state: self.state.clone() })
    }

    /// Tells the end of the run, and what the referee found.
    ///
    /// # Errors
    /// When the referee is gone, now or at any time since the run began.
    pub fn finish(self, ended: Ended, names: Names) -> Result<Verdict, LockStepError> {
        let mut state = self.state.borrow_mut();
        state.ask(Message::Ended(ended));
        if let Some(error) = state.broken.take() {
            return Err(error);
        }
        if !state.parted {
            return Ok(Verdict::Same);
        }
        state.pipes.say(&Message::Names(names))?;
        Ok(Verdict::Parted)
    }
}

impl State {
    /// Says something that the other process says too, and hands over the windows when it did not.
    fn ask(&mut self, message: Message) {
        if self.parted || self.broken.is_some() {
            return;
        }
        let answered = self.pipes.say(&message).and_then(|()| self.pipes.hear());
        let handed = answered.and_then(|reply| match reply {
            Reply::Agree => Ok(()),
            Reply::Part => {
                self.parted = true;
                self.pipes.say(&Message::Windows(self.windows()))
            }
        });
        self.broken = handed.err();
    }

    fn windows(&self) -> Windows {
        let bytes = [&self.previous[..], &self.current].concat();
        let first = self.next - (bytes.len() / RECORD_BYTES) as u64;
        Windows { first, records: decode_records(&bytes).expect("a run writes only records") }
    }
}

struct Along {
    state: Rc<RefCell<State>>,
}

impl Reader for Along {
    fn read(&mut self, first: u64, records: &[u8]) {
        let mut state = self.state.borrow_mut();
        assert_eq!(first, state.next, "records are read in order, each once");
        state.next += (records.len() / RECORD_BYTES) as u64;
        state.current.extend_from_slice(records);
    }

    fn checkpoint(&mut self, sequence: u64, digest: Digest) {
        let mut state = self.state.borrow_mut();
        state.ask(Message::Checkpoint { sequence, digest });
        let State { previous, current, .. } = &mut *state;
        std::mem::swap(previous, current);
        current.clear();
    }
}
