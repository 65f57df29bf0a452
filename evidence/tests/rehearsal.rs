//! A pack of real artefacts: the adapter's rehearsal, packed, scrubbed, drilled, repeated, and signed off.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tourbillon_evidence::{Error, decode_drill, decode_drill_losing, pack, recover, scrub};
use workloads::adapter::checklist::{Checklist, Finding, Findings};
use workloads::adapter::escalation::Class;
use workloads::adapter::rehearsal::rehearse;

const SEED: u64 = 42;

fn rehearsed() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in rehearse(SEED).expect("the rehearsal passes") {
        fs::write(folder.path().join(name), content).expect("a file");
    }
    pack(folder.path()).expect("a pack");
    folder
}

/// The operator's list, filled in from what lies in a folder.
fn checklist(folder: &Path) -> Checklist {
    let text = |error: Error| error.to_string();
    let beyond = match decode_drill_losing(folder, SEED, 1) {
        Err(Error::TooFewSymbols { .. }) => Ok("one symbol too many is refused".to_string()),
        Err(error) => Err(error.to_string()),
        Ok(_) => Err("one symbol too many was not refused".to_string()),
    };
    let drill = decode_drill(folder, SEED).map_err(text).map(|drill| format!("{} proofs", drill.proofs));
    let again = rehearse(SEED).map_err(|failure| failure.to_string());
    let same = |is_asked: fn(&str) -> bool| -> Finding {
        let again = again.clone()?;
        let asked: Vec<_> = again.iter().filter(|(name, _)| is_asked(name)).collect();
        for (name, content) in &asked {
            let found = fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
            if found != *content {
                return Err(format!("{name} is not what this build makes"));
            }
        }
        Ok(format!("{} files", asked.len()))
    };
    Checklist::of(Findings {
        gates: again.clone().map(|_| "the tail is within its budget".to_string()),
        scrub: scrub(folder).map_err(text).map(|scrubbed| format!("{} files", scrubbed.files)),
        decode_drill: drill.and_then(|drill| Ok(format!("{drill}, {}", beyond?))),
        logs: same(|name| name.ends_with(".jsonl")),
        bundle: same(|_| true),
    })
}

#[test]
fn a_rehearsal_is_packed_and_signed_off() {
    let folder = rehearsed();
    let list = checklist(folder.path());
    assert!(list.is_signed_off(), "{list}");
    assert_eq!(list.items().len(), 5);
}

#[test]
fn a_bit_that_flips_refuses_the_signature_and_can_be_mended() {
    let folder = rehearsed();
    let path = folder.path().join("run-2.events.jsonl");
    let whole = fs::read(&path).expect("it is there");
    let mut damaged = whole.clone();
    damaged[1000] ^= 32;
    fs::write(&path, &damaged).expect("it may be written");
    let list = checklist(folder.path());
    assert_eq!(list.worst(), Some(Class::P1), "{list}");
    assert!(list.items().iter().filter(|item| item.finding.is_err()).count() >= 4, "{list}");
    fs::write(&path, recover(folder.path(), "run-2.events.jsonl").expect("one symbol")).expect("a file");
    assert_eq!(fs::read(&path).expect("it is there"), whole);
    assert!(checklist(folder.path()).is_signed_off());
}
