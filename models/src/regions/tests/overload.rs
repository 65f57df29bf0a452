//! What happens when every task slot is taken.

use super::super::api::{
    Budget, CancelKind, Class, Config, Error, Handle, Kind, Name, Outcome, Overload, Status, What,
};
use super::program::{Act, Program};
use super::{TestRuntime, events, finish, history, open, runtime, spawn};

fn full(overload: Overload, program: &Program) -> (TestRuntime, Handle, Vec<Handle>) {
    let mut it = runtime(Config::default().class(Class::R1).overload(overload));
    let region = open(&mut it, 1);
    let tasks = (0..64).map(|name| spawn(&mut it, region, name, program.clone())).collect();
    (it, region, tasks)
}

fn one_more(it: &mut TestRuntime, region: Handle) -> Result<Handle, Error> {
    it.spawn(region, Name(99), Budget::UNLIMITED, Program::nothing())
}

#[test]
fn reject_refuses_until_a_slot_is_free() {
    let (mut it, region, _) = full(Overload::Reject, &Program::nothing());
    assert_eq!(one_more(&mut it, region), Err(Error::ResourceExhausted(region)));
    assert_eq!(it.run(Budget::polls(1)), Status::PollBudgetExhausted);
    assert!(one_more(&mut it, region).is_ok());
    assert_eq!(one_more(&mut it, region), Err(Error::ResourceExhausted(region)));
    finish(&mut it);
}

#[test]
fn the_oldest_that_never_began_is_shed() {
    let (mut it, region, tasks) = full(Overload::ShedOldest, &Program::polite());
    it.run(Budget::polls(2));
    assert!(one_more(&mut it, region).is_ok());
    let last: Vec<What> = history(&it, tasks[2]).into_iter().rev().take(2).collect();
    assert_eq!(last, [What::Completed { outcome: Outcome::Cancelled, forced: false }, What::Shed]);
    assert_eq!(it.live(Kind::Task), 64);
    finish(&mut it);
}

#[test]
fn nothing_is_shed_that_began_or_is_of_another_region() {
    let (mut it, region, _) = full(Overload::ShedOldest, &Program::polite());
    let other = open(&mut it, 2);
    assert_eq!(one_more(&mut it, other), Err(Error::ResourceExhausted(other)));
    it.run(Budget::polls(64));
    assert_eq!(one_more(&mut it, region), Err(Error::ResourceExhausted(region)));
    finish(&mut it);
}

#[test]
fn memory_that_is_refused_sheds_nobody() {
    let (mut it, region, _) = full(Overload::ShedOldest, &Program::polite());
    super::script(&mut it).refuses_memory = true;
    assert_eq!(one_more(&mut it, region), Err(Error::ResourceExhausted(region)));
    assert_eq!(it.live(Kind::Task), 64);
    assert!(!events(&it).iter().any(|event| event.what == What::Shed));
    finish(&mut it);
}

/// Two spawners wait; two slots get free, one after the other; each gets its slot, in its turn.
#[test]
fn spawners_wait_for_their_turn() {
    let mut it = runtime(Config::default().class(Class::R1).overload(Overload::Backpressure));
    let region = open(&mut it, 1);
    let sleepers: Vec<Handle> =
        (0..62).map(|name| spawn(&mut it, region, name, Program::waiting())).collect();
    let eager = |name| Program::new([Act::Spawn(name, Program::waiting()), Act::Wait]);
    let first = spawn(&mut it, region, 70, eager(170));
    let second = spawn(&mut it, region, 71, eager(171));
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    assert_eq!(one_more(&mut it, region), Err(Error::WouldBlock(region)));
    it.cancel(sleepers[5], CancelKind::Timeout).expect("it is alive");
    // The slot that gets free is kept for the first: nobody from outside takes it.
    assert_eq!(it.run(Budget::polls(1)), Status::PollBudgetExhausted);
    assert_eq!((it.live(Kind::Task), one_more(&mut it, region)), (63, Err(Error::WouldBlock(region))));
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    let spawned = |it: &TestRuntime, name| {
        let subjects = events(it).iter().filter(|event| matches!(event.what, What::Spawned { .. }));
        subjects.filter(|event| event.subject.task == Some(Name(name))).count()
    };
    assert_eq!((spawned(&it, 170), spawned(&it, 171)), (1, 0));
    it.cancel(sleepers[6], CancelKind::Timeout).expect("it is alive");
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    assert_eq!((spawned(&it, 170), spawned(&it, 171)), (1, 1));
    assert!([first, second].iter().all(|&task| history(&it, task).last() == Some(&What::Waits)));
    finish(&mut it);
}

/// A spawner that ends while a slot is kept for it hands its turn on.
#[test]
fn a_turn_that_is_not_used_is_handed_on() {
    let mut it = runtime(Config::default().class(Class::R1).overload(Overload::Backpressure));
    let region = open(&mut it, 1);
    let sleepers: Vec<Handle> =
        (0..62).map(|name| spawn(&mut it, region, name, Program::waiting())).collect();
    let first = spawn(&mut it, region, 70, Program::new([Act::Spawn(170, Program::waiting())]));
    spawn(&mut it, region, 71, Program::new([Act::Spawn(171, Program::waiting()), Act::Wait]));
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    it.cancel(first, CancelKind::Timeout).expect("it is alive");
    // Asked to end, it tries once more, does not wait, and is ended in the end.
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    let of_second = events(&it).iter().filter(|event| event.subject.task == Some(Name(171)));
    assert_eq!(of_second.filter(|event| matches!(event.what, What::Spawned { .. })).count(), 1);
    assert_eq!(it.live(Kind::Task), 64);
    it.cancel(sleepers[0], CancelKind::Timeout).expect("it is alive");
    assert_eq!(it.run(Budget::UNLIMITED), Status::WouldBlock);
    assert!(one_more(&mut it, region).is_ok(), "no slot is kept for nobody");
    finish(&mut it);
}
