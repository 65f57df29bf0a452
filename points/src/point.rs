//! What a point is: a static with a name, a kind and a hash of the name.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a point is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A place where a plan may strike.
    Site,
    /// A condition that must hold at every hit.
    Always,
    /// A condition that must hold at some hit of a campaign.
    Sometimes,
    /// A place that must be reached in some run of a campaign.
    Reachable,
    /// A place that must not be reached.
    Unreachable,
    /// A number that guides a search: it is worth raising.
    Numeric,
    /// A thing that happened, for the semantic digest.
    Mark,
    /// A place where a planted bug sits.
    Quirk,
}

impl Kind {
    /// The kind's word in reports and catalogues.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Site => "site",
            Kind::Always => "always",
            Kind::Sometimes => "sometimes",
            Kind::Reachable => "reachable",
            Kind::Unreachable => "unreachable",
            Kind::Numeric => "numeric",
            Kind::Mark => "mark",
            Kind::Quirk => "quirk",
        }
    }
}

/// A named place. Declared by the macros of this crate, or as a `static` in a model's list of points.
#[derive(Debug)]
pub struct Point {
    name: &'static str,
    kind: Kind,
    hash: u64,
    /// A dense number for lookups in one process, 0 before the first hit. It decides nothing: listeners
    /// use it as an index and never show, order or hash it.
    slot: AtomicU32,
}

impl Point {
    /// A point of this name and kind.
    pub const fn new(name: &'static str, kind: Kind) -> Point {
        Point { name, kind, hash: hash(name), slot: AtomicU32::new(0) }
    }

    /// The name, unique within a scenario's catalogue.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it is for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// A hash of the name that is the same in every build.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The dense number of this point within this process, given at first use.
    pub fn slot(&'static self) -> u32 {
        static SLOTS: AtomicU32 = AtomicU32::new(1);
        match self.slot.load(Ordering::Relaxed) {
            0 => {
                let fresh = SLOTS.fetch_add(1, Ordering::Relaxed);
                match self.slot.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => fresh,
                    Err(other) => other,
                }
            }
            slot => slot,
        }
    }
}

/// A planted bug that a run may switch on. A checker is believed once it has caught one.
///
/// ```
/// use tourbillon_points::Quirk;
/// static ACK_BEFORE_SYNC: Quirk = Quirk::new("ack-before-sync", "answers before the log is durable");
/// assert!(!ACK_BEFORE_SYNC.is_planted()); // never outside a simulation that plants it
/// ```
#[derive(Debug)]
pub struct Quirk {
    point: Point,
    about: &'static str,
}

impl Quirk {
    /// A planted bug of this name; `about` says what is wrong with it on.
    pub const fn new(name: &'static str, about: &'static str) -> Quirk {
        Quirk { point: Point::new(name, Kind::Quirk), about }
    }

    /// Its name, as given to `--quirk`.
    pub const fn name(&self) -> &'static str {
        self.point.name
    }

    /// What is wrong when it is planted.
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// The point that it sits at.
    pub const fn point(&self) -> &Point {
        &self.point
    }

    /// Whether the current run plants it.
    #[inline]
    pub fn is_planted(&'static self) -> bool {
        crate::listener::planted(&self.point)
    }
}

/// The hash of a name that every build agrees on.
///
/// FNV-1a, 64 bits: a name's hash must be a constant of the build.
pub const fn hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_slot_is_given_once() {
        static FIRST: Point = Point::new("first", Kind::Site);
        static SECOND: Point = Point::new("second", Kind::Site);
        assert_eq!(FIRST.slot(), FIRST.slot());
        assert_ne!(FIRST.slot(), SECOND.slot());
    }
}
