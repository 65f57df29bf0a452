//! The catalogue of points is what the sources say.

use std::collections::BTreeSet;

use super::super::api::{Bug, Kind, Quirks};
use super::super::points::{CATALOGUE, QUIRKS, allocation_site};
use crate::sources::{listed, points_of, texts};

#[test]
fn every_point_of_the_sources_is_in_the_catalogue_and_none_else() {
    let mut found = points_of("regions");
    found.extend(Kind::ALL.map(|kind| (format!("regions.allocate_{}", kind.word()), String::from("site"))));
    assert_eq!(found, listed(&CATALOGUE));
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
    let all = texts("regions").concat();
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
