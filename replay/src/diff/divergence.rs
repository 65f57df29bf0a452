//! The first difference, and how it is told.

use std::fmt;

use sim::trace::Record;

use super::Which;
use crate::trace::{Describer, Names};
use crate::words::grouped;

/// Causes followed back from a record, at most.
const CHAIN_RECORDS_MAX: usize = 24;

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The sequence number of the first record that differs; all before it are equal.
    pub sequence: u64,
    /// The last equal records, with the sequence number of the first of them.
    pub before: (u64, Vec<Record>),
    /// What the first run did then.
    pub left: Side,
    /// What the second run did then.
    pub right: Side,
}

/// One run from where it parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What the run is called.
    pub label: String,
    /// Its first records from the difference on; none when it had ended.
    pub after: Vec<Record>,
    /// The causes of the first of them, nearest first, with sequence numbers.
    pub chain: Vec<(u64, Record)>,
    /// The sequence number of a cause further back than what was at hand.
    pub chain_goes_on: Option<u64>,
    /// The names behind its numbers.
    pub names: Names,
}

/// Records of a run that are at hand, by sequence number.
pub(crate) trait Part {
    type Error;

    /// The record, when it is at hand.
    fn record(&mut self, sequence: u64) -> Result<Option<Record>, Self::Error>;
}

/// The first sequence number of `from..until` at which two runs differ: a record that is another one, or
/// one that is missing on one side.
pub(crate) fn part_at<L: Part, R: Part<Error = L::Error>>(
    left: &mut L,
    right: &mut R,
    from: u64,
    until: u64,
) -> Result<Option<u64>, L::Error> {
    for sequence in from..until {
        if left.record(sequence)? != right.record(sequence)? {
            return Ok(Some(sequence));
        }
    }
    Ok(None)
}

/// Gathers what is to be told about two runs that part at `sequence`.
pub(crate) fn parted<L: Part, R: Part<Error = L::Error>>(
    sequence: u64,
    context: usize,
    (left, left_label, left_names): (&mut L, &str, &Names),
    (right, right_label, right_names): (&mut R, &str, &Names),
) -> Result<Divergence, L::Error> {
    let mut before = Vec::new();
    let mut first = sequence;
    while first > 0 && before.len() < context {
        let Some(record) = left.record(first - 1)? else { break };
        before.push(record);
        first -= 1;
    }
    before.reverse();
    let left = side(left, sequence, context, left_label, left_names)?;
    let right = side(right, sequence, context, right_label, right_names)?;
    Ok(Divergence { sequence, before: (first, before), left, right })
}

fn side<P: Part>(
    part: &mut P,
    sequence: u64,
    context: usize,
    label: &str,
    names: &Names,
) -> Result<Side, P::Error> {
    let mut after = Vec::new();
    for next in (sequence..).take(context + 1) {
        match part.record(next)? {
            Some(record) => after.push(record),
            None => break,
        }
    }
    let (chain, chain_goes_on) = match after.first() {
        Some(record) => chain(part, sequence, record)?,
        None => (Vec::new(), None),
    };
    Ok(Side { label: label.to_string(), after, chain, chain_goes_on, names: names.clone() })
}

/// A chain of causes, nearest first, and the sequence number of the one where it was cut.
type Chain = (Vec<(u64, Record)>, Option<u64>);

/// The causes of a record, as far back as they are at hand.
fn chain<P: Part>(part: &mut P, sequence: u64, record: &Record) -> Result<Chain, P::Error> {
    let mut chain = Vec::new();
    let mut next = cause(sequence, record);
    while let Some(sequence) = next {
        if chain.len() == CHAIN_RECORDS_MAX {
            return Ok((chain, Some(sequence)));
        }
        let Some(record) = part.record(sequence)? else { return Ok((chain, Some(sequence))) };
        chain.push((sequence, record));
        next = cause(sequence, &record);
    }
    Ok((chain, None))
}

/// The record in whose course a run failed and its causes, nearest first, among its last records, of which the first
/// has the number `first`. None where the record is not at hand.
pub(crate) fn causes(first: u64, records: &[Record], failed_at: u64) -> Chain {
    let failed_in = failed_at.checked_sub(first).and_then(|index| records.get(index as usize));
    let Some(record) = failed_in else { return (Vec::new(), None) };
    let Ok((mut causes, goes_on)) = chain(&mut Records { first, records }, failed_at, record);
    causes.insert(0, (failed_at, *record));
    (causes, goes_on)
}

fn cause(sequence: u64, record: &Record) -> Option<u64> {
    if record.cause == 0 { None } else { sequence.checked_sub(u64::from(record.cause)) }
}

/// Records of a run, in order, from some sequence number on.
pub(crate) struct Records<'a> {
    pub(crate) first: u64,
    pub(crate) records: &'a [Record],
}

impl Part for Records<'_> {
    type Error = std::convert::Infallible;

    fn record(&mut self, sequence: u64) -> Result<Option<Record>, Self::Error> {
        let index = sequence.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        Ok(index.and_then(|index| self.records.get(index)).copied())
    }
}

impl Divergence {
    fn side(&self, which: Which) -> &Side {
        match which {
            Which::Left => &self.left,
            Which::Right => &self.right,
        }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, before) = &self.before;
        writeln!(
            f,
            "the runs part at record #{}: the {} records before it are equal",
            self.sequence,
            grouped(self.sequence)
        )?;
        if !before.is_empty() {
            writeln!(f, "\nin both, before")?;
            let mut describer = Describer::new(&self.left.names);
            for (sequence, record) in (*first..).zip(before) {
                writeln!(f, "    {}", describer.describe(sequence, record))?;
            }
        }
        for which in [Which::Left, Which::Right] {
            self.side(which).tell(f, self.sequence, before, *first)?;
        }
        Ok(())
    }
}

impl Side {
    fn tell(
        &self,
        f: &mut fmt::Formatter<'_>,
        sequence: u64,
        before: &[Record],
        before_first: u64,
    ) -> fmt::Result {
        writeln!(f, "\n{}", self.label)?;
        if self.after.is_empty() {
            writeln!(f, "  > the run has ended")?;
        }
        let mut describer = Describer::new(&self.names);
        for (sequence, record) in (before_first..).zip(before) {
            describer.describe(sequence, record);
        }
        for (index, record) in self.after.iter().enumerate() {
            let mark = if index == 0 { ">" } else { " " };
            writeln!(f, "  {mark} {}", describer.describe(sequence + index as u64, record))?;
        }
        tell_chain(f, &self.names, &self.chain, self.chain_goes_on)
    }
}

/// Prints a chain of causes, nearest first.
pub(crate) fn tell_chain(
    f: &mut dyn fmt::Write,
    names: &Names,
    chain: &[(u64, Record)],
    goes_on: Option<u64>,
) -> fmt::Result {
    let mut told: Vec<String> = Vec::new();
    let mut describer = Describer::new(names);
    // Oldest first, so that a spawn is seen before the polls of its task.
    for (sequence, record) in chain.iter().rev() {
        told.push(describer.describe(*sequence, record).to_string());
    }
    for (index, line) in told.iter().rev().enumerate() {
        writeln!(f, "    {} {line}", if index == 0 { "caused by" } else { "     from" })?;
    }
    match goes_on {
        Some(sequence) => writeln!(f, "         from #{sequence}, further back than what is shown"),
        None => Ok(()),
    }
}
