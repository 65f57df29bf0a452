//! The ways to search, as people write them: `swarm`, `random`, `pct:3`, `pct:3:500`, `dfs`, `guided`, `portfolio`.

use std::fmt;
use std::str::FromStr;

/// A way to choose which runs to make of a scenario.
///
/// ```
/// use tourbillon_search::explore::Explore;
/// assert_eq!("pct:3".parse(), Ok(Explore::Pct { depth: 3, window: Explore::WINDOW }));
/// assert_eq!("pct:2:64".parse(), Ok(Explore::Pct { depth: 2, window: 64 }));
/// assert_eq!(Explore::Pct { depth: 2, window: 64 }.to_string(), "pct:2:64");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Explore {
    /// Each seed as it is, in the scenario's own weather: a swarm switches off a part of the faults in each.
    Swarm,
    /// Each seed as it is, with every kind of fault on that the scenario's profile has.
    Random,
    /// Tasks go by priorities that change at a few places (Burckhardt and others, "A Randomized Scheduler with
    /// Probabilistic Guarantees of Finding Bugs", 2010).
    Pct {
        /// How many places in their order a bug needs; one less than that is the number of changes in a window.
        depth: u32,
        /// Choices of a schedule after which priorities are drawn anew.
        window: u32,
    },
    /// Every schedule, one after the other: for small scenarios.
    Dfs,
    /// Runs near those that showed something new.
    Guided,
    /// Some of each.
    Portfolio,
}

impl Explore {
    /// The usual window of PCT.
    pub const WINDOW: u32 = 1000;
    /// More changes than this in a window are no longer few.
    pub const DEPTH_MAX: u32 = 64;
}

/// A word that is no way to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExploreError {
    word: String,
}

impl fmt::Display for ExploreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no way to explore: expected swarm, random, pct:DEPTH or pct:DEPTH:WINDOW (such as `pct:3`), dfs, \
             guided or portfolio",
            self.word
        )
    }
}

impl std::error::Error for ExploreError {}

impl FromStr for Explore {
    type Err = ExploreError;

    fn from_str(text: &str) -> Result<Explore, ExploreError> {
        let refuse = || ExploreError { word: text.to_string() };
        let number = |word: &str| word.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(refuse);
        Ok(match text {
            "swarm" => Explore::Swarm,
            "random" => Explore::Random,
            "dfs" => Explore::Dfs,
            "guided" => Explore::Guided,
            "portfolio" => Explore::Portfolio,
            _ => {
                let rest = text.strip_prefix("pct:").ok_or_else(refuse)?;
                let (depth, window) = match rest.split_once(':') {
                    Some((depth, window)) => (number(depth)?, number(window)?),
                    None => (number(rest)?, Explore::WINDOW),
                };
                if depth > Explore::DEPTH_MAX {
                    return Err(refuse());
                }
                Explore::Pct { depth, window }
            }
        })
    }
}

impl fmt::Display for Explore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explore::Swarm => f.write_str("swarm"),
            Explore::Random => f.write_str("random"),
            Explore::Pct { depth, window: Explore::WINDOW } => write!(f, "pct:{depth}"),
            Explore::Pct { depth, window } => write!(f, "pct:{depth}:{window}"),
            Explore::Dfs => f.write_str("dfs"),
            Explore::Guided => f.write_str("guided"),
            Explore::Portfolio => f.write_str("portfolio"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_read_as_it_is_printed_and_another_word_is_refused() {
        for text in ["swarm", "random", "pct:3", "pct:1:7", "dfs", "guided", "portfolio"] {
            assert_eq!(text.parse::<Explore>().expect("a way").to_string(), text);
        }
        for text in ["", "pct", "pct:", "pct:0", "pct:3:0", "pct:65", "pct:x", "Swarm"] {
            assert!(text.parse::<Explore>().is_err(), "{text}");
        }
    }
}
