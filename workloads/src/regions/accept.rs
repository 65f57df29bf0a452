//! Acceptance: a scenario's properties, each with its name, and what was found where it does not hold.

/// Who accepts: a scenario by the short name that its properties begin with, such as `router-storm.001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance(pub &'static str);

impl Acceptance {
    /// The property must hold; else the run fails by `SCENARIO.PROPERTY`, with what was found.
    #[track_caller]
    pub fn require(self, property: &str, holds: bool, found: impl FnOnce() -> String) {
        if !holds {
            sim::fail(&format!("{}.{property}", self.0), found());
        }
    }

    /// Both must be equal.
    #[track_caller]
    pub fn equal<T: PartialEq + std::fmt::Debug>(self, property: &str, found: &T, expected: &T) {
        self.require(property, found == expected, || format!("found {found:?}, expected {expected:?}"));
    }

    /// It must be so many at least: a check that nothing could have failed is none.
    #[track_caller]
    pub fn at_least(self, property: &str, found: usize, least: usize) {
        self.require(property, found >= least, || format!("found {found}, expected {least} at least"));
    }
}
