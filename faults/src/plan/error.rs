//! What is wrong with a plan, and where: file, line, word, what was expected, what was probably meant.

use std::fmt;
use std::ops::Range;

use crate::suggest;

/// A plan that cannot be carried out as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// Where it came from, when it was read from a file.
    pub file: Option<String>,
    /// Where in it.
    pub place: Place,
    /// What is wrong there.
    pub problem: Problem,
}

/// A place in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of the text, from 1.
    Line(usize),
    /// A fault of a plan that has no text, from 1.
    Fault(usize),
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not TOML.
    Syntax {
        /// The parser's words.
        message: String,
    },
    /// A word that nobody knows.
    Unknown {
        /// What it should have been: a fault, a key, a machine, a zone, a role, a process, a point, a call.
        what: &'static str,
        /// The word.
        word: String,
        /// The words that would have been right.
        known: Vec<String>,
    },
    /// A line without trouble.
    NoFault,
    /// Two things that exclude each other.
    Both {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A parameter that the fault cannot do without.
    Missing {
        /// The fault.
        kind: String,
        /// The parameter's key.
        key: String,
        /// What it looks like.
        expected: String,
    },
    /// A parameter that belongs to other faults.
    Misplaced {
        /// The fault.
        kind: String,
        /// The key.
        word: String,
        /// What the fault takes.
        known: Vec<String>,
    },
    /// A value that cannot be read.
    Value {
        /// The key it stands at.
        key: String,
        /// What stands there.
        word: String,
        /// What should.
        expected: String,
    },
    /// A line that contradicts another one, or itself.
    Contradiction {
        /// The word it is about.
        word: String,
        /// Why it cannot be.
        message: String,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}, ")?;
        }
        match self.place {
            Place::Line(line) => write!(f, "line {line}: ")?,
            Place::Fault(index) => write!(f, "fault {index}: ")?,
        }
        write!(f, "{}", self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Syntax { message } => write!(f, "not TOML: {message}"),
            Problem::Unknown { what, word, known } => {
                write!(f, "unknown {what} `{}`", short(word))?;
                hint(f, word, known)
            }
            Problem::NoFault => write!(f, "no fault: expected one such as `kill = \"core-0\"`"),
            Problem::Both { first, second } => {
                write!(f, "`{}` and `{}` exclude each other", short(first), short(second))
            }
            Problem::Missing { kind, key, expected } => {
                write!(f, "`{kind}` needs `{key}`: expected {expected}")
            }
            Problem::Misplaced { kind, word, known } => {
                write!(f, "`{}` is no parameter of `{kind}`", short(word))?;
                hint(f, word, known)
            }
            Problem::Value { key, word, expected } => {
                write!(f, "`{key}` cannot be `{}`: expected {expected}", short(word))
            }
            Problem::Contradiction { word, message } => write!(f, "`{}` {message}", short(word)),
        }
    }
}

impl std::error::Error for PlanError {}

/// The nearest known word, or all of them when none is near.
fn hint(f: &mut fmt::Formatter<'_>, word: &str, known: &[String]) -> fmt::Result {
    if let Some(meant) = suggest::nearest(word, known.iter().map(String::as_str)) {
        return write!(f, ", did you mean `{meant}`?");
    }
    if known.is_empty() {
        return write!(f, ": there is none");
    }
    write!(f, ": expected one of {}", known.join(", "))
}

/// Garbage is shown, but not all of it.
fn short(word: &str) -> String {
    let mut shown = String::new();
    for c in word.chars().take(40) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if word.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

/// A problem and the bytes of the text that it is about.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) span: Range<usize>,
    pub(crate) problem: Problem,
}

impl Mistake {
    pub(crate) fn new(span: Range<usize>, problem: Problem) -> Mistake {
        Mistake { span, problem }
    }

    pub(crate) fn in_text(self, text: &str, file: Option<&str>) -> PlanError {
        let line = line_of(text, self.span.start);
        PlanError { file: file.map(str::to_string), place: Place::Line(line), problem: self.problem }
    }
}

/// The number of the line that a byte of the text is on.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}
