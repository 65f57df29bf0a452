//! Comparing runs with a golden, and naming the drift.

use std::collections::BTreeMap;
use std::fmt;

use super::{Entry, Golden, Header};
use crate::ShortDigest;
use crate::words::{Seconds, nanos};

/// What moved between a golden and a run, the gravest first: a run that did something else also has
/// another schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drift {
    /// The semantic digest: something else happened.
    Semantic,
    /// The faults digest: other faults took effect, or in another order.
    Fault,
    /// The trace digest alone: the same happened, in another order or at other times.
    Schedule,
    /// No digest, but a count beside them: the line was changed by hand.
    Edited,
}

impl Drift {
    /// What moved between two entries; `None` when nothing did.
    pub fn between(golden: &Entry, now: &Entry) -> Option<Drift> {
        let moved_semantic = golden.semantic.zip(now.semantic).is_some_and(|(golden, now)| golden != now);
        if moved_semantic {
            Some(Drift::Semantic)
        } else if golden.faults != now.faults {
            Some(Drift::Fault)
        } else if golden.trace != now.trace {
            Some(Drift::Schedule)
        } else if golden.records != now.records || golden.time != now.time {
            Some(Drift::Edited)
        } else {
            None
        }
    }

    /// The name, as printed.
    pub const fn label(self) -> &'static str {
        match self {
            Drift::Semantic => "semantic drift",
            Drift::Fault => "fault drift",
            Drift::Schedule => "schedule drift",
            Drift::Edited => "edited by hand",
        }
    }

    /// What the name means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Drift::Semantic => "something else happened",
            Drift::Fault => "other faults took effect",
            Drift::Schedule => "the same faults took effect, in another schedule",
            Drift::Edited => "no digest moved, so a run never wrote this line",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A seed that no longer does what its golden says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The seed.
    pub seed: u64,
    /// The gravest thing that moved.
    pub drift: Drift,
    /// What the golden says.
    pub golden: Entry,
    /// What the run did.
    pub now: Entry,
}

/// Runs beside their golden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The scenario.
    pub scenario: String,
    /// What moved for all seeds at once: the algorithm, the encoding, confluence.
    pub header: Vec<String>,
    /// Seeds that do what the golden says.
    pub held: Vec<u64>,
    /// Seeds that do not.
    pub moved: Vec<Moved>,
    /// Seeds that ran and have no golden.
    pub unpinned: Vec<u64>,
    /// Seeds of the golden that did not run.
    pub not_run: Vec<u64>,
}

impl Golden {
    /// Compares what seeds did with what this golden says.
    pub fn check(&self, header: &Header, runs: &BTreeMap<u64, Entry>) -> Check {
        let mut check = Check {
            scenario: self.header.scenario.clone(),
            header: moved_header(&self.header, header),
            held: Vec::new(),
            moved: Vec::new(),
            unpinned: Vec::new(),
            not_run: self.entries.keys().filter(|seed| !runs.contains_key(seed)).copied().collect(),
        };
        for (&seed, &now) in runs {
            match self.entries.get(&seed) {
                None => check.unpinned.push(seed),
                Some(&golden) => match Drift::between(&golden, &now) {
                    None => check.held.push(seed),
                    Some(drift) => check.moved.push(Moved { seed, drift, golden, now }),
                },
            }
        }
        check
    }
}

fn moved_header(golden: &Header, now: &Header) -> Vec<String> {
    let word = |confluent| if confluent { "confluent" } else { "not confluent" };
    let mut moved = Vec::new();
    if golden.algorithm != now.algorithm {
        moved.push(format!(
            "choice algorithm {} -> {}: every draw is another, so every seed moves",
            golden.algorithm, now.algorithm
        ));
    }
    if golden.encoding != now.encoding {
        moved.push(format!(
            "trace encoding {} -> {}: every trace digest moves, whatever happened",
            golden.encoding, now.encoding
        ));
    }
    if golden.confluent != now.confluent {
        moved.push(format!(
            "the scenario was {} and is {}: its semantic digest is {} pinned",
            word(golden.confluent),
            word(now.confluent),
            if now.confluent { "now" } else { "no longer" }
        ));
    }
    moved
}

impl Check {
    /// Whether every seed that ran has a golden and does what it says.
    pub fn holds(&self) -> bool {
        self.header.is_empty() && self.moved.is_empty() && self.unpinned.is_empty()
    }

    /// The gravest drift.
    pub fn drift(&self) -> Option<Drift> {
        self.moved.iter().map(|moved| moved.drift).min()
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moved { seed, drift, golden, now } = self;
        write!(f, "seed {seed:#x}: {drift}, {}", drift.meaning())?;
        let digests = [
            ("semantic", golden.semantic, now.semantic),
            ("faults", Some(golden.faults), Some(now.faults)),
            ("trace", Some(golden.trace), Some(now.trace)),
        ];
        for (name, golden, now) in digests {
            if let (Some(golden), Some(now)) = (golden, now)
                && golden != now
            {
                write!(f, "\n    {name} {golden} -> {now}")?;
            }
        }
        if golden.records != now.records {
            write!(f, "\n    records {} -> {}", golden.records, now.records)?;
        }
        if golden.time != now.time {
            write!(f, "\n    time {} -> {}", Seconds(nanos(golden.time)), Seconds(nanos(now.time)))?;
        }
        Ok(())
    }
}

/// The comparison, one line where all held.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} held", self.scenario, self.held.len())?;
        let counts = [
            ("moved", &self.moved.len()),
            ("without golden", &self.unpinned.len()),
            ("not run", &self.not_run.len()),
        ];
        counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .try_for_each(|(what, count)| write!(f, ", {count} {what}"))?;
        self.header.iter().try_for_each(|moved| write!(f, "\n  {moved}"))?;
        self.moved.iter().try_for_each(|moved| write!(f, "\n  {moved}"))?;
        self.unpinned.iter().try_for_each(|seed| write!(f, "\n  seed {seed:#x}: no golden"))?;
        if !self.holds() {
            write!(f, "\n  when that is meant: `golden bless {}`, then read the diff", self.scenario)?;
        }
        Ok(())
    }
}

/// Which digest of an entry was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pinned {
    /// The digest over every record.
    Trace,
    /// The digest over what faults did.
    Faults,
    /// The digest over what happened.
    Semantic,
}

/// A digest that a golden pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Which of its digests it is.
    pub pinned: Pinned,
}

/// Where a typed digest stands in some goldens: the answer to `golden check PREFIX --digest HEX`, for
/// when only sixteen digits came over the wire.
pub fn find<'a>(goldens: impl IntoIterator<Item = &'a Golden>, digest: ShortDigest) -> Vec<Match> {
    let mut matches = Vec::new();
    for golden in goldens {
        for (&seed, entry) in &golden.entries {
            let digests = [
                (Pinned::Trace, Some(entry.trace)),
                (Pinned::Semantic, entry.semantic),
                (Pinned::Faults, Some(entry.faults)),
            ];
            let found = digests.into_iter().find(|(_, pinned)| *pinned == Some(digest));
            let scenario = || golden.header.scenario.clone();
            matches.extend(found.map(|(pinned, _)| Match { scenario: scenario(), seed, pinned }));
        }
    }
    matches
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = match self.pinned {
            Pinned::Trace => "trace",
            Pinned::Faults => "faults",
            Pinned::Semantic => "semantic",
        };
        write!(f, "the {pinned} digest of {} seed {:#x}", self.scenario, self.seed)
    }
}
