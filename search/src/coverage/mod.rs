//! Coverage: what runs showed, as numbers of features, and what a campaign has seen of them.
//!
//! A *footprint* is what one run showed; a *coverage* is the sum over runs. The sum does not depend on the order in
//! which runs return: when a feature was first seen is the least position of a run that showed it.

mod footprint;
mod marks;
mod sum;

pub use footprint::{Feature, Footprint};
pub use marks::Marks;
pub use sum::{Coverage, News};
