//! What the sources of a model say of its points, for the tests that hold its catalogue against them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use points::Point;

const MACROS: [&str; 7] = ["site", "always", "sometimes", "reachable", "unreachable", "numeric", "mark"];

/// Points by name and kind.
pub type Names = BTreeSet<(String, String)>;

/// The text of every file of a model, tests left out.
pub fn texts(model: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(model)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path: PathBuf = entry.expect("a readable folder").path();
            if !path.is_dir() {
                texts.push(fs::read_to_string(&path).expect("sources are text"));
            } else if !path.ends_with("tests") {
                folders.push(path);
            }
        }
    }
    texts
}

/// Every point that a macro of a model names.
pub fn points_of(model: &str) -> Names {
    let mut found = Names::new();
    for text in texts(model) {
        for kind in MACROS {
            for (at, opening) in text.match_indices(&format!("points::{kind}!(")) {
                let call = arguments(&text[at + opening.len()..]);
                let name = call.split('"').nth(1).expect("a point has a name");
                found.insert((name.to_string(), kind.to_string()));
            }
        }
    }
    found
}

/// The text up to the parenthesis that ends it.
fn arguments(text: &str) -> &str {
    let mut open = 1;
    let is_end = |letter: char| {
        open += i32::from(letter == '(') - i32::from(letter == ')');
        open == 0
    };
    &text[..text.find(is_end).expect("a macro call ends")]
}

/// The points of a catalogue.
///
/// # Panics
/// When one is listed twice.
pub fn listed<'a>(catalogue: impl IntoIterator<Item = &'a Point>) -> Names {
    let mut listed = Names::new();
    for point in catalogue {
        let is_new = listed.insert((point.name().to_string(), point.kind().label().to_string()));
        assert!(is_new, "`{}` is listed twice", point.name());
    }
    listed
}
