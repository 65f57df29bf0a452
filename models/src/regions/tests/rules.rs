//! One test for each rule of regions, tasks, obligations, budgets and timers.

use super::super::api::{
    Budget, CLEANUP_POLLS, CancelKind, Class, Config, Error, Handle, Kind, Name, Outcome, RegionState,
    Status, Time, What,
};
use super::program::{Act, Program};
use super::{TestRuntime, advance, events, finish, history, open, runtime, script, spawn};

fn usual() -> TestRuntime {
    runtime(Config::default())
}

fn polled(runtime: &TestRuntime) -> Vec<Handle> {
    let polled = events(runtime).iter().filter(|event| event.what == What::Polled);
    polled.map(|event| event.object).collect()
}

fn ends(runtime: &TestRuntime, task: Handle) -> Vec<(Outcome, bool)> {
    let of_task = history(runtime, task).into_iter();
    of_task
        .filter_map(|what| match what {
            What::Completed { outcome, forced } => Some((outcome, forced)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_region_goes_through_its_states_and_is_gone() {
    let mut it = usual();
    let region = open(&mut it, 1);
    spawn(&mut it, region, 1, Program::polite());
    assert_eq!(it.state(region), Ok(RegionState::Open));
    it.close(region).expect("it is alive");
    assert_eq!(it.state(region), Ok(RegionState::Closing));
    assert_eq!(it.close(region), Ok(()), "asking again changes nothing");
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert_eq!(it.state(region), Err(Error::StaleHandle(region)));
    let states: Vec<What> =
        history(&it, region).into_iter().filter(|what| !matches!(what, What::Opened { .. })).collect();
    let outcome = Outcome::Cancelled;
    assert_eq!(states, [What::Closing, What::Draining, What::Finalizing, What::Closed { outcome }]);
    finish(&mut it);
}

#[test]
fn a_parent_waits_for_its_children() {
    let mut it = usual();
    let parent = open(&mut it, 1);
    let child = it.open(Some(parent), Name(2), Budget::UNLIMITED).expect("there is room");
    let task = spawn(&mut it, child, 1, Program::deaf());
    it.close(parent).expect("it is alive");
    it.run(Budget::polls(3));
    assert_eq!(it.state(parent), Ok(RegionState::Draining));
    assert_eq!(it.state(child), Ok(RegionState::Draining));
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert_eq!(ends(&it, task), [(Outcome::Cancelled, true)]);
    let closed: Vec<Handle> = events(&it)
        .iter()
        .filter(|event| matches!(event.what, What::Closed { .. }))
        .map(|event| event.object)
        .collect();
    assert_eq!(closed, [child, parent]);
    finish(&mut it);
}

#[test]
fn poison_stays_in_its_region_and_below() {
    let mut it = usual();
    let (top, sibling) = (open(&mut it, 1), open(&mut it, 2));
    let parent = it.open(Some(top), Name(3), Budget::UNLIMITED).expect("there is room");
    let child = it.open(Some(parent), Name(4), Budget::UNLIMITED).expect("there is room");
    let tasks = [top, sibling, parent, child].map(|region| spawn(&mut it, region, 9, Program::polite()));
    it.poison(parent).expect("it is alive");
    it.poison(parent).expect("asking again changes nothing");
    it.run(Budget::polls(12));
    assert_eq!(tasks.map(|task| ends(&it, task).len()), [0, 0, 1, 1]);
    for region in [parent, child] {
        let refused = Err(Error::RegionPoisoned(region));
        assert_eq!(it.spawn(region, Name(1), Budget::UNLIMITED, Program::nothing()), refused);
        assert_eq!(it.open(Some(region), Name(1), Budget::UNLIMITED), refused);
        assert_eq!(it.finally(region, Name(1), Program::nothing()), Err(Error::RegionPoisoned(region)));
    }
    assert_eq!([top, parent, child].map(|region| it.is_poisoned(region)), [Ok(false), Ok(true), Ok(true)]);
    assert_eq!(it.drain(parent, Budget::UNLIMITED), Status::Ok);
    assert_eq!(it.state(top), Ok(RegionState::Open));
    finish(&mut it);
}

#[test]
fn refusals_come_in_their_order_and_change_nothing() {
    let mut it = runtime(Config::default().class(Class::R1));
    let nowhere = Handle { kind: Kind::Region, slot: 7, generation: 0 };
    let gone = open(&mut it, 1);
    assert_eq!(it.drain(gone, Budget::UNLIMITED), Status::Ok);
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::deaf());
    for name in 2..=64 {
        spawn(&mut it, region, name, Program::deaf());
    }
    let hash = it.state_hash();
    let mut ask = |region| it.spawn(region, Name(1), Budget::UNLIMITED, Program::nothing());
    assert_eq!(ask(nowhere), Err(Error::NotFound(nowhere)));
    assert_eq!(ask(task), Err(Error::NotFound(task)), "the wrong kind");
    assert_eq!(ask(gone), Err(Error::StaleHandle(gone)));
    assert_eq!(ask(region), Err(Error::ResourceExhausted(region)));
    assert_eq!(it.state_hash(), hash);
    assert_eq!(it.state(region), Ok(RegionState::Open), "exhaustion is not failure");
    let nothing = Budget::polls(0);
    assert_eq!(it.spawn(region, Name(1), nothing, Program::deaf()), Err(Error::InvalidArgument(region)));
    assert_eq!(it.cancel(region, CancelKind::Poison), Err(Error::InvalidArgument(region)));
    it.close(region).expect("it is alive");
    let closing = it.spawn(region, Name(1), Budget::UNLIMITED, Program::nothing());
    assert_eq!(closing, Err(Error::RegionNotOpen(region)));
    assert_eq!(it.reserve(task, Name(1)), Err(Error::RegionNotOpen(region)));
    it.poison(region).expect("it is alive");
    let poisoned = it.spawn(region, Name(1), Budget::UNLIMITED, Program::nothing());
    assert_eq!(poisoned, Err(Error::RegionPoisoned(region)));
    assert_eq!(it.reserve(task, Name(1)), Err(Error::RegionPoisoned(region)));
    assert_eq!(it.drain(region, Budget::UNLIMITED), Status::Ok);
    assert_eq!(it.drain(nowhere, Budget::UNLIMITED), Status::NotFound);
    finish(&mut it);
}

#[test]
fn a_polite_task_is_cancelled_and_a_deaf_one_is_forced() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let polite = spawn(&mut it, region, 1, Program::polite());
    let deaf = spawn(&mut it, region, 2, Program::deaf());
    let waiting = spawn(&mut it, region, 3, Program::waiting());
    // It never looks, and ends well before its polls are spent.
    let unaware = spawn(&mut it, region, 4, Program::new([Act::Again, Act::Again, Act::Again]));
    it.run(Budget::polls(4));
    it.cancel(region, CancelKind::Timeout).expect("it is alive");
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    let all = [polite, deaf, waiting, unaware].map(|task| ends(&it, task));
    let expected = [(Outcome::Cancelled, false), (Outcome::Cancelled, true), (Outcome::Cancelled, false)];
    assert_eq!(all[..3].concat(), expected);
    assert_eq!(all[3], [(Outcome::Ok, false)]);
    let asked = history(&it, deaf).iter().position(|what| matches!(what, What::CancelRequested { .. }));
    let after = &history(&it, deaf)[asked.expect("it was asked")..];
    assert_eq!(after.iter().filter(|what| **what == What::Polled).count(), CLEANUP_POLLS as usize);
    assert_eq!(it.outcome(region), Ok(Outcome::Cancelled));
    finish(&mut it);
}

#[test]
fn asking_again_strengthens_and_never_weakens() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::deaf());
    for kind in [CancelKind::Deadline, CancelKind::Timeout, CancelKind::Shutdown, CancelKind::ParentClosing] {
        it.cancel(task, kind).expect("it is alive");
        it.run(Budget::polls(1));
    }
    let asked: Vec<What> =
        history(&it, task).into_iter().filter(|what| matches!(what, What::CancelRequested { .. })).collect();
    let expected = [CancelKind::Deadline, CancelKind::Shutdown].map(|kind| What::CancelRequested { kind });
    assert_eq!(asked, expected);
    it.run(Budget::polls(4));
    assert_eq!(ends(&it, task), [(Outcome::Cancelled, true)], "the first request began the cleanup");
    finish(&mut it);
}

#[test]
fn a_panic_ends_its_task_and_no_other() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let panics = spawn(&mut it, region, 1, Program::new([Act::Reserve(7), Act::Panic]));
    let other = spawn(&mut it, region, 2, Program::new([Act::Again, Act::Again, Act::Done(Outcome::Err)]));
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert_eq!(ends(&it, panics), [(Outcome::Panicked, false)]);
    assert_eq!(ends(&it, other), [(Outcome::Err, false)]);
    assert_eq!(it.outcome(region), Ok(Outcome::Panicked));
    assert_eq!(it.leak_count(), 1);
    finish(&mut it);
}

#[test]
fn an_obligation_ends_once_and_one_that_is_left_leaks() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::nothing());
    let kept = it.reserve(task, Name(1)).expect("there is room");
    let given_up = it.reserve(task, Name(2)).expect("there is room");
    let left = it.reserve(task, Name(3)).expect("there is room");
    assert_eq!(it.commit(kept), Ok(()));
    assert_eq!(it.commit(kept), Err(Error::AlreadyResolved(kept)));
    assert_eq!(it.abort(kept), Err(Error::AlreadyResolved(kept)));
    assert_eq!(it.abort(given_up), Ok(()));
    let taken = it.reserve(task, Name(4)).expect("there is room");
    assert_eq!(taken.slot, kept.slot);
    assert_eq!(it.commit(kept), Err(Error::StaleHandle(kept)), "its slot was taken");
    assert_eq!(it.commit(taken), Ok(()));
    assert_eq!(it.check_leaks(), Ok(()));
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert_eq!(history(&it, left).last(), Some(&What::Leaked { name: Name(3) }));
    assert_eq!(it.check_leaks(), Err(Error::Leaked(left)));
    assert_eq!(it.commit(left), Err(Error::AlreadyResolved(left)));
    finish(&mut it);
}

#[test]
fn finalizers_run_last_registered_first_and_within_their_polls() {
    let mut it = usual();
    let region = open(&mut it, 1);
    spawn(&mut it, region, 1, Program::polite());
    let programs = [Program::nothing(), Program::deaf(), Program::new([Act::Again, Act::Panic])];
    for (name, program) in (1..).zip(programs) {
        it.finally(region, Name(name), program).expect("there is room");
    }
    assert_eq!(it.drain(region, Budget::polls(5)), Status::PollBudgetExhausted);
    assert_eq!(it.drain(region, Budget::UNLIMITED), Status::Ok);
    let ran: Vec<What> =
        history(&it, region).into_iter().filter(|what| matches!(what, What::Finalized { .. })).collect();
    let expected = [
        What::Finalized { name: Name(3), outcome: Outcome::Panicked, forced: false },
        What::Finalized { name: Name(2), outcome: Outcome::Cancelled, forced: true },
        What::Finalized { name: Name(1), outcome: Outcome::Ok, forced: false },
    ];
    assert_eq!(ran, expected);
    assert_eq!(history(&it, region).last(), Some(&What::Closed { outcome: Outcome::Panicked }));
    finish(&mut it);
}

#[test]
fn tasks_run_in_turn_and_nothing_is_lost_when_polls_run_out() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let tasks: Vec<Handle> =
        (0..3).map(|name| spawn(&mut it, region, name, Program::new([Act::Again]))).collect();
    for _ in 0..5 {
        assert_eq!(it.run(Budget::polls(1)), Status::PollBudgetExhausted);
    }
    assert_eq!(it.run(Budget::polls(0)), Status::PollBudgetExhausted);
    assert_eq!(it.run(Budget::polls(1)), Status::Ok);
    assert_eq!(polled(&it), [&tasks[..], &tasks[..]].concat());
    finish(&mut it);
}

/// What one cause makes ready runs in the order of ids, which entropy mixes.
#[test]
fn ties_are_broken_by_id() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let tasks: Vec<Handle> = (0..20).map(|name| spawn(&mut it, region, name, Program::waiting())).collect();
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    let before = polled(&it).len();
    it.cancel(region, CancelKind::Timeout).expect("it is alive");
    assert_eq!(it.run(Budget::polls(20)), Status::Ok);
    let mut by_id: Vec<(u64, Handle)> = events(&it)
        .iter()
        .filter_map(|event| match event.what {
            What::Spawned { id, .. } => Some((id, event.object)),
            _ => None,
        })
        .collect();
    by_id.sort_unstable();
    let order: Vec<Handle> = by_id.into_iter().map(|(_, task)| task).collect();
    assert_eq!(polled(&it)[before..], order);
    assert_ne!(order, tasks, "entropy mixed them");
    finish(&mut it);
}

#[test]
fn a_task_has_the_smaller_of_both_budgets() {
    let mut it = usual();
    let region = it.open(None, Name(1), Budget::polls(3).cost(100)).expect("there is room");
    let tight = it.spawn(region, Name(1), Budget::polls(9), Program::deaf()).expect("there is room");
    let dear = Program::new([Act::Cost(60), Act::Cost(60), Act::Again, Act::Again]);
    let dear = it.spawn(region, Name(2), Budget::UNLIMITED, dear).expect("there is room");
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    let until_asked = |task| {
        let history = history(&it, task);
        let asked =
            history.iter().position(|what| *what == What::CancelRequested { kind: CancelKind::Timeout });
        history[..asked.expect("it was asked")].iter().filter(|what| **what == What::Polled).count()
    };
    assert_eq!((until_asked(tight), until_asked(dear)), (3, 2));
    assert_eq!(script(&mut it).spent, 3 + 8 + 120 + 3);
    finish(&mut it);
}

#[test]
fn timers_fire_by_deadline_and_then_in_the_order_they_were_set() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let tasks: Vec<Handle> = [30, 10, 20, 10]
        .into_iter()
        .zip(0..)
        .map(|(nanos, name)| spawn(&mut it, region, name, Program::new([Act::Sleep(nanos)])))
        .collect();
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    assert_eq!(it.next_deadline(), Some(Time(10)));
    assert_eq!(it.live(Kind::Timer), 4);
    let before = polled(&it).len();
    advance(&mut it, 9);
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    advance(&mut it, 21);
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert_eq!(polled(&it)[before..], [tasks[1], tasks[3], tasks[2], tasks[0]]);
    finish(&mut it);
}

#[test]
fn a_timer_that_was_taken_back_does_not_fire() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let task = spawn(&mut it, region, 1, Program::new([Act::Wait]));
    it.run(Budget::UNLIMITED);
    let timer = it.set_timer(task, Time(10)).expect("there is room");
    assert_eq!(it.cancel_timer(timer), Ok(()));
    assert_eq!(it.cancel_timer(timer), Err(Error::StaleHandle(timer)));
    advance(&mut it, 20);
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    it.wake(task).expect("it is alive");
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    finish(&mut it);
}

#[test]
fn a_deadline_is_noticed_at_the_checkpoint_and_by_the_scheduler() {
    let mut it = usual();
    let region = open(&mut it, 1);
    let until = Budget::UNLIMITED.until(Time(10));
    let polite = it.spawn(region, Name(1), until, Program::polite()).expect("there is room");
    let deaf = it.spawn(region, Name(2), until, Program::deaf()).expect("there is room");
    let asleep = it.spawn(region, Name(3), until, Program::waiting()).expect("there is room");
    assert_eq!(it.run(Budget::polls(6)), Status::PollBudgetExhausted);
    advance(&mut it, 10);
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    let all = [polite, deaf, asleep].map(|task| ends(&it, task)).concat();
    assert_eq!(all, [(Outcome::Cancelled, false), (Outcome::Cancelled, true), (Outcome::Cancelled, false)]);
    finish(&mut it);
}

/// With a clock that goes on within the poll, the task's own checkpoint is the first to notice.
#[test]
fn a_checkpoint_reads_the_clock() {
    let mut it = usual();
    script(&mut it).tick = std::time::Duration::from_nanos(6);
    let region = open(&mut it, 1);
    let until = Budget::UNLIMITED.until(Time(6));
    let task = it.spawn(region, Name(1), until, Program::polite()).expect("there is room");
    assert_eq!(it.run(Budget::polls(1)), Status::Ok);
    let told: Vec<What> = history(&it, task).into_iter().skip(2).collect();
    let expected = [
        What::Polled,
        What::DeadlinePassed { deadline: Time(6) },
        What::CancelRequested { kind: CancelKind::Deadline },
        What::Completed { outcome: Outcome::Cancelled, forced: false },
    ];
    assert_eq!(told, expected);
    finish(&mut it);
}

#[test]
fn a_run_ends_at_its_time_or_cost() {
    let mut it = usual();
    let region = open(&mut it, 1);
    spawn(&mut it, region, 1, Program::deaf());
    assert_eq!(it.run(Budget::UNLIMITED.cost(5)), Status::PollBudgetExhausted);
    assert_eq!(script(&mut it).spent, 5);
    assert_eq!(it.run(Budget::UNLIMITED.until(Time(0))), Status::DeadlineExceeded);
    assert_eq!(it.drain(region, Budget::UNLIMITED.until(Time(0))), Status::DeadlineExceeded);
    finish(&mut it);
}

/// A task may close or poison its own region.
#[test]
fn a_task_may_turn_on_its_own_region() {
    for act in [Act::Close, Act::Poison] {
        let mut it = usual();
        let region = open(&mut it, 1);
        let task = spawn(&mut it, region, 1, Program::new([act, Act::Check, Act::Again]));
        assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
        assert_eq!(ends(&it, task), [(Outcome::Cancelled, false)]);
        finish(&mut it);
    }
}

#[test]
fn a_deadline_that_is_over_before_the_spawn_ends_the_task_at_once() {
    let mut it = usual();
    advance(&mut it, 100);
    let region = open(&mut it, 1);
    let until = Budget::UNLIMITED.until(Time(10));
    let task = it.spawn(region, Name(1), until, Program::polite()).expect("there is room");
    assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
    assert_eq!(ends(&it, task), [(Outcome::Cancelled, false)]);
    finish(&mut it);
}

/// Regions come and go through all slots; the memory that was taken at the start is all there ever is.
#[test]
fn churn_takes_no_memory_and_old_handles_are_stale() {
    let mut it = runtime(Config::default().class(Class::R1));
    let reserved = it.reserved();
    let mut old = Vec::new();
    for cycle in 0..20 {
        let regions: Vec<Handle> = (0..8).map(|name| open(&mut it, name)).collect();
        for &region in &regions {
            it.finally(region, Name(cycle), Program::nothing()).expect("there is room");
            for name in 0..8 {
                let program = Program::new([Act::Reserve(1), Act::Sleep(5), Act::Commit]);
                spawn(&mut it, region, name, program);
            }
        }
        assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
        advance(&mut it, 5);
        assert_eq!(it.run(Budget::UNLIMITED), Status::Ok);
        for &region in &regions {
            assert_eq!(it.drain(region, Budget::UNLIMITED), Status::Ok);
        }
        old.extend(regions);
    }
    assert!(old.iter().all(|&region| it.state(region) == Err(Error::StaleHandle(region))));
    assert_eq!(it.reserved(), reserved);
    assert_eq!(it.check_leaks(), Ok(()));
    finish(&mut it);
}
