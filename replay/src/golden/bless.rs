//! Blessing: what runs do now becomes the golden, and what moved is said.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::{GoldenError, GoldenProblem};
use super::{Check, Entry, Golden, Header};
use crate::store::write_atomically;

/// What a blessing did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blessed {
    /// The file.
    pub path: PathBuf,
    /// The old golden beside the runs; `None` where there was none.
    pub check: Option<Check>,
    /// Seeds that are new in the file.
    pub added: Vec<u64>,
    /// Seeds that were in the file, did not run, and are gone because all of the golden moved.
    pub dropped: Vec<u64>,
    /// Whether the file was written; a golden that held is left alone.
    pub written: bool,
}

/// Makes what seeds did the golden of their scenario, below the folder of goldens.
///
/// Seeds of the old golden that did not run stay, unless the algorithm, the encoding or the confluence
/// moved: then what they say is of another build. A malformed golden is an error, and stays as it is.
///
/// # Errors
/// When the old golden is malformed, or the new one cannot be written.
pub fn bless(root: &Path, header: &Header, runs: &BTreeMap<u64, Entry>) -> Result<Blessed, GoldenError> {
    let path = Golden::path(root, &header.scenario);
    nameable(&path, &header.scenario)?;
    let old = Golden::read(root, &header.scenario)?;
    let check = old.as_ref().map(|old| old.check(header, runs));
    let mut golden = Golden { header: header.clone(), entries: runs.clone() };
    let mut dropped = Vec::new();
    let mut added: Vec<u64> = runs.keys().copied().collect();
    if let (Some(old), Some(check)) = (&old, &check) {
        added.clone_from(&check.unpinned);
        for seed in &check.not_run {
            match check.header.is_empty() {
                true => golden.entries.extend(old.entries.get_key_value(seed)),
                false => dropped.push(*seed),
            }
        }
    }
    let written = old.as_ref() != Some(&golden);
    if written {
        let file = path.display().to_string();
        let content = golden.to_string();
        write_atomically(&path, content.as_bytes()).map_err(|error| GoldenError::unwritable(&file, error))?;
    }
    Ok(Blessed { path, check, added, dropped, written })
}

/// A golden is lines of words: a scenario's name must be one of them.
fn nameable(path: &Path, scenario: &str) -> Result<(), GoldenError> {
    if !scenario.is_empty() && !scenario.contains(|c: char| c.is_whitespace() || c.is_control() || c == '=') {
        return Ok(());
    }
    let expected = "a name without blanks and `=`, such as `kv/crash-loop`";
    let problem = GoldenProblem::Value { field: "scenario", word: scenario.to_string(), expected };
    Err(GoldenError { file: path.display().to_string(), line: None, problem })
}

impl fmt::Display for Blessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        if !self.written {
            return write!(f, "{path}: nothing moved");
        }
        write!(f, "{path}: {}", if self.check.is_some() { "blessed" } else { "new" })?;
        if let Some(check) = &self.check {
            check.header.iter().try_for_each(|moved| write!(f, "\n  {moved}"))?;
            check.moved.iter().try_for_each(|moved| write!(f, "\n  {moved}"))?;
        }
        self.added.iter().try_for_each(|seed| write!(f, "\n  seed {seed:#x}: new"))?;
        let gone = "dropped, it did not run and is of another build";
        self.dropped.iter().try_for_each(|seed| write!(f, "\n  seed {seed:#x}: {gone}"))
    }
}
