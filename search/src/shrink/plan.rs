//! Lines of a case's plan.

use faults::plan::{Line, Plan, Trouble};
use replay::case::{Case, PlanSource};

use super::Shrinking;

/// The plan that is written in a case.
pub(super) fn of(case: &Case) -> Option<Plan> {
    match &case.plan {
        Some(PlanSource::Inline(text)) => text.parse().ok(),
        _ => None,
    }
}

/// How many lines make trouble: all but the calm, by which a run knows when it must be well again.
pub(super) fn troubles(case: &Case) -> usize {
    of(case).map_or(0, |plan| plan.faults.iter().filter(|line| is_trouble(line)).count())
}

/// Whether a line makes trouble.
pub(super) fn is_trouble(line: &Line) -> bool {
    !matches!(line.trouble, Trouble::Calm {})
}

/// The case without each of its lines of trouble.
pub(super) fn without_each(case: &Case) -> Vec<Case> {
    let Some(plan) = of(case) else { return Vec::new() };
    let without = |gone: usize| {
        let mut faults = plan.faults.clone();
        faults.remove(gone);
        Case { plan: Some(PlanSource::inline(&Plan { faults })), ..case.clone() }
    };
    (0..plan.faults.len()).filter(|&index| is_trouble(&plan.faults[index])).map(without).collect()
}

/// Leaves out lines.
pub(super) fn lines(shrinking: &mut Shrinking<'_>) {
    let Some(plan) = of(&shrinking.best.case) else { return };
    let numbered: Vec<usize> =
        (0..plan.faults.len()).filter(|&index| is_trouble(&plan.faults[index])).collect();
    shrinking.leave_out(&numbered, |case, kept| {
        let stays = |index: &usize| !is_trouble(&plan.faults[*index]) || kept.contains(index);
        let faults = (0..plan.faults.len()).filter(stays).map(|index| plan.faults[index].clone()).collect();
        Case { plan: Some(PlanSource::inline(&Plan { faults })), ..case.clone() }
    });
    shrinking.judge.tell("plan", &shrinking.best);
}
