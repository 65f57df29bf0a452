//! The cases: each says what it does, and does nothing else.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sim::task::{JoinHandle, spawn, yield_now};
use sim::time::sleep;
use sim::{Config, Report, World};

use super::{Case, disk, network};

/// Tasks of the cases that need many.
const TASK_COUNT: u64 = 100;

pub fn all() -> Vec<Case> {
    vec![
        Case {
            name: "yield",
            operation: "yield, random choice among 100 tasks",
            operations: 4_000_000,
            run: yields,
        },
        Case {
            name: "spawn",
            operation: "spawn and join of an empty task",
            operations: 1_000_000,
            run: spawns,
        },
        Case {
            name: "timer-fire",
            operation: "sleep of 10 to 110 us, 100 tasks",
            operations: 1_000_000,
            run: timers,
        },
        Case {
            name: "timer-cancel",
            operation: "timer set and cancelled",
            operations: 1_000_000,
            run: cancels,
        },
        Case {
            name: "world",
            operation: "world set up, run and taken down",
            operations: 20_000,
            run: worlds,
        },
        Case {
            name: "datagram",
            operation: "32-byte datagram there and back",
            operations: 300_000,
            run: network::datagrams,
        },
        Case {
            name: "stream",
            operation: "32 bytes there and back on a stream",
            operations: 300_000,
            run: network::streams,
        },
        Case {
            name: "all-to-all",
            operation: "message of 500 machines to each other",
            operations: 4 * 249_500,
            run: network::all_to_all,
        },
        Case {
            name: "disk-append",
            operation: "append of 100 bytes and its sync",
            operations: 500_000,
            run: disk::appends,
        },
        Case { name: "disk-read", operation: "read of 4,096 bytes", operations: 500_000, run: disk::reads },
    ]
}

fn yields(world: World, operations: u64) -> Report {
    world.run(move || {
        together(move |_| async move {
            for _ in 0..operations / TASK_COUNT {
                yield_now().await;
            }
        })
    })
}

fn spawns(world: World, operations: u64) -> Report {
    world.run(move || async move {
        for _ in 0..operations {
            spawn(async {}).await.expect("an empty task ends");
        }
    })
}

fn timers(world: World, operations: u64) -> Report {
    world.run(move || {
        together(move |task| async move {
            for turn in 0..operations / TASK_COUNT {
                sleep(Duration::from_micros(10 + (task * 7919 + turn * 104_729) % 101)).await;
            }
        })
    })
}

fn cancels(world: World, operations: u64) -> Report {
    world.run(move || async move {
        let mut folded = 0u64;
        for turn in 0..operations {
            let mut timer = pin!(sleep(Duration::from_micros(10 + turn % 101)));
            // The first poll sets it; the end of the scope cancels it.
            poll_fn(|cx| {
                assert!(timer.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            folded = folded.wrapping_mul(31).wrapping_add(timer.deadline().as_nanos());
        }
        // A timer that is cancelled leaves no record: the deadlines are what proves them.
        sim::points::mark!("bench.deadlines", "timer-cancel", folded);
    })
}

fn worlds(world: World, operations: u64) -> Report {
    for seed in 1..operations {
        World::new(Config { seed, ..Config::default() }).run(|| async {}).unwrap();
    }
    world.run(|| async {})
}

/// Runs a hundred tasks to their end.
async fn together<F: Future<Output = ()> + 'static>(task: impl Fn(u64) -> F) {
    let tasks: Vec<JoinHandle<()>> = (0..TASK_COUNT).map(|index| spawn(task(index))).collect();
    for task in tasks {
        task.await.expect("a task of a bench ends");
    }
}
