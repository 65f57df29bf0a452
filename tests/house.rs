//! The documents tell the truth: the drawing is what the Cargo.tomls say, and named tests exist.

use std::collections::BTreeSet;
use std::path::Path;

/// The rooms, by their names in the drawing, and the folder of each.
const ROOMS: [(&str, &str); 10] = [
    ("tourbillon", "."),
    ("workloads", "workloads"),
    ("replay", "replay"),
    ("search", "search"),
    ("models", "models"),
    ("faults", "faults"),
    ("sim", "sim"),
    ("evidence", "evidence"),
    ("macros", "macros"),
    ("points", "points"),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rooms that a Cargo.toml names as dependencies; what only its tests use is no matter of the drawing.
fn named(manifest: &str) -> BTreeSet<String> {
    let (mut within, mut names) = (false, BTreeSet::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line == "[dependencies]";
        } else if within {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            names.extend(ROOMS.iter().filter(|(room, _)| *room == name).map(|(room, _)| room.to_string()));
        }
    }
    names
}

#[test]
fn the_drawing_is_what_the_cargo_tomls_say() {
    let architecture = read("ARCHITECTURE.md");
    let drawn = |room: &str| -> BTreeSet<String> {
        let line = architecture.lines().find(|line| {
            line.starts_with("   ") && line.split_whitespace().next() == Some(room) && line.contains("->")
        });
        let line = line.unwrap_or_else(|| panic!("`{room}` is in the drawing"));
        line.split("->").nth(1).unwrap_or_default().split_whitespace().map(str::to_string).collect()
    };
    for (room, folder) in ROOMS {
        assert_eq!(named(&read(&format!("{folder}/Cargo.toml"))), drawn(room), "{room}: Cargo.toml, drawing");
    }
    let members = read("Cargo.toml");
    let members = members.lines().find(|line| line.starts_with("members")).expect("it is a workspace");
    for (_, folder) in ROOMS.iter().filter(|(_, folder)| *folder != ".") {
        assert!(members.contains(&format!("\"{folder}\"")), "{folder} is a member");
    }
    assert_eq!(members.matches('"').count() / 2, ROOMS.len() - 1, "every member is in the drawing");
}

#[test]
fn each_promise_names_a_test_that_exists() {
    let promises = read("docs/determinism.md");
    let mut count = 0;
    for cell in promises.lines().filter(|line| line.starts_with('|')) {
        let mut words = cell.split('`').skip(1).step_by(2).peekable();
        while let Some(file) = words.next() {
            if file.starts_with("tests/") && file.ends_with(".rs") {
                let test = words.next().unwrap_or_else(|| panic!("{file} has a test in: {cell}"));
                assert!(read(file).contains(&format!("fn {test}(")), "{file} has the test `{test}`");
                count += 1;
            }
        }
    }
    assert!(count >= 8, "the document names its tests: {count}");
}

#[test]
fn the_checks_run_the_readmes_own_test_command() {
    let readme = read("README.md");
    let commands = readme.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(commands, Some("cargo run --release -- sweep\ncargo test\n"));
    let checks = read(".ci/run");
    assert!(checks.contains("cargo test --locked"));
    assert!(checks.contains("cargo run --release --locked --quiet -- golden check"), "debug against release");
}
