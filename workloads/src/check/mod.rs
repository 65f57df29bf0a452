//! General checkers: a history in, a verdict out. They are pure and know no system.

mod history;
mod linearizable;
#[cfg(test)]
mod tests;

pub use history::{Call, CallId, History};
pub use linearizable::{Model, Stuck, linearizable};

/// What a checker says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<V> {
    /// The history is one that a correct system can show.
    Holds,
    /// It is not, and this is why.
    Violated(V),
    /// The checker gave up at its limit.
    Unknown,
}
