//! The event trace of a run as JSON lines: one transition a line, in the chain's order.

use std::fmt::Write;

use models::adapter::api::{Record, State, read_journal};

/// The lines of a client's journal. Each has the hash that the next is bound to, so that a reader without this
/// program can follow the chain.
pub fn lines(run: u64, journal: &[u8]) -> String {
    let (raw, _) = read_journal(journal);
    let mut out = String::new();
    for record in raw.into_iter().filter_map(Record::read) {
        let state = |code| State::of_code(code).map_or_else(|| format!("{code}"), |state| state.to_string());
        writeln!(
            out,
            r#"{{"run":{run},"index":{},"event":"{:?}","from":"{}","to":"{}","cursor":{},"tries":{},"at_ns":{},"previous":"{}","hash":"{}"}}"#,
            record.index,
            record.event,
            state(record.from),
            state(record.to),
            record.cursor,
            record.tries,
            record.at_ns,
            hex(&record.previous),
            hex(&record.hash()),
        )
        .expect("a string takes everything");
    }
    out
}

/// Bytes in hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string takes everything");
        out
    })
}
