//! The footprint of a run: which features it showed, and how far its numbers went.

use faults::scenario::Run;
use sim::points::{self, Kind};
use sim::{PointReport, Report};

use super::marks::Marks;

/// The number of a feature: its class in the four highest bits, a hash in the others. The same in every build; that
/// two features of a thousand share one comes once in five hundred campaigns, and costs the search one of them.
pub type Feature = u32;

/// What a run showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Its features, sorted, each once.
    features: Vec<Feature>,
    /// The greatest value of each numeric point, sorted by the feature that stands for the point.
    maxima: Vec<(Feature, u64)>,
}

/// What a feature is about.
#[derive(Clone, Copy)]
enum Class {
    /// How often a point was hit, in powers of two.
    Hits = 1,
    /// A condition held.
    Held = 2,
    /// A condition did not hold.
    Broken = 3,
    /// How far a number went, in powers of two.
    Reached = 4,
    /// How often a kind of fault took effect, in powers of two.
    Effects = 5,
    /// Which property failed.
    Failed = 6,
    /// A bucket of marks.
    Mark = 7,
    /// A numeric point itself.
    Numeric = 8,
    /// What a caller adds.
    Own = 9,
}

impl Footprint {
    /// Of a run without a plan: points, the property that failed, and faults by their labels.
    pub fn of_report(report: &Report) -> Footprint {
        let mut footprint = Footprint::of_points(report);
        for fault in &report.faults {
            footprint.effects(&fault.label, fault.effects);
        }
        footprint.sorted()
    }

    /// Of a run of a scenario: points, the property that failed, and the lines of its plan by their kind.
    pub fn of_run(run: &Run) -> Footprint {
        let mut footprint = Footprint::of_points(&run.report);
        for (line, told) in run.plan.faults.iter().zip(&run.lines) {
            footprint.effects(line.trouble.name(), told.effects);
        }
        footprint.sorted()
    }

    /// With what a reader of marks saw.
    pub fn with_marks(mut self, marks: &Marks) -> Footprint {
        self.features.extend(marks.buckets().map(|bucket| Class::Mark.tag(u64::from(bucket))));
        self.sorted()
    }

    /// With features of the caller's own, each of a name and a number: a state that only he can see.
    pub fn with_own(mut self, own: impl IntoIterator<Item = (&'static str, u64)>) -> Footprint {
        self.features
            .extend(own.into_iter().map(|(name, number)| feature(Class::Own, points::hash(name), number)));
        self.sorted()
    }

    /// The features, sorted, each once.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The greatest value of each numeric point, by the feature that stands for the point.
    pub fn maxima(&self) -> &[(Feature, u64)] {
        &self.maxima
    }

    fn of_points(report: &Report) -> Footprint {
        let mut footprint = Footprint::default();
        report.points.iter().for_each(|point| footprint.point(point));
        if let Some(failure) = report.failure() {
            footprint.features.push(feature(Class::Failed, points::hash(&failure.property), 0));
        }
        footprint
    }

    fn point(&mut self, point: &PointReport) {
        let name = point.hash();
        self.features.push(feature(Class::Hits, name, power(point.hits)));
        if point.held > 0 {
            self.features.push(feature(Class::Held, name, 0));
        }
        if point.kind == Kind::Sometimes && point.held < point.hits {
            self.features.push(feature(Class::Broken, name, 0));
        }
        if point.kind == Kind::Numeric {
            self.features.push(feature(Class::Reached, name, power(point.numeric_max)));
            self.maxima.push((feature(Class::Numeric, name, 0), point.numeric_max));
        }
    }

    fn effects(&mut self, kind: &str, effects: u64) {
        self.features.push(feature(Class::Effects, points::hash(kind), power(effects)));
    }

    fn sorted(mut self) -> Footprint {
        self.features.sort_unstable();
        self.features.dedup();
        self.maxima.sort_unstable();
        self
    }

    /// The footprint of these numbers, which [`features`](Self::features) and [`maxima`](Self::maxima) told: of a run in
    /// another process.
    pub fn of_parts(features: Vec<Feature>, maxima: Vec<(Feature, u64)>) -> Footprint {
        Footprint { features, maxima }.sorted()
    }
}

impl Class {
    fn tag(self, hash: u64) -> Feature {
        (self as u32) << 28 | (hash as u32) & 0x0fff_ffff
    }
}

/// How many binary digits a number has: 0, 1, 2 to 3, 4 to 7, and so on.
fn power(number: u64) -> u64 {
    u64::from(64 - number.leading_zeros())
}

fn feature(class: Class, name: u64, number: u64) -> Feature {
    // SplitMix64's finalizer: each bit of both goes into each bit that is kept.
    let mut hash = name ^ number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    class.tag(hash ^ hash >> 31)
}
