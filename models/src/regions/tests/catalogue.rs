//! The catalogue of points is what the sources say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::super::api::{Bug, Kind, Quirks};
use super::super::points::{CATALOGUE, QUIRKS, allocation_site};

const MACROS: [&str; 7] = ["site", "always", "sometimes", "reachable", "unreachable", "numeric", "mark"];

/// Every point that a macro below `folder` names, with its kind, and all the text.
fn points_below(folder: &Path, found: &mut BTreeSet<(String, String)>, all: &mut String) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                points_below(&path, found, all);
            }
            continue;
        }
        let text = fs::read_to_string(&path).expect("sources are text");
        for kind in MACROS {
            for (at, opening) in text.match_indices(&format!("points::{kind}!(")) {
                let name = text[at + opening.len()..].split('"').nth(1).expect("a point has a name");
                found.insert((name.to_string(), kind.to_string()));
            }
        }
        all.push_str(&text);
    }
}

fn sources() -> (BTreeSet<(String, String)>, String) {
    let (mut found, mut all) = (BTreeSet::new(), String::new());
    points_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/regions"), &mut found, &mut all);
    (found, all)
}

#[test]
fn every_point_of_the_sources_is_in_the_catalogue_and_none_else() {
    let (mut found, _) = sources();
    found.extend(Kind::ALL.map(|kind| (format!("regions.allocate_{}", kind.word()), String::from("site"))));
    let listed: BTreeSet<(String, String)> =
        CATALOGUE.iter().map(|point| (point.name().to_string(), point.kind().label().to_string())).collect();
    assert_eq!(found, listed);
    assert_eq!(listed.len(), CATALOGUE.len(), "a point is listed twice");
}

#[test]
fn an_arena_asks_at_the_site_of_its_kind() {
    for kind in Kind::ALL {
        assert_eq!(allocation_site(kind).name(), format!("regions.allocate_{}", kind.word()));
    }
}

/// Each bug has a name of its own, and sits somewhere.
#[test]
fn bugs_are_named_and_sit_in_the_sources() {
    let (_, all) = sources();
    let names: BTreeSet<&str> = QUIRKS.iter().map(|quirk| quirk.name()).collect();
    assert_eq!(names.len(), Bug::ALL.len());
    for (bug, quirk) in Bug::ALL.iter().zip(QUIRKS) {
        assert_eq!(bug.name(), quirk.name());
        assert!(all.contains(&format!("Bug::{bug:?}")), "{bug:?} sits nowhere");
        let others = Bug::ALL.iter().filter(|other| *other != bug);
        assert!(
            Quirks::only(*bug).has(*bug) && others.into_iter().all(|&other| !Quirks::only(*bug).has(other))
        );
    }
}
