//! Packs on a real disk: whole ones, damaged ones, and what is said about each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;
use tourbillon_evidence::{
    Drill, Error, MANIFEST, decode_drill, decode_drill_losing, pack, recover, scrub, sidecar_of,
};

const EVENTS: &str = "events.jsonl";

/// Bytes that no two places of a file share.
fn bytes(count: usize, salt: u64) -> Vec<u8> {
    let mut out = vec![0; count];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.finalize_xof().fill(&mut out);
    out
}

/// A pack of three files: some symbols, one byte, and nothing at all.
fn packed() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join(EVENTS), bytes(20_000, 1)).expect("a file");
    fs::write(folder.path().join("verdict"), b"!").expect("a file");
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    fs::write(folder.path().join("logs/stderr"), b"").expect("a file");
    pack(folder.path()).expect("a pack");
    folder
}

fn change(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut content = fs::read(path).expect("it is there");
    edit(&mut content);
    fs::write(path, content).expect("it may be written");
}

/// All files below a folder with their content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            let content = fs::read(&path).expect("a file");
            all.insert(path, content);
        }
    }
    all
}

#[test]
fn a_whole_pack_is_scrubbed_and_drilled() {
    let folder = packed();
    let before = contents(folder.path());
    let scrubbed = scrub(folder.path()).expect("it is whole");
    assert_eq!((scrubbed.files, scrubbed.bytes, scrubbed.source_symbols), (3, 20_001, 21));
    assert_eq!(scrubbed.repair_symbols, (2 + 2) + (2 + 2), "20 symbols may lose 2, as may 1");
    let drill = decode_drill(folder.path(), 42).expect("it decodes");
    assert_eq!((drill.proofs, drill.symbols_lost), (2, 4));
    assert!(drill.source_symbols_lost >= 2, "every block lost one of its own: {drill:?}");
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn every_seed_loses_other_symbols_and_all_recover() {
    let folder = packed();
    let drills: Vec<Drill> =
        (0..40).map(|seed| decode_drill(folder.path(), seed).expect("it decodes")).collect();
    assert!(drills.iter().any(|drill| drill.source_symbols_lost > 2), "only ever one of a block: {drills:?}");
}

#[test]
fn one_symbol_too_many_fails_by_name_and_changes_nothing() {
    let folder = packed();
    let before = contents(folder.path());
    for seed in 0..20 {
        let error = decode_drill_losing(folder.path(), seed, 1).expect_err("one too many");
        let Error::TooFewSymbols { block: 0, left, needed, .. } = error else { panic!("{error}") };
        assert_eq!(left + 1, needed);
        assert!(error.to_string().contains("nothing was changed"), "{error}");
    }
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn a_flipped_bit_is_named_and_recovered() {
    let folder = packed();
    let path = folder.path().join(EVENTS);
    let whole = fs::read(&path).expect("it is there");
    change(&path, |content| content[12_345] ^= 4);
    let damaged = contents(folder.path());
    let error = scrub(folder.path()).expect_err("a bit is flipped");
    assert!(matches!(&error, Error::Hash { path: found, .. } if *found == path), "{error}");
    assert!(error.to_string().contains("recover it from its sidecar"), "{error}");
    assert!(matches!(decode_drill(folder.path(), 1), Err(Error::Hash { .. })), "a drill scrubs first");
    assert_eq!(recover(folder.path(), EVENTS).expect("one symbol is lost"), whole);
    assert_eq!(contents(folder.path()), damaged, "recovery writes nothing");
}

#[test]
fn a_file_that_was_cut_is_named_and_recovered_within_the_budget() {
    let folder = packed();
    let path = folder.path().join(EVENTS);
    let whole = fs::read(&path).expect("it is there");
    change(&path, |content| content.truncate(18_500));
    assert!(matches!(scrub(folder.path()), Err(Error::Length { found: 18_500, expected: 20_000, .. })));
    assert_eq!(recover(folder.path(), EVENTS).expect("two symbols are lost"), whole);
    change(&path, |content| content.truncate(17_000));
    let error = recover(folder.path(), EVENTS).expect_err("four of two are lost");
    assert!(matches!(error, Error::TooFewSymbols { block: 0, left: 20, needed: 22, .. }), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let folder = packed();
    let verdict = folder.path().join("verdict");
    fs::remove_file(&verdict).expect("it was there");
    let error = scrub(folder.path()).expect_err("it is gone");
    assert!(matches!(&error, Error::Missing { path, .. } if *path == verdict), "{error}");
    assert_eq!(recover(folder.path(), "verdict").expect("one symbol of one"), b"!");
    let events = folder.path().join(EVENTS);
    fs::remove_file(&events).expect("it was there");
    assert!(matches!(recover(folder.path(), EVENTS), Err(Error::TooFewSymbols { left: 4, needed: 22, .. })));
}

#[test]
fn a_sidecar_with_a_symbol_too_few_is_named() {
    let folder = packed();
    let beside = sidecar_of(&folder.path().join(EVENTS));
    change(&beside, |content| content.truncate(content.len() - 1));
    let error = scrub(folder.path()).expect_err("it is cut");
    assert!(matches!(&error, Error::Length { path, .. } if *path == beside), "{error}");
    fs::remove_file(&beside).expect("it was there");
    let error = scrub(folder.path()).expect_err("it is gone");
    assert!(matches!(&error, Error::Missing { path, .. } if *path == beside), "{error}");
    assert!(error.to_string().contains("pack again"), "{error}");
}

/// A manifest that agrees with a bad sidecar does not make it good.
#[test]
fn a_sidecar_that_is_none_is_named_even_when_its_hash_is_listed() {
    let folder = packed();
    let beside = sidecar_of(&folder.path().join(EVENTS));
    let listed = blake3::hash(&fs::read(&beside).expect("it is there")).to_string();
    change(&beside, |content| *content.last_mut().expect("it has bytes") ^= 1);
    let found = blake3::hash(&fs::read(&beside).expect("it is there")).to_string();
    let manifest = folder.path().join(MANIFEST);
    let text = fs::read_to_string(&manifest).expect("it is there").replace(&listed, &found);
    let lines: Vec<&str> = text.lines().collect();
    let above = format!("{}\n", lines[..lines.len() - 1].join("\n"));
    let seal = blake3::hash(above.as_bytes());
    fs::write(&manifest, format!("{above}end {} {seal}\n", lines.len() - 2)).expect("it may be written");
    let error = scrub(folder.path()).expect_err("a repair symbol is damaged");
    assert!(matches!(&error, Error::Sidecar { path, .. } if *path == beside), "{error}");
    assert!(error.to_string().contains("found 3 repair symbols"), "{error}");
}

#[test]
fn every_cut_of_the_manifest_and_every_flipped_byte_of_it_is_refused() {
    let folder = packed();
    let manifest = folder.path().join(MANIFEST);
    let whole = fs::read(&manifest).expect("it is there");
    for length in 0..whole.len() {
        fs::write(&manifest, &whole[..length]).expect("it may be written");
        let error = scrub(folder.path()).expect_err("it is cut");
        assert!(matches!(error, Error::Manifest { .. }), "cut at {length}: {error}");
    }
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(&manifest, &changed).expect("it may be written");
        let error = scrub(folder.path()).expect_err("it was changed");
        assert!(matches!(error, Error::Manifest { .. }), "changed at {place}: {error}");
    }
    fs::remove_file(&manifest).expect("it was there");
    assert!(matches!(scrub(folder.path()), Err(Error::Missing { .. })));
}

#[test]
fn a_file_that_nobody_listed_is_named() {
    let folder = packed();
    fs::write(folder.path().join("extra"), b"?").expect("a file");
    assert!(matches!(scrub(folder.path()), Err(Error::Unlisted { .. })));
    assert!(matches!(recover(folder.path(), "extra"), Err(Error::Unlisted { .. })));
    pack(folder.path()).expect("packed again");
    assert_eq!(scrub(folder.path()).expect("it is listed now").files, 4);
}

#[test]
fn nothing_to_pack_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(pack(folder.path()), Err(Error::Empty { .. })));
    assert!(matches!(pack(&folder.path().join("nowhere")), Err(Error::Io { .. })));
}

#[test]
fn a_file_of_several_blocks_is_drilled_block_by_block() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("trace"), bytes(600_000, 7)).expect("a file");
    assert_eq!(pack(folder.path()).expect("a pack").block_count(), 3);
    let drill = decode_drill(folder.path(), 3).expect("it decodes");
    assert_eq!((drill.proofs, drill.symbols_lost), (3, 32 + 32 + 9));
    let path = folder.path().join("trace");
    let whole = fs::read(&path).expect("it is there");
    // The second block loses more than it may; the first and the third lose nothing.
    change(&path, |content| content[262_144..262_144 + 40 * 1024].fill(0));
    assert!(matches!(recover(folder.path(), "trace"), Err(Error::TooFewSymbols { block: 1, .. })));
    fs::write(&path, &whole).expect("it may be written");
    change(&path, |content| content[262_144..262_144 + 31 * 1024].fill(0));
    assert_eq!(recover(folder.path(), "trace").expect("within the budget"), whole);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the size and the seed: whole packs prove, and any one byte that changes is found and mended.
    #[test]
    fn packs_of_any_size_recover(size in 1usize..40_000, seed: u64, place: prop::sample::Index, with in 1u8..) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let whole = bytes(size, seed);
        fs::write(&path, &whole).expect("a file");
        let manifest = pack(folder.path()).expect("a pack");
        let drill = decode_drill(folder.path(), seed).expect("it decodes");
        prop_assert_eq!(drill.proofs, manifest.block_count());
        let too_many = matches!(decode_drill_losing(folder.path(), seed, 1), Err(Error::TooFewSymbols { .. }));
        prop_assert!(too_many, "one symbol too many was not noticed");
        change(&path, |content| *place.get_mut(content) ^= with);
        let noticed = matches!(scrub(folder.path()), Err(Error::Hash { .. }));
        prop_assert!(noticed, "a changed byte was not noticed");
        prop_assert_eq!(recover(folder.path(), "file").expect("one symbol is lost"), whole);
    }
}
