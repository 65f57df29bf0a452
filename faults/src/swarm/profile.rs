//! Profiles: which features a swarm may switch on, by name.

use std::fmt;

use super::draft::Draft;
use super::{clock, disk, network, process, resource};
use crate::plan::{Family, Line};
use crate::suggest;

/// A way of making trouble that a seed has or has not.
pub struct Feature {
    /// Its name, which is also that of its stream: `plan/NAME`.
    pub name: &'static str,
    /// What it troubles.
    pub family: Family,
    /// One line, when the budget and the machines leave any.
    pub(super) draw: fn(&mut Draft<'_>) -> Option<Line>,
}

impl fmt::Debug for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The features of a swarm.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    features: Vec<&'static Feature>,
    /// Whether every feature is on in every seed.
    all_on: bool,
}

/// The names of the profiles that come with the house, and what each is for.
pub const PROFILES: &[(&str, &str)] = &[
    ("default", "everything that the budget allows"),
    ("none", "calm from the beginning"),
    ("network", "links between machines"),
    ("disk", "disks, and power that fails under them"),
    ("clock", "clocks and timers"),
    ("crash", "processes and machines that go down"),
    ("resource", "entropy, memory, knobs, and what models bring"),
];

/// The features that belong to several profiles.
const POWER: [&str; 2] = ["power", "power.zone"];

fn all() -> impl Iterator<Item = &'static Feature> {
    [network::FEATURES, process::FEATURES, disk::FEATURES, clock::FEATURES, resource::FEATURES]
        .into_iter()
        .flatten()
}

impl Profile {
    /// A profile of the house.
    ///
    /// # Errors
    /// When the house has no such profile: with the names that there are.
    pub fn named(name: &str) -> Result<Profile, UnknownProfile> {
        let has: fn(&Feature) -> bool = match name {
            "default" => |_| true,
            "none" => |_| false,
            "network" => |feature| feature.family == Family::Network,
            "disk" => |feature| feature.family == Family::Disk || POWER.contains(&feature.name),
            "clock" => |feature| feature.family == Family::Clock,
            "crash" => |feature| feature.family == Family::Process,
            "resource" => |feature| feature.family == Family::Resource,
            _ => {
                let known = PROFILES.iter().map(|(name, _)| name.to_string()).collect();
                return Err(UnknownProfile { what: "profile", word: name.to_string(), known });
            }
        };
        Ok(Profile::new(name, all().filter(|feature| has(feature)).collect()))
    }

    fn new(name: &str, features: Vec<&'static Feature>) -> Profile {
        Profile { name: name.to_string(), features, all_on: false }
    }

    /// The same features, all of them in every seed: no swarm, but plain chance.
    pub fn all_on(self) -> Profile {
        Profile { all_on: true, ..self }
    }

    /// Whether every feature is on in every seed.
    pub fn is_all_on(&self) -> bool {
        self.all_on
    }

    /// The names of the profiles of the house.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PROFILES.iter().map(|(name, _)| *name)
    }

    /// A profile of one's own: features by name, or by the first word of their names.
    ///
    /// # Errors
    /// When there is no such feature: with the names that there are.
    pub fn of(name: &str, features: &[&str]) -> Result<Profile, UnknownProfile> {
        let is = |feature: &Feature, word: &str| {
            feature.name == word || feature.name.split('.').next() == Some(word)
        };
        if let Some(word) = features.iter().find(|word| !all().any(|feature| is(feature, word))) {
            let known = all().map(|feature| feature.name.to_string()).collect();
            return Err(UnknownProfile { what: "feature", word: word.to_string(), known });
        }
        let has = |feature: &&Feature| features.iter().any(|word| is(feature, word));
        Ok(Profile::new(name, all().filter(has).collect()))
    }

    /// The same profile without some features, given as for [`Profile::of`].
    ///
    /// # Errors
    /// As [`Profile::of`].
    pub fn without(self, features: &[&str]) -> Result<Profile, UnknownProfile> {
        let dropped = Profile::of(&self.name, features)?;
        let kept =
            |feature: &&'static Feature| dropped.features.iter().all(|other| other.name != feature.name);
        Ok(Profile { features: self.features.into_iter().filter(kept).collect(), ..dropped })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its features.
    pub fn features(&self) -> &[&'static Feature] {
        &self.features
    }
}

/// A profile or a feature that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProfile {
    what: &'static str,
    word: String,
    known: Vec<String>,
}

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`", self.what, self.word)?;
        match suggest::nearest(&self.word, self.known.iter().map(String::as_str)) {
            Some(meant) => write!(f, ", did you mean `{meant}`?"),
            None => write!(f, ": expected one of {}", self.known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownProfile {}
