//! Escalation: whom a failure concerns, and what they do [section 4 of the runtime regions].

use std::fmt;

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Security or parity: fail-closed is broken.
    P0,
    /// Reliability: the tail, or a proof of decoding.
    P1,
    /// Documents or evidence drifted.
    P2,
}

impl Class {
    /// What to do.
    pub const fn action(self) -> &'static str {
        match self {
            Class::P0 => "block the release and page the owners",
            Class::P1 => "roll back the optimization, regenerate the evidence and rerun all gates",
            Class::P2 => "refresh the bundle and re-sign the checklist",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}: {}", self.action())
    }
}

/// What must hold of the adapter: its name in failures, and whom its failure concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// As failures and cases name it.
    pub name: &'static str,
    /// Whom it concerns.
    pub class: Class,
}

const fn p0(name: &'static str) -> Property {
    Property { name, class: Class::P0 }
}

const fn p1(name: &'static str) -> Property {
    Property { name, class: Class::P1 }
}

/// A client comes to an end.
pub const ENDS: Property = p1("adapter.ends");
/// It is done, or names exactly the reason that was provoked.
pub const NAMED_REASON: Property = p0("adapter.named_reason");
/// The audit chain on the client's disk is bound, replays, and has all that was ever audited.
pub const AUDIT_WHOLE: Property = p0("adapter.audit_whole");
/// The remote applied no chunk twice.
pub const APPLIED_ONCE: Property = p0("adapter.applied_once");
/// A run is published whole, and only when its client is done or could not hear that it is.
pub const NOTHING_PARTIAL: Property = p0("adapter.nothing_partial");
/// The remote sealed no run twice.
pub const SEALED_ONCE: Property = p0("adapter.sealed_once");
/// Tries in a row stay within their bound.
pub const RETRIES_BOUNDED: Property = p0("adapter.retries_bounded");
/// A client's cursor is never beyond what the remote holds.
pub const CURSOR_ACKNOWLEDGED: Property = p0("adapter.cursor_acknowledged");
/// In hardened mode integrity is proved before every chunk.
pub const HARDENED_RECHECKS: Property = p0("adapter.hardened_rechecks");
/// Strict and hardened mode give the same answers.
pub const MODES_AGREE: Property = p0("adapter.modes_agree");
/// The reason that a scenario provokes was really provoked.
pub const PROVOKED: Property = Property { name: "adapter.provoked", class: Class::P2 };
/// Half of the chunks are acknowledged within this.
pub const TAIL_P50: Property = p1("adapter.tail_p50");
/// Nineteen of twenty.
pub const TAIL_P95: Property = p1("adapter.tail_p95");
/// Ninety-nine of a hundred.
pub const TAIL_P99: Property = p1("adapter.tail_p99");

/// All properties.
pub const PROPERTIES: [Property; 14] = [
    ENDS,
    NAMED_REASON,
    AUDIT_WHOLE,
    APPLIED_ONCE,
    NOTHING_PARTIAL,
    SEALED_ONCE,
    RETRIES_BOUNDED,
    CURSOR_ACKNOWLEDGED,
    HARDENED_RECHECKS,
    MODES_AGREE,
    PROVOKED,
    TAIL_P50,
    TAIL_P95,
    TAIL_P99,
];

/// The class of a failure by the name of its property. What nobody has classified, such as a panic, is of the
/// most urgent class until somebody looks at it.
pub fn class_of(property: &str) -> Class {
    let known = PROPERTIES.iter().find(|known| known.name == property);
    known.map_or(Class::P0, |known| known.class)
}

/// A property that does not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The property.
    pub property: Property,
    /// What was found, and what was expected.
    pub message: String,
}

impl Violation {
    /// A property that does not hold.
    pub fn new(property: Property, message: String) -> Violation {
        Violation { property, message }
    }

    /// Fails the run, with what to do about it.
    ///
    /// # Panics
    /// Outside of a simulation.
    #[track_caller]
    pub fn fail(&self) {
        let Violation { property, message } = self;
        sim::fail(property.name, format!("{message} [{}]", property.class));
    }
}

/// A judgement.
pub type Judged = Result<(), Violation>;
