//! The table of states, row by row; and that whatever happens, a run ends once and its cursor never goes back.

use proptest::prelude::*;

use super::super::backoff::{TRIES_MAX, wait};
use super::super::capability::{Agreement, Capability, Versions, needed, negotiate};
use super::super::event::{Action, Event, Precheck};
use super::super::machine::{Bugs, Machine, Mode};
use super::super::state::{Reason, State};

const SEED: u64 = 7;
const STARTED: Event = Event::Started { seed: SEED, chunk_count: 2 };
const AGREED: Event = Event::Negotiated(Agreement::Agreed([4; 4]));
const PROVED: Event = Event::Checked(Precheck::Agrees);

fn resumed(seed: u64, acknowledged: u32) -> Event {
    Event::Resumed { seed, acknowledged }
}

fn after(mode: Mode, events: &[Event]) -> Machine {
    events.iter().fold(Machine::new(mode, Bugs::default()), |machine, event| {
        machine.step(*event).unwrap_or_else(|unexpected| panic!("{unexpected}"))
    })
}

fn state(events: &[Event]) -> State {
    after(Mode::Strict, events).state()
}

#[test]
fn every_row_of_the_table() {
    use Event::{
        BackoffOver, ChunkConflicts, ChunkDone, ChunkLost, Negotiated, SealRefused, Sealed, Unanswered,
    };
    let failed = |reason| State::Failed(reason);
    let rows: [(&[Event], State); 22] = [
        (&[], State::Idle),
        (&[STARTED], State::Negotiating),
        (&[STARTED, AGREED], State::Prechecking),
        (
            &[STARTED, Negotiated(Agreement::Missing(Capability::Resume))],
            failed(Reason::UnsupportedCapability),
        ),
        (&[STARTED, Negotiated(Agreement::Differs(Capability::Resume))], failed(Reason::CapabilityMismatch)),
        (&[STARTED, Unanswered], failed(Reason::RetryExhausted)),
        (&[STARTED, AGREED, PROVED], State::Running),
        (&[STARTED, AGREED, Event::Checked(Precheck::Differs)], failed(Reason::IntegrityPrecheckFailed)),
        (&[STARTED, AGREED, Event::Checked(Precheck::Late)], failed(Reason::IntegrityPrecheckFailed)),
        (&[STARTED, AGREED, Event::Checked(Precheck::Absent)], failed(Reason::IntegrityPrecheckFailed)),
        (&[STARTED, AGREED, Event::Checked(Precheck::Malformed)], failed(Reason::IntegrityPrecheckFailed)),
        (&[STARTED, AGREED, PROVED, ChunkDone], State::Running),
        (&[STARTED, AGREED, PROVED, ChunkLost], State::Retrying),
        (&[STARTED, AGREED, PROVED, ChunkConflicts], failed(Reason::ConflictDetected)),
        (&[STARTED, AGREED, PROVED, ChunkDone, ChunkDone], State::Completing),
        (&[STARTED, AGREED, PROVED, ChunkLost, BackoffOver], State::Resuming),
        (&[STARTED, AGREED, PROVED, ChunkLost, BackoffOver, resumed(SEED, 0)], State::Running),
        (&[STARTED, AGREED, PROVED, ChunkLost, BackoffOver, Unanswered], State::Retrying),
        (
            &[STARTED, AGREED, PROVED, ChunkLost, BackoffOver, resumed(SEED + 1, 0)],
            failed(Reason::ResumeSeedMismatch),
        ),
        (&[STARTED, AGREED, PROVED, ChunkDone, ChunkDone, Sealed], State::Done),
        (
            &[STARTED, AGREED, PROVED, ChunkDone, ChunkDone, SealRefused],
            failed(Reason::IntegrityPrecheckFailed),
        ),
        (&[STARTED, AGREED, PROVED, ChunkDone, ChunkDone, Unanswered], State::Retrying),
    ];
    for (events, expected) in rows {
        assert_eq!(state(events), expected, "{events:?}");
    }
}

#[test]
fn states_have_numbers_of_their_own() {
    let states: Vec<State> = (0..).map_while(State::of_code).collect();
    assert_eq!(states.len(), 14);
    for (code, state) in (0..).zip(states) {
        assert_eq!(state.code(), code, "{state}");
    }
}

/// The remote may hold the chunk whose answer was lost: one more than the cursor, and nothing else.
#[test]
fn a_run_is_resumed_only_where_it_stood() {
    let lost = [STARTED, AGREED, PROVED, Event::ChunkDone, Event::ChunkLost, Event::BackoffOver];
    let at = |acknowledged| after(Mode::Strict, &lost).step(resumed(SEED, acknowledged)).expect("a row");
    assert_eq!(at(0).state(), State::Failed(Reason::ResumeSeedMismatch), "the cursor is beyond what is held");
    for acknowledged in [1, 2] {
        assert_eq!((at(acknowledged).state(), at(acknowledged).cursor()), (State::Running, 1));
    }
    assert_eq!(at(3).state(), State::Failed(Reason::ResumeSeedMismatch), "nobody sent so much");
}

#[test]
fn tries_end() {
    let mut machine = after(Mode::Strict, &[STARTED, AGREED, PROVED, Event::ChunkLost]);
    let mut tries = 0;
    while machine.action() != Action::GiveUp {
        tries += 1;
        assert_eq!(machine.action(), Action::BackOff { tries });
        assert!(machine.step(Event::TriesSpent).is_err(), "there are tries left");
        machine = machine.step(Event::BackoffOver).and_then(|it| it.step(Event::Unanswered)).expect("rows");
    }
    assert_eq!(tries, TRIES_MAX);
    assert!(machine.step(Event::BackoffOver).is_err(), "no try is left");
    let ended = machine.step(Event::TriesSpent).expect("a row");
    assert_eq!(ended.state(), State::Failed(Reason::RetryExhausted));
}

#[test]
fn a_chunk_that_is_done_gives_new_tries_and_a_restart_does_not() {
    let lost = [STARTED, AGREED, PROVED, Event::ChunkLost, Event::BackoffOver];
    let restarted = after(Mode::Strict, &lost).step(Event::Restarted { seed: SEED }).expect("a row");
    assert_eq!((restarted.state(), restarted.tries()), (State::Resuming, 1));
    let done = restarted.step(resumed(SEED, 0)).and_then(|it| it.step(Event::ChunkDone)).expect("rows");
    assert_eq!(done.tries(), 0);
}

#[test]
fn a_restart_with_another_seed_ends_the_run_in_every_state() {
    let all = [STARTED, AGREED, PROVED, Event::ChunkLost, Event::BackoffOver, resumed(SEED, 0)];
    for length in 1..=all.len() {
        let restarted = after(Mode::Strict, &all[..length]).step(Event::Restarted { seed: SEED + 1 });
        let failed = State::Failed(Reason::ResumeSeedMismatch);
        assert_eq!(restarted.expect("a row").state(), failed, "{:?}", &all[..length]);
    }
}

#[test]
fn hardened_mode_wants_a_proof_before_every_chunk() {
    let mut machine = after(Mode::Hardened, &[STARTED, AGREED, PROVED]);
    assert_eq!(machine.action(), Action::Commit { index: 0 });
    machine = machine.step(Event::ChunkDone).expect("a row");
    assert_eq!(machine.action(), Action::Precheck { count: 1 });
    assert!(machine.step(Event::ChunkDone).is_err(), "nobody proved anything");
    machine = machine.step(PROVED).expect("a row");
    assert_eq!(machine.action(), Action::Commit { index: 1 });
    let doubted = after(Mode::Hardened, &[STARTED, AGREED, PROVED, Event::ChunkDone])
        .step(Event::Checked(Precheck::Absent))
        .expect("a row");
    assert_eq!(doubted.state(), State::Failed(Reason::IntegrityPrecheckFailed));
}

#[test]
fn what_is_missing_is_named_before_what_differs() {
    let mut offered = needed();
    assert_eq!(negotiate(&needed(), &offered), Agreement::Agreed([4; 4]));
    let versions = |least, greatest| Versions::new(least, greatest).expect("in order");
    offered.insert(Capability::Resume, versions(1, 3));
    assert_eq!(negotiate(&needed(), &offered), Agreement::Agreed([4, 3, 4, 4]));
    offered.insert(Capability::Checksum, versions(0, 1));
    assert_eq!(negotiate(&needed(), &offered), Agreement::Differs(Capability::Checksum));
    offered.remove(&Capability::OrderedChunks);
    assert_eq!(negotiate(&needed(), &offered), Agreement::Missing(Capability::OrderedChunks));
    assert_eq!(Versions::new(3, 2), None);
}

#[test]
fn waits_are_bounded_seeded_and_grow() {
    for seed in 0..200 {
        for tries in 1..=TRIES_MAX {
            let (waited, millis) = (wait(seed, tries), 20u64 << (tries - 1).min(16));
            let whole = std::time::Duration::from_millis(millis.min(1000));
            assert!(waited >= whole / 2 && waited <= whole, "seed {seed}, try {tries}: {waited:?}");
        }
    }
    assert_eq!(wait(1, 9), wait(1, 9));
    assert_ne!(wait(1, 9), wait(2, 9));
}

fn event() -> impl Strategy<Value = Event> {
    let precheck = prop_oneof![
        4 => Just(Precheck::Agrees),
        1 => Just(Precheck::Differs),
        1 => Just(Precheck::Late),
        1 => Just(Precheck::Absent),
        1 => Just(Precheck::Malformed)
    ];
    prop_oneof![
        2 => Just(STARTED),
        2 => Just(AGREED),
        4 => precheck.prop_map(Event::Checked),
        4 => Just(Event::ChunkDone),
        4 => Just(Event::ChunkLost),
        1 => Just(Event::ChunkConflicts),
        4 => Just(Event::BackoffOver),
        1 => Just(Event::TriesSpent),
        4 => (SEED - 1..SEED + 2, 0u32..4).prop_map(|(seed, acknowledged)| resumed(seed, acknowledged)),
        2 => Just(Event::Unanswered),
        2 => Just(Event::Sealed),
        1 => Just(Event::SealRefused),
        1 => (SEED..SEED + 2).prop_map(|seed| Event::Restarted { seed }),
    ]
}

proptest! {
    /// Any events in any order: an end is an end, the cursor only grows, and nothing is done that was not sealed.
    #[test]
    fn whatever_happens_a_run_ends_once(
        events in prop::collection::vec(event(), 0..200),
        is_hardened: bool,
    ) {
        let mode = if is_hardened { Mode::Hardened } else { Mode::Strict };
        let mut machine = Machine::new(mode, Bugs::default());
        for event in events {
            let Ok(next) = machine.step(event) else { continue };
            prop_assert!(!machine.state().is_end(), "{event:?} left {}", machine.state());
            prop_assert!(next.cursor() >= machine.cursor());
            prop_assert!(next.cursor() - machine.cursor() <= u32::from(event == Event::ChunkDone));
            prop_assert!(next.tries() <= TRIES_MAX + 1);
            if next.state() == State::Done {
                prop_assert_eq!((event, next.cursor()), (Event::Sealed, 2));
            }
            machine = next;
        }
    }
}
