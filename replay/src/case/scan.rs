//! The letters of a case line: plain words, words in parentheses, and where each stands.

use std::fmt;

use super::error::CaseProblem;

/// What stands before a plan that is written within the line.
pub(super) const INLINE: &str = "inline:";

/// A value as it is printed: a plain word, or anything in parentheses.
pub(super) struct Item<'a> {
    text: &'a str,
    enclosed: bool,
}

impl<'a> Item<'a> {
    /// In parentheses only where it must be.
    pub(super) fn of(text: &'a str) -> Item<'a> {
        Item { text, enclosed: !is_plain(text) }
    }

    /// In parentheses whatever it is.
    pub(super) fn enclosed(text: &'a str) -> Item<'a> {
        Item { text, enclosed: true }
    }
}

/// Whether a value can stand without parentheses wherever a value may stand.
fn is_plain(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "(),@'\"\\".contains(c);
    !text.is_empty() && !text.starts_with('#') && !text.contains(odd)
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.enclosed {
            return f.write_str(self.text);
        }
        f.write_str("(")?;
        for c in self.text.chars() {
            match c {
                ')' => f.write_str("\\)")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                ' ' => f.write_str(" ")?,
                c if c == '\'' || c.is_control() || c.is_whitespace() => {
                    write!(f, "\\u{{{:x}}}", u32::from(c))?;
                }
                c => write!(f, "{c}")?,
            }
        }
        f.write_str(")")
    }
}

/// Reads a line from left to right.
pub(super) struct Scanner<'a> {
    rest: &'a str,
    /// Characters already read; the next one stands in column `read + 1`.
    read: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(line: &'a str) -> Scanner<'a> {
        Scanner { rest: line, read: 0 }
    }

    /// The column of the next character, from 1.
    pub(super) fn column(&self) -> usize {
        self.read + 1
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether a word ends here: at a blank or at the end of the line.
    pub(super) fn is_at_blank(&self) -> bool {
        self.rest.chars().next().is_none_or(char::is_whitespace)
    }

    /// Takes `expected` where it comes next.
    pub(super) fn accept(&mut self, expected: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(expected) else { return false };
        self.rest = rest;
        self.read += expected.chars().count();
        true
    }

    /// The word up to the next blank, or to one of `stops`.
    pub(super) fn word(&mut self, stops: &str) -> &'a str {
        self.take_while(|c| !c.is_whitespace() && !stops.contains(c))
    }

    /// The rest of the word, for a message; nothing is taken.
    pub(super) fn peek_word(&self) -> &'a str {
        self.rest.split(char::is_whitespace).next().unwrap_or("")
    }

    /// A value: in parentheses, or plain up to the next blank or one of `stops`.
    pub(super) fn item(&mut self, stops: &str) -> Result<String, CaseProblem> {
        if self.accept("(") { self.enclosed() } else { Ok(self.word(stops).to_string()) }
    }

    fn enclosed(&mut self) -> Result<String, CaseProblem> {
        let mut value = String::new();
        loop {
            match self.next() {
                None => return Err(CaseProblem::Unclosed),
                Some(')') => return Ok(value),
                Some('\\') => value.push(self.escaped()?),
                Some(c) => value.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, CaseProblem> {
        match self.next() {
            Some(c @ (')' | '\\')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('u') if self.accept("{") => {
                let digits = self.take_while(|c| c.is_ascii_hexdigit());
                let read = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                match read {
                    Some(c) if self.accept("}") => Ok(c),
                    _ => Err(CaseProblem::Escape { word: format!("u{{{digits}") }),
                }
            }
            Some(c) => Err(CaseProblem::Escape { word: c.to_string() }),
            None => Err(CaseProblem::Unclosed),
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        self.read += 1;
        Some(c)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.read += taken.chars().count();
        taken
    }
}
