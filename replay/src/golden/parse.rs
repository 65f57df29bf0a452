//! Reading a golden.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::{GoldenError, GoldenProblem};
use super::{Entry, Golden, Header};
use crate::words::{parse_seconds, parse_u64};

const HEADER_FIELDS: &[&str] = &["alg", "encoding", "confluent"];
const ENTRY_FIELDS: &[&str] = &["seed", "trace", "faults", "semantic", "records", "time"];

const NUMBER: &str = "a number";
const DIGEST: &str = "16 hexadecimal digits";

impl Golden {
    /// Reads a golden's text; `file` is its name in messages.
    ///
    /// # Errors
    /// With the file, the line, and what was expected there.
    pub fn parse(file: &str, text: &str) -> Result<Golden, GoldenError> {
        let error = |line: usize, problem| GoldenError { file: file.to_string(), line: Some(line), problem };
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let ended = || error(text.lines().count() + 1, GoldenProblem::NoHeader { word: String::new() });
        let (number, line) = lines.next().ok_or_else(ended)?;
        let header = header(line).map_err(|problem| error(number, problem))?;
        let mut entries = BTreeMap::new();
        for (number, line) in lines {
            let (seed, entry) = entry(line, header.confluent).map_err(|problem| error(number, problem))?;
            if entries.insert(seed, entry).is_some() {
                return Err(error(number, GoldenProblem::SeedTwice { seed }));
            }
        }
        Ok(Golden { header, entries })
    }
}

fn header(line: &str) -> Result<Header, GoldenProblem> {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or("");
    if first != "golden" {
        return Err(GoldenProblem::NoHeader { word: first.to_string() });
    }
    let scenario = words.next().filter(|word| !word.contains('='));
    let scenario = scenario.ok_or_else(|| GoldenProblem::NoHeader { word: line.to_string() })?;
    let fields = Fields::read(words, HEADER_FIELDS)?;
    let confluent = fields.value("confluent", "`yes` or `no`", |word| match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    })?;
    Ok(Header {
        scenario: scenario.to_string(),
        algorithm: fields.value("alg", NUMBER, |word| parse_u64(word)?.try_into().ok())?,
        encoding: fields.value("encoding", NUMBER, |word| parse_u64(word)?.try_into().ok())?,
        confluent,
    })
}

fn entry(line: &str, confluent: bool) -> Result<(u64, Entry), GoldenProblem> {
    let fields = Fields::read(line.split_whitespace(), ENTRY_FIELDS)?;
    let digest = |field| fields.value(field, DIGEST, |word| word.parse().ok());
    let seed = fields.value("seed", "a number such as `0x2a`", parse_u64)?;
    if !confluent && fields.values.contains_key("semantic") {
        return Err(GoldenProblem::NotConfluent);
    }
    let entry = Entry {
        trace: digest("trace")?,
        faults: digest("faults")?,
        semantic: if confluent { Some(digest("semantic")?) } else { None },
        records: fields.value("records", NUMBER, parse_u64)?,
        time: fields.value("time", "seconds such as `20.500s`", |word| {
            parse_seconds(word).map(Duration::from_nanos)
        })?,
    };
    Ok((seed, entry))
}

/// The `field=value` words of a line.
struct Fields<'a> {
    values: BTreeMap<&'static str, &'a str>,
}

impl<'a> Fields<'a> {
    fn read(
        words: impl Iterator<Item = &'a str>,
        known: &'static [&'static str],
    ) -> Result<Fields<'a>, GoldenProblem> {
        let mut values = BTreeMap::new();
        for word in words {
            let no_field = || GoldenProblem::NoField { word: word.to_string() };
            let (name, value) = word.split_once('=').ok_or_else(no_field)?;
            let unknown = || GoldenProblem::UnknownField { word: name.to_string(), known };
            let field = *known.iter().find(|field| **field == name).ok_or_else(unknown)?;
            if values.insert(field, value).is_some() {
                return Err(GoldenProblem::Twice { field: name.to_string() });
            }
        }
        Ok(Fields { values })
    }

    fn value<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        read: impl Fn(&'a str) -> Option<T>,
    ) -> Result<T, GoldenProblem> {
        let word = *self.values.get(field).ok_or(GoldenProblem::Missing { field })?;
        read(word).ok_or_else(|| GoldenProblem::Value { field, word: word.to_string(), expected })
    }
}
