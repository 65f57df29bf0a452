//! A pack of code that means harm, or was written for another world. Each run ends in a named outcome, and the
//! sweep goes on:
//!
//!     cargo run --example harm -- sweep --seeds 0..4 --wall-limit 3s
//!
//! The kernel's own tests of the same things are in sim/tests/adversary.rs and sim/tests/dead.rs.
#![allow(clippy::disallowed_methods, reason = "threads and endless polls are what it shows")]

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tourbillon::machine::Machine;
use tourbillon::net::{TcpListener, TcpStream, UdpSocket};
use tourbillon::task::{JoinHandle, JoinSet, spawn, yield_now};
use tourbillon::time::{Sleep, sleep, timeout};
use tourbillon::{Config, Scenario, StepLimit, machine};

tourbillon::main!(scenarios());

fn scenarios() -> Vec<Scenario> {
    let livelock = Config { steps: StepLimit::FailAfter(100_000), ..Config::default() };
    vec![
        Scenario::new("harm/deadlock", "two tasks each hold what the other wants", deadlock),
        Scenario::new("harm/livelock", "a task wakes itself for ever", livelocked).config(livelock),
        Scenario::new("harm/endless-poll", "a poll never returns", || async {
            loop {
                std::thread::sleep(Duration::from_millis(50));
            }
        }),
        Scenario::new("harm/panic-in-drop", "a destructor panics when its process is killed", || async {
            killed_with(|| Panics).await;
        }),
        Scenario::new("harm/panic-while-panicking", "a destructor panics while its task unwinds", || async {
            let _panics = Panics;
            panic!("the first of two");
        }),
        Scenario::new("harm/exit", "the process is ended from within", || async {
            std::process::exit(0);
        }),
        Scenario::new("harm/panic-after-death", "a task that killed its own process panics", || async {
            let server = machine("host").create().process("server", |_| async {
                tourbillon::machine::current_process().kill();
                panic!("nobody hears this");
            });
            server.start().wait().await;
        }),
        Scenario::new("harm/vandal", "a dead process's destructor calls all there is", || async {
            killed_with(|| Vandal(tourbillon::rng("vandal"))).await;
            assert!(tourbillon::find_machine("grave").is_none(), "the dead make nothing");
        }),
        Scenario::new("harm/kept", "wakers and handles of one run are used in the next", kept),
        Scenario::new("harm/foreign-wake", "another thread wakes tasks", foreign_wake),
        Scenario::new("harm/flood", "a hundred thousand messages to a paused process", flood),
        Scenario::new("harm/sleeps", "a hundred sleeps in a FuturesUnordered", sleeps),
    ]
}

async fn deadlock() {
    let locks = Rc::new([(); 2].map(tokio::sync::Mutex::new));
    let both = |first: usize| {
        let locks = locks.clone();
        spawn(async move {
            let _first = locks[first].lock().await;
            sleep(Duration::from_millis(1)).await;
            let _second = locks[1 - first].lock().await;
        })
    };
    let (left, right) = (both(0), both(1));
    drop((left.await, right.await));
}

async fn livelocked() {
    let _sleeper = spawn(sleep(Duration::from_secs(1)));
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    })
    .await;
}

struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

struct Vandal(tourbillon::choice::Rng);

impl Drop for Vandal {
    fn drop(&mut self) {
        spawn(async { tourbillon::fail("vandal", "a task of the dead was polled") });
        machine("grave").create();
        tourbillon::fail("vandal", "the dead fail nobody's run");
        tourbillon::mark!("harm.vandal", "chance", self.0.choose(100));
    }
}

/// A process is killed while it holds that.
async fn killed_with<T: 'static>(held: fn() -> T) {
    let server = machine("host").create().process("server", move |_| async move {
        let _held = held();
        pending::<()>().await;
    });
    let server = server.start();
    sleep(Duration::from_millis(5)).await;
    server.kill();
    sleep(Duration::from_millis(5)).await;
}

/// What a run leaves to the next one of its process.
struct Kept {
    waker: Waker,
    task: JoinHandle<()>,
    set: JoinSet<()>,
    sleep: Sleep,
    socket: UdpSocket,
    streams: (TcpStream, TcpStream),
    machine: Machine,
}

thread_local!(static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) });

async fn kept() {
    let machine = machine("host").create();
    let listener = TcpListener::bind("0.0.0.0:80").await.expect("the port is free");
    let (stream, accepted) = futures::join!(TcpStream::connect("127.0.0.1:80"), listener.accept());
    let mut set = JoinSet::new();
    set.spawn(pending());
    let fresh = Kept {
        waker: poll_fn(|cx| Poll::Ready(cx.waker().clone())).await,
        task: spawn(pending()),
        set,
        sleep: sleep(Duration::from_secs(1)),
        socket: UdpSocket::bind("0.0.0.0:9").await.expect("the port is free"),
        streams: (stream.expect("somebody listens"), accepted.expect("somebody connects").0),
        machine,
    };
    if let Some(mut old) = KEPT.take() {
        old.waker.wake();
        old.task.abort();
        old.set.abort_all();
        drop((old.sleep, old.socket, old.streams));
        assert_ne!(old.machine, fresh.machine, "the same number, and another world");
    }
    KEPT.set(Some(fresh));
    yield_now().await;
}

async fn foreign_wake() {
    let waiting = spawn(pending::<()>());
    for _ in 0..10 {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let thread = std::thread::spawn(move || (0..100).for_each(|_| waker.wake_by_ref()));
        sleep(Duration::from_millis(1)).await;
        thread.join().expect("it does not panic");
    }
    assert!(!waiting.is_finished());
}

async fn flood() {
    let slow = machine("slow").create();
    let reader = slow.process("reader", |_| async {
        let socket = UdpSocket::bind("0.0.0.0:9").await?;
        loop {
            socket.recv_from(&mut [0; 64]).await?;
            tourbillon::reachable!("harm.received");
        }
        #[allow(unreachable_code, reason = "it says what the process ends with")]
        std::io::Result::Ok(())
    });
    let reader = reader.start();
    sleep(Duration::from_millis(1)).await;
    reader.pause();
    let socket = UdpSocket::bind("0.0.0.0:0").await.expect("a port is free");
    for round in 0..100_000 {
        socket.send_to(&[7; 64], "slow:9").await.expect("a datagram is sent into the blue");
        if round % 1000 == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    reader.resume();
    sleep(Duration::from_secs(1)).await;
    assert!(reader.is_running());
}

async fn sleeps() {
    let mut sleeps: FuturesUnordered<_> = (0..100u64)
        .map(|number| async move {
            sleep(Duration::from_millis(number * 37 % 100)).await;
            number * 37 % 100
        })
        .collect();
    let all = async {
        let mut order = Vec::new();
        while let Some(millis) = sleeps.next().await {
            order.push(millis);
        }
        order
    };
    let order = timeout(Duration::from_millis(101), all).await.expect("a hundred sleeps take one's time");
    assert!(order.is_sorted() && order.len() == 100, "{order:?}");
}
