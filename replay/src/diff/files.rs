//! Two trace files.

use std::fmt;
use std::io::{Read, Seek};

use sim::trace::{Digest, Record, WINDOW_RECORDS};

use super::divergence::{Divergence, Part, part_at, parted};
use super::{digests_moved, window_parted};
use crate::trace::{FileError, TraceFile};
use crate::words::grouped;

/// What two trace files have in common and what not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesCompared {
    /// What was run differs: the two case lines.
    pub cases: Option<(String, String)>,
    /// The choice algorithms differ.
    pub algorithms: Option<(u32, u32)>,
    /// The first difference; `None` when all records are equal.
    pub divergence: Option<Divergence>,
    /// The names of the digests that differ.
    pub digests: Vec<&'static str>,
    /// Records that are equal.
    pub equal: u64,
}

/// Compares two trace files, showing so many records before and after the first difference.
///
/// # Errors
/// When one of them cannot be read or is damaged.
pub fn files<L: Read + Seek, R: Read + Seek>(
    left: &mut TraceFile<L>,
    right: &mut TraceFile<R>,
    context: usize,
) -> Result<FilesCompared, FileError> {
    let checkpoints = |digests: &mut dyn Iterator<Item = Digest>| digests.collect::<Vec<_>>();
    let window = window_parted(&checkpoints(&mut left.checkpoints()), &checkpoints(&mut right.checkpoints()));
    let from = (window * WINDOW_RECORDS) as u64;
    let longer = left.records().max(right.records());
    // The shorter run may have ended with a window that is equal as far as it goes.
    let until = longer.min(from + 2 * WINDOW_RECORDS as u64);
    let sequence = part_at(left, right, from, until)?;
    let cases = (left.case_line().to_string(), right.case_line().to_string());
    let algorithms = (left.algorithm(), right.algorithm());
    let labels = (left.name().to_string(), right.name().to_string());
    let names = (left.names().clone(), right.names().clone());
    let divergence = sequence
        .map(|sequence| parted(sequence, context, (left, &labels.0, &names.0), (right, &labels.1, &names.1)));
    Ok(FilesCompared {
        cases: (cases.0 != cases.1).then_some(cases),
        algorithms: (algorithms.0 != algorithms.1).then_some(algorithms),
        divergence: divergence.transpose()?,
        digests: digests_moved(&left.ended().digests, &right.ended().digests),
        equal: sequence.unwrap_or(longer),
    })
}

impl<R: Read + Seek> Part for TraceFile<R> {
    type Error = FileError;

    fn record(&mut self, sequence: u64) -> Result<Option<Record>, FileError> {
        TraceFile::record(self, sequence)
    }
}

impl FilesCompared {
    /// Whether the two runs are one and the same.
    pub fn is_same(&self) -> bool {
        self.divergence.is_none() && self.digests.is_empty()
    }
}

impl fmt::Display for FilesCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((left, right)) = &self.cases {
            writeln!(f, "the cases differ:\n  {left}\n  {right}")?;
        }
        if let Some((left, right)) = self.algorithms {
            writeln!(f, "the choice algorithms differ, {left} and {right}: the same seed gives two runs")?;
        }
        match &self.divergence {
            Some(divergence) => write!(f, "{divergence}"),
            None if self.digests.is_empty() => {
                writeln!(
                    f,
                    "the runs are the same: {} records and all digests are equal",
                    grouped(self.equal)
                )
            }
            None => writeln!(
                f,
                "all {} records are equal, but not the digests: {}",
                grouped(self.equal),
                self.digests.join(", ")
            ),
        }
    }
}
