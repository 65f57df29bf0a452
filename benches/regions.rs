//! What the runtime of the packs costs, without a machine below it: `cargo bench --bench regions`.
//!
//! Each case states its work and prints nanoseconds an operation, the least and the median of nine rounds: of the
//! runtime alone, and audited (each operation hashes the state before and after, as refusals are judged) under the
//! eyes of the observer that checks. The node folds every event into the digest that is printed.
#![allow(clippy::disallowed_methods, reason = "a bench measures the wall clock")]

use std::time::{Duration, Instant};

use models::regions::api::{
    Body, Budget, Class, Config, Event, Handle, Kind, Name, Node, Outcome, Poll, Profile, Runtime, Status,
    TaskContext, Time, Watched,
};

const ROUNDS: usize = 9;
/// Turns of a round, each of one full region of the middle class.
const TURNS: u64 = 200;
/// Tasks of a turn.
const TASKS: u64 = 64;

/// A node that folds what it is told.
#[derive(Default)]
struct Fold {
    clock: Time,
    digest: u64,
}

impl Node for Fold {
    fn clock(&mut self) -> Time {
        self.clock = self.clock.after(Duration::from_nanos(100));
        self.clock
    }

    fn entropy(&mut self) -> u64 {
        self.digest = self.digest.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
        self.digest
    }

    fn may_allocate(&mut self, _kind: Kind, _bytes: u64) -> bool {
        true
    }

    fn tell(&mut self, event: &Event) {
        for word in event.encode() {
            self.digest = (self.digest ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
    }
}

/// A task that ends at its first poll, after it kept a promise, where it has one to keep; or one that waits.
#[derive(Clone, Copy)]
enum Work {
    Ends,
    Promises,
    Waits,
}

impl<N: Node> Body<N> for Work {
    fn poll(&mut self, task: &mut TaskContext<'_, N, Work>) -> Poll {
        match self {
            Work::Ends => Poll::Done(Outcome::Ok),
            Work::Promises => {
                let promise = task.reserve(Name(1)).expect("there is room");
                task.commit(promise).expect("it is held");
                Poll::Done(Outcome::Ok)
            }
            Work::Waits if task.checkpoint().is_err() => Poll::Done(Outcome::Ok),
            Work::Waits => Poll::Wait,
        }
    }
}

fn fill<N: Node>(runtime: &mut Runtime<N, Work>, work: Work) -> Handle {
    let region = runtime.open(None, Name(1), Budget::UNLIMITED).expect("there is room");
    for task in 0..TASKS {
        runtime.spawn(region, Name(task), Budget::UNLIMITED, work).expect("there is room");
    }
    region
}

fn close<N: Node>(runtime: &mut Runtime<N, Work>, region: Handle) {
    runtime.close(region).expect("it is open");
    assert_eq!(runtime.drain(region, Budget::UNLIMITED), Status::Ok);
}

/// A turn of a case, with the time that its operations took.
fn turn<N: Node>(runtime: &mut Runtime<N, Work>, case: &str) -> Duration {
    if case == "poison+drain" {
        let region = fill(runtime, Work::Waits);
        assert_eq!(runtime.run(Budget::UNLIMITED), Status::WouldBlock);
        let start = Instant::now();
        runtime.poison(region).expect("it is open");
        close(runtime, region);
        return start.elapsed();
    }
    let work = if case == "reserve+commit" { Work::Promises } else { Work::Ends };
    let start = Instant::now();
    let region = fill(runtime, work);
    assert_eq!(runtime.run(Budget::UNLIMITED), Status::Ok);
    let took = start.elapsed();
    close(runtime, region);
    took
}

fn round<N: Node>(config: Config, node: N, digest: impl Fn(&N) -> u64, case: &str) -> (f64, u64) {
    let mut runtime = Runtime::new(config, node);
    let took: Duration = (0..TURNS).map(|_| turn(&mut runtime, case)).sum();
    (took.as_nanos() as f64 / (TURNS * TASKS) as f64, digest(runtime.node()))
}

fn main() {
    let cases = [
        ("spawn+complete", "one task spawned into a region, polled once, completed"),
        ("reserve+commit", "the same, and in its poll it reserves and commits an obligation"),
        (
            "poison+drain",
            "one waiting task of a poisoned region asked to end, polled, completed; and the region closed",
        ),
    ];
    let bare = Config { audit: false, ..Config::of(Profile::Core).class(Class::R2) };
    let audited = Config { audit: true, ..bare };
    for (case, operation) in cases {
        let (mut alone, mut watched, mut digests) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (nanos, digest) = round(bare, Fold::default(), |node| node.digest, case);
            alone.push(nanos);
            digests.push(digest);
            let node = Watched::new(Fold::default());
            watched.push(round(audited, node, |node| node.node().digest, case).0);
        }
        alone.sort_by(f64::total_cmp);
        watched.sort_by(f64::total_cmp);
        digests.dedup();
        assert_eq!(digests.len(), 1, "the same work has two digests");
        println!(
            "case={case} ns={:.0} median={:.0} audited_and_observed_ns={:.0} digest={:016x}  # {operation}",
            alone[0],
            alone[ROUNDS / 2],
            watched[0],
            digests[0]
        );
    }
}
