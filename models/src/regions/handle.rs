//! Handles: how a caller names what the runtime holds. [regions 1.1]
//!
//! A handle outlives what it names, and says so: its generation is that of the slot when it was handed out.

use std::fmt;

/// What a handle names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A region.
    Region = 0,
    /// A task.
    Task = 1,
    /// An obligation.
    Obligation = 2,
    /// A timer.
    Timer = 3,
}

impl Kind {
    /// Every kind, in order of number.
    pub const ALL: [Kind; 4] = [Kind::Region, Kind::Task, Kind::Obligation, Kind::Timer];

    /// The kind's word.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Region => "region",
            Kind::Task => "task",
            Kind::Obligation => "obligation",
            Kind::Timer => "timer",
        }
    }
}

/// Kind, slot and generation.
///
/// Which slot a thing gets depends on what else is alive, so a handle has no meaning beyond its run: what
/// happened is told by [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle {
    /// What it names.
    pub kind: Kind,
    /// Where in its arena, from 0.
    pub slot: u16,
    /// How often the slot was freed before.
    pub generation: u32,
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}", self.kind.word(), self.slot, self.generation)
    }
}

impl Handle {
    /// The handle in 64 bits: kind, slot, generation from the highest bit down.
    pub const fn bits(self) -> u64 {
        (self.kind as u64) << 48 | (self.slot as u64) << 32 | self.generation as u64
    }
}

/// What a caller calls a region, a task, an obligation or a finalizer. The meaning of a run knows things by
/// name, because slots and ids depend on what else goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u64);

impl Name {
    /// The name that a word stands for, the same in every build.
    pub const fn of(word: &str) -> Name {
        Name(points::hash(word))
    }
}
