//! Reading a trace file, from any place.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use sim::trace::{Digest, Record, WINDOW_RECORDS};

use super::block;
use super::error::{FileError, FileProblem};
use super::frame::{FrameReader, Offset, Tag};
use super::names::Names;
use super::summary::Summary;
use super::{Ended, SHAPE};
use crate::case::{Case, CaseError};
use crate::wire::Take;

/// Windows kept unpacked: enough to walk along causes without unpacking the same one again and again.
const WINDOWS_KEPT: usize = 4;
const WINDOW: u64 = WINDOW_RECORDS as u64;

/// A whole trace file.
pub struct TraceFile<R = BufReader<File>> {
    name: String,
    frames: FrameReader<R>,
    case: String,
    summary: Summary,
    /// Unpacked windows by number, the latest used last.
    kept: Vec<(u64, Rc<[Record]>)>,
}

impl TraceFile {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, is no trace file, is cut, or is damaged.
    pub fn open(path: &Path) -> Result<TraceFile, FileError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| FileProblem::Io(error).of(&name))?;
        TraceFile::new(&name, BufReader::new(file))
    }
}

impl<R: Read + Seek> TraceFile<R> {
    /// Opens what can be read; `name` is for messages.
    ///
    /// # Errors
    /// As [`TraceFile::open`].
    pub fn new(name: &str, input: R) -> Result<TraceFile<R>, FileError> {
        let (frames, case, summary) = open(input).map_err(|problem| problem.of(name))?;
        Ok(TraceFile { name: name.to_string(), frames, case, summary, kept: Vec::new() })
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line of the case that was run.
    pub fn case_line(&self) -> &str {
        &self.case
    }

    /// The case that was run.
    ///
    /// # Errors
    /// When another version wrote a line that this one cannot read.
    pub fn case(&self) -> Result<Case, CaseError> {
        self.case.parse()
    }

    /// The algorithm of choice of the build that wrote it.
    pub fn algorithm(&self) -> u32 {
        self.frames.algorithm
    }

    /// How the run ended.
    pub fn ended(&self) -> &Ended {
        &self.summary.ended
    }

    /// The names behind the numbers.
    pub fn names(&self) -> &Names {
        &self.summary.ended.names
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.summary.records
    }

    /// The digests over all records up to the end of each window; the last window may be short.
    pub fn checkpoints(&self) -> impl Iterator<Item = Digest> {
        self.summary.windows.iter().map(|window| window.digest)
    }

    /// The record with that sequence number; `None` behind the last one.
    ///
    /// # Errors
    /// When the window that holds it cannot be read or is damaged.
    pub fn record(&mut self, sequence: u64) -> Result<Option<Record>, FileError> {
        if sequence >= self.records() {
            return Ok(None);
        }
        let window = self.window(sequence / WINDOW)?;
        Ok(Some(window[(sequence % WINDOW) as usize]))
    }

    /// The records with these sequence numbers, as far as there are any.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn range(&mut self, sequences: Range<u64>) -> Result<Vec<Record>, FileError> {
        let end = sequences.end.min(self.records());
        let mut records = Vec::new();
        let mut next = sequences.start;
        while next < end {
            let window = self.window(next / WINDOW)?;
            let until = end.min((next / WINDOW + 1) * WINDOW);
            let first = (next % WINDOW) as usize;
            records.extend_from_slice(&window[first..first + (until - next) as usize]);
            next = until;
        }
        Ok(records)
    }

    /// Reads every record, with its sequence number, in order, and checks them against the digests.
    ///
    /// # Errors
    /// When something cannot be read, or has another digest than the file says.
    pub fn read_all(&mut self, mut each: impl FnMut(u64, &Record)) -> Result<(), FileError> {
        let mut hasher = blake3::Hasher::new();
        for number in 0..self.summary.windows.len() as u64 {
            let bytes = self.window_bytes(number).map_err(|problem| problem.of(&self.name))?;
            hasher.update(&bytes);
            let window = self.summary.windows[number as usize];
            if Digest(*hasher.finalize().as_bytes()) != window.digest {
                let message = "its records have another digest than the file says";
                return Err(self.damaged(window.offset, number, message));
            }
            let records = self.decode(number, &bytes)?;
            records.iter().zip(number * WINDOW..).for_each(|(record, sequence)| each(sequence, record));
        }
        if Digest(*hasher.finalize().as_bytes()) != self.summary.ended.digests.trace {
            let message = "the records have another digest than the run's trace digest";
            return Err(FileProblem::damaged(0, "all records", message).of(&self.name));
        }
        Ok(())
    }

    fn window(&mut self, number: u64) -> Result<Rc<[Record]>, FileError> {
        if let Some(at) = self.kept.iter().position(|(kept, _)| *kept == number) {
            let found = self.kept.remove(at);
            self.kept.push(found.clone());
            return Ok(found.1);
        }
        let bytes = self.window_bytes(number).map_err(|problem| problem.of(&self.name))?;
        let records: Rc<[Record]> = self.decode(number, &bytes)?.into();
        if self.kept.len() == WINDOWS_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((number, records.clone()));
        Ok(records)
    }

    fn window_bytes(&mut self, number: u64) -> Result<Vec<u8>, FileProblem> {
        let offset = self.summary.windows[number as usize].offset;
        let named = |problem| match problem {
            FileProblem::Damaged { offset, message, .. } => {
                FileProblem::damaged(offset, part(number), message)
            }
            other => other,
        };
        let (columns, _) = self.frames.frame(Tag::Records, Offset(offset)).map_err(named)?;
        let expected = (self.records() - number * WINDOW).min(WINDOW);
        let records = block::from_columns(&columns);
        let records =
            records.filter(|records| records.len() as u64 == expected * sim::trace::RECORD_BYTES as u64);
        records.ok_or_else(|| {
            let message = format!("{expected} records are announced, and {} bytes came", columns.len());
            FileProblem::damaged(offset, part(number), message)
        })
    }

    fn decode(&self, number: u64, bytes: &[u8]) -> Result<Vec<Record>, FileError> {
        block::decode(bytes).map_err(|(index, kind)| {
            let offset = self.summary.windows[number as usize].offset;
            let sequence = number * WINDOW + index as u64;
            self.damaged(offset, number, &format!("record {sequence} is of kind {kind}, which no record is"))
        })
    }

    fn damaged(&self, offset: u64, window: u64, message: &str) -> FileError {
        FileProblem::damaged(offset, part(window), message).of(&self.name)
    }
}

/// A window's part of the file, in messages.
fn part(window: u64) -> String {
    format!("records {} to {}", window * WINDOW, (window + 1) * WINDOW - 1)
}

fn open<R: Read + Seek>(input: R) -> Result<(FrameReader<R>, String, Summary), FileProblem> {
    let (mut frames, last) = FrameReader::open(input, &SHAPE)?;
    let no_summary = || FileProblem::damaged(0, "the summary", "it cannot be read");
    let mut summary = Summary::decode(&last).ok_or_else(no_summary)?;
    if summary.windows.len() as u64 != summary.records.div_ceil(WINDOW) {
        let message = format!("{} blocks cannot hold {} records", summary.windows.len(), summary.records);
        return Err(FileProblem::damaged(0, "the summary", message));
    }
    let first = frames.first();
    let (head, _) = frames.frame(Tag::Head, first)?;
    let no_head = || FileProblem::damaged(first.0, Tag::Head.part(), "it holds no case line");
    let case = Take(&head).text().ok_or_else(no_head)?;
    let (names, _) = frames.frame(Tag::Names, summary.names)?;
    let no_names = || FileProblem::damaged(summary.names.0, Tag::Names.part(), "they cannot be read");
    summary.ended.names = Names::decode(&names).ok_or_else(no_names)?;
    Ok((frames, case, summary))
}
