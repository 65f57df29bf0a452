//! Capabilities: what each side can do, and in which versions. Pure.
//!
//! A capability that is needed and not offered is *missing*; one that is offered in versions of which none is
//! ours *differs*. Missing ones are looked for first, over all capabilities: a remote that lacks one and
//! differs in another is named as unsupported [section 4 of the runtime regions].

use std::collections::BTreeMap;

/// Something that a remote must be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// It proves what it holds by a checksum.
    Checksum,
    /// It goes on where a run was interrupted.
    Resume,
    /// A chunk that is committed again, or a run that is completed again, changes nothing.
    IdempotentCommit,
    /// Chunks of a run are committed in their order alone.
    OrderedChunks,
}

impl Capability {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Capability; 4] =
        [Capability::Checksum, Capability::Resume, Capability::IdempotentCommit, Capability::OrderedChunks];

    /// Its word on the wire's far side: in logs and messages to people.
    pub const fn name(self) -> &'static str {
        match self {
            Capability::Checksum => "checksum",
            Capability::Resume => "resume",
            Capability::IdempotentCommit => "idempotent-commit",
            Capability::OrderedChunks => "ordered-chunks",
        }
    }

    /// Its number in bytes.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The capability of a number, or nothing.
    pub fn of_code(code: u8) -> Option<Capability> {
        Capability::ALL.get(usize::from(code)).copied()
    }
}

/// Versions from the least to the greatest, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Not above `greatest`.
    pub least: u16,
    /// Not below `least`.
    pub greatest: u16,
}

impl Versions {
    /// A range, or nothing when it would be upside down.
    pub fn new(least: u16, greatest: u16) -> Option<Versions> {
        (least <= greatest).then_some(Versions { least, greatest })
    }

    /// The greatest version that both ranges have.
    fn common(self, other: Versions) -> Option<u16> {
        let greatest = self.greatest.min(other.greatest);
        (greatest >= self.least.max(other.least)).then_some(greatest)
    }
}

/// What one side can do.
pub type Offer = BTreeMap<Capability, Versions>;

/// What the client needs: every capability, in versions 2 to 4.
pub fn needed() -> Offer {
    let versions = Versions::new(2, 4).expect("2 is below 4");
    Capability::ALL.into_iter().map(|capability| (capability, versions)).collect()
}

/// What came of a negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// All that is needed is there; the greatest common versions, in the order of [`Capability::ALL`].
    Agreed([u16; 4]),
    /// This is not offered at all.
    Missing(Capability),
    /// This is offered, in no version that is needed.
    Differs(Capability),
}

/// Holds what is offered against what is needed.
pub fn negotiate(needed: &Offer, offered: &Offer) -> Agreement {
    if let Some(missing) = needed.keys().find(|capability| !offered.contains_key(capability)) {
        return Agreement::Missing(*missing);
    }
    let mut agreed = [0; 4];
    for (&capability, versions) in needed {
        match versions.common(offered[&capability]) {
            Some(version) => agreed[usize::from(capability.code())] = version,
            None => return Agreement::Differs(capability),
        }
    }
    Agreement::Agreed(agreed)
}
