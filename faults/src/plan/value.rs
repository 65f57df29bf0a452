//! Values of parameters: how each is read, printed, decoded from bytes and checked.
//!
//! A type that a fault takes as a parameter implements [`Value`] and nothing else; the table of kinds in
//! `trouble.rs` does the rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use sim::Ratio;
use sim::disk::Unsynced;
use sim::fault::Argument;
use toml::de::DeValue;

use super::catalogue::Catalogue;
use super::decode::Bits;
use super::duration;
use super::error::Problem;
use super::select::{Group, Groups, Pattern, ProcessSelector, Processes, Scope, Selector};

/// A parameter's type.
pub(crate) trait Value: Sized {
    /// What it looks like, for messages and for the documents.
    const EXPECTED: &'static str;
    /// Whether it may be left out.
    const OPTIONAL: bool = false;
    /// What stands for a parameter that is left out; none when it must be given.
    fn absent() -> Option<Self> {
        None
    }
    fn read(item: &DeValue<'_>) -> Option<Self>;
    /// As TOML; none when it is as good as absent.
    fn print(&self) -> Option<String>;
    /// Any value, the simplest from zeros.
    fn decode(bits: &mut Bits<'_>) -> Self;
    fn check(&self, _scope: &Scope<'_>) -> Result<(), Problem> {
        Ok(())
    }
}

/// A way of a clock, forwards or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shift {
    /// Nanoseconds; negative is back.
    pub nanos: i64,
}

/// From the one to the other, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spread {
    min: Duration,
    max: Duration,
}

impl Spread {
    /// From `min` to `max`; none when they are the wrong way round.
    pub fn new(min: Duration, max: Duration) -> Option<Spread> {
        (min <= max).then_some(Spread { min, max })
    }

    /// The least.
    pub fn min(self) -> Duration {
        self.min
    }

    /// The greatest.
    pub fn max(self) -> Duration {
        self.max
    }
}

/// Two machines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair(pub Selector, pub Selector);

/// `true`: the fault has no other parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flag;

/// The name of a point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointName(pub String);

/// The name of a knob.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnobName(pub String);

/// The name of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallName(pub String);

/// Any text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text(pub String);

/// The arguments of a call, by key. Durations, chances and machines are texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(pub BTreeMap<String, Argument>);

/// Which operations of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiskWork {
    /// All of them.
    Any,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Syncing a file or a directory.
    Sync,
    /// Opening, creating, renaming, removing.
    Names,
}

macro_rules! words {
    ($type:ident, $expected:literal, $($variant:ident = $word:literal),+) => {
        impl Value for $type {
            const EXPECTED: &'static str = $expected;
            fn read(item: &DeValue<'_>) -> Option<$type> {
                match item.as_str()? {
                    $($word => Some($type::$variant),)+
                    _ => None,
                }
            }
            fn print(&self) -> Option<String> {
                Some(quoted(match self { $($type::$variant => $word),+ }))
            }
            fn decode(bits: &mut Bits<'_>) -> $type {
                let all = [$($type::$variant),+];
                all[bits.below(all.len() as u64) as usize]
            }
        }
    };
}

words!(
    DiskWork,
    "`any`, `read`, `write`, `sync` or `names`",
    Any = "any",
    Read = "read",
    Write = "write",
    Sync = "sync",
    Names = "names"
);
words!(Unsynced, "`any`, `keep`, `lose` or `tear`", Any = "any", Keep = "keep", Lose = "lose", Tear = "tear");

/// A text as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => write!(out, "\\u{:04X}", u32::from(c)).expect("a text takes any text"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key as TOML writes it: bare when it may be.
pub(crate) fn key(text: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !text.is_empty() && text.bytes().all(bare) { text.to_string() } else { quoted(text) }
}

/// A list of values as TOML writes it.
fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

fn texts<T>(item: &DeValue<'_>, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    match item {
        DeValue::String(text) => Some(vec![parse(text)?]),
        DeValue::Array(items) => items.iter().map(|item| parse(item.get_ref().as_str()?)).collect(),
        _ => None,
    }
}

fn whole<T: TryFrom<i128>>(item: &DeValue<'_>) -> Option<T> {
    let integer = item.as_integer()?;
    let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    T::try_from(number).ok()
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const OPTIONAL: bool = true;
    fn absent() -> Option<Option<T>> {
        Some(None)
    }
    fn read(item: &DeValue<'_>) -> Option<Option<T>> {
        T::read(item).map(Some)
    }
    fn print(&self) -> Option<String> {
        self.as_ref().and_then(T::print)
    }
    fn decode(bits: &mut Bits<'_>) -> Option<T> {
        bits.coin().then(|| T::decode(bits))
    }
    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        self.as_ref().map_or(Ok(()), |value| value.check(scope))
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "`true` or `false`";
    const OPTIONAL: bool = true;
    fn absent() -> Option<bool> {
        Some(false)
    }
    fn read(item: &DeValue<'_>) -> Option<bool> {
        item.as_bool()
    }
    fn print(&self) -> Option<String> {
        self.then(|| "true".to_string())
    }
    fn decode(bits: &mut Bits<'_>) -> bool {
        bits.coin()
    }
}

impl Value for Flag {
    const EXPECTED: &'static str = "`true`";
    fn read(item: &DeValue<'_>) -> Option<Flag> {
        (item.as_bool()?).then_some(Flag)
    }
    fn print(&self) -> Option<String> {
        Some("true".to_string())
    }
    fn decode(_bits: &mut Bits<'_>) -> Flag {
        Flag
    }
}

macro_rules! numbers {
    ($($type:ty, $expected:literal, $bits:ident => $decoded:expr;)+) => {$(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;
            fn read(item: &DeValue<'_>) -> Option<$type> {
                whole(item)
            }
            fn print(&self) -> Option<String> {
                Some(self.to_string())
            }
            fn decode($bits: &mut Bits<'_>) -> $type {
                $decoded
            }
        }
    )+};
}

numbers! {
    u32, "a whole number from 0 to 4294967295", bits => bits.u32();
    u64, "a whole number from 0 to 18446744073709551615", bits => bits.u64();
    i32, "a whole number, such as `200` or `-200`", bits => bits.u32() as i32;
}

impl Value for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number from 1 to 4294967295";
    fn read(item: &DeValue<'_>) -> Option<NonZeroU32> {
        NonZeroU32::new(whole(item)?)
    }
    fn print(&self) -> Option<String> {
        Some(self.to_string())
    }
    fn decode(bits: &mut Bits<'_>) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(u32::from(bits.u16()))
    }
}

impl Value for Duration {
    const EXPECTED: &'static str = duration::EXPECTED;
    fn read(item: &DeValue<'_>) -> Option<Duration> {
        duration::parse(item.as_str()?)
    }
    fn print(&self) -> Option<String> {
        Some(quoted(&duration::print(*self)))
    }
    fn decode(bits: &mut Bits<'_>) -> Duration {
        // Whole microseconds up to about an hour.
        Duration::from_micros(u64::from(bits.u32()))
    }
}

impl Value for Shift {
    const EXPECTED: &'static str = "a duration with a sign, such as `2s` or `-50ms`";
    fn read(item: &DeValue<'_>) -> Option<Shift> {
        let text = item.as_str()?;
        let (back, way) = match text.strip_prefix('-') {
            Some(way) => (true, way),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let nanos = i128::from(duration::nanos(duration::parse(way)?));
        Some(Shift { nanos: i64::try_from(if back { -nanos } else { nanos }).ok()? })
    }
    fn print(&self) -> Option<String> {
        let sign = if self.nanos < 0 { "-" } else { "" };
        Some(quoted(&format!("{sign}{}", duration::print(self.size()))))
    }
    fn decode(bits: &mut Bits<'_>) -> Shift {
        let way = i64::from(bits.u32()) * 1_000;
        Shift { nanos: if bits.coin() { -way } else { way } }
    }
}

impl Shift {
    /// How far, without the direction.
    pub fn size(self) -> Duration {
        Duration::from_nanos(self.nanos.unsigned_abs())
    }
}

impl Value for Spread {
    const EXPECTED: &'static str =
        "a duration such as `5ms`, or the least and the greatest: `[\"1ms\", \"30ms\"]`";
    fn read(item: &DeValue<'_>) -> Option<Spread> {
        match *texts(item, duration::parse)? {
            [both] => Some(Spread { min: both, max: both }),
            [min, max] => Spread::new(min, max),
            _ => None,
        }
    }
    fn print(&self) -> Option<String> {
        let (min, max) = (quoted(&duration::print(self.min)), quoted(&duration::print(self.max)));
        Some(if min == max { min } else { list([min, max]) })
    }
    fn decode(bits: &mut Bits<'_>) -> Spread {
        let min = Duration::from_micros(u64::from(bits.u16()));
        Spread { min, max: min + Duration::from_micros(u64::from(bits.u16())) }
    }
}

impl Value for Ratio {
    const EXPECTED: &'static str = "a chance such as `3/100` or `0.03`";
    fn read(item: &DeValue<'_>) -> Option<Ratio> {
        match item {
            DeValue::String(text) => text.parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            _ => None,
        }
    }
    fn print(&self) -> Option<String> {
        Some(quoted(&reduced(*self)))
    }
    fn decode(bits: &mut Bits<'_>) -> Ratio {
        let denominator = u32::from(bits.u8()) + 1;
        Ratio::of(bits.below(u64::from(denominator) + 1) as u32, denominator)
    }
}

/// The fraction in its least terms: equal chances are printed alike.
pub(crate) fn reduced(chance: Ratio) -> String {
    let divisor = greatest_common_divisor(chance.numerator(), chance.denominator());
    format!("{}/{}", chance.numerator() / divisor, chance.denominator() / divisor)
}

fn greatest_common_divisor(left: u32, right: u32) -> u32 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}

impl Value for Selector {
    const EXPECTED: &'static str = "machines such as `core-0`, `core-*`, `zone:b`, `role:leader` or `self`";
    fn read(item: &DeValue<'_>) -> Option<Selector> {
        Selector::parse(item.as_str()?)
    }
    fn print(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
    fn decode(bits: &mut Bits<'_>) -> Selector {
        bits.selector()
    }
    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        Selector::check(self, scope)
    }
}

fn print_group<T: ToString>(selectors: &[T]) -> String {
    match selectors {
        [one] => quoted(&one.to_string()),
        many => list(many.iter().map(|selector| quoted(&selector.to_string()))),
    }
}

impl Value for Group {
    const EXPECTED: &'static str = "machines such as `core-0`, `core-*`, `zone:b` or a list of them";
    fn read(item: &DeValue<'_>) -> Option<Group> {
        Group::new(texts(item, Selector::parse)?)
    }
    fn print(&self) -> Option<String> {
        Some(print_group(self.selectors()))
    }
    fn decode(bits: &mut Bits<'_>) -> Group {
        let count = 1 + bits.below(3);
        Group::new((0..count).map(|_| bits.selector()).collect()).expect("at least one")
    }
    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        Group::check(self, scope)
    }
}

impl Value for Groups {
    const EXPECTED: &'static str =
        "machines such as `core-0` against the rest, or groups such as `[[\"core-*\"], [\"zone:b\"]]`";
    fn read(item: &DeValue<'_>) -> Option<Groups> {
        let nested = |items: &toml::de::DeArray<'_>| items.iter().any(|item| item.get_ref().is_array());
        match item {
            DeValue::Array(items) if nested(items) => {
                let group = |item: &DeValue<'_>| Group::new(texts(item, Selector::parse)?);
                let groups = items.iter().map(|item| group(item.get_ref()));
                Groups::new(groups.collect::<Option<Vec<Group>>>()?)
            }
            _ => Group::read(item).map(Groups::of),
        }
    }
    fn print(&self) -> Option<String> {
        Some(match self.groups() {
            [one] => print_group(one.selectors()),
            many => {
                list(many.iter().map(|group| {
                    list(group.selectors().iter().map(|selector| quoted(&selector.to_string())))
                }))
            }
        })
    }
    fn decode(bits: &mut Bits<'_>) -> Groups {
        let count = 1 + bits.below(3);
        Groups::new((0..count).map(|_| Group::decode(bits)).collect()).expect("at least one")
    }
    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        Groups::check(self, scope)
    }
}

impl Value for Processes {
    const EXPECTED: &'static str = "processes such as `core-0`, `core-*/server`, `self` or a list of them";
    fn read(item: &DeValue<'_>) -> Option<Processes> {
        Processes::new(texts(item, ProcessSelector::parse)?)
    }
    fn print(&self) -> Option<String> {
        Some(print_group(self.selectors()))
    }
    fn decode(bits: &mut Bits<'_>) -> Processes {
        let count = 1 + bits.below(2);
        let one =
            |bits: &mut Bits<'_>| ProcessSelector { machines: bits.selector(), processes: bits.process() };
        Processes::new((0..count).map(|_| one(bits)).collect()).expect("at least one")
    }
    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        Processes::check(self, scope)
    }
}

impl Value for Pair {
    const EXPECTED: &'static str = "two machines, such as `[\"core-0\", \"core-1\"]`";
    fn read(item: &DeValue<'_>) -> Option<Pair> {
        let [one, other] = <[Selector; 2]>::try_from(texts(item, Selector::parse)?).ok()?;
        (one != other).then_some(Pair(one, other))
    }
    fn print(&self) -> Option<String> {
        Some(list([quoted(&self.0.to_string()), quoted(&self.1.to_string())]))
    }
    fn decode(bits: &mut Bits<'_>) -> Pair {
        let (one, mut other) = (bits.selector(), bits.selector());
        if one == other {
            // The simplest other one: machines differ from zones, and a zone from every machine.
            let pattern = Pattern::parse("*").expect("a star is a pattern");
            other = match one {
                Selector::Named(_) => Selector::Zone(pattern),
                _ => Selector::Named(pattern),
            };
        }
        Pair(one, other)
    }
    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        self.0.check(scope)?;
        self.1.check(scope)
    }
}

impl Value for IpAddr {
    const EXPECTED: &'static str = "an address such as `10.0.0.9`";
    fn read(item: &DeValue<'_>) -> Option<IpAddr> {
        item.as_str()?.parse().ok()
    }
    fn print(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
    fn decode(bits: &mut Bits<'_>) -> IpAddr {
        IpAddr::from([10, 200, bits.u8(), bits.u8()])
    }
}

impl Value for Text {
    const EXPECTED: &'static str = "a text";
    fn read(item: &DeValue<'_>) -> Option<Text> {
        Some(Text(item.as_str()?.to_string()))
    }
    fn print(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
    fn decode(bits: &mut Bits<'_>) -> Text {
        Text(bits.text())
    }
}

macro_rules! names {
    ($($type:ident, $what:literal, $expected:literal, $known:ident;)+) => {$(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;
            fn read(item: &DeValue<'_>) -> Option<$type> {
                let name = item.as_str()?;
                (!name.is_empty()).then(|| $type(name.to_string()))
            }
            fn print(&self) -> Option<String> {
                Some(quoted(&self.0))
            }
            fn decode(bits: &mut Bits<'_>) -> $type {
                let known = $known(bits.catalogue());
                $type(bits.one_of(&known).unwrap_or_else(|| concat!("any.", $what).to_string()))
            }
            fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
                let known = $known(scope.catalogue);
                if known.contains(&self.0) {
                    return Ok(());
                }
                Err(Problem::Unknown { what: $what, word: self.0.clone(), known })
            }
        }
    )+};
}

fn points(catalogue: &Catalogue) -> Vec<String> {
    catalogue.points.iter().map(|point| point.name.clone()).collect()
}
fn knobs(catalogue: &Catalogue) -> Vec<String> {
    catalogue.knobs.iter().map(|knob| knob.name.clone()).collect()
}
fn calls(catalogue: &Catalogue) -> Vec<String> {
    catalogue.calls.iter().map(|call| call.name.clone()).collect()
}

names! {
    PointName, "point", "the name of a point, such as `wal.appended_not_synced`", points;
    KnobName, "knob", "the name of a knob", knobs;
    CallName, "call", "the name of a fault that a model brings, such as `db.failover`", calls;
}

impl Value for Arguments {
    const EXPECTED: &'static str =
        "a table of whole numbers, texts, `true` and `false`, such as `{ lose = 3 }`";
    const OPTIONAL: bool = true;
    fn absent() -> Option<Arguments> {
        Some(Arguments::default())
    }
    fn read(item: &DeValue<'_>) -> Option<Arguments> {
        let mut arguments = BTreeMap::new();
        for (key, value) in item.as_table()? {
            let argument = match value.get_ref() {
                DeValue::String(text) => Argument::Text(text.to_string()),
                DeValue::Boolean(truth) => Argument::Flag(*truth),
                number => Argument::Number(whole(number)?),
            };
            arguments.insert(key.get_ref().to_string(), argument);
        }
        Some(Arguments(arguments))
    }
    fn print(&self) -> Option<String> {
        let argument = |(name, argument): (&String, &Argument)| match argument {
            Argument::Number(number) => format!("{} = {number}", key(name)),
            Argument::Flag(truth) => format!("{} = {truth}", key(name)),
            Argument::Text(text) => format!("{} = {}", key(name), quoted(text)),
        };
        let arguments = self.0.iter().map(argument).collect::<Vec<_>>();
        (!arguments.is_empty()).then(|| format!("{{ {} }}", arguments.join(", ")))
    }
    fn decode(bits: &mut Bits<'_>) -> Arguments {
        let argument = |bits: &mut Bits<'_>| match bits.below(3) {
            0 => Argument::Number(bits.u64() as i64),
            1 => Argument::Flag(bits.coin()),
            _ => Argument::Text(bits.text()),
        };
        let count = bits.below(3);
        Arguments((0..count).map(|_| (bits.text(), argument(bits))).collect())
    }
}
