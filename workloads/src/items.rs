//! Lists of a load, drawn item by item, each an operation of a script: so that a run can be given other items.
//!
//! In a plain run each of these draws what its closure draws, in that order, and nothing else. In a run that was
//! given operations what is drawn for the item is what its operation says, and the count is that of the operations.

use sim::choice::Rng;
use sim::workload::{is_given, script};

/// A list of `count` items under this name.
pub fn items<T>(rng: &mut Rng, name: &str, count: usize, mut draw: impl FnMut(&mut Rng) -> T) -> Vec<T> {
    let mut script = script(name);
    let drawn = if script.is_given() { usize::MAX } else { count };
    let mut items = Vec::new();
    while items.len() < drawn {
        match script.drawn(|| draw(rng)) {
            Some(item) => items.push(item),
            None => break,
        }
    }
    items
}

/// Lists that each have a count of their own, drawn in front of them, under the names `NAME-0`, `NAME-1`, …; there are
/// `count` of them. In a run that was given operations there are as many as were given some, of at most `count_max`.
pub fn groups<T>(
    rng: &mut Rng,
    name: &str,
    (count, count_max): (usize, usize),
    each: impl Fn(&mut Rng) -> usize,
    mut draw: impl FnMut(&mut Rng) -> T,
) -> Vec<Vec<T>> {
    let is_given = is_given();
    let groups = (0..if is_given { count_max } else { count }).map(|group| {
        let count = if is_given { 0 } else { each(rng) };
        items(rng, &format!("{name}-{group}"), count, &mut draw)
    });
    groups.filter(|items| !is_given || !items.is_empty()).collect()
}

/// What is drawn once, however a run is given: where it was given operations and none of this name, every draw is 0.
pub fn once<T>(rng: &mut Rng, name: &str, draw: impl FnOnce(&mut Rng) -> T) -> T {
    script(name).drawn_or_plain(|| draw(rng))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use sim::{Config, World};

    use super::*;

    type Load = (Vec<u64>, Vec<Vec<u64>>, (u64, u64));

    /// The load that a run has, and what its report says of it.
    fn load(config: Config) -> (Load, sim::Report) {
        let kept = Rc::new(RefCell::new(None));
        let keep = kept.clone();
        let report = World::new(config).run(move || async move {
            let rng = &mut sim::rng("load");
            let jobs = rng.range(3..6) as usize;
            let jobs = items(rng, "jobs", jobs, |rng| rng.choose(1000));
            let lines = groups(rng, "line", (2, 4), |rng| rng.range(1..3) as usize, |rng| rng.choose(1000));
            let pace = once(rng, "pace", |rng| (rng.range(5..60), rng.choose(7)));
            *keep.borrow_mut() = Some((jobs, lines, pace));
        });
        let load = kept.borrow_mut().take().expect("it was drawn");
        (load, report)
    }

    #[test]
    fn what_was_recorded_is_had_again_under_any_seed() {
        let (drawn, report) = load(Config { record_operations: true, ..Config::default() });
        let operations = report.operations.expect("they were recorded");
        let (given, _) = load(Config { seed: 77, operations: Some(operations), ..Config::default() });
        assert_eq!(given, drawn);
    }

    #[test]
    fn whether_it_is_recorded_does_not_move_a_draw() {
        let record = Config { record_operations: true, ..Config::default() };
        assert_eq!(load(record).0, load(Config::default()).0);
    }

    #[test]
    fn a_run_can_be_given_less() {
        let operations = "jobs: 7 | line-3: 5; 1006".parse().expect("operations");
        let (given, report) = load(Config { operations: Some(operations), ..Config::default() });
        assert_eq!(given, (vec![7], vec![vec![5, 6]], (5, 0)));
        assert!(report.passed());
    }
}
