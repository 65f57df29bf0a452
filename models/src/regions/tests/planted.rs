//! Each planted bug is caught, and by the rule that it breaks. Without a bug the same episodes hold.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::super::api::{
    Budget, Bug, CancelKind, Class, Config, Handle, Kind, Name, Outcome, Overload, Quirks, Refusal, Reversal,
    Status, Time, What,
};
use super::program::{Act, Program};
use super::{TestRuntime, advance, events, faults, open, runtime, script, spawn};

/// What an episode was answered, when that is wrong.
type Answered = Result<(), &'static str>;

fn expect(holds: bool, answer: &'static str) -> Answered {
    if holds { Ok(()) } else { Err(answer) }
}

/// Regions, finalizers, poison, leaks, panics, both kinds of ending.
fn lives(it: &mut TestRuntime) -> Answered {
    let (parent, sibling) = (open(it, 1), open(it, 2));
    let child = it.open(Some(parent), Name(3), Budget::polls(40)).expect("there is room");
    let cousin = it.open(Some(parent), Name(4), Budget::UNLIMITED).expect("there is room");
    for region in [parent, sibling, child, cousin] {
        spawn(it, region, 1, Program::deaf());
        spawn(it, region, 2, Program::waiting());
        spawn(it, region, 3, Program::new([Act::Reserve(1), Act::Again]));
        it.finally(region, Name(1), Program::nothing()).expect("there is room");
        it.finally(region, Name(2), Program::new([Act::Again])).expect("there is room");
    }
    let panics = spawn(it, sibling, 4, Program::new([Act::Panic]));
    let late = spawn(it, child, 4, Program::new(vec![Act::Again; 12]));
    it.run(Budget::polls(14));
    it.run(Budget::polls(40));
    let held = it.reserve(late, Name(5));
    it.poison(child).expect("it is alive");
    let _ = it.reserve(late, Name(6));
    if let Ok(held) = held {
        it.commit(held).expect("it was just reserved");
        let again = it.commit(held);
        expect(again.is_err(), "an obligation was committed twice")?;
    }
    it.run(Budget::polls(6));
    it.close(child).expect("it is alive");
    let _ = it.spawn(child, Name(9), Budget::UNLIMITED, Program::nothing());
    it.run(Budget::polls(3));
    it.close(parent).expect("it is alive");
    it.run(Budget::polls(2));
    let _ = it.poison(parent);
    it.run(Budget::polls(400));
    it.close(sibling).expect("it is alive");
    it.run(Budget::polls(400));
    let ended = events(it).iter().find_map(|event| match event.what {
        What::Completed { outcome, .. } if event.object == panics => Some(outcome),
        _ => None,
    });
    expect(ended == Some(Outcome::Panicked), "a panic was told as something else")
}

/// A parent whose only work is its child's, and a task that ends by itself in its very last poll of cleanup.
fn family(it: &mut TestRuntime) -> Answered {
    let parent = open(it, 1);
    let child = it.open(Some(parent), Name(2), Budget::UNLIMITED).expect("there is room");
    spawn(it, child, 1, Program::deaf());
    let last = vec![Act::Again; super::super::api::CLEANUP_POLLS as usize - 1];
    spawn(it, child, 2, Program::new(last));
    it.drain(parent, Budget::polls(100));
    Ok(())
}

/// Many get ready at once, in slots that were used before; then reasons to end, one after the other.
fn turns(it: &mut TestRuntime) -> Answered {
    let region = open(it, 1);
    for round in 0..2 {
        let tasks: Vec<Handle> = (0..12).map(|name| spawn(it, region, name, Program::waiting())).collect();
        it.run(Budget::polls(7));
        it.run(Budget::UNLIMITED);
        it.cancel(region, CancelKind::Shutdown).expect("it is alive");
        if round == 0 {
            it.cancel(tasks[3], CancelKind::Timeout).expect("it is alive");
        }
        it.run(Budget::polls(100));
    }
    it.drain(region, Budget::polls(100));
    Ok(())
}

/// A tight budget around a loose one.
fn budgets(it: &mut TestRuntime) -> Answered {
    let region = it.open(None, Name(1), Budget::polls(3)).expect("there is room");
    it.spawn(region, Name(1), Budget::polls(30), Program::deaf()).expect("there is room");
    it.run(Budget::polls(60));
    it.drain(region, Budget::polls(60));
    Ok(())
}

/// Timers that are due together, and a clock that goes back after some fired.
fn clocks(it: &mut TestRuntime) -> Answered {
    let region = open(it, 1);
    for (name, nanos) in (0..).zip([300, 100, 200]) {
        spawn(it, region, name, Program::new([Act::Sleep(nanos)]));
    }
    it.run(Budget::polls(20));
    advance(it, 1_000);
    it.run(Budget::polls(20));
    faults(it).set_reversal(Some(Reversal::At { at: Time(0), by: Duration::from_nanos(600) }));
    for name in 3..6 {
        spawn(it, region, name, Program::new([Act::Sleep(100)]));
    }
    for _ in 0..20 {
        it.run(Budget::polls(20));
        advance(it, 50);
    }
    it.drain(region, Budget::polls(100));
    Ok(())
}

/// Refusals: no room, no memory; and entropy that is always the same.
fn scarcity(it: &mut TestRuntime) -> Answered {
    faults(it).set_constant_entropy(Some(5));
    let region = open(it, 1);
    faults(it).set_refusal(Some(Refusal { after: 1, count: 1, kind: Some(Kind::Task) }));
    for name in 0..70 {
        let _ = it.spawn(region, Name(name), Budget::UNLIMITED, Program::waiting());
    }
    it.drain(region, Budget::polls(1000));
    Ok(())
}

/// More work than slots, after everybody had begun.
fn overload(it: &mut TestRuntime) -> Answered {
    let region = open(it, 1);
    for name in 0..64 {
        spawn(it, region, name, Program::polite());
    }
    it.run(Budget::polls(64));
    let _ = it.spawn(region, Name(99), Budget::UNLIMITED, Program::nothing());
    it.drain(region, Budget::polls(1000));
    Ok(())
}

/// A spawner waits for a slot, and slots get free.
fn backpressure(it: &mut TestRuntime) -> Answered {
    let region = open(it, 1);
    let tasks: Vec<Handle> = (0..63).map(|name| spawn(it, region, name, Program::waiting())).collect();
    spawn(it, region, 63, Program::new([Act::Spawn(64, Program::nothing())]));
    it.run(Budget::polls(100));
    for task in tasks {
        it.cancel(task, CancelKind::Timeout).expect("it is alive");
    }
    expect(it.run(Budget::polls(1000)) == Status::Ok, "slots are free, and a spawner waits")?;
    it.drain(region, Budget::polls(1000));
    Ok(())
}

type Episode = (fn(&mut TestRuntime) -> Answered, Overload);

const EPISODES: [Episode; 8] = [
    (lives, Overload::Reject),
    (family, Overload::Reject),
    (turns, Overload::Reject),
    (budgets, Overload::Reject),
    (clocks, Overload::Reject),
    (scarcity, Overload::Reject),
    (overload, Overload::ShedOldest),
    (backpressure, Overload::Backpressure),
];

/// The numbers of the rules that were broken, an episode each, or the wrong answers.
fn broken(quirks: Quirks) -> Vec<String> {
    let mut broken = Vec::new();
    for (episode, overload) in EPISODES {
        let mut it = runtime(Config::default().class(Class::R1).overload(overload).quirks(quirks));
        script(&mut it).keeps_violations = true;
        // After its first violation a runtime with a bug may also run into its own assertions.
        let answered = catch_unwind(AssertUnwindSafe(|| episode(&mut it)));
        let finished = it.node_mut().finish();
        let was_told = finished.is_err();
        broken.extend(finished.err().map(|violation| violation.rule.number().to_string()));
        match answered {
            Ok(Ok(())) => {}
            Ok(Err(answer)) => broken.push(answer.to_string()),
            Err(_) if was_told => {}
            Err(_) => broken.push(String::from("it panicked before anything was told")),
        }
    }
    broken
}

#[test]
fn without_a_bug_all_episodes_hold() {
    assert_eq!(broken(Quirks::NONE), Vec::<String>::new());
}

#[test]
fn each_bug_is_caught_by_the_rule_that_it_breaks() {
    let table = [
        (Bug::ClosedEarly, "R-1"),
        (Bug::TaskEndedTwice, "R-2"),
        (Bug::TaskForgotten, "1.5-order"),
        (Bug::ResolvedTwice, "R-3"),
        (Bug::LeakIgnored, "R-3"),
        (Bug::RegionReopened, "R-4"),
        (Bug::PoisonAdmitsReserve, "R-5"),
        (Bug::PoisonReachesSibling, "R-6"),
        (Bug::CountDrift, "R-7"),
        (Bug::CleanupUnbounded, "R-8"),
        (Bug::DeadlineLost, "R-9"),
        (Bug::DeadlineTwice, "R-9"),
        (Bug::RefusalTakesNumber, "R-10"),
        (Bug::AllocationHalfDone, "R-10"),
        (Bug::IdsFromEntropyAlone, "1.7-ids"),
        (Bug::GenerationKept, "1.1-generations"),
        (Bug::TiesBySlot, "1.5-order"),
        (Bug::FinalizersInOrder, "1.2-finalizers"),
        (Bug::ShedsPolled, "1.5-shedding"),
        (Bug::CancelWeakens, "1.3-cancel"),
        (Bug::BudgetNotMet, "1.5-budgets"),
        (Bug::PrecedenceSwapped, "1.6-precedence"),
        (Bug::TimersBySequence, "1.5-order"),
        (Bug::PanicIsError, "a panic was told as something else"),
        (Bug::ClassChangesMeaning, "R-8"),
        (Bug::SlotWakesNobody, "slots are free, and a spawner waits"),
        (Bug::RegionMute, "1.5-order"),
        (Bug::RegionAmnesia, "1.2-finalizers"),
        (Bug::RegionFrozen, "R-9"),
    ];
    let listed: Vec<Bug> = table.iter().map(|&(bug, _)| bug).collect();
    assert_eq!(listed, Bug::ALL, "each bug has its line");
    let mut missed = Vec::new();
    for (bug, rule) in table {
        let broken = broken(Quirks::only(bug));
        if !broken.iter().any(|found| found == rule) {
            missed.push(format!("{}: expected {rule}, found {broken:?}", bug.name()));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
