//! Reading a case line.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::error::{CaseError, CaseProblem};
use super::scan::{INLINE, Scanner};
use super::signature::{AFTER, NEAR, ON};
use super::{Case, PlanSource, Signature};
use crate::words::{parse_u64, shown};

/// What a value of each field looks like, for messages; in the order of [`Case::FIELDS`].
const EXPECTED: [&str; 13] = [
    "a number such as `42` or `0x2a`, below 2^64",
    "names of planted bugs joined by commas, such as `ack-before-sync`",
    "a plan's file with the first digits of its hash, such as `plans/torn-wal.toml#1f3a`, or `inline:(…)`",
    "the name of a swarm profile",
    "the name of a resource class",
    "a way to explore, such as `random` or `pct:3`",
    "sizes of the scenario joined by commas, such as `replicas=3,clients=1`",
    "operations in parentheses, such as `(client-0: get a; get b | client-1: get a)`",
    "changed draws joined by commas, such as `net/a>b[17]=0` or `disk/*[0..]=0`",
    "new seeds from some draws on, joined by commas, such as `1234:0x2a`",
    "the number of a choice algorithm, such as `1`",
    "the failed property and its place, such as `kv.no-lost-write@models/src/kv/check.rs:88`",
    "16 hexadecimal digits as a run prints them, or all 64",
];

/// Digits of a plan's hash, at least and at most.
const HASH_DIGITS: std::ops::RangeInclusive<usize> = 4..=16;

impl FromStr for Case {
    type Err = CaseError;

    fn from_str(line: &str) -> Result<Case, CaseError> {
        let mut scanner = Scanner::new(line);
        scanner.skip_blanks();
        let mut reading = Reading { case: Case::new("", 0), given: [false; EXPECTED.len()] };
        at(scanner.column(), reading.scenario(&mut scanner))?;
        loop {
            scanner.skip_blanks();
            let column = scanner.column();
            if scanner.is_at_end() {
                let seeded = reading.given[0].then_some(()).ok_or(CaseProblem::NoSeed);
                return at(column, seeded).map(|()| reading.case);
            }
            let index = at(column, reading.field(&mut scanner))?;
            let column = scanner.column();
            at(column, reading.value(index, &mut scanner))?;
            let word = scanner.peek_word().to_string();
            let behind = if scanner.is_at_blank() { Ok(()) } else { Err(CaseProblem::Behind { word }) };
            at(scanner.column(), behind)?;
        }
    }
}

fn at<T>(column: usize, result: Result<T, CaseProblem>) -> Result<T, CaseError> {
    result.map_err(|problem| CaseError { column, problem })
}

/// A case half read.
struct Reading {
    case: Case,
    /// The fields that were already given.
    given: [bool; EXPECTED.len()],
}

impl Reading {
    fn scenario(&mut self, scanner: &mut Scanner<'_>) -> Result<(), CaseProblem> {
        if scanner.is_at_end() {
            return Err(CaseProblem::Empty);
        }
        let enclosed = scanner.peek_word().starts_with('(');
        let name = scanner.item("")?;
        if !enclosed && name.contains('=') {
            return Err(CaseProblem::NoScenario { word: name });
        }
        if !scanner.is_at_blank() {
            return Err(CaseProblem::Behind { word: scanner.peek_word().to_string() });
        }
        self.case.scenario = name;
        Ok(())
    }

    /// Reads `name=` and answers the field's number.
    fn field(&mut self, scanner: &mut Scanner<'_>) -> Result<usize, CaseProblem> {
        let word = scanner.word("=");
        if !scanner.accept("=") {
            return Err(CaseProblem::NoField { word: word.to_string() });
        }
        let index = Case::FIELDS.iter().position(|field| *field == word);
        let index = index.ok_or_else(|| CaseProblem::UnknownField { word: word.to_string() })?;
        if std::mem::replace(&mut self.given[index], true) {
            return Err(CaseProblem::Twice { field: Case::FIELDS[index] });
        }
        Ok(index)
    }

    fn value(&mut self, index: usize, scanner: &mut Scanner<'_>) -> Result<(), CaseProblem> {
        let (field, expected) = (Case::FIELDS[index], EXPECTED[index]);
        if scanner.is_at_blank() {
            return Err(CaseProblem::NoValue { field, expected });
        }
        let refuse = |word: &str| CaseProblem::Value { field, word: word.to_string(), expected };
        match field {
            "seed" => {
                let word = scanner.word("");
                self.case.seed = parse_u64(word).ok_or_else(|| refuse(word))?;
            }
            "quirk" => self.case.quirks = items(scanner)?,
            "plan" => self.case.plan = Some(plan(scanner, refuse)?),
            "profile" => self.case.profile = Some(scanner.item("")?),
            "class" => self.case.class = Some(scanner.item("")?),
            "explore" => self.case.explore = Some(scanner.item("")?),
            "sizes" => self.case.sizes = sizes(scanner, refuse)?,
            "ops" => {
                let text = scanner.item("")?;
                self.case.operations = Some(text.parse().map_err(|_| refuse(&text))?);
            }
            "reseed" => {
                let reseed = |item: String| item.parse().map_err(CaseProblem::Edit);
                self.case.reseeds = items(scanner)?.into_iter().map(reseed).collect::<Result<_, _>>()?;
            }
            "edits" => {
                let edit = |item: String| item.parse().map_err(CaseProblem::Edit);
                self.case.edits = items(scanner)?.into_iter().map(edit).collect::<Result<_, _>>()?;
            }
            "alg" => {
                let word = scanner.word("");
                let number = parse_u64(word).and_then(|number| u32::try_from(number).ok());
                self.case.algorithm = number.ok_or_else(|| refuse(word))?;
            }
            "fails" => self.case.fails = Some(signature(scanner, refuse)?),
            "digest" => {
                let word = scanner.word("");
                self.case.digest = Some(word.parse().map_err(|_| refuse(word))?);
            }
            _ => unreachable!("`{}` is in FIELDS and not read", shown(field)),
        }
        Ok(())
    }
}

fn signature(
    scanner: &mut Scanner<'_>,
    refuse: impl Fn(&str) -> CaseProblem,
) -> Result<Signature, CaseProblem> {
    let mut signature = Signature { property: scanner.item("@,")?, ..Signature::default() };
    if scanner.accept("@") {
        signature.place = Some(scanner.item(",")?);
    }
    for (word, part) in
        [(NEAR, &mut signature.point), (ON, &mut signature.role), (AFTER, &mut signature.fault)]
    {
        if scanner.accept(&format!(",{word}")) {
            *part = Some(scanner.item(",")?);
        }
    }
    if scanner.is_at_blank() { Ok(signature) } else { Err(refuse(scanner.peek_word())) }
}

fn sizes(
    scanner: &mut Scanner<'_>,
    refuse: impl Fn(&str) -> CaseProblem,
) -> Result<BTreeMap<String, u64>, CaseProblem> {
    let mut sizes = BTreeMap::new();
    loop {
        let name = scanner.item("=,")?;
        let word = if scanner.accept("=") { scanner.word(",") } else { "" };
        let size = parse_u64(word).ok_or_else(|| refuse(&format!("{name}={word}")))?;
        if sizes.insert(name.clone(), size).is_some() {
            return Err(refuse(&format!("{name}={size}")));
        }
        if !scanner.accept(",") {
            return Ok(sizes);
        }
    }
}

/// Values joined by commas.
fn items(scanner: &mut Scanner<'_>) -> Result<Vec<String>, CaseProblem> {
    let mut items = vec![scanner.item(",")?];
    while scanner.accept(",") {
        items.push(scanner.item(",")?);
    }
    Ok(items)
}

fn plan(scanner: &mut Scanner<'_>, refuse: impl Fn(&str) -> CaseProblem) -> Result<PlanSource, CaseProblem> {
    if scanner.accept(INLINE) {
        let word = scanner.peek_word().to_string();
        return match word.starts_with('(') {
            true => Ok(PlanSource::Inline(scanner.item("")?)),
            false => Err(refuse(&format!("{INLINE}{word}"))),
        };
    }
    let path = scanner.item("#")?;
    if !scanner.accept("#") {
        return Ok(PlanSource::File { path, hash: None });
    }
    let hash = scanner.word("");
    let fits = HASH_DIGITS.contains(&hash.len())
        && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !fits {
        return Err(refuse(&format!("{path}#{hash}")));
    }
    Ok(PlanSource::File { path, hash: Some(hash.to_string()) })
}
