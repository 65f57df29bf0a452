//! Recordings, edits and explorers: choice as data, and who may answer a draw.

use std::fmt;
use std::str::FromStr;

use super::StreamId;

/// One draw of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Which stream; its name is `recording.streams[stream.index()]`.
    pub stream: StreamId,
    /// The number of the draw within its stream, from 0.
    pub index: u64,
    /// The value was below this; 0 stands for 2^64.
    pub bound: u64,
    /// The answer that the run saw.
    pub value: u64,
}

/// Every draw of a run, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The names of the streams, by [`StreamId::index`].
    pub streams: Vec<String>,
    /// The draws.
    pub draws: Vec<Draw>,
}

/// Replaces draw `index` of a stream by `value`. Written `net/a>b[17]=0`.
///
/// ```
/// use tourbillon_sim::choice::Edit;
/// let edit: Edit = "net/a>b[17]=0".parse().unwrap();
/// assert_eq!((edit.stream.as_str(), edit.index, edit.value), ("net/a>b", 17, 0));
/// assert_eq!(edit.to_string(), "net/a>b[17]=0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// The stream's name.
    pub stream: String,
    /// The number of the draw, from 0.
    pub index: u64,
    /// The value put in its place.
    pub value: u64,
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]={}", self.stream, self.index, self.value)
    }
}

/// What is wrong with the text of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    word: String,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no edit: expected STREAM[INDEX]=VALUE, such as `net/a>b[17]=0`", self.word)
    }
}

impl std::error::Error for EditError {}

impl FromStr for Edit {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Edit, EditError> {
        let refuse = || EditError { word: text.to_string() };
        let (place, value) = text.rsplit_once("]=").ok_or_else(refuse)?;
        let (stream, index) = place.rsplit_once('[').ok_or_else(refuse)?;
        let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        // A stream is called what the code under test calls it: any text.
        if stream.is_empty() || !digits(index) || !digits(value) {
            return Err(refuse());
        }
        let index = index.parse().map_err(|_| refuse())?;
        let value = value.parse().map_err(|_| refuse())?;
        Ok(Edit { stream: stream.to_string(), index, value })
    }
}

/// Answers draws in place of the generator: replay, exhaustive search, guided search, fuzzer bytes.
///
/// The generator advances whatever the answer is, so an explorer that returns `drawn` changes nothing.
pub trait Explorer {
    /// A stream was used for the first time.
    fn stream_opened(&mut self, stream: StreamId, name: &str) {
        let _ = (stream, name);
    }

    /// The value for draw `index` of `stream`, to be below `bound` (0 stands for 2^64). `drawn` is what
    /// the generator said.
    fn choose(&mut self, stream: StreamId, index: u64, bound: u64, drawn: u64) -> u64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(stream in "[a-z0-9/>\\[\\]-]{1,20}", index: u64, value: u64) {
            let edit = Edit { stream, index, value };
            prop_assert_eq!(edit.to_string().parse::<Edit>().unwrap(), edit);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            if let Ok(edit) = text.parse::<Edit>() {
                prop_assert_eq!(edit.to_string().parse::<Edit>().unwrap(), edit);
            }
        }
    }
}
