//! A trace as JSON, one object a line: the case, each record, how it ended.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

use sim::trace::{Kind, NO_MACHINE, Record, TRACE_VERSION};

use super::error::{FileError, FileProblem};
use super::file::TraceFile;
use super::names::Space;
use super::text::{Described, Describer};
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

/// Writes the trace of a file as JSON lines in its place.
///
/// # Errors
/// When the trace cannot be read, or the JSON written: the trace is then still there.
pub fn convert_to_json(path: &Path) -> Result<(), FileError> {
    let refuse = |error: io::Error| FileProblem::Io(error).of(&path.display().to_string());
    let partial = path.with_extension("part");
    let mut out = BufWriter::new(File::create(&partial).map_err(refuse)?);
    write_json(&mut TraceFile::open(path)?, &mut out)?;
    out.flush().and_then(|()| fs::rename(&partial, path)).map_err(refuse)
}

/// What happened, without how: machines, processes, clocks, points, marks, faults; not who was polled or what
/// was drawn and sent. One JSON object a line, each with the scenario's name before it.
///
/// # Errors
/// As [`write_json`].
pub fn write_events<R: Read + Seek>(
    trace: &mut TraceFile<R>,
    scenario: &str,
    out: &mut dyn Write,
) -> Result<(), FileError> {
    let name = trace.name().to_string();
    let ended = trace.ended().clone();
    let mut describer = Describer::new(&ended.names);
    let mut result = Ok(());
    trace.read_all(|sequence, record| {
        // Each is described, because the words of one may rest on those before.
        let Described { what, machine, .. } = describer.describe(sequence, record);
        if result.is_ok() && is_event(record.kind) {
            let (scenario, machine) = (Json(scenario), machine.unwrap_or_default());
            result = writeln!(
                out,
                "{{\"scenario\":{scenario},\"seq\":{sequence},\"at_ns\":{},\"event\":\"{}\",\"machine\":{},\"text\":{}}}",
                record.at,
                record.kind.label(),
                Json(&machine),
                Json(&what)
            );
        }
    })?;
    result.map_err(|error| FileProblem::Io(error).of(&name))
}

fn is_event(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Machine
            | Kind::Boot
            | Kind::End
            | Kind::Power
            | Kind::Pause
            | Kind::Panic
            | Kind::Clock
            | Kind::DiskLoss
            | Kind::Point
            | Kind::Mark
            | Kind::Fault
            | Kind::Effect
            | Kind::Heal
            | Kind::Finish
    )
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
