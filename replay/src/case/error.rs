//! What is wrong with a case line: the column, what was found, what was expected, what to do.

use std::fmt;

use sim::choice::EditError;

use super::Case;
use crate::words::{hint, shown};

/// A line that is no case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// The character of the line, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: CaseProblem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseProblem {
    /// There is nothing.
    Empty,
    /// The line begins with a field instead of a scenario.
    NoScenario {
        /// What stands in its place.
        word: String,
    },
    /// A word without `=`.
    NoField {
        /// The word.
        word: String,
    },
    /// A field that no case has.
    UnknownField {
        /// Its name.
        word: String,
    },
    /// A field for the second time.
    Twice {
        /// Its name.
        field: &'static str,
    },
    /// A field without its value.
    NoValue {
        /// Its name.
        field: &'static str,
        /// What a value looks like.
        expected: &'static str,
    },
    /// A value that cannot be read.
    Value {
        /// The field.
        field: &'static str,
        /// What stands there.
        word: String,
        /// What should.
        expected: &'static str,
    },
    /// An edit that cannot be read.
    Edit(EditError),
    /// Something directly behind a value.
    Behind {
        /// What it is.
        word: String,
    },
    /// A parenthesis that is not closed.
    Unclosed,
    /// A backslash before what cannot follow one.
    Escape {
        /// What follows.
        word: String,
    },
    /// No seed.
    NoSeed,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.problem)
    }
}

impl fmt::Display for CaseProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHAPE: &str = "SCENARIO seed=N [field=value …], such as `kv/crash-loop seed=0x2a`";
        match self {
            CaseProblem::Empty => write!(f, "there is no case: expected {SHAPE}"),
            CaseProblem::NoScenario { word } => {
                write!(f, "`{}` stands where the scenario's name belongs: expected {SHAPE}", shown(word))
            }
            CaseProblem::NoField { word } => write!(
                f,
                "`{}` is no field: expected `field=value`; a value with a blank stands in parentheses, as in `profile=(my profile)`",
                shown(word)
            ),
            CaseProblem::UnknownField { word } => {
                write!(f, "unknown field `{}`, {}", shown(word), hint(word, Case::FIELDS))
            }
            CaseProblem::Twice { field } => {
                write!(
                    f,
                    "`{field}` is given twice: leave one of them; several quirks or edits are joined by commas"
                )
            }
            CaseProblem::NoValue { field, expected } => {
                write!(f, "`{field}` has no value: expected {expected}, or leave the field out")
            }
            CaseProblem::Value { field, word, expected } => {
                write!(f, "`{field}` cannot be `{}`: expected {expected}", shown(word))
            }
            CaseProblem::Edit(error) => write!(f, "`edits`: {error}"),
            CaseProblem::Behind { word } => {
                write!(f, "`{}` stands directly behind a value: expected a blank", shown(word))
            }
            CaseProblem::Unclosed => {
                write!(f, "this parenthesis is never closed: expected `)` (within, a `)` is written `\\)`)")
            }
            CaseProblem::Escape { word } => write!(
                f,
                "`\\{}` means nothing: expected `\\)`, `\\\\`, `\\n`, `\\t` or `\\u{{27}}`",
                shown(word)
            ),
            CaseProblem::NoSeed => write!(f, "the seed is missing: add `seed=N`, such as `seed=0x2a`"),
        }
    }
}

impl std::error::Error for CaseError {}
