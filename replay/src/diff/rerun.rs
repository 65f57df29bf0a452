//! Two runs that can be repeated: bisection over checkpoints, then one more run of each.

use std::fmt;
use std::ops::Range;

use sim::trace::{Digest, Digests, Reader, WINDOW_RECORDS};

use super::divergence::{Divergence, Records, part_at, parted};
use super::{Excerpt, Which, digests_moved, window_parted};
use crate::trace::Names;
use crate::words::grouped;

/// A run that is over, as far as comparing needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What it is called.
    pub label: String,
    /// The digests over all records before each checkpoint.
    pub checkpoints: Vec<Digest>,
    /// How many records it wrote.
    pub records: u64,
    /// Its digests.
    pub digests: Digests,
    /// The names behind its numbers.
    pub names: Names,
}

impl Run {
    /// A run by its report.
    pub fn new(label: impl Into<String>, report: &sim::Report) -> Run {
        Run {
            label: label.into(),
            checkpoints: report.checkpoints.clone(),
            records: report.records,
            digests: report.digests,
            names: (&report.names).into(),
        }
    }
}

/// Two runs compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunsCompared {
    /// The first difference; `None` when all records are equal.
    pub divergence: Option<Divergence>,
    /// The names of the digests that differ.
    pub digests: Vec<&'static str>,
    /// Records that are equal.
    pub equal: u64,
}

/// Why two runs could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RerunError<E> {
    /// Running it once more failed.
    #[error("{0}")]
    Run(E),
    /// A run does not repeat itself, so nothing can be said about where it parts from another one.
    #[error(
        "{label}: run once more, it did not repeat itself: {what}; it is not deterministic, so compare it with itself by `--verify`"
    )]
    NotRepeated {
        /// The run.
        label: String,
        /// What was not the same.
        what: String,
    },
}

/// Compares two runs. `again` runs one of them once more with a reader, and answers that run.
///
/// # Errors
/// When `again` fails, or the run that it answers is not the one that was to be repeated: then it is not
/// deterministic.
pub fn runs<E>(
    left: &Run,
    right: &Run,
    context: usize,
    mut again: impl FnMut(Which, Box<dyn Reader>) -> Result<Run, E>,
) -> Result<RunsCompared, RerunError<E>> {
    let digests = digests_moved(&left.digests, &right.digests);
    if left.digests.trace == right.digests.trace && left.records == right.records {
        return Ok(RunsCompared { divergence: None, digests, equal: left.records });
    }
    let window = window_parted(&left.checkpoints, &right.checkpoints) as u64;
    let span = WINDOW_RECORDS as u64;
    // The window before it for the causes, and enough behind it for what came after.
    let wanted = window.saturating_sub(1) * span..(window + 2) * span;
    let left_records = repeat(left, Which::Left, &wanted, &mut again)?;
    let right_records = repeat(right, Which::Right, &wanted, &mut again)?;
    let mut left_part = Records { first: wanted.start, records: &left_records };
    let mut right_part = Records { first: wanted.start, records: &right_records };
    let Ok(sequence) = part_at(&mut left_part, &mut right_part, wanted.start, wanted.end);
    let sequence = sequence.ok_or_else(|| RerunError::NotRepeated {
        label: format!("{} or {}", left.label, right.label),
        what: format!("records {} to {} were to differ and are equal", wanted.start, wanted.end - 1),
    })?;
    let Ok(divergence) = parted(
        sequence,
        context,
        (&mut left_part, &left.label, &left.names),
        (&mut right_part, &right.label, &right.names),
    );
    Ok(RunsCompared { divergence: Some(divergence), digests, equal: sequence })
}

fn repeat<E>(
    run: &Run,
    which: Which,
    wanted: &Range<u64>,
    again: &mut impl FnMut(Which, Box<dyn Reader>) -> Result<Run, E>,
) -> Result<Vec<sim::trace::Record>, RerunError<E>> {
    let excerpt = Excerpt::default();
    let repeated = again(which, excerpt.reader(wanted.clone())).map_err(RerunError::Run)?;
    let not_repeated = |what: String| RerunError::NotRepeated { label: run.label.clone(), what };
    let window = window_parted(&run.checkpoints, &repeated.checkpoints);
    if window < run.checkpoints.len().max(repeated.checkpoints.len()) {
        let first = window * WINDOW_RECORDS;
        return Err(not_repeated(format!("records {first} to {} differ", first + WINDOW_RECORDS - 1)));
    }
    if (repeated.records, repeated.digests.trace) != (run.records, run.digests.trace) {
        return Err(not_repeated(format!(
            "its last records differ, of {} and {}",
            run.records, repeated.records
        )));
    }
    Ok(excerpt.records())
}

impl RunsCompared {
    /// Whether the two runs are one and the same.
    pub fn is_same(&self) -> bool {
        self.divergence.is_none() && self.digests.is_empty()
    }
}

impl fmt::Display for RunsCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equal = grouped(self.equal);
        match &self.divergence {
            Some(divergence) => write!(f, "{divergence}"),
            None if self.digests.is_empty() => {
                writeln!(f, "the runs are the same: {equal} records and all digests are equal")
            }
            None => {
                writeln!(f, "all {equal} records are equal, but not the digests: {}", self.digests.join(", "))
            }
        }
    }
}
