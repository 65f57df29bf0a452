//! A run as a picture: machines from top to bottom, virtual time from left to right, in one static file.
//!
//! Processes are bars, faults are bars above them, and a record whose cause is on another machine is an
//! arrow: that is what a message is. The file needs nothing but a browser: no network, no other file.

mod gather;

use std::fmt::Write as _;
use std::io::{Read, Seek};

use crate::diff::Divergence;
use crate::trace::{FileError, Json, TraceFile};
use crate::words::nanos;

use gather::{Arrow, Event, Gathered, Span};

/// The file, but for what is drawn.
const TEMPLATE: &str = include_str!("timeline.html");

/// What else a picture shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'a> {
    /// Text below the picture: the failure page.
    pub text: &'a str,
    /// Where the run parts from another one.
    pub divergence: Option<&'a Divergence>,
}

/// Draws a whole trace as an HTML file.
///
/// # Errors
/// When the trace cannot be read or is damaged.
pub fn timeline<R: Read + Seek>(trace: &mut TraceFile<R>, shown: Shown<'_>) -> Result<String, FileError> {
    let gathered = gather::gather(trace)?;
    let mut text = shown.text.to_string();
    if let Some(divergence) = shown.divergence {
        let _ = write!(text, "{}{divergence}", if text.is_empty() { "" } else { "\n" });
    }
    let ended = trace.ended();
    let about = format!(
        "{} - {} records in {:?} - {}",
        ended.verdict,
        trace.records(),
        ended.time,
        ended.digests.trace
    );
    let parted = shown.divergence.and_then(parted_at);
    let values = [
        ("title", escaped(trace.case_line())),
        ("about", escaped(&about)),
        ("data", data(&gathered, nanos(ended.time), parted)),
        ("text", escaped(&text)),
    ];
    Ok(filled(TEMPLATE, &values))
}

/// The template with a value in each place `{{name}}`. Values are put in as they are: a `{{` in one of
/// them is no place.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut parts = template.split("{{");
    let mut file = parts.next().unwrap_or("").to_string();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("each place of the template ends");
        let value = values.iter().find(|(known, _)| *known == name);
        file += &value.expect("each place of the template has a value").1;
        file += rest;
    }
    file
}

/// The time of a divergence: that of the first record that differs, on whichever side has one.
fn parted_at(divergence: &Divergence) -> Option<u64> {
    let sides = [&divergence.left, &divergence.right];
    sides.iter().filter_map(|side| side.after.first()).map(|record| record.at).min()
}

/// What is drawn, as JSON that can stand within HTML.
fn data(gathered: &Gathered, end: u64, parted: Option<u64>) -> String {
    let Gathered { machines, spans, arrows, events, arrows_all, events_all } = gathered;
    let list = |items: Vec<String>| items.join(",");
    let span = |Span { lane, from, until, what, text }: &Span| {
        format!("[{lane},{from},{},\"{}\",{}]", until.unwrap_or(end), what.label(), Json(text))
    };
    let arrow =
        |Arrow { from, sent, to, came, text }: &Arrow| format!("[{from},{sent},{to},{came},{}]", Json(text));
    let event =
        |Event { lane, at, bad, text }: &Event| format!("[{lane},{at},{},{}]", u8::from(*bad), Json(text));
    let parted = parted.map_or("null".to_string(), |at| at.to_string());
    let json = format!(
        "{{\"end\":{end},\"parted\":{parted},\"lanes\":[{}],\"spans\":[{}],\"arrows\":[{}],\"events\":[{}],\"left_out\":{}}}",
        list(machines.iter().map(|name| Json(name).to_string()).collect()),
        list(spans.iter().map(span).collect()),
        list(arrows.iter().map(arrow).collect()),
        list(events.iter().map(event).collect()),
        arrows_all - arrows.len() as u64 + events_all - events.len() as u64,
    );
    // Within a script element only `</` could end it: no `<` is left, and JSON reads the same.
    json.replace('<', "\\u003c")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
