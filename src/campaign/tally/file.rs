//! A tally as a file: a preamble, a body, a checksum.
//!
//! ```text
//! magic 8 | format 8 | body bytes 8 | body … | check 32 |
//! ```
//! Little-endian. The check is the BLAKE3 over all before it, so nothing is believed of a file that was cut or
//! changed. The magic is no text, and a transfer that changes line ends changes it.

use std::collections::BTreeSet;
use std::fmt;
use std::io;

use sim::trace::Digest;

use super::{Parts, PastCase, Sweep, Tally};
use crate::campaign::summary::Summary;
use crate::campaign::wire::{Put as _, Take as _, malformed};

const MAGIC: [u8; 8] = *b"\x89TBLtly\n";
/// Of this file's layout: it changes with what a tally holds.
const FORMAT: u64 = 3;
const PREAMBLE_BYTES: usize = 24;
const CHECK_BYTES: usize = 32;
/// Nobody has more workers; a larger number would only take memory.
const PARTS_MAX: u64 = 1 << 20;

/// Why a file is no tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is another kind of file.
    Foreign {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// It is of another version.
    Version {
        /// The version in the file.
        found: u64,
    },
    /// It ends too early or too late.
    Length {
        /// The bytes that it should have.
        announced: u64,
        /// The bytes that it has.
        found: u64,
    },
    /// Some of its bytes are not what was written.
    Changed,
    /// It is whole, and says what no sweep says.
    Malformed,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What helps whatever is wrong: a shard can be repeated.
        const AGAIN: &str = "run that shard again";
        match self {
            Unreadable::Foreign { found } => {
                let begins = String::from_utf8_lossy(found).escape_debug().to_string();
                write!(f, "byte 0: this is no tally of a sweep: it begins with `{begins}`; ")?;
                f.write_str("name a `sweep.tally`, which a sweep leaves in the folder of its artefacts")
            }
            Unreadable::Version { found } => write!(
                f,
                "byte 8: a tally of format {found}, and this build reads {FORMAT}: merge with the build that swept, or {AGAIN}"
            ),
            Unreadable::Length { announced, found } => write!(
                f,
                "byte {found}: the file ends here and {announced} bytes are announced: it was cut, or something was added; {AGAIN}"
            ),
            Unreadable::Changed => {
                write!(f, "the checksum does not fit: the file is damaged; {AGAIN}")
            }
            Unreadable::Malformed => write!(
                f,
                "the checksum fits, and the file does not say what a sweep says: it was written by something else; {AGAIN}"
            ),
        }
    }
}

impl Tally {
    /// The file's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.put(FORMAT);
        out.put(0);
        self.put_body(&mut out);
        let bytes = (out.len() - PREAMBLE_BYTES) as u64;
        out[16..PREAMBLE_BYTES].copy_from_slice(&bytes.to_le_bytes());
        let check = Digest::of(&out);
        out.extend_from_slice(&check.0);
        out
    }

    fn put_body(&self, out: &mut Vec<u8>) {
        let Sweep { asked, program, planted, left_out } = &self.sweep;
        out.put(asked.len() as u64);
        for (name, value) in asked {
            out.put_text(name);
            out.put_text(value);
        }
        out.put_text(program);
        out.put(left_out.len() as u64);
        left_out.iter().for_each(|what| out.put_text(what));
        [*planted, self.canary_failed, self.interrupted]
            .into_iter()
            .for_each(|flag| out.put(u64::from(flag)));
        out.put(self.parts.count);
        out.put(self.parts.present.len() as u64);
        self.parts.present.iter().for_each(|part| out.put(*part));
        out.put(self.past.len() as u64);
        for past in &self.past {
            [&past.name, &past.told, &past.case].into_iter().for_each(|text| out.put_text(text));
            out.push(past.verdict as u8);
        }
        out.put(self.summary.scenarios.len() as u64);
        self.summary.scenarios.iter().for_each(|scenario| scenario.put(out));
    }

    /// Reads the bytes of a whole file.
    pub(crate) fn decode(file: &[u8]) -> Result<Tally, Unreadable> {
        let begins = &file[..file.len().min(MAGIC.len())];
        if !MAGIC.starts_with(begins) || begins.is_empty() {
            return Err(Unreadable::Foreign { found: file[..file.len().min(16)].to_vec() });
        }
        let cut = |announced: u64| Unreadable::Length { announced, found: file.len() as u64 };
        let least = (PREAMBLE_BYTES + CHECK_BYTES) as u64;
        let mut preamble = file.get(MAGIC.len()..PREAMBLE_BYTES).ok_or_else(|| cut(least))?;
        let mut number = || preamble.number().expect("the preamble holds two numbers");
        let (format, bytes) = (number(), number());
        if format != FORMAT {
            return Err(Unreadable::Version { found: format });
        }
        let announced = least.saturating_add(bytes);
        if announced != file.len() as u64 {
            return Err(cut(announced));
        }
        let (checked, check) = file.split_at(file.len() - CHECK_BYTES);
        if Digest::of(checked).0 != check {
            return Err(Unreadable::Changed);
        }
        let mut body = &checked[PREAMBLE_BYTES..];
        let tally = Tally::take_body(&mut body).map_err(|_| Unreadable::Malformed)?;
        if body.is_empty() { Ok(tally) } else { Err(Unreadable::Malformed) }
    }

    fn take_body(input: &mut &[u8]) -> io::Result<Tally> {
        let asked = input.list(|input| Ok((input.text()?, input.text()?)))?;
        let program = input.text()?;
        let left_out = input.list(|input| input.text())?;
        let mut flag = || input.number().map(|number| number == 1);
        let (planted, canary_failed, interrupted) = (flag()?, flag()?, flag()?);
        let count = input.number()?;
        let present: BTreeSet<u64> = input.list(|input| input.number())?.into_iter().collect();
        let fits = (1..=PARTS_MAX).contains(&count) && present.last().is_some_and(|last| *last < count);
        if !fits {
            return Err(malformed());
        }
        let parts = Parts { count, present };
        let past = input.list(|input| {
            let (name, told, case) = (input.text()?, input.text()?, input.text()?);
            Ok(PastCase { name, told, case, verdict: super::runs::verdict(input)? })
        })?;
        let scenarios = input.list(|input| super::runs::take(input, &parts))?;
        Ok(Tally {
            sweep: Sweep { asked, program, planted, left_out },
            parts,
            canary_failed,
            interrupted,
            past,
            summary: Summary { scenarios },
        })
    }
}
