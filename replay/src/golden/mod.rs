//! Goldens: what the seeds of a scenario do, pinned as text that people diff and only `bless` changes.
//!
//! ```text
//! # What seeds of kv/crash-loop do. Changed only by `golden bless`.
//! golden kv/crash-loop alg=1 encoding=1 confluent=no
//! seed=0x0 trace=9c0f00000000002a faults=1f3a000000000007 records=182113 time=20.500s
//! ```
//!
//! One file a scenario, one line a seed. Trace and faults are pinned always; the semantic digest only
//! where the scenario is declared `confluent`, because only then does it not depend on the schedule.

mod bless;
mod check;
mod error;
mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sim::choice::ALGORITHM;
use sim::trace::{Digests, TRACE_VERSION};

use crate::ShortDigest;
use crate::store::scenario_path;
use crate::words::{Seconds, nanos};

pub use bless::{Blessed, bless};
pub use check::{Check, Drift, Match, Moved, Pinned, find};
pub use error::{GoldenError, GoldenProblem};

/// What the seeds of one scenario do.
///
/// ```
/// use tourbillon_replay::ShortDigest;
/// use tourbillon_replay::golden::{Drift, Golden};
///
/// let text = "golden shop/steady alg=1 encoding=1 confluent=no\n\
///             seed=0x0 trace=9c0f00000000002a faults=1f3a000000000007 records=182113 time=20.500s\n";
/// let golden = Golden::parse("shop/steady.golden", text)?;
/// // The same faults took effect, at other times.
/// let mut now = golden.entries.clone();
/// now.get_mut(&0).expect("it is pinned").trace = ShortDigest(7);
/// let check = golden.check(&golden.header, &now);
/// assert_eq!((check.held.len(), check.moved[0].drift), (0, Drift::Schedule));
/// # Ok::<(), tourbillon_replay::golden::GoldenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    /// What it is about.
    pub header: Header,
    /// What each seed does.
    pub entries: BTreeMap<u64, Entry>,
}

/// What all lines of a golden have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The scenario's full name.
    pub scenario: String,
    /// The algorithm of choice ([`ALGORITHM`]) of the build that blessed it.
    pub algorithm: u32,
    /// The encoding of records ([`TRACE_VERSION`]) of the build that blessed it.
    pub encoding: u16,
    /// Whether the scenario is declared confluent.
    pub confluent: bool,
}

/// What one seed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The digest over every record.
    pub trace: ShortDigest,
    /// The digest over what faults did.
    pub faults: ShortDigest,
    /// The digest over what happened; only of a confluent scenario.
    pub semantic: Option<ShortDigest>,
    /// How many records the run wrote.
    pub records: u64,
    /// How much virtual time passed.
    pub time: Duration,
}

impl Header {
    /// The header of a golden that this build blesses.
    pub fn new(scenario: impl Into<String>, confluent: bool) -> Header {
        Header { scenario: scenario.into(), algorithm: ALGORITHM, encoding: TRACE_VERSION, confluent }
    }

    /// What a run did, as this golden pins it.
    pub fn entry(&self, digests: &Digests, records: u64, time: Duration) -> Entry {
        Entry {
            trace: digests.trace.into(),
            faults: digests.faults.into(),
            semantic: self.confluent.then(|| digests.semantic.into()),
            records,
            time,
        }
    }
}

impl Golden {
    /// A scenario's file below the folder of goldens.
    pub fn path(root: &Path, scenario: &str) -> PathBuf {
        scenario_path(root, scenario, "golden")
    }

    /// Reads a scenario's golden below the folder of goldens; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, is malformed, or is another scenario's.
    pub fn read(root: &Path, scenario: &str) -> Result<Option<Golden>, GoldenError> {
        let path = Golden::path(root, scenario);
        let file = path.display().to_string();
        let Some(text) = read_text(&path)? else { return Ok(None) };
        let golden = Golden::parse(&file, &text)?;
        if golden.header.scenario != scenario {
            return Err(GoldenError::misplaced(&file, &text, &golden.header.scenario, scenario));
        }
        Ok(Some(golden))
    }

    /// Reads every golden below the folder whose scenario begins with `prefix`, by name; a folder that is
    /// not there holds none.
    ///
    /// # Errors
    /// With the first that cannot be read or is malformed.
    pub fn read_all(root: &Path, prefix: &str) -> Result<Vec<Golden>, GoldenError> {
        let mut goldens = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let unreadable = |error| GoldenError::unreadable(&folder.display().to_string(), error);
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(error)),
            };
            for entry in entries {
                let path = entry.map_err(unreadable)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "golden") {
                    let file = path.display().to_string();
                    let text = read_text(&path)?;
                    goldens.extend(text.map(|text| Golden::parse(&file, &text)).transpose()?);
                }
            }
        }
        goldens.retain(|golden| golden.header.scenario.starts_with(prefix));
        goldens.sort_by(|left, right| left.header.scenario.cmp(&right.header.scenario));
        Ok(goldens)
    }
}

/// A file's text; `None` where there is no file.
fn read_text(path: &Path) -> Result<Option<String>, GoldenError> {
    let file = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|error| GoldenError::no_text(&file, &error))?;
            Ok(Some(text))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(GoldenError::unreadable(&file, error)),
    }
}

/// Prints the file; parsing it gives the same golden.
impl fmt::Display for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { scenario, algorithm, encoding, confluent } = &self.header;
        let confluent = if *confluent { "yes" } else { "no" };
        writeln!(f, "# What seeds of {scenario} do. Changed only by `golden bless`.")?;
        writeln!(f, "golden {scenario} alg={algorithm} encoding={encoding} confluent={confluent}")?;
        self.entries.iter().try_for_each(|(seed, entry)| writeln!(f, "seed={seed:#x} {entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trace={} faults={}", self.trace, self.faults)?;
        if let Some(semantic) = self.semantic {
            write!(f, " semantic={semantic}")?;
        }
        write!(f, " records={} time={}", self.records, Seconds(nanos(self.time)))
    }
}

#[cfg(test)]
mod tests;
