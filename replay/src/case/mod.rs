//! Cases: one line that holds everything in which a run differs from the default.
//!
//! ```text
//! kv/crash-loop seed=0x2a quirk=ack-before-sync plan=plans/torn-wal.toml#1f3a edits=net/a>b[17]=0 alg=1 digest=9c0f00000000002a
//! ```
//!
//! The line is made to be pasted: it never holds a line break, a control character or a single quote, so
//! `tourbillon replay '…'` works in any shell. A value that is no plain word stands in parentheses, where
//! `\)`, `\\`, `\n`, `\t` and `\u{27}` stand for what cannot be written: `plan=inline:(faults = [])`.

mod error;
mod file;
mod parse;
mod scan;
mod signature;
mod verdict;

use std::collections::BTreeMap;
use std::fmt;

use sim::choice::{ALGORITHM, Edit, Reseed};
use sim::workload::Operations;

use crate::ShortDigest;
use scan::Item;

pub use error::{CaseError, CaseProblem};
pub use file::{CaseFile, CaseFileError};
pub use signature::Signature;
pub use verdict::Replayed;

/// A run by name: the scenario, the seed, and every choice that is not the default.
///
/// ```
/// use tourbillon_replay::case::Case;
/// let case: Case = "kv/crash-loop seed=42 quirk=ack-before-sync edits=net/a>b[17]=0".parse()?;
/// assert_eq!(case.to_string(), "kv/crash-loop seed=0x2a quirk=ack-before-sync edits=net/a>b[17]=0 alg=1");
/// # Ok::<(), tourbillon_replay::case::CaseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The scenario's full name, such as `kv/crash-loop`.
    pub scenario: String,
    /// The run's seed.
    pub seed: u64,
    /// The planted bugs that are on, in the order given.
    pub quirks: Vec<String>,
    /// The plan, when it is not the one that the scenario draws from the seed.
    pub plan: Option<PlanSource>,
    /// The swarm profile, when it is not the scenario's.
    pub profile: Option<String>,
    /// The resource class, when it is not the scenario's.
    pub class: Option<String>,
    /// How the run is explored, when it is not as its seed has it, such as `pct:3`.
    pub explore: Option<String>,
    /// Sizes of the scenario that are not the usual ones.
    pub sizes: BTreeMap<String, u64>,
    /// What the load does, when it is not what the seed draws.
    pub operations: Option<Operations>,
    /// The draws that are changed.
    pub edits: Vec<Edit>,
    /// The seeds that take over from some draw on.
    pub reseeds: Vec<Reseed>,
    /// The algorithm of choice that the case was made with ([`ALGORITHM`]).
    pub algorithm: u32,
    /// How the run failed when the case was written.
    pub fails: Option<Signature>,
    /// The trace digest of the run when the case was written.
    pub digest: Option<ShortDigest>,
}

/// Where a case's plan comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// A file, and the first digits of the hash of the plan that it held.
    File {
        /// The path as it was given.
        path: String,
        /// Four to sixteen hexadecimal digits in lower case: [`faults::plan::PlanHash`] begins with them.
        hash: Option<String>,
    },
    /// The plan's own text, within the line.
    Inline(String),
}

impl Case {
    /// The fields of a case line, in the order in which they are printed.
    pub const FIELDS: &[&str] = &[
        "seed", "quirk", "plan", "profile", "class", "explore", "sizes", "ops", "edits", "reseed", "alg",
        "fails", "digest",
    ];

    /// The default run of a scenario with that seed.
    pub fn new(scenario: impl Into<String>, seed: u64) -> Case {
        Case {
            scenario: scenario.into(),
            seed,
            quirks: Vec::new(),
            plan: None,
            profile: None,
            class: None,
            explore: None,
            sizes: BTreeMap::new(),
            operations: None,
            edits: Vec::new(),
            reseeds: Vec::new(),
            algorithm: ALGORITHM,
            fails: None,
            digest: None,
        }
    }

    /// Why this build cannot repeat the case to the bit, when it cannot: it draws in another way.
    pub fn algorithm_moved(&self) -> Option<String> {
        (self.algorithm != ALGORITHM).then(|| {
            format!(
                "the case was made with choice algorithm {} and this build has {ALGORITHM}: \
                 the same seed gives another run, so expect another digest",
                self.algorithm
            )
        })
    }
}

impl PlanSource {
    /// The plan within the line, on one line: what a shrunk case carries.
    pub fn inline(plan: &faults::plan::Plan) -> PlanSource {
        let text = plan.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        PlanSource::Inline(lines.join(" "))
    }

    /// A plan's file, with the hash of what it holds.
    pub fn file(path: impl Into<String>, plan: &faults::plan::Plan) -> PlanSource {
        PlanSource::File { path: path.into(), hash: Some(plan.hash().to_string()) }
    }
}

impl fmt::Display for PlanSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanSource::File { path, hash } => {
                // A path that looks like something else is put into parentheses by its `#` or its `:`.
                let odd = path.contains('#') || path.starts_with(scan::INLINE);
                write!(f, "{}", if odd { Item::enclosed(path) } else { Item::of(path) })?;
                hash.as_ref().map_or(Ok(()), |hash| write!(f, "#{hash}"))
            }
            PlanSource::Inline(text) => write!(f, "{}{}", scan::INLINE, Item::enclosed(text)),
        }
    }
}

/// Prints the line; parsing it gives the same case.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looks_like_a_field = self.scenario.contains('=');
        let scenario =
            if looks_like_a_field { Item::enclosed(&self.scenario) } else { Item::of(&self.scenario) };
        write!(f, "{scenario} seed={:#x}", self.seed)?;
        list(f, "quirk", self.quirks.iter().map(|quirk| Item::of(quirk).to_string()))?;
        if let Some(plan) = &self.plan {
            write!(f, " plan={plan}")?;
        }
        if let Some(profile) = &self.profile {
            write!(f, " profile={}", Item::of(profile))?;
        }
        if let Some(class) = &self.class {
            write!(f, " class={}", Item::of(class))?;
        }
        if let Some(explore) = &self.explore {
            write!(f, " explore={}", Item::of(explore))?;
        }
        list(f, "sizes", self.sizes.iter().map(|(name, size)| format!("{}={size}", size_name(name))))?;
        if let Some(operations) = &self.operations {
            write!(f, " ops={}", Item::enclosed(&operations.to_string()))?;
        }
        list(f, "edits", self.edits.iter().map(|edit| Item::of(&edit.to_string()).to_string()))?;
        list(f, "reseed", self.reseeds.iter().map(ToString::to_string))?;
        write!(f, " alg={}", self.algorithm)?;
        if let Some(fails) = &self.fails {
            write!(f, " fails={fails}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, " digest={digest}")?;
        }
        Ok(())
    }
}

/// A name that has a `=` in it would end too early.
fn size_name(name: &str) -> Item<'_> {
    if name.contains('=') { Item::enclosed(name) } else { Item::of(name) }
}

fn list(f: &mut fmt::Formatter<'_>, field: &str, items: impl Iterator<Item = String>) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index == 0 { write!(f, " {field}={item}")? } else { write!(f, ",{item}")? }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
