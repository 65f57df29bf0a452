//! A trace as JSON, one object a line: the case, each record, how it ended.

use std::fmt;
use std::io::{self, Read, Seek, Write};

use sim::trace::{NO_MACHINE, Record, TRACE_VERSION};

use super::error::{FileError, FileProblem};
use super::file::TraceFile;
use super::names::Space;
use super::text::Describer;
use crate::words::nanos;

/// Writes a whole trace as JSON lines. What a machine reads stands in fields of its own; `text` is the
/// record in words.
///
/// # Errors
/// When the trace cannot be read, or `out` written.
pub fn write_json<R: Read + Seek>(trace: &mut TraceFile<R>, out: &mut dyn Write) -> Result<(), FileError> {
    let name = trace.name().to_string();
    let ended = trace.ended().clone();
    let mut describer = Describer::new(&ended.names);
    let mut result = writeln!(
        out,
        "{{\"trace\":{TRACE_VERSION},\"algorithm\":{},\"case\":{}}}",
        trace.algorithm(),
        Json(trace.case_line())
    );
    trace.read_all(|sequence, record| {
        if result.is_ok() {
            result = line(out, &mut describer, sequence, record);
        }
    })?;
    let digests = ended.digests;
    let end = result.and_then(|()| {
        writeln!(
            out,
            "{{\"records\":{},\"time_ns\":{},\"digests\":{{\"trace\":\"{:#}\",\"faults\":\"{:#}\",\"semantic\":\"{:#}\"}},\"verdict\":{}}}",
            trace.records(),
            nanos(ended.time),
            digests.trace,
            digests.faults,
            digests.semantic,
            Json(&ended.verdict)
        )
    });
    end.map_err(|error| FileProblem::Io(error).of(&name))
}

fn line(
    out: &mut dyn Write,
    describer: &mut Describer<'_>,
    sequence: u64,
    record: &Record,
) -> io::Result<()> {
    let described = describer.describe(sequence, record);
    let Record { at, kind, flag, machine, a, b, .. } = *record;
    write!(out, "{{\"seq\":{sequence},\"at_ns\":{at},\"kind\":\"{}\"", kind.label())?;
    if machine != NO_MACHINE {
        write!(out, ",\"machine\":{machine}")?;
    }
    if let Some(name) = described.machine.filter(|_| describer.has_name(Space::Machine, machine)) {
        write!(out, ",\"name\":{}", Json(&name))?;
    }
    if let Some(cause) = described.cause {
        write!(out, ",\"cause\":{cause}")?;
    }
    writeln!(out, ",\"flag\":{flag},\"a\":{a},\"b\":{b},\"text\":{}}}", Json(&described.what))
}

/// A text as JSON.
pub(crate) struct Json<'a>(pub(crate) &'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}
