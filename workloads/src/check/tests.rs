//! The checker against every order there is, and against histories whose verdict is known.

use proptest::prelude::*;

use super::{Call, History, Model, Verdict, linearizable};

/// One register: `Some(value)` writes, `None` reads.
struct Register;

impl Model for Register {
    type State = u8;
    type Operation = Option<u8>;
    type Outcome = u8;

    fn start(&self) -> u8 {
        0
    }

    fn step(&self, state: &u8, operation: &Option<u8>, outcome: Option<&u8>) -> Option<u8> {
        match (operation, outcome) {
            (Some(value), _) => Some(*value),
            (None, Some(read)) if read != state => None,
            (None, _) => Some(*state),
        }
    }
}

fn judge(calls: &[Call<Option<u8>, u8>]) -> Verdict<super::Stuck> {
    linearizable(&Register, calls, |_| (), 1_000_000)
}

/// Tries every order of every subset of the calls that never returned.
fn naive(calls: &[Call<Option<u8>, u8>], state: u8, left: Vec<usize>) -> bool {
    if left.iter().all(|place| calls[*place].returned.is_none()) {
        return true;
    }
    let end = |place: &usize| calls[*place].returned.as_ref().map_or(u64::MAX, |(at, _)| *at);
    let first_return = left.iter().map(end).min().unwrap_or(u64::MAX);
    left.iter().any(|place| {
        let call = &calls[*place];
        let rest = left.iter().copied().filter(|other| other != place).collect();
        call.called < first_return
            && Register
                .step(&state, &call.operation, call.returned.as_ref().map(|(_, outcome)| outcome))
                .is_some_and(|after| naive(calls, after, rest))
    })
}

#[test]
fn a_read_of_an_overwritten_value_is_refused_with_the_call() {
    let mut history = History::default();
    let first = history.call(0, Some(1));
    history.returned(first, 0);
    let second = history.call(0, Some(2));
    let read = history.call(1, None);
    history.returned(read, 2);
    let stale = history.call(1, None);
    history.returned(stale, 1);
    history.returned(second, 0);
    match judge(history.calls()) {
        Verdict::Violated(stuck) => assert_eq!((stuck.order, stuck.call), (vec![0, 1, 2], 3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_write_that_never_returned_may_appear_late_or_never() {
    for (reads, holds) in [(vec![0, 0, 1], true), (vec![0, 0], true), (vec![1, 0], false)] {
        let mut history = History::default();
        history.call(0, Some(1));
        for value in reads {
            let read = history.call(1, None);
            history.returned(read, value);
        }
        assert_eq!(judge(history.calls()) == Verdict::Holds, holds);
    }
}

#[test]
fn partitions_are_judged_alone() {
    let mut history = History::default();
    let write = history.call(0, Some(11));
    history.returned(write, 0);
    let read = history.call(0, None);
    history.returned(read, 0);
    assert!(matches!(judge(history.calls()), Verdict::Violated(_)));
    assert_eq!(
        linearizable(&Register, history.calls(), |operation| operation.is_some(), 100),
        Verdict::Holds
    );
}

#[test]
fn the_limit_ends_the_search_without_an_opinion() {
    let mut history = History::default();
    for value in 0..30 {
        history.call(u32::from(value), Some(value));
    }
    let read = history.call(99, None);
    history.returned(read, 200);
    assert_eq!(linearizable(&Register, history.calls(), |_| (), 10_000), Verdict::Unknown);
}

#[test]
fn more_calls_than_a_word_has_bits_are_judged() {
    let mut history = History::default();
    for round in 0..200u8 {
        let write = history.call(0, Some(round));
        let read = history.call(1, None);
        history.returned(write, 0);
        history.returned(read, round);
    }
    assert_eq!(judge(history.calls()), Verdict::Holds);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn it_agrees_with_trying_every_order(events in prop::collection::vec((0u32..3, 0u8..5, 0u8..3), 0..14)) {
        let mut history = History::default();
        let mut open = [None; 3];
        for (client, kind, value) in events {
            match open[client as usize].take() {
                Some(call) if kind > 0 => history.returned(call, value),
                _ => {
                    let operation = (kind < 2).then_some(value);
                    open[client as usize] = Some(history.call(client, operation));
                }
            }
        }
        let calls = history.calls();
        let expected = naive(calls, 0, (0..calls.len()).collect());
        prop_assert_eq!(judge(calls) == Verdict::Holds, expected);
    }
}
