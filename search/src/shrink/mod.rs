//! Shrinking: from a failing case to the smallest that still fails in the same way.
//!
//! What goes first is what a person would read first: lines of the plan, sizes, operations; then the times between
//! what is left, and the choices. What is left says everything itself, so that it outlives the code that drew it. A
//! round of candidates is tried side by side, and the first of them that fails counts: so the result is the same
//! with any number of workers.

mod choices;
mod ddmin;
mod futures;
mod operations;
mod plan;
mod times;
mod values;

use faults::plan::Plan;
use replay::case::{Case, PlanSource};
use sim::choice::Draw;
use sim::workload::Operations;

pub use ddmin::ddmin;

/// Tries cases. It knows which failure is looked for.
pub trait Judge {
    /// The first of these candidates, in their order, that fails in the same way within so many records, and how much
    /// it takes to. What comes behind it does not matter.
    fn first(&mut self, candidates: &[Case], records_max: u64) -> Option<(usize, Extent)>;

    /// The same run once more, with all that was drawn; `None` when it does not fail in that way.
    fn record(&mut self, case: &Case) -> Option<Recorded>;

    /// Whether to stop: time or runs are up, or somebody wants it.
    fn is_over(&self) -> bool;

    /// A pass is done.
    fn tell(&mut self, pass: &'static str, best: &Best) {
        let _ = (pass, best);
    }
}

/// How much a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Extent {
    /// Records of its trace.
    pub records: u64,
    /// When it failed, in nanoseconds of virtual time.
    pub failed_at_ns: u64,
}

/// What a run drew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The plan that was carried out.
    pub plan: Plan,
    /// What its load did.
    pub operations: Operations,
    /// The names of its streams of choices.
    pub streams: Vec<String>,
    /// Its draws.
    pub draws: Vec<Draw>,
    /// How much it was.
    pub extent: Extent,
}

/// The smallest case so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// The case.
    pub case: Case,
    /// How much it is.
    pub extent: Extent,
}

impl Best {
    /// Lines of its plan, without the calm.
    pub fn lines(&self) -> usize {
        plan::troubles(&self.case)
    }

    /// Operations of its load, where it says them.
    pub fn operations(&self) -> Option<usize> {
        self.case.operations.as_ref().map(Operations::count)
    }
}

/// A number by which a scenario's runs are large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its name.
    pub name: String,
    /// What it usually is.
    pub usual: u64,
    /// The least that it can be.
    pub least: u64,
}

/// Makes a failing case small; `None` when it does not fail in the way that the judge looks for.
pub fn shrink(case: &Case, sizes: &[Size], judge: &mut dyn Judge) -> Option<Best> {
    let recorded = judge.record(case)?;
    let best = Best { case: case.clone(), extent: recorded.extent };
    let drawn = recorded.operations.clone();
    let mut shrinking = Shrinking { best, drawn, judge, choices_are_said: false, may_grow: true };
    shrinking.make_self_contained(&recorded);
    shrinking.judge.tell("plan and operations written out", &shrinking.best);
    shrinking.come_to_rest(sizes);
    // Of what is left, chance may have had a part in each: with other luck it may do with less.
    for _ in 0..FUTURES_ROUNDS_MAX {
        if !futures::try_others(&mut shrinking, sizes) {
            break;
        }
        shrinking.come_to_rest(sizes);
    }
    Some(shrinking.best)
}

/// Rounds of other luck: each finds less than the one before.
const FUTURES_ROUNDS_MAX: usize = 40;

/// A case being made small.
struct Shrinking<'a> {
    best: Best,
    /// What the load did at first.
    drawn: Operations,
    judge: &'a mut dyn Judge,
    /// Whether its edits say already which choices matter.
    choices_are_said: bool,
    /// Whether a candidate may have more records than the best has: with a line less, for instance.
    may_grow: bool,
}

impl Shrinking<'_> {
    /// Takes the first candidate that still fails, if there is one, and tells which.
    fn take_first(&mut self, candidates: &[Case]) -> Option<usize> {
        let records_max = match self.may_grow {
            true => u64::MAX,
            false => self.best.extent.records,
        };
        self.take_first_within(candidates, records_max)
    }

    /// Does this while no candidate may have more records than the one before: for what makes a case no shorter to
    /// read.
    fn without_growth(&mut self, pass: impl FnOnce(&mut Self)) {
        self.may_grow = false;
        pass(self);
        self.may_grow = true;
    }

    /// Takes the first candidate that still fails within so many records, if there is one, and tells which.
    fn take_first_within(&mut self, candidates: &[Case], records_max: u64) -> Option<usize> {
        if candidates.is_empty() || self.judge.is_over() {
            return None;
        }
        let (index, extent) = self.judge.first(candidates, records_max)?;
        self.best = Best { case: candidates[index].clone(), extent };
        Some(index)
    }

    /// All passes, until none leaves out anything more.
    fn come_to_rest(&mut self, sizes: &[Size]) {
        // What one pass leaves out lets another leave out more. Two rounds come to rest almost always; the last shows it.
        for _ in 0..3 {
            let before = self.best.case.clone();
            plan::lines(self);
            sizes_of(self, sizes);
            operations::leave_out(self);
            operations::others(self);
            self.without_growth(operations::by_an_earlier);
            self.without_growth(values::smaller);
            self.without_growth(shorten);
            self.without_growth(choices::towards_zero);
            self.without_growth(operations::numbers);
            if self.best.case == before || self.judge.is_over() {
                break;
            }
        }
    }

    fn take(&mut self, candidate: Case) -> bool {
        candidate != self.best.case && self.take_first(&[candidate]).is_some()
    }

    /// Leaves out items of the best case, as [`ddmin`] does; `with` makes the case that has only these.
    fn leave_out<T: Clone>(&mut self, items: &[T], with: impl Fn(&Case, &[T]) -> Case) -> Vec<T> {
        let whole = self.best.case.clone();
        ddmin(items, &mut |candidates: &[Vec<T>]| {
            let cases: Vec<Case> = candidates.iter().map(|kept| with(&whole, kept)).collect();
            self.take_first(&cases)
        })
    }

    /// Writes into the case what its seed drew: plan and operations; and leaves out what they replace.
    fn make_self_contained(&mut self, recorded: &Recorded) {
        let mut case = self.best.case.clone();
        case.plan = Some(PlanSource::inline(&recorded.plan));
        let with_operations = Case { operations: Some(recorded.operations.clone()), ..case.clone() };
        // A load whose operations cannot be given is left to its seed.
        if recorded.operations.count() == 0 || !self.take(with_operations) {
            self.take(case);
        }
        let best = self.best.case.clone();
        self.take(Case { profile: None, ..best });
        self.drop_what_is_not_needed();
    }

    /// A way to explore, new seeds and edits that change nothing of the failure go.
    fn drop_what_is_not_needed(&mut self) {
        if self.best.case.explore.is_some() {
            let best = self.best.case.clone();
            self.take(Case { explore: None, ..best });
        }
        if !self.best.case.reseeds.is_empty() {
            let reseeds = self.best.case.reseeds.clone();
            self.leave_out(&reseeds, |case, kept| Case { reseeds: kept.to_vec(), ..case.clone() });
        }
    }
}

/// Sizes, each as small as it can be.
fn sizes_of(shrinking: &mut Shrinking<'_>, sizes: &[Size]) {
    for size in sizes {
        shrinking.take_first(&smaller(&shrinking.best.case, size));
    }
    shrinking.judge.tell("sizes", &shrinking.best);
}

/// The case with smaller sizes, the least first: close to the least each of them, and farther away ever fewer.
fn smaller(case: &Case, size: &Size) -> Vec<Case> {
    let now = case.sizes.get(&size.name).copied().unwrap_or(size.usual);
    let mut cases = Vec::new();
    let mut to = size.least;
    while to < now {
        cases.push(with_size(case, &size.name, to));
        to += ((to - size.least) / 2).max(1);
    }
    cases
}

fn with_size(case: &Case, name: &str, to: u64) -> Case {
    let mut case = case.clone();
    case.sizes.insert(name.to_string(), to);
    case
}

/// Times between what is left, then each duration.
fn shorten(shrinking: &mut Shrinking<'_>) {
    times::close_gaps(shrinking);
    times::shorten_each(shrinking);
    times::act_later(shrinking);
    shrinking.judge.tell("times", &shrinking.best);
}

#[cfg(test)]
mod tests;
