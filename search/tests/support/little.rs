//! Little programs of a few tasks, run as a world on the kernel with the primitives of `tokio::sync`.
#![allow(dead_code, reason = "each test and bench uses a part")]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use sim::choice::{Edit, Explorer};
use sim::task::yield_now;
use sim::{Config, Report, World, machine};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, mpsc};
use tourbillon_search::dfs::Accesses;

/// One step of a little program. Locks, semaphores, channels and variables are known by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Gives others a turn.
    Yield,
    /// Writes the task's number into the log.
    Note,
    Lock(usize),
    Unlock(usize),
    Acquire(usize),
    Release(usize),
    /// Sends the task's number.
    Send(usize),
    /// Takes what was sent into the task's sum.
    Receive(usize),
    /// Takes a variable into the task's sum.
    Read(usize),
    /// Makes a variable of the task's number and sum.
    Write(usize),
}

/// What each task does.
pub type Program = Vec<Vec<Op>>;

/// How many there are of each.
pub const KINDS: usize = 2;
/// Permits of a semaphore, and places of a channel.
pub const PERMITS: [usize; KINDS] = [2, 1];
pub const PLACES: [usize; KINDS] = [1, 2];

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    pub log: Vec<usize>,
    pub variables: [u64; KINDS],
    pub sums: Vec<u64>,
    pub stalled: bool,
}

/// What a task makes of its sum and a thing that it takes in.
pub fn take_in(sum: u64, thing: u64) -> u64 {
    sum.wrapping_mul(31).wrapping_add(thing + 1)
}

/// What a task writes.
pub fn give_out(task: usize, sum: u64) -> u64 {
    sum.wrapping_mul(7).wrapping_add(task as u64 + 1)
}

/// A task's name of what it touches.
pub fn resource(op: Op) -> Option<(String, bool)> {
    match op {
        Op::Yield => None,
        Op::Note => Some(("log".to_string(), true)),
        Op::Lock(number) | Op::Unlock(number) => Some((format!("lock {number}"), true)),
        Op::Acquire(number) | Op::Release(number) => Some((format!("semaphore {number}"), true)),
        Op::Send(number) | Op::Receive(number) => Some((format!("channel {number}"), true)),
        Op::Read(number) => Some((format!("variable {number}"), false)),
        Op::Write(number) => Some((format!("variable {number}"), true)),
    }
}

/// All that the tasks share.
struct Shared {
    locks: Vec<Arc<Mutex<()>>>,
    semaphores: Vec<Arc<Semaphore>>,
    senders: Vec<mpsc::Sender<u64>>,
    receivers: Vec<tokio::sync::Mutex<mpsc::Receiver<u64>>>,
    ended: Rc<RefCell<Ended>>,
    accesses: Accesses,
}

/// Runs a program under an explorer.
pub fn run(program: &Program, explorer: Box<dyn Explorer>, accesses: &Accesses) -> (Ended, Report) {
    let mut world = World::new(Config::default());
    world.explore(explorer);
    run_in(world, program, accesses)
}

/// Runs a program with some edits and nobody exploring.
pub fn run_edited(program: &Program, edits: Vec<Edit>) -> (Ended, Report) {
    run_in(World::new(Config { edits, ..Config::default() }), program, &Accesses::default())
}

fn run_in(world: World, program: &Program, accesses: &Accesses) -> (Ended, Report) {
    let ended = Rc::new(RefCell::new(Ended { sums: vec![0; program.len()], ..Ended::default() }));
    let channels: Vec<_> = PLACES.iter().map(|&places| mpsc::channel(places)).collect();
    let (senders, receivers): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
    let shared = Rc::new(Shared {
        locks: (0..KINDS).map(|_| Arc::default()).collect(),
        semaphores: PERMITS.iter().map(|&permits| Arc::new(Semaphore::new(permits))).collect(),
        senders,
        receivers: receivers.into_iter().map(tokio::sync::Mutex::new).collect(),
        ended: Rc::clone(&ended),
        accesses: accesses.clone(),
    });
    let program = program.clone();
    let report = world.run(move || async move {
        let lab = machine("lab").create();
        let tasks: Vec<_> = program
            .into_iter()
            .enumerate()
            .map(|(task, ops)| lab.spawn(shared.accesses.follow(perform(task, ops, Rc::clone(&shared)))))
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    });
    let mut ended = ended.borrow().clone();
    if let Some(failure) = report.failure() {
        assert_eq!(failure.property, "stall", "{failure}");
        ended.stalled = true;
    }
    (ended, report)
}

async fn perform(task: usize, ops: Vec<Op>, shared: Rc<Shared>) {
    let mut guards: [Option<OwnedMutexGuard<()>>; KINDS] = Default::default();
    let mut permits: [Option<OwnedSemaphorePermit>; KINDS] = Default::default();
    let taken = |thing| {
        let sum = &mut shared.ended.borrow_mut().sums[task];
        *sum = take_in(*sum, thing);
    };
    for op in ops {
        let declared = || {
            if let Some((name, writes)) = resource(op) {
                if writes { shared.accesses.write(&name) } else { shared.accesses.read(&name) }
            }
        };
        match op {
            Op::Yield => yield_now().await,
            Op::Note => {
                declared();
                shared.ended.borrow_mut().log.push(task);
            }
            Op::Lock(number) => {
                guards[number] = Some(each_poll(declared, shared.locks[number].clone().lock_owned()).await);
            }
            Op::Unlock(number) => {
                declared();
                guards[number] = None;
            }
            Op::Acquire(number) => {
                let acquire = shared.semaphores[number].clone().acquire_owned();
                permits[number] = Some(each_poll(declared, acquire).await.expect("nobody closes it"));
            }
            Op::Release(number) => {
                declared();
                permits[number] = None;
            }
            Op::Send(number) => {
                each_poll(declared, shared.senders[number].send(task as u64)).await.expect("it stays open");
            }
            Op::Receive(number) => {
                let mut receiver = shared.receivers[number].try_lock().expect("one task receives");
                taken(each_poll(declared, receiver.recv()).await.expect("it stays open"));
            }
            Op::Read(number) => {
                declared();
                let variable = shared.ended.borrow().variables[number];
                taken(variable);
            }
            Op::Write(number) => {
                declared();
                let mut ended = shared.ended.borrow_mut();
                ended.variables[number] = give_out(task, ended.sums[task]);
            }
        }
    }
}

/// Declares an access in each poll of a future.
async fn each_poll<F: Future>(declared: impl Fn(), future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| -> Poll<F::Output> {
        declared();
        future.as_mut().poll(cx)
    })
    .await
}
