//! Chance as a fraction of integers. No float decides anything in a run, so none can be given here.

use std::fmt;
use std::str::FromStr;

/// A chance between 0 and 1, kept as a fraction in lowest terms.
///
/// ```
/// use tourbillon_sim::Ratio;
/// let loss = Ratio::of(3, 100);
/// assert_eq!(loss.to_string(), "3/100");
/// assert_eq!("0.03".parse::<Ratio>().unwrap(), loss);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

impl Ratio {
    /// Never.
    pub const NEVER: Ratio = Ratio { numerator: 0, denominator: 1 };
    /// Always.
    pub const ALWAYS: Ratio = Ratio { numerator: 1, denominator: 1 };

    /// `numerator` in `denominator`.
    ///
    /// # Panics
    /// When the denominator is zero, or the fraction is above one.
    pub const fn of(numerator: u32, denominator: u32) -> Ratio {
        assert!(denominator > 0, "a chance needs a denominator above zero");
        assert!(numerator <= denominator, "a chance is at most one");
        let common = common_divisor(numerator, denominator);
        Ratio { numerator: numerator / common, denominator: denominator / common }
    }

    /// The upper number of the fraction.
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// The lower number of the fraction.
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// Whether this can never happen.
    pub const fn is_never(self) -> bool {
        self.numerator == 0
    }
}

const fn common_divisor(mut left: u32, mut right: u32) -> u32 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Ratio) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Ratio) -> std::cmp::Ordering {
        let left = u64::from(self.numerator) * u64::from(other.denominator);
        let right = u64::from(other.numerator) * u64::from(self.denominator);
        left.cmp(&right)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// What is wrong with the text of a chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatioError {
    word: String,
}

impl fmt::Display for RatioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no chance: expected a fraction such as `3/100` or a decimal such as `0.03`, from 0 to 1",
            self.word
        )
    }
}

impl std::error::Error for RatioError {}

/// Reads `3/100`, `0.03`, `0` and `1`; a decimal has at most nine places.
impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Ratio, RatioError> {
        let refuse = || RatioError { word: text.to_string() };
        let (numerator, denominator) = if let Some((upper, lower)) = text.split_once('/') {
            (whole(upper).ok_or_else(refuse)?, whole(lower).ok_or_else(refuse)?)
        } else if let Some((units, places)) = text.split_once('.') {
            if places.is_empty() || places.len() > 9 {
                return Err(refuse());
            }
            let denominator = 10u64.pow(places.len() as u32);
            let units = whole(units).ok_or_else(refuse)?.checked_mul(denominator).ok_or_else(refuse)?;
            (units + whole(places).ok_or_else(refuse)?, denominator)
        } else {
            (whole(text).ok_or_else(refuse)?, 1)
        };
        if denominator == 0 || numerator > denominator {
            return Err(refuse());
        }
        let numerator = u32::try_from(numerator).map_err(|_| refuse())?;
        let denominator = u32::try_from(denominator).map_err(|_| refuse())?;
        Ok(Ratio::of(numerator, denominator))
    }
}

/// Digits and nothing else: `u64::from_str` would take a sign.
fn whole(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_chances_are_equal() {
        assert_eq!(Ratio::of(1, 2), Ratio::of(2, 4));
        assert!(Ratio::of(1, 3) < Ratio::of(1, 2));
    }

    #[test]
    fn what_is_no_chance_is_refused_with_the_word() {
        for word in ["", "2", "3/2", "1/0", "-1", "+1/2", "0.", ".5", "0.0000000001", "nan", "1.5"] {
            let error = word.parse::<Ratio>().expect_err(word);
            assert!(error.to_string().starts_with(&format!("`{word}` is no chance")));
        }
    }

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(denominator in 1u32.., part in 0u32..) {
            let ratio = Ratio::of(part % denominator, denominator);
            prop_assert_eq!(ratio.to_string().parse::<Ratio>().unwrap(), ratio);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,16}") {
            let _ = text.parse::<Ratio>();
        }
    }
}
