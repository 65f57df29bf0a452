//! Case files, `corpus/cases/NAME.case`: comment lines that say why, then the case's line.

use std::fmt;
use std::path::Path;

use super::{Case, CaseError};
use crate::words::shown;

/// A case and why it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFile {
    /// The comment, line by line, without `#`.
    pub why: Vec<String>,
    /// The case.
    pub case: Case,
}

/// A file that is no case file.
#[derive(Debug, thiserror::Error)]
pub enum CaseFileError {
    /// It cannot be read.
    #[error("{file}: {error}; expected a case file: comment lines that say why, then one case line")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The case's line is none.
    #[error("{file}, line {line}, {error}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong in it.
        error: CaseError,
    },
    /// A second line that is no comment.
    #[error(
        "{file}, line {line}: `{}` follows the case: expected one case a file; keep the other in a file of its own, or begin the line with `#`",
        shown(.word)
    )]
    Second {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// How it begins.
        word: String,
    },
    /// Comments only.
    #[error(
        "{file}, line {line}: the file ends without a case: expected a line such as `kv/crash-loop seed=0x2a`"
    )]
    NoCase {
        /// The file.
        file: String,
        /// The line behind the last one.
        line: usize,
    },
}

impl CaseFile {
    /// Reads a file's text; `file` is its name in messages.
    ///
    /// # Errors
    /// With the file, the line, and what was expected there.
    pub fn parse(file: &str, text: &str) -> Result<CaseFile, CaseFileError> {
        let mut why = Vec::new();
        let mut case = None;
        for (index, content) in text.lines().enumerate() {
            let line = index + 1;
            let content = content.trim();
            if let Some(comment) = content.strip_prefix('#') {
                why.push(comment.trim().to_string());
            } else if content.is_empty() {
                continue;
            } else if case.is_none() {
                let read = content.parse().map_err(|error| CaseFileError::Line {
                    file: file.to_string(),
                    line,
                    error,
                });
                case = Some(read?);
            } else {
                return Err(CaseFileError::Second {
                    file: file.to_string(),
                    line,
                    word: content.to_string(),
                });
            }
        }
        let line = text.lines().count() + 1;
        let case = case.ok_or_else(|| CaseFileError::NoCase { file: file.to_string(), line })?;
        Ok(CaseFile { why, case })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, and as [`CaseFile::parse`].
    pub fn read(path: &Path) -> Result<CaseFile, CaseFileError> {
        let file = path.display().to_string();
        let text = std::fs::read(path).and_then(|bytes| {
            let no_text = |_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no UTF-8 text");
            String::from_utf8(bytes).map_err(no_text)
        });
        match text {
            Ok(text) => CaseFile::parse(&file, &text),
            Err(error) => Err(CaseFileError::Unreadable { file, error }),
        }
    }
}

/// Prints the file; parsing it gives the same.
impl fmt::Display for CaseFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An empty line parts what is above it from what is below, and is kept as one.
        for line in self.why.iter().flat_map(|line| line.split('\n')) {
            writeln!(f, "{}", format!("# {line}").trim_end())?;
        }
        writeln!(f, "{}", self.case)
    }
}
