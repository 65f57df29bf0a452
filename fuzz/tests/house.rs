//! Every target has its test, its binary and its place in the document; and what is kept below `corpus/` holds.

// `cargo bolero` builds every test with coverage, and only bolero brings what coverage calls.
use bolero as _;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tourbillon_fuzz::{TARGETS, target};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    let path = here(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("its name is text").to_string()
}

fn names() -> BTreeSet<String> {
    TARGETS.iter().map(|target| target.name.to_string()).collect()
}

#[test]
fn every_target_has_a_file_a_test_and_a_binary() {
    let mut modules: BTreeSet<String> = within(&here("src/targets")).iter().map(|path| stem(path)).collect();
    assert!(modules.remove("mod"));
    assert_eq!(modules, names(), "files of src/targets, and the registry");

    let mut binaries: BTreeSet<String> =
        within(&here("libfuzzer/src/bin")).iter().map(|path| stem(path)).collect();
    assert!(binaries.remove("canary"));
    assert_eq!(binaries, names(), "binaries, and the registry");
    for name in names() {
        let source = read(&format!("libfuzzer/src/bin/{name}.rs"));
        assert!(
            source.contains(&format!("targets::targets::{name}::fuzz_one(bytes)")),
            "{name} runs {source}"
        );
    }

    let tests = read("tests/targets.rs");
    let tested = tests.split_once("under_bolero! {").and_then(|(_, rest)| rest.split_once('}'));
    let tested = tested.expect("the tests are listed").0;
    assert_eq!(
        tested.split_whitespace().map(String::from).collect::<BTreeSet<_>>(),
        names(),
        "bolero's tests"
    );
}

#[test]
fn the_document_tells_of_every_target() {
    let document = read("../docs/fuzzing.md");
    for target in TARGETS {
        let row = format!("| `{}` | {} |", target.name, target.about);
        assert!(document.contains(&row), "docs/fuzzing.md has the row {row}");
    }
}

#[test]
fn the_image_has_the_compiler_of_the_house() {
    let manifest = read("../Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    let version = version.expect("the house says which compiler it needs");
    let image = read("../.clusterfuzzlite/Dockerfile");
    assert_eq!(image.matches(&format!("{version}.0")).count(), 2, "{version} in {image}");
}

/// What once was found, and what a fuzzer begins with.
#[test]
fn every_input_that_is_kept_holds() {
    let mut count = 0;
    for folder in within(&here("corpus")) {
        let name = stem(&folder);
        let target = target(&name).unwrap_or_else(|| panic!("corpus/{name} is of no target"));
        for input in within(&folder) {
            println!("{}", input.display());
            (target.fuzz_one)(&std::fs::read(&input).expect("it can be read"));
            count += 1;
        }
    }
    assert!(count >= 20, "the corpus has {count} inputs");
}

/// A kind of fault that gets another word must get it here too, or the fuzzer begins with a plan that is refused.
#[test]
fn every_plan_that_a_fuzzer_begins_with_is_a_plan() {
    for path in within(&here("corpus/plan")) {
        let text = std::fs::read_to_string(&path).expect("it is text");
        let read = text.parse::<faults::plan::Plan>();
        assert!(read.is_ok(), "{}: {}", path.display(), read.expect_err("it is refused"));
    }
}
