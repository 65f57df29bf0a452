//! Words of outside input: how they are shown in messages, and the small values that many inputs share.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sim::trace::Digest;

/// Characters of a foreign word that a message shows.
const SHOWN_CHARS_MAX: usize = 48;

/// A word of outside input as a message shows it: whole when it is short, without control characters.
pub(crate) fn shown(word: &str) -> String {
    let mut shown = String::new();
    for c in word.chars().take(SHOWN_CHARS_MAX) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if word.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// `, did you mean …?` when a known word is near, all the known words when none is.
pub(crate) fn hint(word: &str, known: &[&str]) -> String {
    match faults::suggest::nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("expected one of {}", known.join(", ")),
    }
}

/// Reads `42` or `0x2a`: digits only, no sign, no underscore.
pub(crate) fn parse_u64(word: &str) -> Option<u64> {
    let (digits, radix) = match word.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// A time in seconds, exact, in groups of three places: `1.204s`, `0.000_150s`.
pub(crate) struct Seconds(pub(crate) u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0 % 1_000_000_000;
        write!(f, "{}.{:03}", self.0 / 1_000_000_000, nanos / 1_000_000)?;
        if !nanos.is_multiple_of(1_000_000) {
            write!(f, "_{:03}", nanos / 1_000 % 1_000)?;
        }
        if !nanos.is_multiple_of(1_000) {
            write!(f, "_{:03}", nanos % 1_000)?;
        }
        f.write_str("s")
    }
}

/// Reads what [`Seconds`] prints, and nothing else.
pub(crate) fn parse_seconds(text: &str) -> Option<u64> {
    let (whole, places) = text.strip_suffix('s')?.split_once('.')?;
    let digits: String = places.chars().filter(|c| *c != '_').collect();
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let nanos = parse_u64(&digits)? * 10u64.pow(9 - digits.len() as u32);
    let nanos = parse_u64(whole)?.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    (Seconds(nanos).to_string() == text).then_some(nanos)
}

/// Nanoseconds of a duration; what is longer than 584 years is that long.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A number with its thousands apart: `182,113`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The first 64 bits of a digest: what is shown, written into cases and goldens, and typed by people.
///
/// ```
/// use tourbillon_replay::ShortDigest;
/// let typed: ShortDigest = "9C0F00000000002a".parse()?;
/// assert_eq!(typed.to_string(), "9c0f00000000002a");
/// # Ok::<(), tourbillon_replay::ShortDigestError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortDigest(pub u64);

impl From<Digest> for ShortDigest {
    fn from(digest: Digest) -> ShortDigest {
        ShortDigest(digest.short())
    }
}

impl fmt::Display for ShortDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What is wrong with the text of a short digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no digest: expected 16 hexadecimal digits as a run prints them, or all 64", shown(.word))]
pub struct ShortDigestError {
    word: String,
}

/// Reads 16 hexadecimal digits in either case, or the 64 of a whole digest.
impl FromStr for ShortDigest {
    type Err = ShortDigestError;

    fn from_str(text: &str) -> Result<ShortDigest, ShortDigestError> {
        let fits = matches!(text.len(), 16 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let read = fits.then(|| u64::from_str_radix(&text[..16], 16).ok()).flatten();
        read.map(ShortDigest).ok_or_else(|| ShortDigestError { word: text.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_and_numbers_have_one_form() {
        for (nanos, text) in [
            (0, "0.000s"),
            (1_204_000_000, "1.204s"),
            (150_000, "0.000_150s"),
            (3_000_000_001, "3.000_000_001s"),
            (1_500_000_500, "1.500_000_500s"),
        ] {
            assert_eq!(Seconds(nanos).to_string(), text);
        }
        assert_eq!([0, 999, 1_000, 182_113].map(grouped), ["0", "999", "1,000", "182,113"]);
        assert_eq!(
            ["7", "0x2a", "0x", "", "+1", "2a", "1_0"].map(parse_u64),
            [Some(7), Some(42), None, None, None, None, None]
        );
    }

    #[test]
    fn a_foreign_word_is_shown_in_part_and_without_control_characters() {
        assert_eq!(shown("a\tb"), "a\\tb");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), SHOWN_CHARS_MAX + 1);
    }

    proptest! {
        #[test]
        fn a_time_prints_and_reads_back(nanos in prop_oneof![any::<u64>(), 0u64..3_000_000_000]) {
            prop_assert_eq!(parse_seconds(&Seconds(nanos).to_string()), Some(nanos));
        }

        #[test]
        fn a_short_digest_prints_and_reads_back(bits: u64) {
            let digest = ShortDigest(bits);
            prop_assert_eq!(digest.to_string().parse::<ShortDigest>().unwrap(), digest);
            prop_assert_eq!(digest.to_string().to_uppercase().parse::<ShortDigest>().unwrap(), digest);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,70}") {
            let _ = text.parse::<ShortDigest>();
            let _ = parse_u64(&text);
            let _ = parse_seconds(&text);
        }
    }
}
