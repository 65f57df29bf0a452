//! The four faults, alone and together: what the runtime must live with. [regions 1.7]

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::api::{
    Budget, Config, Error, Handle, Kind, Name, Outcome, Refusal, Reversal, Status, Time, What,
};
use super::program::{Act, Program};
use super::{TestRuntime, advance, events, faults, finish, history, open, runtime, script, spawn};

fn usual() -> TestRuntime {
    runtime(Config::default())
}

fn fired(it: &TestRuntime) -> usize {
    events(it).iter().filter(|event| matches!(event.what, What::TimerFired { .. })).count()
}

/// Lets time go by in steps until nothing waits; how long that took.
fn run_out(it: &mut TestRuntime, step: i64, steps_max: usize) -> i64 {
    for taken in 0..steps_max {
        if it.run(Budget::UNLIMITED) == Status::Ok {
            return taken as i64 * step;
        }
        advance(it, step);
    }
    panic!("after {steps_max} steps of {step} ns something still waits");
}

#[test]
fn skew_brings_deadlines_forward_and_loses_none() {
    let mut it = usual();
    faults(&mut it).set_skew(Some(Duration::from_nanos(5000)));
    let region = open(&mut it, 1);
    for name in 0..10 {
        spawn(&mut it, region, name, Program::new([Act::Sleep(1_000_000)]));
    }
    let taken = run_out(&mut it, 1_000, 10_000);
    assert!(taken < 1_000_000, "the clock ran ahead, so it took less than a millisecond: {taken}");
    assert_eq!(fired(&it), 10);
    assert!(faults(&mut it).effects().skewed_reads > 10);
    finish(&mut it);
}

/// The clock goes back at each third read, further than it went on meanwhile: it never gets anywhere.
#[test]
fn a_clock_that_goes_back_again_and_again_loses_no_deadline() {
    let mut it = usual();
    let region = open(&mut it, 1);
    faults(&mut it).set_reversal(Some(Reversal::EachRead { every: 3, by: Duration::from_micros(50) }));
    for name in 0..10 {
        spawn(&mut it, region, name, Program::new([Act::Sleep(100_000), Act::Sleep(100_000)]));
    }
    let before = script(&mut it).clock;
    run_out(&mut it, 1_000, 10_000);
    assert!(script(&mut it).clock > before);
    assert_eq!(fired(&it), 20, "each fired once");
    assert!(faults(&mut it).effects().reversals > 10);
    finish(&mut it);
}

#[test]
fn a_step_back_delays_no_deadline() {
    let mut it = usual();
    advance(&mut it, 1_000_000);
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::new([Act::Sleep(1_000)]));
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    faults(&mut it).set_reversal(Some(Reversal::At { at: Time(0), by: Duration::from_millis(1) }));
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    advance(&mut it, 999);
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    advance(&mut it, 1);
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert!(history(&it, task).contains(&What::Completed { outcome: Outcome::Ok, forced: false }));
    assert_eq!((fired(&it), faults(&mut it).effects().reversals), (1, 1));
    finish(&mut it);
}

/// A timer that fired stays fired when the time that it was set for comes again.
#[test]
fn a_deadline_that_comes_twice_fires_once() {
    let mut it = usual();
    let region = open(&mut it, 1);
    spawn(&mut it, region, 1, Program::new([Act::Sleep(1_000), Act::Wait]));
    it.run(Budget::UNLIMITED);
    advance(&mut it, 1_000);
    it.run(Budget::UNLIMITED);
    assert_eq!(fired(&it), 1);
    faults(&mut it).set_reversal(Some(Reversal::At { at: Time(0), by: Duration::from_nanos(900) }));
    for _ in 0..20 {
        advance(&mut it, 100);
        assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    }
    assert_eq!(fired(&it), 1);
    finish(&mut it);
}

#[test]
fn constant_entropy_leaves_ids_unique_and_turns_fair() {
    for word in [0, 7, u64::MAX] {
        let mut it = usual();
        faults(&mut it).set_constant_entropy(Some(word));
        let region = open(&mut it, 1);
        let tasks: Vec<Handle> =
            (0..100).map(|name| spawn(&mut it, region, name, Program::new([Act::Again]))).collect();
        assert_eq!(it.run(Budget::polls(100)), Status::PollBudgetExhausted);
        let turns: Vec<Handle> =
            events(&it).iter().filter(|event| event.what == What::Polled).map(|event| event.object).collect();
        assert_eq!(turns, tasks, "each has had one turn");
        let ids: BTreeSet<u64> = events(&it)
            .iter()
            .filter_map(|event| if let What::Spawned { id, .. } = event.what { Some(id) } else { None })
            .collect();
        assert_eq!(ids.len(), 100);
        assert_eq!(faults(&mut it).effects().constant_draws, 100);
        finish(&mut it);
    }
}

#[test]
fn refused_memory_changes_nothing_and_is_got_over() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::waiting());
    faults(&mut it).set_refusal(Some(Refusal { after: 1, count: 5, kind: None }));
    let held = it.reserve(task, Name(1)).expect("the first is granted");
    let hash = it.state_hash();
    let exhausted = Error::ResourceExhausted(region);
    assert_eq!(it.open(Some(region), Name(2), Budget::UNLIMITED), Err(exhausted));
    assert_eq!(it.spawn(region, Name(2), Budget::UNLIMITED, Program::nothing()), Err(exhausted));
    assert_eq!(it.reserve(task, Name(2)), Err(exhausted));
    assert_eq!(it.set_timer(task, Time(5)), Err(exhausted));
    assert_eq!(it.finally(region, Name(2), Program::nothing()), Err(exhausted));
    assert_eq!(it.state_hash(), hash);
    assert!(it.spawn(region, Name(2), Budget::UNLIMITED, Program::nothing()).is_ok(), "later it goes");
    assert_eq!(it.commit(held), Ok(()));
    assert_eq!(faults(&mut it).effects().refusals, 5);
    finish(&mut it);
}

#[test]
fn only_the_kind_that_is_meant_is_refused() {
    let mut it = usual();
    faults(&mut it).set_refusal(Some(Refusal { after: 0, count: 1, kind: Some(Kind::Timer) }));
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::nothing());
    assert_eq!(it.set_timer(task, Time(5)), Err(Error::ResourceExhausted(region)));
    assert!(it.set_timer(task, Time(5)).is_ok());
    finish(&mut it);
}

#[test]
fn all_faults_at_once_and_then_none() {
    let mut it = usual();
    let region = open(&mut it, 1);
    faults(&mut it).set_skew(Some(Duration::from_nanos(5000)));
    faults(&mut it).set_reversal(Some(Reversal::EachRead { every: 4, by: Duration::from_micros(30) }));
    faults(&mut it).set_constant_entropy(Some(0));
    faults(&mut it).set_refusal(Some(Refusal { after: 3, count: 4, kind: None }));
    let mut admitted = 0;
    for name in 0..20 {
        let program = Program::new([Act::Reserve(1), Act::Sleep(50_000), Act::Check, Act::Commit]);
        let until = Budget::UNLIMITED.until(Time(10_000_000));
        admitted += usize::from(it.spawn(region, Name(name), until, program).is_ok());
    }
    assert_eq!(admitted, 16);
    run_out(&mut it, 1_000, 10_000);
    let effects = faults(&mut it).effects();
    let each = [effects.skewed_reads, effects.reversals, effects.constant_draws, effects.refusals];
    assert!(each.iter().all(|&count| count > 0), "{effects:?}");
    let faults = faults(&mut it);
    faults.set_skew(None);
    faults.set_reversal(None);
    faults.set_constant_entropy(None);
    faults.set_refusal(None);
    spawn(&mut it, region, 99, Program::new([Act::Sleep(1_000)]));
    run_out(&mut it, 1_000, 10_000);
    assert_eq!(super::faults(&mut it).effects().refusals, effects.refusals);
    finish(&mut it);
}
