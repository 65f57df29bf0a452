//! Edits: single draws or spans of them that a run sees otherwise than the generator says; and new seeds from a
//! draw on.

use std::fmt;
use std::str::FromStr;

/// What becomes of some draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Each of them is this; brought below its bound where it is not.
    Set(u64),
    /// What the generator said to them is thrown away: the first of them is told what would have come behind
    /// the last, and so on.
    Skip,
}

/// Changes draws of a stream. Written `net/a>b[17]=0`, `net/a>b[17..90]=0`, `net/*[0..]=0`, `app/x[3..5]=skip`.
///
/// The generator advances all the same, so an edit moves no other draw; a skip moves those behind it in its
/// stream. Of several edits of one draw the last one counts.
///
/// ```
/// use tourbillon_sim::choice::{Change, Edit};
/// let edit: Edit = "net/a>b[17]=0".parse().unwrap();
/// assert_eq!(edit, Edit::one("net/a>b", 17, 0));
/// assert_eq!(edit.to_string(), "net/a>b[17]=0");
/// let rest: Edit = "net/*[3..]=0".parse().unwrap();
/// assert_eq!((rest.first, rest.end, rest.change), (3, None, Change::Set(0)));
/// assert!(rest.is_of("net/a>b") && !rest.is_of("disk/a"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// The stream's name; with a `*` at its end, every stream whose name begins so.
    pub stream: String,
    /// The number of the first draw, from 0.
    pub first: u64,
    /// The number behind the last one; none where all that follow are meant.
    pub end: Option<u64>,
    /// What becomes of them.
    pub change: Change,
}

impl Edit {
    /// Sets one draw.
    pub fn one(stream: &str, index: u64, value: u64) -> Edit {
        Edit {
            stream: stream.to_string(),
            first: index,
            end: Some(index.saturating_add(1)),
            change: Change::Set(value),
        }
    }

    /// Sets every draw of a stream from one on.
    pub fn all_from(stream: &str, first: u64, value: u64) -> Edit {
        Edit { stream: stream.to_string(), first, end: None, change: Change::Set(value) }
    }

    /// Whether it is about the stream of that name.
    pub fn is_of(&self, stream: &str) -> bool {
        match self.stream.strip_suffix('*') {
            Some(beginning) => stream.starts_with(beginning),
            None => self.stream == stream,
        }
    }

    /// Whether it is about that draw of its stream.
    pub fn covers(&self, index: u64) -> bool {
        self.first <= index && self.end.is_none_or(|end| index < end)
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}", self.stream, self.first)?;
        match self.end {
            Some(end) if end == self.first.saturating_add(1) && self.change != Change::Skip => {}
            Some(end) => write!(f, "..{end}")?,
            None => f.write_str("..")?,
        }
        match self.change {
            Change::Set(value) => write!(f, "]={value}"),
            Change::Skip => f.write_str("]=skip"),
        }
    }
}

/// What is wrong with the text of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    word: String,
    expected: &'static str,
}

const EXPECTED_EDIT: &str = "an edit, STREAM[DRAW]=VALUE or STREAM[FIRST..END]=VALUE, such as `net/a>b[17]=0`, \
                             `net/*[0..]=0` or `app/x[3..5]=skip`";

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be read: expected {}", self.word, self.expected)
    }
}

impl std::error::Error for EditError {}

/// A number as it is printed: digits alone.
fn number(word: &str) -> Option<u64> {
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| digits)
}

impl FromStr for Edit {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Edit, EditError> {
        let read = || {
            let (place, value) = text.rsplit_once("]=")?;
            // A stream is called what the code under test calls it: any text.
            let (stream, draws) = place.rsplit_once('[')?;
            let change = match value {
                "skip" => Change::Skip,
                value => Change::Set(number(value)?),
            };
            let (first, end) = match draws.split_once("..") {
                None => number(draws).map(|index| (index, Some(index.saturating_add(1))))?,
                Some((first, "")) => (number(first)?, None),
                Some((first, end)) => (number(first)?, Some(number(end)?)),
            };
            let is_some = end.is_none_or(|end| first < end) && !stream.is_empty();
            // To skip all that ever comes, or one draw in no span, says nothing.
            let is_span = change != Change::Skip || (end.is_some() && draws.contains(".."));
            (is_some && is_span).then(|| Edit { stream: stream.to_string(), first, end, change })
        };
        read().ok_or_else(|| EditError { word: text.to_string(), expected: EXPECTED_EDIT })
    }
}

/// From a draw of the run on, all chance comes from another seed. Written `1234:0x2a`.
///
/// The run up to there is the same, and what follows is one of its many futures: each stream begins anew, as
/// the stream of its name under the new seed.
///
/// ```
/// use tourbillon_sim::choice::Reseed;
/// let reseed: Reseed = "1234:0x2a".parse().unwrap();
/// assert_eq!(reseed, Reseed { draw: 1234, seed: 42 });
/// assert_eq!(reseed.to_string(), "1234:0x2a");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reseed {
    /// The number of the first draw that it is about, among those of all streams, from 0.
    pub draw: u64,
    /// The seed.
    pub seed: u64,
}

impl fmt::Display for Reseed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:#x}", self.draw, self.seed)
    }
}

impl FromStr for Reseed {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Reseed, EditError> {
        let read = || {
            let (draw, seed) = text.split_once(':')?;
            let seed = match seed.strip_prefix("0x") {
                Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok()?,
                Some(_) => return None,
                None => number(seed)?,
            };
            Some(Reseed { draw: number(draw)?, seed })
        };
        let expected = "a new seed from a draw on, DRAW:SEED, such as `1234:0x2a`";
        read().ok_or_else(|| EditError { word: text.to_string(), expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(
            stream in "[a-z0-9/>\\[\\]*-]{1,20}", first: u64, length in 1u64.., is_open: bool, value: u64, skips: bool,
        ) {
            let end = first.checked_add(length).filter(|_| !is_open || skips);
            let change = if skips && end.is_some() { Change::Skip } else { Change::Set(value) };
            let edit = Edit { stream, first, end, change };
            prop_assert_eq!(edit.to_string().parse::<Edit>().unwrap(), edit);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}|[a-z*]{1,3}\\[[0-9.]{1,6}\\]=(skip|[0-9]{1,3})") {
            if let Ok(edit) = text.parse::<Edit>() {
                prop_assert_eq!(edit.to_string().parse::<Edit>().unwrap(), edit);
            }
            if let Ok(reseed) = text.parse::<Reseed>() {
                prop_assert_eq!(reseed.to_string().parse::<Reseed>().unwrap(), reseed);
            }
        }

        #[test]
        fn a_new_seed_is_read_as_it_is_printed(draw: u64, seed: u64) {
            let reseed = Reseed { draw, seed };
            prop_assert_eq!(reseed.to_string().parse::<Reseed>().unwrap(), reseed);
        }
    }

    #[test]
    fn what_is_no_edit_is_told_with_what_one_is() {
        for text in [
            "s[1]",
            "[1]=0",
            "s[]=0",
            "s[2..2]=0",
            "s[3..2]=0",
            "s[+1]=0",
            "s[1]=skip",
            "s[1..]=skip",
            "s[1]=x",
        ] {
            let error = text.parse::<Edit>().expect_err("it is none").to_string();
            assert!(error.starts_with(&format!("`{text}` cannot be read: expected an edit")), "{error}");
        }
        for text in ["", "1", "1:", ":2", "1:0x", "1:0x+2", "+1:2"] {
            assert!(text.parse::<Reseed>().is_err(), "{text}");
        }
    }
}
