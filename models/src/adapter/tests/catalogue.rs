//! The catalogue of points is what the sources say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use points::Point;

use super::super::points::{CATALOGUE, CLIENT_SITES, QUIRKS, REMOTE_SITES};

const MACROS: [&str; 7] = ["site", "always", "sometimes", "reachable", "unreachable", "numeric", "mark"];

/// Every point that a macro below `folder` names, with its kind.
fn points_below(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            points_below(&path, found);
        } else {
            let text = fs::read_to_string(&path).expect("sources are text");
            for kind in MACROS {
                for (at, opening) in text.match_indices(&format!("points::{kind}!(")) {
                    let call = &text[at + opening.len()..];
                    let name = call.split('"').nth(1).expect("a point has a name");
                    found.insert((name.to_string(), kind.to_string()));
                }
            }
        }
    }
}

#[test]
fn every_point_of_the_sources_is_in_the_catalogue_and_none_else() {
    let mut found = BTreeSet::new();
    points_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapter"), &mut found);
    let all: Vec<&Point> = CATALOGUE.iter().chain(&CLIENT_SITES).chain(&REMOTE_SITES).collect();
    let listed: BTreeSet<(String, String)> =
        all.iter().map(|point| (point.name().to_string(), point.kind().label().to_string())).collect();
    assert_eq!(found, listed);
    assert_eq!(listed.len(), all.len(), "a point is listed twice");
}

#[test]
fn bugs_have_names_of_their_own() {
    let names: BTreeSet<&str> = QUIRKS.iter().map(|quirk| quirk.name()).collect();
    assert_eq!(names.len(), QUIRKS.len());
}
