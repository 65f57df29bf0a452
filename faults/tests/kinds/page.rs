//! `docs/faults.md` is made from the table of kinds; this keeps it so.

use std::fmt::Write as _;
use std::path::Path;

use tourbillon_faults::plan::{Family, KINDS, Kind, Lasting, Plan};
use tourbillon_faults::swarm::PROFILES;

use crate::examples::EXAMPLES;

/// The sources of the tests of the kinds, where each kind must have one.
const TESTS: &[(&str, &str)] = &[
    ("calm.rs", include_str!("calm.rs")),
    ("network.rs", include_str!("network.rs")),
    ("process.rs", include_str!("process.rs")),
    ("disk.rs", include_str!("disk.rs")),
    ("clock.rs", include_str!("clock.rs")),
    ("resource.rs", include_str!("resource.rs")),
];

const FAMILIES: &[(Family, &str)] = &[
    (Family::Network, "Network"),
    (Family::Process, "Process"),
    (Family::Disk, "Disk"),
    (Family::Clock, "Clock"),
    (Family::Resource, "Resource and logic"),
    (Family::Calm, "The end of trouble"),
];

/// The test of a kind: its name with `_`, in one of the files.
fn test_of(kind: &Kind) -> String {
    let name = match kind.name.replace('.', "_").as_str() {
        "yield" => "yields".to_string(),
        name => name.to_string(),
    };
    let signature = format!("#[test]\nfn {name}()");
    let file = TESTS.iter().find(|(_, source)| source.contains(&signature));
    let (file, _) = file.unwrap_or_else(|| panic!("the kind `{}` has no test `{name}`", kind.name));
    format!("`{name}` in `faults/tests/kinds/{file}`")
}

fn page() -> String {
    let mut page = include_str!("page.md").to_string();
    writeln!(page, "## Profiles\n\n| name | what it troubles |\n|---|---|").expect("text");
    for (name, about) in PROFILES {
        writeln!(page, "| `{name}` | {about} |").expect("text");
    }
    for (family, title) in FAMILIES {
        writeln!(page, "\n## {title}").expect("text");
        for kind in KINDS.iter().filter(|kind| kind.family == *family) {
            section(&mut page, kind);
        }
    }
    page
}

fn section(page: &mut String, kind: &Kind) {
    let (_, example) = EXAMPLES.iter().find(|(name, _)| *name == kind.name).expect(kind.name);
    writeln!(page, "\n### `{}`\n\n{}\n", kind.name, kind.about.trim()).expect("text");
    writeln!(page, "```toml\n{example}\n```\n").expect("text");
    for parameter in kind.parameters {
        let (key, about, expected) = (parameter.key, parameter.about.trim(), parameter.expected);
        let optional = if parameter.optional { ", or absent" } else { "" };
        writeln!(page, "* `{key}`: {about} *{expected}{optional}*").expect("text");
    }
    if kind.lasting == Lasting::Lasting {
        writeln!(page, "* `for`: How long; until everything heals when absent.").expect("text");
    }
    writeln!(page, "\nTest: {}.", test_of(kind)).expect("text");
}

#[test]
fn the_page_tells_of_every_kind() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let page = page();
    if std::env::var_os("TOURBILLON_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let first = page.lines().zip(written.lines()).position(|(now, then)| now != then);
    assert!(
        written == page,
        "docs/faults.md is stale from line {}; TOURBILLON_WRITE_DOCS=1 writes it anew",
        first.map_or(written.lines().count().min(page.lines().count()), |line| line) + 1
    );
}

#[test]
fn the_plan_on_the_page_is_a_plan() {
    let (_, rest) = include_str!("page.md").split_once("```toml\n").expect("an example");
    let (text, _) = rest.split_once("```").expect("its end");
    let plan = text.parse::<Plan>().expect("it is well formed");
    assert_eq!(plan.to_string(), text, "and in canonical form");
}
