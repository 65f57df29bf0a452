//! Durations as text: `1.2s`, `400ms`, `50us`, `0s`; read in any unit, printed in one way.

use std::time::Duration;

/// Names of units and their nanoseconds, largest first. Printing uses the first four.
const UNITS: [(&str, u64); 6] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// What a duration looks like, for messages.
pub(crate) const EXPECTED: &str = "a duration such as `1.2s`, `400ms` or `50us`";

/// Reads a duration as plans write it: of whole nanoseconds, at most 2^64 of them.
///
/// ```
/// use std::time::Duration;
/// use tourbillon_faults::plan::{parse_duration, print_duration};
/// assert_eq!(parse_duration("1.2s"), Some(Duration::from_millis(1200)));
/// assert_eq!(parse_duration("1.2"), None);
/// assert_eq!(print_duration(Duration::from_millis(400)), "400ms");
/// ```
pub fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let (_, unit_nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || places.is_empty() || places.len() > 18 || places.contains('.') {
        return None;
    }
    let denominator = 10u128.pow(places.len() as u32);
    let places = places.parse::<u128>().ok()? * u128::from(*unit_nanos);
    if places % denominator != 0 {
        return None; // a fraction of a nanosecond
    }
    let nanos = u128::from(whole.parse::<u64>().ok()?) * u128::from(*unit_nanos) + places / denominator;
    u64::try_from(nanos).ok().map(Duration::from_nanos)
}

/// Prints in the largest unit that is not above the duration, exactly.
pub fn print(duration: Duration) -> String {
    let nanos = nanos(duration);
    let (unit, unit_nanos) =
        UNITS[..4].iter().find(|(_, unit)| *unit <= nanos || nanos == 0).expect("a nanosecond is the least");
    let (whole, rest) = (nanos / unit_nanos, nanos % unit_nanos);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let width = unit_nanos.ilog10() as usize;
    let places = format!("{rest:0width$}");
    format!("{whole}.{}{unit}", places.trim_end_matches('0'))
}

/// The nanoseconds of a duration. A plan counts in 64 bits, 584 years; what is longer is that long.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_duration_has_one_printed_form() {
        for (text, printed) in [
            ("1200ms", "1.2s"),
            ("0.4s", "400ms"),
            ("1.50us", "1.5us"),
            ("0ms", "0s"),
            ("2m", "120s"),
            ("1.5h", "5400s"),
            ("1.000000001s", "1.000000001s"),
        ] {
            assert_eq!(print(parse(text).expect(text)), printed);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "1", "s", "1.s", ".5s", "1.2.3s", "-1s", "1 s", "1e3s", "0.1ns", "99999999999h", "1S"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(nanos in prop_oneof![any::<u64>(), 0u64..2_000_000_000]) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&print(duration)), Some(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.]{0,30}[a-z\\PC]{0,3}") {
            let _ = parse(&text);
        }
    }
}
