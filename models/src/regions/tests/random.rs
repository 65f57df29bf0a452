//! Random operations, against the reference: the same answers, the same happenings in the same order, the same
//! things alive; and against the observer, which sees every step.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::api::{
    Budget, CancelKind, Class, Config, Error, Handle, Kind, Name, Outcome, Overload, Refusal, RegionState,
    Reversal, Status, Time, What,
};
use super::program::{Act, Program};
use super::reference::{NEVER, Told, World};
use super::{TestRuntime, advance, events, faults, runtime, script};

#[derive(Clone, Debug)]
enum Op {
    Open {
        parent: Option<usize>,
        polls: u64,
    },
    Close(usize),
    Poison(usize),
    Spawn {
        region: usize,
        polls: u64,
        deadline: Option<i64>,
        program: Program,
    },
    /// As many as fit, and some more.
    Flood(usize, u64),
    CancelTask(usize, CancelKind),
    CancelRegion(usize, CancelKind),
    Wake(usize),
    Reserve(usize),
    Commit(usize),
    Abort(usize),
    SetTimer(usize, i64),
    Finally(usize, Program),
    Run(u64),
    Drain(usize, u64),
    Advance(i64),
    RefuseMemory(bool),
    Shutdown,
}

fn programs() -> impl Strategy<Value = Program> {
    let child = prop_oneof![Just(Program::nothing()), Just(Program::waiting()), Just(Program::polite())];
    let act = prop_oneof![
        4 => Just(Act::Again),
        2 => Just(Act::Wait),
        3 => (0u64..50).prop_map(Act::Sleep),
        4 => Just(Act::Check),
        4 => (0u64..4).prop_map(Act::Reserve),
        3 => Just(Act::Commit),
        2 => Just(Act::Abort),
        2 => (100u64..200, child).prop_map(|(name, program)| Act::Spawn(name, program)),
        1 => Just(Act::Close),
        1 => Just(Act::Poison),
        1 => Just(Act::Panic),
        1 => select(vec![Outcome::Ok, Outcome::Err]).prop_map(Act::Done),
    ];
    prop_oneof![
        6 => prop::collection::vec(act, 0..10).prop_map(Program::new),
        1 => Just(Program::polite()),
        1 => Just(Program::deaf()),
        1 => Just(Program::deaf_sleeper()),
    ]
}

fn polls() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(u64::MAX), 2 => 1u64..20, 1 => Just(0)]
}

fn ops() -> impl Strategy<Value = Op> {
    let kinds = || select(CancelKind::ALL.to_vec());
    let which = || any::<usize>();
    prop_oneof![
        6 => (prop::option::of(which()), polls()).prop_map(|(parent, polls)| Op::Open { parent, polls }),
        2 => which().prop_map(Op::Close),
        1 => which().prop_map(Op::Poison),
        12 => (which(), polls(), prop::option::of(0i64..80), programs())
            .prop_map(|(region, polls, deadline, program)| Op::Spawn { region, polls, deadline, program }),
        1 => (which(), 10u64..70).prop_map(|(region, count)| Op::Flood(region, count)),
        2 => (which(), kinds()).prop_map(|(task, kind)| Op::CancelTask(task, kind)),
        1 => (which(), kinds()).prop_map(|(region, kind)| Op::CancelRegion(region, kind)),
        3 => which().prop_map(Op::Wake),
        3 => which().prop_map(Op::Reserve),
        2 => which().prop_map(Op::Commit),
        2 => which().prop_map(Op::Abort),
        2 => (which(), 0i64..60).prop_map(|(task, delay)| Op::SetTimer(task, delay)),
        2 => (which(), programs()).prop_map(|(region, program)| Op::Finally(region, program)),
        10 => (0u64..40).prop_map(Op::Run),
        1 => (which(), 0u64..60).prop_map(|(region, polls)| Op::Drain(region, polls)),
        5 => (0i64..60).prop_map(Op::Advance),
        1 => any::<bool>().prop_map(Op::RefuseMemory),
        1 => Just(Op::Shutdown),
    ]
}

/// A runtime and the reference, and which handle has which serial number.
struct Pair {
    it: TestRuntime,
    world: World,
    regions: Vec<Handle>,
    tasks: Vec<Handle>,
    obligations: Vec<Handle>,
    serials: BTreeMap<Handle, usize>,
    /// Events that were read.
    read: usize,
    finalizers: u64,
}

/// A choice among all that ever were.
fn among(which: usize, of: usize) -> Option<usize> {
    which.checked_rem(of)
}

impl Pair {
    fn new(overload: Overload) -> Pair {
        let config = Config::default().class(Class::R1).overload(overload);
        Pair {
            it: runtime(config),
            world: World::new(overload),
            regions: Vec::new(),
            tasks: Vec::new(),
            obligations: Vec::new(),
            serials: BTreeMap::new(),
            read: 0,
            finalizers: 0,
        }
    }

    /// What the runtime told since the last look, by serial numbers.
    fn hear(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        let new = events(&self.it)[self.read..].to_vec();
        self.read += new.len();
        for event in new {
            let at = event.object;
            match event.what {
                What::Opened { .. } => {
                    self.serials.insert(at, self.regions.len());
                    self.regions.push(at);
                    continue;
                }
                What::Spawned { id, .. } => {
                    self.serials.insert(at, self.tasks.len());
                    self.tasks.push(at);
                    self.world.ids.push(id);
                }
                What::Reserved { task, .. } => {
                    self.serials.insert(at, self.serials[&task]);
                    self.obligations.push(at);
                }
                What::TimerSet { task, .. } => {
                    self.serials.insert(at, self.serials[&task]);
                    continue;
                }
                _ => {}
            }
            let Some(&serial) = self.serials.get(&at) else { continue };
            told.push(match event.what {
                What::Spawned { .. } => Told::Spawned(serial),
                What::Polled if at.kind == Kind::Region => Told::FinalizerPolled(serial),
                What::Polled => Told::Polled(serial),
                What::Finalized { name, outcome, forced } => Told::Finalized(serial, name.0, outcome, forced),
                What::Completed { outcome, forced } => Told::Completed(serial, outcome, forced),
                What::Shed => Told::Shed(serial),
                What::TimerFired { .. } => Told::Fired(serial),
                What::Reserved { name, .. } => Told::Reserved(serial, name.0),
                What::Committed { name } => Told::Committed(serial, name.0),
                What::Aborted { name } => Told::Aborted(serial, name.0),
                What::Leaked { name } => Told::Leaked(serial, name.0),
                What::CancelRequested { kind } => Told::Cancel(serial, kind),
                What::Closing => Told::Entered(serial, RegionState::Closing),
                What::Draining => Told::Entered(serial, RegionState::Draining),
                What::Finalizing => Told::Entered(serial, RegionState::Finalizing),
                What::Closed { outcome } => Told::Closed(serial, outcome),
                What::Poisoned => Told::Poisoned(serial),
                _ => continue,
            });
        }
        told
    }

    /// Asks both. The runtime first, for the reference takes over its ids.
    fn ask(&mut self, op: &Op) -> (Result<Status, Status>, Result<Status, Status>) {
        let word = |result: Result<(), Error>| result.map(|()| Status::Ok).map_err(Error::status);
        let same = |result: Result<(), Status>| result.map(|()| Status::Ok);
        let (regions, tasks, held) = (self.regions.len(), self.tasks.len(), self.obligations.len());
        let nothing = (Ok(Status::Ok), Ok(Status::Ok));
        let bounded = |polls| Budget { polls, ..Budget::UNLIMITED };
        macro_rules! choose {
            ($which:expr, $count:expr) => {
                match among(*$which, $count) {
                    Some(serial) => serial,
                    None => return nothing,
                }
            };
        }
        match op {
            Op::Open { parent, polls } => {
                let parent = parent.and_then(|which| among(which, regions));
                let above = parent.map(|serial| self.regions[serial]);
                let answer = self.it.open(above, Name(regions as u64), bounded(*polls));
                (word(answer.map(drop)), same(self.world.open(parent, *polls).map(drop)))
            }
            Op::Close(which) => {
                let at = choose!(which, regions);
                (word(self.it.close(self.regions[at])), same(self.world.close(at)))
            }
            Op::Poison(which) => {
                let at = choose!(which, regions);
                (word(self.it.poison(self.regions[at])), same(self.world.poison(at)))
            }
            Op::Spawn { region, polls, deadline, program } => {
                let at = choose!(region, regions);
                let deadline = deadline.map_or(NEVER, |after| self.world.now + after);
                let budget = bounded(*polls).until(Time(deadline));
                let answer = self.it.spawn(self.regions[at], Name(tasks as u64), budget, program.clone());
                let expected = self.world.spawn(None, at, (*polls, deadline), program);
                (word(answer.map(drop)), same(expected.map(drop)))
            }
            Op::Flood(region, count) => {
                let at = choose!(region, regions);
                let mut last = nothing;
                for _ in 0..*count {
                    let op = Op::Spawn {
                        region: at,
                        polls: u64::MAX,
                        deadline: None,
                        program: Program::waiting(),
                    };
                    last = self.ask(&op);
                    if last.0 != last.1 {
                        break;
                    }
                }
                last
            }
            Op::CancelTask(which, kind) => {
                let at = choose!(which, tasks);
                (word(self.it.cancel(self.tasks[at], *kind)), same(self.world.cancel_task(at, *kind)))
            }
            Op::CancelRegion(which, kind) => {
                let at = choose!(which, regions);
                (word(self.it.cancel(self.regions[at], *kind)), same(self.world.cancel_region(at, *kind)))
            }
            Op::Wake(which) => {
                let at = choose!(which, tasks);
                (word(self.it.wake(self.tasks[at])), same(self.world.wake(at)))
            }
            Op::Reserve(which) => {
                let at = choose!(which, tasks);
                let answer = self.it.reserve(self.tasks[at], Name(9));
                (word(answer.map(drop)), same(self.world.reserve(at, 9).map(drop)))
            }
            Op::Commit(which) => {
                let at = choose!(which, held);
                (resolved(word(self.it.commit(self.obligations[at]))), same(self.world.resolve(at, true)))
            }
            Op::Abort(which) => {
                let at = choose!(which, held);
                (resolved(word(self.it.abort(self.obligations[at]))), same(self.world.resolve(at, false)))
            }
            Op::SetTimer(which, delay) => {
                let at = choose!(which, tasks);
                let delay_nanos = Duration::from_nanos(delay.unsigned_abs());
                let answer = self.it.set_timer_after(self.tasks[at], delay_nanos);
                (word(answer.map(drop)), same(self.world.set_timer(at, *delay)))
            }
            Op::Finally(which, program) => {
                let at = choose!(which, regions);
                self.finalizers += 1;
                let name = self.finalizers;
                let answer = self.it.finally(self.regions[at], Name(name), program.clone());
                (word(answer), same(self.world.finally(at, name, program)))
            }
            Op::Run(polls) => {
                let answer = self.it.run(Budget::polls(*polls));
                self.ids_ahead();
                (Ok(answer), Ok(self.world.run(*polls)))
            }
            Op::Drain(which, polls) => {
                let at = choose!(which, regions);
                let answer = self.it.drain(self.regions[at], Budget::polls(*polls));
                self.ids_ahead();
                (Ok(answer), Ok(self.world.drain(at, *polls)))
            }
            Op::Advance(nanos) => {
                advance(&mut self.it, *nanos);
                self.world.now += nanos;
                nothing
            }
            Op::RefuseMemory(refuses) => {
                script(&mut self.it).refuses_memory = *refuses;
                self.world.refuses_memory = *refuses;
                nothing
            }
            Op::Shutdown => {
                self.it.shutdown();
                self.world.shutdown();
                nothing
            }
        }
    }

    /// Asks the runtime and nobody else.
    fn ask_alone(&mut self, op: &Op) {
        let (regions, tasks, held) = (self.regions.len(), self.tasks.len(), self.obligations.len());
        let region = |which: usize| among(which, regions);
        match op {
            Op::Open { parent, .. } => {
                let above = parent.and_then(region).map(|at| self.regions[at]);
                let _ = self.it.open(above, Name(0), Budget::UNLIMITED);
            }
            Op::Spawn { region: which, polls, deadline, program } => {
                if let Some(at) = region(*which) {
                    let until = deadline.map_or(Time::NEVER, |after| Time(after * 500));
                    let budget = Budget { polls: *polls, ..Budget::UNLIMITED }.until(until);
                    let _ = self.it.spawn(self.regions[at], Name(0), budget, program.clone());
                }
            }
            Op::Close(which) => {
                let _ = region(*which).map(|at| self.it.close(self.regions[at]));
            }
            Op::Poison(which) => {
                let _ = region(*which).map(|at| self.it.poison(self.regions[at]));
            }
            Op::CancelTask(which, kind) => {
                let _ = among(*which, tasks).map(|at| self.it.cancel(self.tasks[at], *kind));
            }
            Op::Wake(which) => {
                let _ = among(*which, tasks).map(|at| self.it.wake(self.tasks[at]));
            }
            Op::Reserve(which) => {
                let _ = among(*which, tasks).map(|at| self.it.reserve(self.tasks[at], Name(9)));
            }
            Op::Commit(which) => {
                let _ = among(*which, held).map(|at| self.it.commit(self.obligations[at]));
            }
            Op::SetTimer(which, delay) => {
                let delay = Duration::from_nanos(delay.unsigned_abs() * 100);
                let _ = among(*which, tasks).map(|at| self.it.set_timer_after(self.tasks[at], delay));
            }
            Op::Run(polls) => {
                let _ = self.it.run(Budget::polls(*polls));
            }
            Op::Advance(nanos) => advance(&mut self.it, *nanos * 100),
            _ => {}
        }
        self.hear();
    }

    /// The ids of tasks that were spawned by others, before they are heard of.
    fn ids_ahead(&mut self) {
        let all = events(&self.it).iter().filter_map(|event| match event.what {
            What::Spawned { id, .. } => Some(id),
            _ => None,
        });
        self.world.ids = all.collect();
    }

    fn check(&mut self, op: &Op) -> Result<(), TestCaseError> {
        let (answer, expected) = self.ask(op);
        prop_assert_eq!(answer, expected, "the answer to {:?}", op);
        let told = self.hear();
        self.ids_ahead();
        let expected = std::mem::take(&mut self.world.told);
        let (told, expected) = (split(&told), split(&expected));
        prop_assert_eq!(told, expected, "what happened at {:?}", op);
        let alive = Kind::ALL.map(|kind| usize::from(self.it.live(kind)));
        let world = &self.world;
        let expected =
            [world.live_regions(), world.live_tasks(), world.live_obligations(), world.live_timers()];
        prop_assert_eq!(alive, expected, "what is alive after {:?}", op);
        for (serial, region) in world.regions.iter().enumerate() {
            prop_assert_eq!(self.it.state(self.regions[serial]).ok(), region.state);
        }
        prop_assert_eq!(self.it.node().violation(), None);
        Ok(())
    }
}

/// An obligation that ended is `AlreadyResolved` or `StaleHandle`, by whether its slot was taken.
fn resolved(answer: Result<Status, Status>) -> Result<Status, Status> {
    answer.map_err(|status| if status == Status::StaleHandle { Status::AlreadyResolved } else { status })
}

/// What has an order, and what one cause did to many at once, which has none.
fn split(told: &[Told]) -> (Vec<Told>, Vec<Told>) {
    let (mut many, ordered): (Vec<Told>, Vec<Told>) = told.iter().partition(|told| {
        matches!(told, Told::Cancel(..) | Told::Entered(..) | Told::Closed(..) | Told::Poisoned(_))
    });
    many.sort_unstable();
    (ordered, many)
}

fn agree(overload: Overload, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(overload);
    for op in ops {
        pair.check(op)?;
    }
    pair.check(&Op::RefuseMemory(false))?;
    pair.check(&Op::Shutdown)?;
    pair.check(&Op::Run(100_000))?;
    prop_assert_eq!(pair.it.node_mut().finish(), Ok(()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reject_agrees_with_the_reference(ops in prop::collection::vec(ops(), 0..80)) {
        agree(Overload::Reject, &ops)?;
    }

    #[test]
    fn shed_oldest_agrees_with_the_reference(ops in prop::collection::vec(ops(), 0..80)) {
        agree(Overload::ShedOldest, &ops)?;
    }

    #[test]
    fn backpressure_agrees_with_the_reference(ops in prop::collection::vec(ops(), 0..80)) {
        agree(Overload::Backpressure, &ops)?;
    }

    /// Under all faults there is no reference, and the observer still sees every step.
    #[test]
    fn under_faults_the_invariants_hold(
        ops in prop::collection::vec(ops(), 0..80),
        skew in 0u64..10_000, every in 1u64..8, back in 0u64..5_000, word: u64, after in 0u64..20, count in 0u64..20,
    ) {
        let mut pair = Pair::new(Overload::Reject);
        faults(&mut pair.it).set_skew(Some(Duration::from_nanos(skew)));
        faults(&mut pair.it)
            .set_reversal(Some(Reversal::EachRead { every, by: Duration::from_nanos(back) }));
        faults(&mut pair.it).set_constant_entropy(Some(word));
        faults(&mut pair.it).set_refusal(Some(Refusal { after, count, kind: None }));
        for op in &ops {
            // Only the runtime is asked: no answer is compared.
            pair.ask_alone(op);
            prop_assert_eq!(pair.it.node().violation(), None, "after {:?}", op);
        }
        pair.it.shutdown();
        prop_assert_eq!(pair.it.run(Budget::polls(100_000)), Status::Ok);
        prop_assert_eq!(pair.it.node_mut().finish(), Ok(()));
    }
}
