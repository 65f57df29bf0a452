//! Exhaustive search: counts against closed forms, worlds against an interpreter in another style, the reduction
//! against classes counted one by one.

#[path = "support/brute.rs"]
mod brute;
#[path = "support/little.rs"]
mod little;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use little::{Ended, KINDS, Op, Program};
use proptest::prelude::*;
use sim::task::yield_now;
use sim::{Config, World, machine};
use tourbillon_search::dfs::{Accesses, Counts, Dfs, DfsError, Limit};

/// Makes every run of a search; the ends of those that repeat no other.
fn search(program: &Program, mut dfs: Dfs, accesses: &Accesses) -> (Counts, BTreeSet<Ended>) {
    let mut ends = BTreeSet::new();
    while let Some(explorer) = dfs.next_run().expect("the program is deterministic") {
        let (ended, _) = little::run(program, explorer, accesses);
        if !dfs.is_redundant() {
            ends.insert(ended);
        }
    }
    assert!(dfs.is_finished());
    (dfs.counts().clone(), ends)
}

fn full(program: &Program) -> (Counts, BTreeSet<Ended>) {
    search(program, Dfs::schedules(), &Accesses::default())
}

fn reduced(program: &Program) -> (Counts, BTreeSet<Ended>) {
    let accesses = Accesses::default();
    search(program, Dfs::reduced(&accesses), &accesses)
}

fn factorial(number: u64) -> u64 {
    (1..=number).product()
}

/// In how many ways `tasks` rows of `steps` each can be merged into one.
fn merges(tasks: u64, steps: u64) -> u64 {
    factorial(tasks * steps) / factorial(steps).pow(tasks as u32)
}

fn yields(tasks: u64, yields: u64) -> Program {
    vec![[Op::Note, Op::Yield].repeat(yields as usize); tasks as usize]
}

#[test]
fn schedules_and_orders_of_yields_are_as_many_as_closed_forms_say() {
    for (tasks, count, orders) in [(2, 2, 6), (2, 3, 20), (3, 2, 90), (3, 3, 1680), (2, 4, 70), (2, 5, 252)] {
        let (counts, ends) = full(&yields(tasks, count));
        // A task of k yields is polled k + 1 times: the poll behind the last yield is one more to be placed.
        assert_eq!(counts.complete, merges(tasks, count + 1), "{tasks} tasks of {count} yields");
        assert!(counts.is_exhaustive() && counts.redundant == 0);
        // Before each yield the task writes its number: what is written is the order of the yields.
        assert_eq!(ends.len() as u64, orders);
        assert_eq!(orders, merges(tasks, count));
    }
}

#[test]
fn tasks_of_four_polls_and_fewer_are_merged_in_as_many_ways_as_the_closed_form_says() {
    for (tasks, polls, schedules) in [(4, 2, 2520), (2, 6, 924), (5, 1, 120), (1, 4, 1), (3, 3, 1680)] {
        let (counts, _) = full(&yields(tasks, polls - 1));
        assert_eq!(counts.complete, schedules);
        assert_eq!(schedules, merges(tasks, polls));
    }
}

fn agrees_with_brute_force(program: &Program) {
    let all = brute::all(program);
    let (counts, ends) = full(program);
    assert_eq!(counts.complete, all.schedules, "{program:?}");
    assert_eq!(ends, all.ends, "{program:?}");
    let (counts, ends) = reduced(program);
    assert_eq!(counts.complete, all.classes.len() as u64, "{program:?}: {counts}");
    assert_eq!(ends, all.ends, "{program:?}");
    assert!(counts.runs() <= all.schedules, "{program:?}: {counts}");
}

#[test]
fn a_world_with_a_mutex_has_the_schedules_of_brute_force() {
    use Op::{Lock, Note, Read, Unlock, Write, Yield};
    let guarded = vec![Lock(0), Read(0), Yield, Write(0), Unlock(0), Note];
    agrees_with_brute_force(&vec![guarded.clone(); 2]);
    agrees_with_brute_force(&vec![guarded; 3]);
    // Two locks in two orders: some schedules stall.
    let (first, second) = (Lock(0), Lock(1));
    let ops = |outer, inner| vec![outer, Yield, inner, Note, Unlock(0), Unlock(1)];
    let crossed = vec![ops(first, second), ops(second, first)];
    agrees_with_brute_force(&crossed);
    assert!(full(&crossed).1.iter().any(|ended| ended.stalled));
    assert!(reduced(&crossed).1.iter().any(|ended| ended.stalled));
}

#[test]
fn a_world_with_a_channel_has_the_schedules_of_brute_force() {
    use Op::{Note, Receive, Send, Yield};
    let receiver = vec![Receive(0), Note, Receive(0), Note];
    agrees_with_brute_force(&vec![vec![Send(0), Note], vec![Send(0), Note], receiver.clone()]);
    agrees_with_brute_force(&vec![vec![Send(0), Yield, Send(0), Note], receiver]);
    agrees_with_brute_force(&vec![
        vec![Send(1), Send(1), Send(1), Note],
        vec![Receive(1), Yield, Receive(1)],
    ]);
}

#[test]
fn a_world_with_a_semaphore_has_the_schedules_of_brute_force() {
    use Op::{Acquire, Note, Release, Yield};
    let held = vec![Acquire(0), Note, Yield, Release(0), Note];
    agrees_with_brute_force(&vec![held.clone(); 2]);
    agrees_with_brute_force(&vec![held.clone(); 3]);
    agrees_with_brute_force(&vec![held, vec![Acquire(1), Yield, Acquire(0), Release(1), Release(0)]]);
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Yield),
        1 => Just(Op::Note),
        2 => (0..KINDS).prop_map(Op::Read),
        2 => (0..KINDS).prop_map(Op::Write),
        1 => (0..KINDS).prop_map(Op::Send),
    ]
}

/// Programs of three tasks with at most two yields each; the first one receives from both channels.
fn any_program() -> impl Strategy<Value = Program> {
    let any_task = || {
        prop::collection::vec(any_op(), 0..6)
            .prop_filter("few yields", |ops| ops.iter().filter(|op| **op == Op::Yield).count() <= 2)
    };
    (any_task(), any_task(), any_task(), 0..KINDS, 0..3usize).prop_map(
        |(mut first, second, third, channel, at)| {
            first.insert(at.min(first.len()), Op::Receive(channel));
            vec![first, second, third]
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn little_programs_have_the_schedules_the_ends_and_the_classes_of_brute_force(program in any_program()) {
        agrees_with_brute_force(&program);
    }
}

#[test]
fn the_path_of_a_schedule_is_a_case_that_repeats_it() {
    let program = vec![
        vec![Op::Note, Op::Yield, Op::Write(0), Op::Yield, Op::Note],
        vec![Op::Read(0), Op::Yield, Op::Note],
    ];
    for reduces in [false, true] {
        let accesses = Accesses::default();
        let mut dfs = if reduces { Dfs::reduced(&accesses) } else { Dfs::schedules() };
        while let Some(explorer) = dfs.next_run().expect("the program is deterministic") {
            let (ended, report) = little::run(&program, explorer, &accesses);
            let (again, repeated) = little::run_edited(&program, dfs.path());
            assert_eq!(ended, again);
            assert_eq!(report.digests, repeated.digests);
            assert_eq!(repeated.warnings, [""; 0], "every edit is of a draw that is made");
        }
    }
}

/// Two dice of three and one of a thousand.
fn throw(explorer: Box<dyn sim::choice::Explorer>) -> (u64, u64) {
    let thrown = Rc::new(Cell::new((0, 0)));
    let told = Rc::clone(&thrown);
    let mut world = World::new(Config::default());
    world.explore(explorer);
    world
        .run(|| async move {
            let mut dice = sim::rng("dice");
            let _ = dice.choose(1000);
            told.set((dice.choose(3), dice.choose(3)));
        })
        .unwrap();
    thrown.get()
}

#[test]
fn other_draws_are_searched_where_they_have_few_answers() {
    let mut dfs = Dfs::over(&["app/*"], 6);
    let mut thrown = BTreeSet::new();
    while let Some(explorer) = dfs.next_run().expect("dice are deterministic") {
        thrown.insert(throw(explorer));
    }
    assert_eq!(thrown.len(), 9);
    assert_eq!((dfs.counts().complete, dfs.counts().left_as_drawn), (9, 9));
    assert!(!dfs.counts().is_exhaustive());
    let told = dfs.counts().to_string();
    assert_eq!(told, "9 schedules, 9 draws with too many answers left as drawn");
}

#[test]
fn a_limit_is_told_when_it_is_hit_and_only_then() {
    let program = yields(2, 2);
    let mut dfs = Dfs::schedules().schedules_max(7);
    while let Some(explorer) = dfs.next_run().expect("the program is deterministic") {
        little::run(&program, explorer, &Accesses::default());
    }
    assert!(!dfs.is_finished() && !dfs.counts().is_exhaustive());
    assert_eq!(dfs.counts().limit, Some(Limit::Schedules(7)));
    assert_eq!(dfs.counts().to_string(), "7 schedules; stopped at the limit of 7, more remain");
    let (counts, _) = search(&program, Dfs::schedules().schedules_max(20), &Accesses::default());
    assert!(counts.is_exhaustive() && counts.complete == 20, "{counts}");
    // Two choices of two answers each; what comes behind is left as drawn.
    let (counts, _) = search(&program, Dfs::schedules().depth_max(2), &Accesses::default());
    assert!(counts.complete == 4 && counts.cut == 4 && !counts.is_exhaustive(), "{counts}");
}

/// Some tasks with a yield each, on `lab`.
fn yielding(explorer: Box<dyn sim::choice::Explorer>, tasks: usize) {
    let mut world = World::new(Config::default());
    world.explore(explorer);
    world
        .run(move || async move {
            let lab = machine("lab").create();
            let tasks: Vec<_> = (0..tasks).map(|_| lab.spawn(yield_now())).collect();
            for task in tasks {
                task.await.expect("no task panics");
            }
        })
        .unwrap();
}

#[test]
fn a_world_that_does_not_repeat_itself_is_an_error_that_says_where() {
    let mut dfs = Dfs::schedules();
    yielding(dfs.next_run().expect("nothing was made").expect("a first run"), 2);
    yielding(dfs.next_run().expect("the first run is what counts").expect("a second run"), 3);
    let error = dfs.next_run().err().expect("another world");
    assert!(matches!(error, DfsError::Nondeterminism { choice: 0, .. }), "{error}");
    assert!(error.to_string().starts_with("choice 0: found draw sched/lab[0] below 3 (tasks"), "{error}");
    assert_eq!(dfs.next_run().err(), Some(error));
    assert_eq!(dfs.counts().complete, 1);

    let mut dfs = Dfs::schedules();
    yielding(dfs.next_run().expect("nothing was made").expect("a first run"), 2);
    yielding(dfs.next_run().expect("the first run is what counts").expect("a second run"), 1);
    let error = dfs.next_run().err().expect("another world").to_string();
    assert!(error.contains("found the end of the run, expected draw sched/lab[0] below 2"), "{error}");
}

#[test]
fn a_reduction_over_what_nobody_follows_is_an_error_and_no_count() {
    let accesses = Accesses::default();
    let mut dfs = Dfs::reduced(&accesses);
    yielding(dfs.next_run().expect("nothing was made").expect("a first run"), 2);
    let error = dfs.next_run().err().expect("nobody was followed");
    assert!(matches!(error, DfsError::NotFollowed { choice: 0, .. }), "{error}");
    assert_eq!(dfs.counts().runs(), 0);

    let mut dfs = Dfs::reduced(&accesses);
    let explorer = dfs.next_run().expect("nothing was made").expect("a first run");
    let mut world = World::new(Config::default());
    world.explore(explorer);
    let declared = accesses.clone();
    world.run(|| async move { declared.write("ledger") }).unwrap();
    assert_eq!(dfs.next_run().err(), Some(DfsError::Undeclared { resource: "ledger".to_string() }));
}

#[test]
fn a_reduction_over_two_machines_is_an_error() {
    let accesses = Accesses::default();
    let mut dfs = Dfs::reduced(&accesses);
    let explorer = dfs.next_run().expect("nothing was made").expect("a first run");
    let mut world = World::new(Config::default());
    world.explore(explorer);
    let follows = accesses.clone();
    world
        .run(|| async move {
            for name in ["left", "right"] {
                let lab = machine(name).create();
                let tasks = [(); 2].map(|()| lab.spawn(follows.follow(yield_now())));
                for task in tasks {
                    task.await.expect("no task panics");
                }
            }
        })
        .unwrap();
    let (first, second) = ("sched/left".to_string(), "sched/right".to_string());
    assert_eq!(dfs.next_run().err(), Some(DfsError::TwoSchedulers { first, second }));
}
