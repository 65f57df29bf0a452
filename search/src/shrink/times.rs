//! Times of a case: every duration in the text of its plan and of its operations, and how they are made shorter.
//!
//! Times are found in the text, because a plan's troubles and a load's operations each have their own; what a
//! scenario then refuses is no candidate.

use std::time::Duration;

use faults::plan::{Plan, Trigger, parse_duration, print_duration};
use replay::case::{Case, PlanSource};

use super::{Shrinking, plan};

/// A duration within a text.
struct Found {
    from: usize,
    to: usize,
    is: Duration,
}

/// The durations of a text: `1.2s`, `400ms`; not within a word.
fn durations(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_digit() && (at == 0 || !is_of_word(bytes[at - 1]));
        let length = bytes[at..].iter().take_while(|&&byte| is_of_word(byte)).count();
        if begins && let Some(is) = parse_duration(&text[at..at + length]) {
            found.push(Found { from: at, to: at + length, is });
        }
        at += length.max(1);
    }
    found
}

/// The first duration of an operation: when it is done.
pub(super) fn first(operation: &str) -> Option<Duration> {
    durations(operation).first().map(|found| found.is)
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' || byte == b'-' || byte >= 0x80
}

/// The text with its durations replaced, in their order.
fn replaced(text: &str, next: &mut dyn FnMut(Duration) -> Duration) -> String {
    let mut out = String::new();
    let mut copied = 0;
    for found in durations(text) {
        out += &text[copied..found.from];
        out += &print_duration(next(found.is));
        copied = found.to;
    }
    out + &text[copied..]
}

/// All times of a case, plan first.
fn times(case: &Case) -> Vec<Duration> {
    let mut times = Vec::new();
    mapped(case, &mut |time| {
        times.push(time);
        time
    });
    times
}

/// The case with other times; `None` when it is no longer a plan.
fn with_times(case: &Case, times: &[Duration]) -> Option<Case> {
    let mut next = times.iter();
    mapped(case, &mut |time| next.next().copied().unwrap_or(time))
}

fn mapped(case: &Case, each: &mut dyn FnMut(Duration) -> Duration) -> Option<Case> {
    let mut case = case.clone();
    if let Some(plan) = plan::of(&case) {
        let lines: Vec<String> = plan.faults.iter().map(|line| replaced(&line.to_string(), each)).collect();
        let plan: Plan = format!("faults = [{}]", lines.join(", ")).parse().ok()?;
        case.plan = Some(PlanSource::inline(&plan));
    }
    if let Some(operations) = &mut case.operations {
        for operation in operations.actors.values_mut().flatten() {
            *operation = replaced(operation, each);
        }
    }
    Some(case)
}

/// The places, among the times of a case, of those that say when something happens: of each line that strikes by the
/// clock, and of each operation, its first.
fn moments(case: &Case) -> Vec<usize> {
    let mut moments = Vec::new();
    let mut place = 0;
    for line in plan::of(case).iter().flat_map(|plan| &plan.faults) {
        if matches!(line.trigger, Trigger::At(_)) {
            moments.push(place);
        }
        place += durations(&line.to_string()).len();
    }
    let operations = case.operations.iter().flat_map(|operations| operations.actors.values().flatten());
    for operation in operations {
        let count = durations(operation).len();
        if count > 0 {
            moments.push(place);
        }
        place += count;
    }
    moments
}

/// Gaps beyond which they are made smaller all at once alone: each costs some runs.
const GAPS_MAX: usize = 60;

/// Brings everything that happens nearer to what happened before it: all at once, then gap by gap.
pub(super) fn close_gaps(shrinking: &mut Shrinking<'_>) {
    for divisor in [16, 4, 2] {
        while shrinking.take_first(&Vec::from_iter(all_divided(&shrinking.best.case, divisor))).is_some() {}
    }
    let mut gap = 0;
    while gap < GAPS_MAX && !shrinking.judge.is_over() {
        let candidates: Vec<Case> = [(0, 1), (1, 16), (1, 4), (1, 2), (3, 4), (7, 8)]
            .iter()
            .filter_map(|&part| gap_closed(&shrinking.best.case, gap, part))
            .collect();
        if candidates.is_empty() {
            break;
        }
        // A gap that was closed is made smaller still; one that is gone makes room for the next.
        if shrinking.take_first(&candidates).is_none() {
            gap += 1;
        }
    }
}

/// Everything happens that much sooner.
fn all_divided(case: &Case, divisor: u32) -> Option<Case> {
    let mut times = times(case);
    for moment in moments(case) {
        times[moment] /= divisor;
    }
    changed(case, with_times(case, &times))
}

/// The case with one of its gaps a part of what it was, and all that comes behind it sooner by the rest. `None`
/// when there are not so many gaps, or it would change nothing.
fn gap_closed(case: &Case, gap: usize, (part, of): (u32, u32)) -> Option<Case> {
    let (mut times, moments) = (times(case), moments(case));
    let mut at: Vec<Duration> = moments.iter().map(|&moment| times[moment]).collect();
    at.push(Duration::ZERO);
    at.sort_unstable();
    at.dedup();
    let (before, behind) = (*at.get(gap)?, *at.get(gap + 1)?);
    let closed = rounded((behind - before) * part / of);
    for moment in moments {
        if times[moment] >= behind {
            times[moment] = times[moment] - (behind - before) + closed;
        }
    }
    changed(case, with_times(case, &times))
}

fn changed(case: &Case, other: Option<Case>) -> Option<Case> {
    other.filter(|other| other != case)
}

/// How often operations are moved, each time for a tenth of the records.
const LATER_MAX: usize = 8;

/// Moves what is done nearer to the failure: what waits there and tries again meanwhile does so for less long.
pub(super) fn act_later(shrinking: &mut Shrinking<'_>) {
    for _ in 0..LATER_MAX {
        let best = &shrinking.best;
        let failed_at = Duration::from_nanos(best.extent.failed_at_ns);
        let of_operations: Vec<usize> = moments(&best.case).split_off(moments_of_plan(&best.case));
        let moved = |which: &[usize], to: Duration| {
            let mut times = times(&best.case);
            for &moment in which {
                times[moment] = times[moment].max(rounded(to));
            }
            changed(&best.case, with_times(&best.case, &times))
        };
        let mut candidates: Vec<Case> = Vec::new();
        for part in [8, 7, 6, 4] {
            candidates.extend(moved(&of_operations, failed_at * part / 8));
        }
        for moment in of_operations.iter().take(GAPS_MAX) {
            candidates.extend(moved(&[*moment], failed_at * 7 / 8));
        }
        let nine_tenths = best.extent.records / 10 * 9;
        if shrinking.take_first_within(&candidates, nine_tenths).is_none() {
            break;
        }
    }
}

/// How many of the first moments of a case are those of its plan.
fn moments_of_plan(case: &Case) -> usize {
    let plan = plan::of(case);
    let by_clock =
        plan.iter().flat_map(|plan| &plan.faults).filter(|line| matches!(line.trigger, Trigger::At(_)));
    by_clock.count()
}

/// Makes each time that is no moment shorter: how long a fault lasts, when a process is restarted. Then every time is
/// made a round number.
pub(super) fn shorten_each(shrinking: &mut Shrinking<'_>) {
    let count = times(&shrinking.best.case).len();
    for place in 0..count {
        if !moments(&shrinking.best.case).contains(&place) {
            while shrinking.take_first(&shorter(&shrinking.best.case, place)).is_some() {}
        }
        shrinking.take_first(&Vec::from_iter(one(&shrinking.best.case, place, rounded)));
    }
}

fn shorter(case: &Case, place: usize) -> Vec<Case> {
    let parts = [(1, 8), (1, 2), (3, 4), (7, 8)];
    parts.iter().filter_map(|(part, of)| one(case, place, |time| rounded(time * *part / *of))).collect()
}

/// The case with one of its times changed; not below a microsecond, where nothing is gained.
fn one(case: &Case, place: usize, change: impl Fn(Duration) -> Duration) -> Option<Case> {
    let mut times = times(case);
    let time = times.get_mut(place)?;
    *time = change(*time);
    if *time < Duration::from_micros(1) {
        return None;
    }
    changed(case, with_times(case, &times))
}

/// A round number not above this one, of two digits: what a person would have written.
fn rounded(time: Duration) -> Duration {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let unit = nanos.checked_ilog10().map_or(1, |digits| 10u64.pow(digits.saturating_sub(1)));
    Duration::from_nanos(nanos / unit * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        let mut case = Case::new("kv/steady", 1);
        let plan = r#"faults = [{ at = "1.2s", kill = "kv-2s", restart_after = "400ms" }, { calm = "20s" }]"#;
        case.plan = Some(PlanSource::inline(&plan.parse().expect("a plan")));
        case.operations = Some("client-3: 500ms put k1 #7 20; 3s get 2s-x".parse().expect("operations"));
        case
    }

    fn millis(times: &[u64]) -> Vec<Duration> {
        times.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn times_are_found_in_plan_and_operations_and_names_are_left_alone() {
        assert_eq!(times(&case()), millis(&[1200, 400, 20_000, 500, 3000]));
    }

    #[test]
    fn other_times_are_put_in_their_places() {
        let moved = with_times(&case(), &millis(&[1, 2, 3, 4, 5])).expect("a plan");
        assert_eq!(times(&moved), millis(&[1, 2, 3, 4, 5]));
        assert_eq!(moved.operations.expect("some").to_string(), "client-3: 4ms put k1 #7 20; 5ms get 2s-x");
        assert_eq!(with_times(&case(), &times(&case())).expect("a plan"), case());
    }

    #[test]
    fn a_round_number_has_two_digits() {
        let rounds = |nanos| rounded(Duration::from_nanos(nanos)).as_nanos();
        assert_eq!([0, 7, 19, 1_234_567].map(rounds), [0, 7, 19, 1_200_000]);
    }
}
