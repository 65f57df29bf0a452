//! What is wrong with a golden: file, line, word, what was expected, what to do.

use std::fmt;

use crate::words::{hint, shown};

/// A golden that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoldenError {
    /// The file.
    pub file: String,
    /// The line, from 1; `None` where the file as a whole is meant.
    pub line: Option<usize>,
    /// What is wrong there.
    pub problem: GoldenProblem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoldenProblem {
    /// The system cannot read it.
    Unreadable {
        /// What the system says.
        message: String,
    },
    /// The system cannot write it.
    Unwritable {
        /// What the system says.
        message: String,
    },
    /// It is no text.
    NoText {
        /// The first byte that is none.
        offset: usize,
    },
    /// The first line that is no comment does not begin a golden.
    NoHeader {
        /// What stands there; empty at the end of the file.
        word: String,
    },
    /// It is another scenario's.
    Misplaced {
        /// The scenario in the file.
        found: String,
        /// The scenario whose file it is.
        expected: String,
    },
    /// A word without `=`.
    NoField {
        /// The word.
        word: String,
    },
    /// A field that does not belong on this line.
    UnknownField {
        /// Its name.
        word: String,
        /// The fields of this line.
        known: &'static [&'static str],
    },
    /// A field for the second time.
    Twice {
        /// Its name.
        field: String,
    },
    /// A field that this line must have.
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field that only a confluent scenario has.
    NotConfluent,
    /// A value that cannot be read.
    Value {
        /// The field.
        field: &'static str,
        /// What stands there.
        word: String,
        /// What should.
        expected: &'static str,
    },
    /// A seed for the second time.
    SeedTwice {
        /// The seed.
        seed: u64,
    },
}

impl GoldenError {
    pub(super) fn unreadable(file: &str, error: std::io::Error) -> GoldenError {
        let problem = GoldenProblem::Unreadable { message: error.to_string() };
        GoldenError { file: file.to_string(), line: None, problem }
    }

    pub(super) fn unwritable(file: &str, error: std::io::Error) -> GoldenError {
        let problem = GoldenProblem::Unwritable { message: error.to_string() };
        GoldenError { file: file.to_string(), line: None, problem }
    }

    pub(super) fn no_text(file: &str, error: &std::string::FromUtf8Error) -> GoldenError {
        let offset = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count();
        GoldenError { file: file.to_string(), line: Some(line), problem: GoldenProblem::NoText { offset } }
    }

    pub(super) fn misplaced(file: &str, text: &str, found: &str, expected: &str) -> GoldenError {
        let line = text.lines().position(|line| line.trim_start().starts_with("golden ")).map(|at| at + 1);
        let problem = GoldenProblem::Misplaced { found: found.to_string(), expected: expected.to_string() };
        GoldenError { file: file.to_string(), line, problem }
    }
}

impl fmt::Display for GoldenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl fmt::Display for GoldenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What helps whatever is wrong: a golden can be made again.
        const AGAIN: &str = "mend the line, or delete the file and run `golden bless`";
        const HEADER: &str = "expected `golden SCENARIO alg=N encoding=N confluent=yes|no`";
        match self {
            GoldenProblem::Unreadable { message } => {
                write!(f, "the golden cannot be read: {message}; make it readable, or name another folder")
            }
            GoldenProblem::Unwritable { message } => write!(
                f,
                "the golden cannot be written: {message}; what was there is untouched; make the folder writable"
            ),
            GoldenProblem::NoText { offset } => {
                write!(f, "byte {offset} is no UTF-8 text: expected a golden; {AGAIN}")
            }
            GoldenProblem::NoHeader { word } if word.is_empty() => {
                write!(f, "the file ends without a golden: {HEADER}; {AGAIN}")
            }
            GoldenProblem::NoHeader { word } => {
                write!(f, "`{}` does not begin a golden: {HEADER}; {AGAIN}", shown(word))
            }
            GoldenProblem::Misplaced { found, expected } => write!(
                f,
                "`{}` is another scenario: expected `{}`, whose file this is; give the file its own name back",
                shown(found),
                shown(expected)
            ),
            GoldenProblem::NoField { word } => {
                write!(f, "`{}` is no field: expected `field=value`; {AGAIN}", shown(word))
            }
            GoldenProblem::UnknownField { word, known } => {
                write!(f, "unknown field `{}`, {}", shown(word), hint(word, known))
            }
            GoldenProblem::Twice { field } => write!(f, "`{field}` is given twice: leave one of them"),
            GoldenProblem::Missing { field } => write!(f, "`{field}` is missing: {AGAIN}"),
            GoldenProblem::NotConfluent => write!(
                f,
                "`semantic` is pinned, and the golden says confluent=no: expected it on a confluent scenario only; {AGAIN}"
            ),
            GoldenProblem::Value { field, word, expected } => {
                write!(f, "`{field}` cannot be `{}`: expected {expected}; {AGAIN}", shown(word))
            }
            GoldenProblem::SeedTwice { seed } => {
                write!(
                    f,
                    "seed {seed:#x} is given twice: leave one of the lines, or run `golden bless` on a deleted file"
                )
            }
        }
    }
}

impl std::error::Error for GoldenError {}
