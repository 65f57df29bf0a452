//! What is wrong with a file: its name, the place in it, what was found, what was expected, what to do.

use std::fmt;
use std::io;

use crate::words::shown;

/// A file that is refused.
#[derive(Debug)]
pub struct FileError {
    /// The file's name.
    pub file: String,
    /// What is wrong with it.
    pub problem: FileProblem,
}

/// What can be wrong with a file.
#[derive(Debug)]
pub enum FileProblem {
    /// The system says so.
    Io(io::Error),
    /// It is another kind of file.
    Foreign {
        /// What was expected: `trace file`, `recording`.
        expected: &'static str,
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// It is of another version.
    Version {
        /// The version of what.
        what: &'static str,
        /// The version in the file.
        found: u16,
        /// The version that this build reads.
        known: u16,
    },
    /// It has no end mark.
    Truncated {
        /// What it is: `trace file`, `recording`.
        expected: &'static str,
        /// Its length in bytes.
        length: u64,
    },
    /// What it says is not what was written.
    Damaged {
        /// The first byte of the part that is damaged.
        offset: u64,
        /// Which part that is, in words.
        part: String,
        /// What is wrong there.
        message: String,
    },
}

impl FileProblem {
    pub(crate) fn damaged(offset: u64, part: impl Into<String>, message: impl Into<String>) -> FileProblem {
        FileProblem::Damaged { offset, part: part.into(), message: message.into() }
    }

    /// The same with the file's name.
    pub(crate) fn of(self, file: &str) -> FileError {
        FileError { file: file.to_string(), problem: self }
    }
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> FileProblem {
        FileProblem::Io(error)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What helps whatever is wrong: a run can be repeated.
        const AGAIN: &str = "write it again by replaying its case";
        match self {
            FileProblem::Io(error) => write!(f, "the file cannot be read: {error}"),
            FileProblem::Foreign { expected, found } => {
                write!(f, "byte 0: this is no {expected}: it begins with {}", Beginning(found))
            }
            FileProblem::Version { what, found, known } if found > known => {
                write!(
                    f,
                    "{what} {found} is newer than this build, which reads {known}: use the build that wrote the file, or {AGAIN}"
                )
            }
            FileProblem::Version { what, found, known } => {
                write!(
                    f,
                    "{what} {found} is older than this build, which reads {known}: use the build that wrote the file, or {AGAIN}"
                )
            }
            FileProblem::Truncated { expected, length } => {
                write!(
                    f,
                    "byte {length}: the file ends without the end mark of a {expected}: it was cut, or its writer died; {AGAIN}"
                )
            }
            FileProblem::Damaged { offset, part, message } => {
                write!(f, "byte {offset}, {part}: damaged: {message}; {AGAIN}")
            }
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            FileProblem::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// The first bytes of a foreign file, and what they look like.
struct Beginning<'a>(&'a [u8]);

impl fmt::Display for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Beginning(bytes) = self;
        let is_text = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        match bytes.first() {
            None => f.write_str("nothing: the file is empty"),
            Some(b'{') => f.write_str("`{`, as a trace of `--codec json` does: name one of `--codec binary`"),
            Some(_) if is_text => write!(
                f,
                "`{}`, which is text: a case is given as it is, or as a file whose name ends in `.case`",
                shown(String::from_utf8_lossy(bytes).trim())
            ),
            Some(_) => {
                let digits: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                write!(f, "the bytes {}: name a file that `--trace` wrote", digits.join(" "))
            }
        }
    }
}
