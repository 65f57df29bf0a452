//! Seeds as people write them: `7`, `0x2a`, `0..1000`, `0..=9`, and lists of those.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Some seeds, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    ranges: Vec<Range<u128>>,
}

/// What is wrong with the text of some seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedsError {
    word: String,
    problem: &'static str,
}

impl Seeds {
    /// The first `count` seeds, from zero.
    pub fn first(count: u64) -> Seeds {
        Seeds { ranges: vec![Range { start: 0, end: u128::from(count) }] }
    }

    #[cfg(feature = "cli")]
    /// How many there are.
    pub fn count(&self) -> u128 {
        self.ranges.iter().map(|range| range.end - range.start).sum()
    }

    /// The seeds, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        let narrow = |seed| u64::try_from(seed).expect("a seed has 64 bits: the parser saw to it");
        self.ranges.clone().into_iter().flatten().map(narrow)
    }
}

impl FromStr for Seeds {
    type Err = SeedsError;

    fn from_str(text: &str) -> Result<Seeds, SeedsError> {
        let refuse = |word: &str, problem| SeedsError { word: word.to_string(), problem };
        let number = |word: &str| {
            parse_seed(word).map(u128::from).ok_or_else(|| {
                refuse(word, "expected a number such as `7` or `0x2a`, a range such as `0..1000`, or a list")
            })
        };
        let mut ranges = Vec::new();
        for word in text.split(',') {
            let word = word.trim();
            let range = match word.split_once("..") {
                None => number(word).map(|seed| seed..seed + 1)?,
                Some((start, end)) => match end.strip_prefix('=') {
                    Some(last) => number(start)?..number(last)? + 1,
                    None => number(start)?..number(end)?,
                },
            };
            if range.is_empty() {
                return Err(refuse(word, "expected a range with a seed in it, such as `0..1000`"));
            }
            ranges.push(range);
        }
        Ok(Seeds { ranges })
    }
}

/// Reads `7` or `0x2a`.
pub fn parse_seed(word: &str) -> Option<u64> {
    let digits = word.replace('_', "");
    match digits.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
        None if !digits.starts_with('+') => digits.parse().ok(),
        _ => None,
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match range.end - range.start {
                1 => write!(f, "{comma}{:#x}", range.start)?,
                _ => write!(f, "{comma}{}..{}", range.start, range.end)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for SeedsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` names no seeds: {}", self.word, self.problem)
    }
}

impl std::error::Error for SeedsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_ranges_and_lists() {
        let seeds = |text: &str| text.parse::<Seeds>().map(|seeds| seeds.iter().collect::<Vec<_>>());
        assert_eq!(seeds("7"), Ok(vec![7]));
        assert_eq!(seeds("0x2a"), Ok(vec![42]));
        assert_eq!(seeds("2..5, 9,1..=2"), Ok(vec![2, 3, 4, 9, 1, 2]));
        assert_eq!(seeds("0xffff_ffff_ffff_ffff"), Ok(vec![u64::MAX]));
        assert_eq!("0..=0xffffffffffffffff".parse::<Seeds>().map(|seeds| seeds.count()), Ok(1 << 64));
        assert_eq!("0..10,42".parse::<Seeds>().map(|seeds| seeds.to_string()), Ok("0..10,0x2a".to_string()));
    }

    #[test]
    fn what_is_no_seed_is_named() {
        for (text, word) in [
            ("", "``"),
            ("x", "`x`"),
            ("1..x", "`x`"),
            ("5..5", "`5..5`"),
            ("7..3", "`7..3`"),
            ("1,,2", "``"),
            ("-1", "`-1`"),
            ("+1", "`+1`"),
            ("0x+1", "`0x+1`"),
            ("18446744073709551616", "`18446744073709551616`"),
        ] {
            let error = text.parse::<Seeds>().expect_err("it is no seed").to_string();
            assert!(error.starts_with(word), "{text}: {error}");
        }
    }
}
