//! The catalogue of points is what the sources say.

use std::collections::BTreeSet;

use super::super::points::{CATALOGUE, QUIRKS};
use crate::sources::{listed, points_of};

#[test]
fn every_point_of_the_sources_is_in_the_catalogue_and_none_else() {
    assert_eq!(points_of("kv"), listed(&CATALOGUE));
}

#[test]
fn bugs_have_names_of_their_own() {
    let names: BTreeSet<&str> = QUIRKS.iter().map(|quirk| quirk.name()).collect();
    assert_eq!(names.len(), QUIRKS.len());
}
