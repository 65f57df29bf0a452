//! Plans: trouble as data, decided before the run.
//!
//! ```
//! use tourbillon_faults::plan::Plan;
//! let plan: Plan = r#"
//!     faults = [
//!       { at = "1.2s", power = "core-0", restart_after = "400ms" },
//!       { on = "ledger.appended_not_replied", hit = 3, kill = "self" },
//!       { calm = "20s" },
//!     ]"#.parse()?;
//! assert_eq!(plan.faults.len(), 3);
//! assert_eq!(plan.to_string().parse::<Plan>()?, plan);
//! # Ok::<(), tourbillon_faults::plan::PlanError>(())
//! ```

mod catalogue;
mod check;
mod decode;
mod duration;
mod error;
mod print;
mod read;
mod select;
mod trouble;
mod value;

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

pub use catalogue::{ArgumentKind, Call, CallParameter, Catalogue, Host, Knob, Point};
pub use decode::RECORD_BYTES;
#[cfg(any(test, feature = "proptest"))]
pub use decode::strategy;
pub use error::{Place, PlanError, Problem};
pub use select::{Candidate, Group, Groups, Pattern, ProcessSelector, Processes, Selector, TEST_MACHINE};
pub use sim::disk::Unsynced;
pub use sim::fault::Argument;
pub use trouble::{Family, KINDS, Kind, Lasting, Parameter, Trouble};
pub use value::{Arguments, CallName, DiskWork, Flag, KnobName, Pair, PointName, Shift, Spread, Text};

pub use duration::{parse as parse_duration, print as print_duration};

/// A chance as a plan writes it.
pub(crate) fn print_chance(chance: sim::Ratio) -> String {
    value::reduced(chance)
}

/// What goes wrong in a run, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The lines, in the order of the text. Lines of the same time strike in this order.
    pub faults: Vec<Line>,
}

/// One trouble and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it strikes.
    pub trigger: Trigger,
    /// For how long; until everything heals when absent. None for what has no duration.
    pub lasts: Option<Duration>,
    /// What it does.
    pub trouble: Trouble,
}

/// When a line strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At a time since the run began.
    At(Duration),
    /// At the n-th hit of a point, in whichever task hits it.
    On {
        /// The point's name.
        point: String,
        /// The number of the hit, from 1.
        hit: NonZeroU32,
    },
}

impl Line {
    /// Trouble at a time.
    pub fn at(at: Duration, trouble: Trouble) -> Line {
        Line { trigger: Trigger::At(at), lasts: None, trouble }
    }

    /// Trouble at the n-th hit of a point, counted from 1.
    pub fn on(point: &str, hit: NonZeroU32, trouble: Trouble) -> Line {
        Line { trigger: Trigger::On { point: point.to_string(), hit }, lasts: None, trouble }
    }

    /// The same, for so long.
    pub fn lasting(self, lasts: Duration) -> Line {
        Line { lasts: Some(lasts), ..self }
    }
}

/// The hash of a plan's canonical text: the first 64 bits of its BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanHash(pub u64);

impl PlanHash {
    /// Whether some hexadecimal digits, at least four, are the first of the hash, as in
    /// `plan=plans/torn-wal.toml#1f3a`.
    pub fn begins_with(self, digits: &str) -> bool {
        digits.len() >= 4 && self.to_string().starts_with(digits)
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Plan {
    /// Reads the text of a file and checks every name in it. The file's name is for messages.
    ///
    /// ```
    /// use tourbillon_faults::plan::{Catalogue, Host, Plan};
    ///
    /// let catalogue = Catalogue { hosts: vec![Host::new("core-0")], ..Catalogue::default() };
    /// let text = "faults = [\n  { at = \"1s\", power = \"cor-0\" },\n]";
    /// let error = Plan::load("plans/dark.toml", text, &catalogue).unwrap_err().to_string();
    /// assert!(error.starts_with("plans/dark.toml, line 2") && error.contains("core-0"), "{error}");
    /// ```
    ///
    /// # Errors
    /// When the text is no plan, or a name in it is not in the catalogue: with the line, the word, and what was
    /// probably meant.
    pub fn load(file: &str, text: &str, catalogue: &Catalogue) -> Result<Plan, PlanError> {
        let source = read::read(text, Some(file))?;
        check::check(&source.plan, catalogue).map_err(|(index, problem)| PlanError {
            file: Some(file.to_string()),
            place: Place::Line(source.lines[index]),
            problem,
        })?;
        Ok(source.plan)
    }

    /// Whether everything that the plan names is in the catalogue, and no line contradicts another.
    ///
    /// # Errors
    /// With the number of the line, the word, and what was probably meant.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), PlanError> {
        check::check(self, catalogue).map_err(|(index, problem)| PlanError {
            file: None,
            place: Place::Fault(index + 1),
            problem,
        })
    }

    /// The hash of the canonical text.
    pub fn hash(&self) -> PlanHash {
        let hash = blake3::hash(self.to_string().as_bytes());
        PlanHash(u64::from_be_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes")))
    }

    /// The time from which all is calm, when the plan says so.
    pub fn calm_at(&self) -> Option<Duration> {
        let calm = |line: &Line| match (&line.trigger, &line.trouble) {
            (Trigger::At(at), Trouble::Calm {}) => Some(*at),
            _ => None,
        };
        self.faults.iter().filter_map(calm).min()
    }
}

/// Reads a plan without checking names; see [`Plan::load`] and [`Plan::check`].
impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Plan, PlanError> {
        Ok(read::read(text, None)?.plan)
    }
}

#[cfg(test)]
mod tests;
