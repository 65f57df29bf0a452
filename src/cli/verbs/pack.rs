//! What a pack leaves behind: a summary, what happened as JSON lines, and diagnostics where there are any.
//!
//! ```text
//! router-storm.summary.json    each scenario: digests, steps, virtual time, faults that took effect, checks
//! e2e-router-storm.jsonl       one line an event or check
//! router-storm.stderr          diagnostics, only when there are any
//! ```

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use replay::trace::{TraceFile, write_events};

use super::{House, Prepared, status_of};
use crate::campaign::{Ended, PointSum, ScenarioSummary, Summary, Verdict};
use crate::cli::artefacts::Artefacts;
use crate::cli::json::Json;
use crate::cli::{Status, Wrong};

/// The artefacts of each pack that a command ran, as its scenarios end.
pub(super) struct Packs<'a> {
    house: &'a House,
    artefacts: &'a Artefacts,
    seed: u64,
    packs: Vec<Pack>,
}

struct Pack {
    name: String,
    events: PathBuf,
    out: BufWriter<File>,
    scenarios: Vec<Json>,
    commands: Vec<String>,
    diagnostics: String,
    failed: bool,
}

impl<'a> Packs<'a> {
    pub(super) fn new(house: &'a House, artefacts: &'a Artefacts, seed: u64) -> Packs<'a> {
        Packs { house, artefacts, seed, packs: Vec::new() }
    }

    /// Adds a run: what happened in it, what was checked, and what came of it.
    pub(super) fn add(
        &mut self,
        prepared: &Prepared<'_>,
        ended: &Ended,
        trace: &Path,
        ran: &ScenarioSummary,
    ) -> Result<(), Wrong> {
        let case = prepared.shown(self.seed);
        let rerun = format!("{} '{case}'", self.house.replay_command());
        let pack = self.pack(prepared.scenario.pack())?;
        let label = &prepared.label;
        let verdict = ran.rows.values().next().map_or("interrupted", |row| row.verdict.label());
        pack.failed |= verdict != Verdict::Passed.label();
        if let Ended::Ran(_) = ended {
            write_events(&mut TraceFile::open(trace)?, label, &mut pack.out)?;
        }
        for (name, point) in &ran.points {
            let line = Json::object([
                ("scenario", Json::text(label)),
                ("check", Json::text(name)),
                ("kind", Json::text(point.kind)),
                ("hits", Json::number(point.hits)),
                ("held", Json::number(point.held)),
                ("reached", Json::Bool(point.is_reached())),
                ("ok", Json::Bool(is_ok(point))),
            ]);
            pack.line(&line)?;
        }
        pack.line(&Json::object([("scenario", Json::text(label)), ("verdict", Json::text(verdict))]))?;
        for (what, failing) in &ran.failing {
            for kept in failing.first.values() {
                pack.diagnostics += &format!("{label}: {what}: {}\n  {rerun}\n", kept.message);
            }
        }
        for warning in ran.warnings.keys() {
            pack.diagnostics += &format!("{label}: warning: {warning}\n");
        }
        if !matches!(ended, Ended::Ran(_)) {
            pack.diagnostics += &format!("{label}: {}\n", super::run::tell(ended));
        }
        pack.scenarios.push(summary_of(prepared, verdict, ran, &rerun));
        pack.commands.push(rerun);
        Ok(())
    }

    fn pack(&mut self, name: &str) -> Result<&mut Pack, Wrong> {
        if let Some(index) = self.packs.iter().position(|pack| pack.name == name) {
            return Ok(&mut self.packs[index]);
        }
        let events = self.artefacts.path(&format!("e2e-{name}.jsonl"));
        let out = File::create(&events).map_err(|error| unwritable(&events, &error))?;
        self.packs.push(Pack {
            name: name.to_string(),
            events,
            out: BufWriter::new(out),
            scenarios: Vec::new(),
            commands: Vec::new(),
            diagnostics: String::new(),
            failed: false,
        });
        Ok(self.packs.last_mut().expect("it was just put there"))
    }

    /// Writes the summaries, and answers the packs' names.
    pub(super) fn finish(self) -> Result<Vec<String>, Wrong> {
        let mut names = Vec::new();
        for mut pack in self.packs {
            pack.out.flush().map_err(|error| unwritable(&pack.events, &error))?;
            let summary = Json::object([
                ("version", Json::number(1u64)),
                ("pack", Json::text(&*pack.name)),
                ("tourbillon", Json::text(env!("CARGO_PKG_VERSION"))),
                ("seed", Json::text(format!("{:#x}", self.seed))),
                ("ok", Json::Bool(!pack.failed)),
                ("scenarios", Json::List(pack.scenarios)),
                ("rerun", Json::texts(pack.commands)),
            ]);
            self.artefacts.write(&format!("{}.summary.json", pack.name), &summary.to_string())?;
            if !pack.diagnostics.is_empty() {
                self.artefacts.write(&format!("{}.stderr", pack.name), &pack.diagnostics)?;
            }
            names.push(pack.name);
        }
        Ok(names)
    }
}

impl Pack {
    fn line(&mut self, line: &Json) -> Result<(), Wrong> {
        // Its text ends in a line break.
        write!(self.out, "{line}").map_err(|error| unwritable(&self.events, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Wrong {
    Wrong(format!("{}: it cannot be written: {error}; name another place by `--out`", path.display()))
}

/// Whether the run did not contradict the point; whether it saw what the point is there to show is another
/// question, which a campaign answers.
fn is_ok(point: &PointSum) -> bool {
    match point.kind {
        kind if kind == points::Kind::Always.label() => point.held == point.hits,
        kind if kind == points::Kind::Unreachable.label() => point.hits == 0,
        _ => true,
    }
}

fn summary_of(prepared: &Prepared<'_>, verdict: &str, ran: &ScenarioSummary, rerun: &str) -> Json {
    let row = ran.rows.values().next();
    let digests = row.and_then(|row| row.digests.as_ref());
    let short = |digest: fn(&sim::trace::Digests) -> sim::trace::Digest| {
        Json::option(digests.map(|digests| digest(digests).to_string()))
    };
    let number = |of: fn(&crate::campaign::Row) -> u64| row.map_or(Json::Null, |row| Json::number(of(row)));
    let built = prepared.deployment();
    let checks = ran.points.iter().map(|(name, point)| {
        Json::object([
            ("check", Json::text(name)),
            ("kind", Json::text(point.kind)),
            ("required", Json::Bool(point.required)),
            ("hits", Json::number(point.hits)),
            ("held", Json::number(point.held)),
            ("reached", Json::Bool(point.is_reached())),
            ("ok", Json::Bool(is_ok(point))),
        ])
    });
    Json::object([
        ("id", Json::text(&*prepared.label)),
        ("ok", Json::Bool(verdict == Verdict::Passed.label())),
        ("verdict", Json::text(verdict)),
        ("property", Json::option(row.and_then(|row| row.property.as_deref()))),
        ("profile", Json::option(built.as_ref().map(|built| &*built.profile))),
        ("class", Json::option(built.as_ref().map(|built| &*built.class))),
        ("digest", short(|digests| digests.trace)),
        ("digest_full", Json::option(digests.map(|digests| format!("{:#}", digests.trace)))),
        ("semantic", short(|digests| digests.semantic)),
        ("faults", short(|digests| digests.faults)),
        ("steps", number(|row| row.records)),
        ("virtual_ns", number(|row| row.virtual_ns)),
        ("fault_effects", number(|row| row.effects)),
        ("rerun", Json::text(rerun)),
        ("checks", Json::List(checks.collect())),
    ])
}

/// The manifest's words on a run of packs: what was asked for, what came of it, and how to have it again.
pub(super) fn manifest(
    artefacts: &Artefacts,
    seed: u64,
    args: &crate::cli::args::Run,
    packs: Vec<String>,
    summary: &Summary,
) -> Vec<(String, Json)> {
    let held = status_of(summary) == Status::Held;
    let id = artefacts.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let command: Vec<String> = std::env::args().map(|word| quoted(&word)).collect();
    [
        ("run_id", Json::option(id)),
        ("seed", Json::text(format!("{seed:#x}"))),
        ("profile", Json::option(args.common.profile.as_deref())),
        ("class", Json::texts(args.common.class.iter().map(String::as_str))),
        ("packs", Json::texts(packs)),
        ("verdict", Json::text(if held { "passed" } else { "failed" })),
        ("rerun", Json::text(command.join(" "))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value))
    .collect()
}

/// A word as any shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
