//! The rules, and how one is broken.

use std::fmt;

/// What must hold. are those of the specification; the others are sentences of its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A closed region has nothing alive.
    ClosedIsEmpty,
    /// Every task ends exactly once.
    EndsOnce,
    /// Every obligation ends exactly once.
    ResolvesOnce,
    /// No state goes backwards.
    NoWayBack,
    /// A poisoned region gains no work.
    PoisonedGainsNothing,
    /// Trouble in one region changes nothing in another.
    Isolation,
    /// Arena counts equal live objects; at the end all are zero.
    Counts,
    /// Cleanup ends within its budget, and is not cut short.
    CleanupIsBounded,
    /// No deadline is early by more than the clock went back; none fires twice; none is lost.
    Deadlines,
    /// A refusal has no side effect.
    RefusalChangesNothing,
    /// A freed slot raises its generation. [regions 1.1]
    Generations,
    /// Finalizers run once each, last registered first. [regions 1.2]
    Finalizers,
    /// A request to end is strengthened, never weakened; a forced end follows a request. [regions 1.3]
    CancelStrengthens,
    /// A region's outcome is the worst of its tasks'. [regions 1.3]
    WorstOutcome,
    /// First in, first out, ties by id; timers by deadline and sequence; nothing ready is passed over. [regions 1.5]
    Order,
    /// Nothing is polled beyond the meet of all budgets. [regions 1.5]
    Budgets,
    /// Only what is ready and was never polled is shed. [regions 1.5]
    Shedding,
    /// Refusals come in their order. [regions 1.6]
    Precedence,
    /// Ids are unique, whatever entropy says. [regions 1.7]
    UniqueIds,
}

impl Rule {
    /// The number or section.
    pub const fn number(self) -> &'static str {
        match self {
            Rule::ClosedIsEmpty => "R-1",
            Rule::EndsOnce => "R-2",
            Rule::ResolvesOnce => "R-3",
            Rule::NoWayBack => "R-4",
            Rule::PoisonedGainsNothing => "R-5",
            Rule::Isolation => "R-6",
            Rule::Counts => "R-7",
            Rule::CleanupIsBounded => "R-8",
            Rule::Deadlines => "R-9",
            Rule::RefusalChangesNothing => "R-10",
            Rule::Generations => "1.1-generations",
            Rule::Finalizers => "1.2-finalizers",
            Rule::CancelStrengthens => "1.3-cancel",
            Rule::WorstOutcome => "1.3-outcome",
            Rule::Order => "1.5-order",
            Rule::Budgets => "1.5-budgets",
            Rule::Shedding => "1.5-shedding",
            Rule::Precedence => "1.6-precedence",
            Rule::UniqueIds => "1.7-ids",
        }
    }

    /// The property that a run fails by.
    pub fn property(self) -> String {
        format!("regions.{}", self.number())
    }

    pub(super) fn holds(self, holds: bool, message: impl FnOnce() -> String) -> Result<(), Violation> {
        if holds { Ok(()) } else { Err(Violation::new(self, message())) }
    }
}

/// A rule that does not hold, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What was seen.
    pub message: String,
}

impl Violation {
    pub(super) fn new(rule: Rule, message: String) -> Violation {
        Violation { rule, message }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.number(), self.message)
    }
}

impl std::error::Error for Violation {}
