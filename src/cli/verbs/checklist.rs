//! The operator's checklist of the pack `adapter`, filled in: evidence is rehearsed, packed, scrubbed and drilled,
//! and what was found stands on the list.

use std::fs;
use std::path::Path;

use evidence::{Error, decode_drill, decode_drill_losing, pack, scrub};
use workloads::adapter::checklist::{Checklist, Finding, Findings};
use workloads::adapter::rehearsal::rehearse;

use super::Prepared;
use crate::campaign::Summary;
use crate::cli::artefacts::{Artefacts, write};
use crate::cli::words::counted;
use crate::cli::{Status, Wrong};

/// The pack that has a list.
const PACK: &str = "adapter";
/// The folder of the evidence, among the artefacts.
const FOLDER: &str = "evidence";

/// A list is of the whole pack: said before anything runs.
pub(super) fn check(chosen: &[Prepared<'_>], all: usize) -> Result<(), Wrong> {
    let count = chosen.iter().filter(|prepared| prepared.scenario.pack() == PACK).count();
    if count == all {
        return Ok(());
    }
    Err(Wrong(format!(
        "--checklist is of the whole pack `{PACK}`, and {count} of its {all} scenarios were chosen: say `run {PACK} --checklist`"
    )))
}

/// Fills the list in, prints it, and keeps it beside the evidence.
pub(super) fn fill_in(artefacts: &Artefacts, summary: &Summary, seed: u64) -> Result<Status, Wrong> {
    let folder = artefacts.path(FOLDER);
    let rehearsed = rehearse(seed).map_err(|failure| failure.to_string());
    if let Ok(files) = &rehearsed {
        fs::create_dir_all(&folder).map_err(|error| Wrong(format!("{}: {error}", folder.display())))?;
        for (name, content) in files {
            fs::write(folder.join(name), content).map_err(|error| Wrong(format!("{name}: {error}")))?;
        }
    }
    let packed = rehearsed.and_then(|_| pack(&folder).map(drop).map_err(text));
    let list = Checklist::of(Findings {
        gates: gates(summary, seed),
        scrub: packed.clone().and_then(|()| {
            let scrubbed = scrub(&folder).map_err(text)?;
            Ok(format!("{} hashed as listed", counted(scrubbed.files as u64, "file")))
        }),
        decode_drill: packed.clone().and_then(|()| drill(&folder, seed)),
        logs: packed.clone().and_then(|()| same(&folder, seed, |name| name.ends_with(".jsonl"))),
        bundle: packed.and_then(|()| same(&folder, seed, |_| true)),
    });
    println!("\n{list}");
    write(&artefacts.path("adapter.checklist.txt"), &format!("{list}\n"))?;
    Ok(if list.is_signed_off() { Status::Held } else { Status::Failed })
}

fn text(error: Error) -> String {
    error.to_string()
}

/// Every scenario of the pack, the tail's among them, as they just ran.
fn gates(summary: &Summary, seed: u64) -> Finding {
    let of_pack = |name: &str| name.split('/').next() == Some(PACK);
    let scenarios = || summary.scenarios.iter().filter(|scenario| of_pack(&scenario.name));
    let failing: Vec<&str> =
        scenarios().filter(|scenario| scenario.failures() > 0).map(|scenario| &*scenario.name).collect();
    match failing.is_empty() {
        true => Ok(format!("{} at seed {seed:#x}", counted(scenarios().count() as u64, "scenario"))),
        false => Err(format!("{} did not pass at seed {seed:#x}", failing.join(", "))),
    }
}

/// What may be lost is recovered, and what is beyond it refused.
fn drill(folder: &Path, seed: u64) -> Finding {
    let drill = decode_drill(folder, seed).map_err(text)?;
    match decode_drill_losing(folder, seed, 1) {
        Err(Error::TooFewSymbols { .. }) => {
            Ok(format!("{}, and one symbol too many is refused", counted(drill.proofs as u64, "proof")))
        }
        Err(error) => Err(error.to_string()),
        Ok(_) => Err("one symbol too many was not refused".to_string()),
    }
}

/// Whether a second rehearsal makes the same files.
fn same(folder: &Path, seed: u64, is_asked: fn(&str) -> bool) -> Finding {
    let again = rehearse(seed).map_err(|failure| failure.to_string())?;
    let asked: Vec<_> = again.iter().filter(|(name, _)| is_asked(name)).collect();
    for (name, content) in &asked {
        let found = fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
        if found != *content {
            return Err(format!("{name} is not what this build makes of seed {seed:#x}: pack anew"));
        }
    }
    Ok(format!("{}, the same when repeated", counted(asked.len() as u64, "file")))
}
