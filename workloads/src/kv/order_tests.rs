//! The order passes what a single copy does, and names each thing that it would not.

use std::rc::Rc;

use models::kv::api::{Answer, Applied, Command, Operation, Outcome, Status};

use super::order::{CONVERGE, CURRENT, LOGS_AGREE, ONCE, ONE_PRIMARY, OUTCOMES, Order, WRITES_STAY};

fn put(value: u8) -> Operation {
    Operation::Put("k".into(), [value][..].into())
}

fn get() -> Operation {
    Operation::Get("k".into())
}

fn found(value: Option<u8>) -> Outcome {
    Outcome::Found(value.map(|value| [value][..].into()))
}

fn write(index: u64, seq: u64, operation: Operation, effect: Option<Outcome>) -> Applied {
    Applied { index, term: 1, command: Rc::new(Command::Write { session: 9, seq, operation }), effect }
}

fn answer(index: u64, outcome: Outcome) -> Answer {
    Answer { index, outcome }
}

/// Place 1 holds a put of 7, place 2 one of 8; both were acknowledged.
fn order() -> Order {
    let mut order = Order::default();
    assert_eq!(order.applied(0, &write(1, 1, put(7), Some(Outcome::Done))), Ok(true));
    assert_eq!(order.answered(&put(7), 0, &answer(1, Outcome::Done)), Ok(()));
    assert_eq!(order.applied(0, &write(2, 2, put(8), Some(Outcome::Done))), Ok(true));
    assert_eq!(order.applied(1, &write(2, 2, put(8), Some(Outcome::Done))), Ok(false));
    assert_eq!(order.answered(&put(8), 1, &answer(2, Outcome::Done)), Ok(()));
    order
}

fn property<T: std::fmt::Debug>(judged: Result<T, super::order::Violation>) -> &'static str {
    judged.expect_err("a violation").property
}

#[test]
fn reads_see_the_order_and_what_was_told() {
    let mut order = order();
    assert_eq!(order.told(), 2);
    assert_eq!(order.answered(&get(), 2, &answer(2, found(Some(8)))), Ok(()));
    assert_eq!(order.answered(&get(), 0, &answer(1, found(Some(7)))), Ok(()));
    assert_eq!(order.answered(&get(), 0, &answer(0, found(None))), Ok(()));
    assert_eq!(property(order.answered(&get(), 2, &answer(1, found(Some(7))))), CURRENT);
    assert_eq!(property(order.answered(&get(), 2, &answer(2, found(Some(7))))), OUTCOMES);
    assert_eq!(property(order.answered(&get(), 2, &answer(3, found(Some(8))))), WRITES_STAY);
}

#[test]
fn writes_come_after_what_was_told_and_stand_where_they_say() {
    let mut order = order();
    assert_eq!(property(order.answered(&put(8), 2, &answer(2, Outcome::Done))), CURRENT);
    assert_eq!(property(order.answered(&put(9), 1, &answer(2, Outcome::Done))), WRITES_STAY);
    assert_eq!(property(order.answered(&put(8), 1, &answer(2, Outcome::Swapped(true)))), OUTCOMES);
}

#[test]
fn another_entry_at_a_place_is_a_disagreement_or_a_loss() {
    let mut order = order();
    assert_eq!(property(order.applied(1, &write(1, 1, put(9), Some(Outcome::Done)))), WRITES_STAY);
    assert_eq!(order.applied(1, &write(3, 3, put(9), Some(Outcome::Done))), Ok(true));
    assert_eq!(property(order.applied(2, &write(3, 3, put(5), Some(Outcome::Done)))), LOGS_AGREE);
}

#[test]
fn a_retry_takes_effect_once() {
    let mut order = order();
    assert_eq!(order.applied(0, &write(3, 2, put(8), None)), Ok(true));
    assert_eq!(property(order.applied(1, &write(3, 2, put(8), Some(Outcome::Done)))), ONCE);
    assert_eq!(property(order.applied(0, &write(4, 2, put(8), Some(Outcome::Done)))), ONCE);
}

#[test]
fn an_outcome_is_that_of_a_single_copy() {
    let mut order = order();
    let swap = Operation::CompareAndSet { key: "k".into(), expected: None, value: [1][..].into() };
    assert_eq!(property(order.applied(0, &write(3, 3, swap, Some(Outcome::Swapped(true))))), OUTCOMES);
}

#[test]
fn a_term_has_one_primary() {
    let mut order = Order::default();
    assert_eq!(order.led(1, 3), Ok(()));
    assert_eq!(order.led(1, 3), Ok(()));
    assert_eq!(property(order.led(2, 3)), ONE_PRIMARY);
}

#[test]
fn convergence_says_what_it_waits_for() {
    let order = order();
    let status =
        |applied, is_primary, checksum| Some(Status { term: 1, is_primary, last: 2, applied, checksum });
    assert_eq!(order.pending(&[status(2, true, 5), status(2, false, 5)]), None);
    for (statuses, word) in [
        ([status(2, true, 5), None], "does not answer"),
        ([status(2, true, 5), status(1, false, 5)], "applied 1 of 2"),
        ([status(2, true, 5), status(3, false, 5)], "more or less"),
        ([status(2, true, 5), status(2, true, 5)], "2 replicas hold"),
    ] {
        let pending = order.pending(&statuses).expect("something is awaited");
        assert!(pending.contains(word), "{pending}");
    }
    assert_eq!(property(order.equal(&[status(2, true, 5), status(2, false, 6)])), CONVERGE);
}
