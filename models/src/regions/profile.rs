//! Where the runtime runs: profiles say how it waits, classes how much it holds. Neither changes what anything
//! means. [regions 1.6]

use std::fmt;
use std::str::FromStr;

use super::handle::Kind;
use super::points::Quirks;

/// The kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// A developer's machine.
    #[default]
    Core,
    /// A router.
    EmbeddedRouter,
    /// A trading host.
    Hft,
    /// A control unit of a car.
    Automotive,
}

/// What is done while nothing is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitPolicy {
    /// Others run first, then it looks again.
    Yield,
    /// It looks again at once: that costs time, and never sleeps.
    BusySpin,
    /// It sleeps until the next timer.
    SleepUntilTimer,
}

/// How much the arenas hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Tight: a constrained target.
    R1,
    /// Balanced: a typical one.
    R2,
    /// Roomy: on the way to a server.
    R3,
}

/// Slots of each arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Regions.
    pub regions: u16,
    /// Tasks; as many finalizers may be registered (ours).
    pub tasks: u16,
    /// Obligations.
    pub obligations: u16,
    /// Timers.
    pub timers: u16,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 4] = [Profile::Core, Profile::EmbeddedRouter, Profile::Hft, Profile::Automotive];

    /// How it waits.
    pub const fn wait_policy(self) -> WaitPolicy {
        match self {
            Profile::Core | Profile::EmbeddedRouter => WaitPolicy::Yield,
            Profile::Hft => WaitPolicy::BusySpin,
            Profile::Automotive => WaitPolicy::SleepUntilTimer,
        }
    }

    /// The class it has unless another is named.
    pub const fn default_class(self) -> Class {
        match self {
            Profile::Core | Profile::Hft => Class::R3,
            Profile::EmbeddedRouter | Profile::Automotive => Class::R2,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Core => "Core",
            Profile::EmbeddedRouter => "EmbeddedRouter",
            Profile::Hft => "Hft",
            Profile::Automotive => "Automotive",
        }
    }
}

impl Class {
    /// Every class, from tight to roomy.
    pub const ALL: [Class; 3] = [Class::R1, Class::R2, Class::R3];

    /// What it holds.
    pub const fn capacity(self) -> Capacity {
        let (regions, others) = match self {
            Class::R1 => (8, 64),
            Class::R2 => (32, 256),
            Class::R3 => (128, 1024),
        };
        Capacity { regions, tasks: others, obligations: others, timers: others }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Class::R1 => "R1",
            Class::R2 => "R2",
            Class::R3 => "R3",
        }
    }
}

impl Capacity {
    /// Slots of the arena of this kind.
    pub const fn of(self, kind: Kind) -> u16 {
        match kind {
            Kind::Region => self.regions,
            Kind::Task => self.tasks,
            Kind::Obligation => self.obligations,
            Kind::Timer => self.timers,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no profile or class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// `profile` or `class`.
    pub what: &'static str,
    /// What was written.
    pub found: String,
    /// What may be written.
    pub expected: &'static str,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`: expected one of {}", self.what, self.found, self.expected)
    }
}

impl std::error::Error for UnknownName {}

/// The same word in `CamelCase`, `kebab-case` and `SNAKE_CASE`.
fn plain(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '-' | '_')).collect::<String>().to_ascii_lowercase()
}

impl FromStr for Profile {
    type Err = UnknownName;

    /// Takes `EmbeddedRouter`, `embedded-router` and `EMBEDDED_ROUTER`.
    fn from_str(word: &str) -> Result<Profile, UnknownName> {
        Profile::ALL.into_iter().find(|profile| plain(profile.name()) == plain(word)).ok_or_else(|| {
            UnknownName {
                what: "profile",
                found: word.to_string(),
                expected: "Core, EmbeddedRouter, Hft, Automotive",
            }
        })
    }
}

impl FromStr for Class {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Class, UnknownName> {
        Class::ALL.into_iter().find(|class| plain(class.name()) == plain(word)).ok_or_else(|| UnknownName {
            what: "class",
            found: word.to_string(),
            expected: "R1, R2, R3",
        })
    }
}

/// What to do with new work when every task slot is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overload {
    /// It is refused.
    #[default]
    Reject,
    /// The oldest task of the same region that is ready and was never polled makes room; when there is none,
    /// the work is refused. Of the same region, because exhaustion in one changes nothing in another.
    ShedOldest,
    /// The spawner waits, and is woken in its turn when a slot is free.
    Backpressure,
}

/// How a runtime is set up.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How it waits.
    pub profile: Profile,
    /// How much it holds.
    pub class: Class,
    /// What it does with new work when it is full.
    pub overload: Overload,
    /// Bugs to plant.
    pub quirks: Quirks,
    /// Whether a refusal tells the state's hash before and after, for R-10. It costs a walk over all live
    /// things for each operation.
    pub audit: bool,
}

impl Config {
    /// A profile with its own class, no bug, and refusals audited.
    pub fn of(profile: Profile) -> Config {
        Config {
            profile,
            class: profile.default_class(),
            overload: Overload::default(),
            quirks: Quirks::NONE,
            audit: true,
        }
    }

    /// The same in another class.
    #[must_use]
    pub fn class(self, class: Class) -> Config {
        Config { class, ..self }
    }

    /// The same with another way out of overload.
    #[must_use]
    pub fn overload(self, overload: Overload) -> Config {
        Config { overload, ..self }
    }

    /// The same with bugs.
    #[must_use]
    pub fn quirks(self, quirks: Quirks) -> Config {
        Config { quirks, ..self }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::of(Profile::Core)
    }
}
