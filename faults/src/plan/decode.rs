//! Plans from bytes: each line from one record of fixed size, every record a valid line.
//!
//! A fuzzer or a property test that removes a record removes a line, and one that lowers a byte makes a
//! line simpler. Zeros are the simplest line.

use std::num::NonZeroU32;
use std::time::Duration;

use super::catalogue::Catalogue;
use super::select::{Pattern, Selector};
use super::trouble::{KINDS, Lasting};
use super::value::{PointName, Value};
use super::{Line, Plan, Trigger, Trouble};

/// The size of the record of one line.
pub const RECORD_BYTES: usize = 32;

/// Reads numbers from a record; past its end there are zeros.
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    catalogue: &'a Catalogue,
}

impl<'a> Bits<'a> {
    pub(crate) fn catalogue(&self) -> &'a Catalogue {
        self.catalogue
    }

    pub(crate) fn u8(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from(self.u32()) << 32 | u64::from(self.u32())
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// A number below a small bound, from one byte.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        u64::from(self.u8()) % bound
    }

    pub(crate) fn one_of(&mut self, words: &[String]) -> Option<String> {
        let index = self.u8() as usize;
        (!words.is_empty()).then(|| words[index % words.len()].clone())
    }

    pub(crate) fn selector(&mut self) -> Selector {
        let kind = self.below(8);
        let words = match kind {
            6 => self.catalogue.zones(),
            7 => self.catalogue.roles(),
            _ => self.catalogue.machine_names(),
        };
        // Without a catalogue there are machines named a, b and c, in zones and roles of that name.
        let default = ["a", "b", "c"].map(str::to_string);
        let word = self.one_of(if words.is_empty() { &default } else { &words }).expect("never empty");
        let pattern = Pattern::parse(&word).or_else(|| Pattern::parse("*")).expect("a star is a pattern");
        match kind {
            6 => Selector::Zone(pattern),
            7 => Selector::Role(pattern),
            5 => Selector::Named(Pattern::parse("*").expect("a star is a pattern")),
            4 => Selector::Itself,
            _ => Selector::Named(pattern),
        }
    }

    pub(crate) fn process(&mut self) -> Option<Pattern> {
        let words = ["server", "main", "*"].map(str::to_string);
        if self.coin() { self.one_of(&words).as_deref().and_then(Pattern::parse) } else { None }
    }

    /// A short text with all that is hard to print.
    pub(crate) fn text(&mut self) -> String {
        const LETTERS: [char; 16] = [
            'a', 'b', '0', '"', '\\', '\n', '\t', '\u{0}', '\u{7f}', ' ', '\'', '=', '#', 'ü', '\u{85}', '🦀',
        ];
        let count = self.below(6);
        (0..count).map(|_| LETTERS[self.below(16) as usize]).collect()
    }
}

impl Line {
    /// The line that a record stands for: always one that can be printed and read back. What it names is
    /// taken from the catalogue; what the catalogue lacks, it makes up.
    pub fn decode(record: &[u8; RECORD_BYTES], catalogue: &Catalogue) -> Line {
        let mut bits = Bits { bytes: record, catalogue };
        let kind = &KINDS[usize::from(bits.u8()) % KINDS.len()];
        let shape = bits.u8();
        // Whole milliseconds, up to about a minute.
        let at = Duration::from_millis(u64::from(bits.u16()));
        let lasts = Duration::from_millis(u64::from(bits.u16()));
        let trigger = if shape & 0b11 == 0b11 {
            let hit = NonZeroU32::MIN.saturating_add(u32::from(bits.u8()));
            Trigger::On { point: PointName::decode(&mut bits).0, hit }
        } else {
            Trigger::At(at)
        };
        let lasts = (kind.lasting == Lasting::Lasting && shape & 0b100 == 0).then_some(lasts);
        Line { trigger, lasts, trouble: Trouble::decode(kind, &mut bits) }
    }
}

impl Plan {
    /// The plan that some records stand for; an incomplete one at the end counts for nothing.
    pub fn decode(bytes: &[u8], catalogue: &Catalogue) -> Plan {
        let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
        Plan { faults: records.iter().map(|record| Line::decode(record, catalogue)).collect() }
    }
}

/// Plans without a catalogue, from a fuzzer's bytes.
#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Plan {
    fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Plan> {
        let bytes = bytes.bytes(bytes.len() / RECORD_BYTES * RECORD_BYTES)?;
        Ok(Plan::decode(bytes, &Catalogue::default()))
    }
}

/// Plans of up to `lines_max` lines that name what is in the catalogue.
#[cfg(any(test, feature = "proptest"))]
pub fn strategy(catalogue: Catalogue, lines_max: usize) -> impl proptest::strategy::Strategy<Value = Plan> {
    use proptest::prelude::*;
    proptest::collection::vec(proptest::array::uniform32(any::<u8>()), 0..=lines_max)
        .prop_map(move |records| Plan::decode(records.as_flattened(), &catalogue))
}
