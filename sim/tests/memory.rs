//! Steady state allocates nothing, and memory stays flat: shown by an allocator that counts.
//!
//! `unsafe` here is the one thing that an allocator's interface asks for: both functions hand their arguments
//! to the system's unchanged.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::fs::OpenOptions;
use tourbillon_sim::task::{JoinSet, spawn, yield_now};
use tourbillon_sim::time::{interval, sleep, timeout};
use tourbillon_sim::{Config, StepLimit, World, join, select};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

fn count(allocations: u64, bytes: i64) {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
}

// SAFETY: every call is the system allocator's, with the same arguments; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: as the caller promised.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn config() -> Config {
    Config { seed: 1, steps: StepLimit::FailAfter(u64::MAX), ..Config::default() }
}

/// Allocations and growth of a piece of work, after it was done once to warm up.
async fn measured<F: Future<Output = ()>>(work: impl Fn() -> F) -> (u64, i64) {
    work().await;
    let (allocations, live) = (ALLOCATIONS.get(), LIVE.get());
    work().await;
    (ALLOCATIONS.get() - allocations, LIVE.get() - live)
}

/// What the list of checkpoints may cost: 32 bytes for 4,096 records, in a vector that doubles.
const CHECKPOINT_ALLOCATIONS: u64 = 4;

#[test]
fn a_poll_a_wake_and_a_timer_allocate_nothing() {
    World::new(config())
        .run(|| async {
            let polls = measured(|| async {
                for _ in 0..200_000 {
                    yield_now().await;
                }
            });
            assert!(polls.await.0 <= CHECKPOINT_ALLOCATIONS, "200,000 polls");
            let wakes = measured(|| async {
                let notify = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
                let ping = async {
                    for _ in 0..100_000 {
                        notify.0.notify_one();
                        notify.1.notified().await;
                    }
                };
                let pong = async {
                    for _ in 0..100_000 {
                        notify.0.notified().await;
                        notify.1.notify_one();
                    }
                };
                join!(ping, pong);
            });
            assert!(wakes.await.0 <= CHECKPOINT_ALLOCATIONS, "200,000 wakes and 100,000 drawn orders");
            let timers = measured(|| async {
                for nanos in 0..100_000 {
                    sleep(Duration::from_nanos(nanos % 977 * 1000)).await;
                }
            });
            let (allocations, _) = timers.await;
            assert!(allocations <= CHECKPOINT_ALLOCATIONS + 64, "100,000 timers: {allocations}");
            let cancelled = measured(|| async {
                let mut ticks = interval(Duration::from_micros(10));
                for _ in 0..50_000 {
                    let bounded = timeout(Duration::from_secs(30), ticks.tick());
                    select! {
                        _ = bounded => {}
                        () = sleep(Duration::from_secs(3600)) => unreachable!(),
                    }
                }
            });
            let (allocations, _) = cancelled.await;
            assert!(
                allocations <= CHECKPOINT_ALLOCATIONS + 64,
                "150,000 timers, 100,000 cancelled: {allocations}"
            );
        })
        .unwrap();
}

#[test]
fn a_task_costs_one_allocation_and_a_member_of_a_set_no_more() {
    World::new(config())
        .run(|| async {
            let spawned = measured(|| async {
                for number in 0..50_000u64 {
                    assert_eq!(spawn(async move { number }).await.unwrap(), number);
                }
            });
            let (allocations, _) = spawned.await;
            assert!(allocations <= 50_000 + CHECKPOINT_ALLOCATIONS, "{allocations}");
            let members = measured(|| async {
                let mut set = JoinSet::new();
                for number in 0..50_000u64 {
                    set.spawn(async move { number });
                    assert_eq!(set.join_next().await.unwrap().unwrap(), number);
                }
            });
            let (allocations, _) = members.await;
            assert!(allocations <= 50_000 + CHECKPOINT_ALLOCATIONS + 4, "{allocations}");
        })
        .unwrap();
}

#[test]
fn memory_is_flat_over_ten_million_timers_and_a_million_tasks() {
    const TIMERS: u64 = 10_000_000;
    const TASKS: u64 = 1_000_000;
    let peak = Rc::new(Cell::new((0, 0)));
    let seen = peak.clone();
    let report = World::new(config()).run(move || async move {
        let sleepers = |timers: u64| async move {
            let tasks: JoinSet<()> = (0..100u64)
                .map(|task| async move {
                    for round in 0..timers / 200 {
                        // One that fires and one that is cancelled, near and far.
                        let near = sleep(Duration::from_nanos(1000 + task * 131 + round % 7919));
                        let far = Duration::from_secs(1 + round % 100_000);
                        let _fired = timeout(far, near).await;
                    }
                })
                .collect();
            tasks.join_all().await;
        };
        let spawner = |tasks: u64| async move {
            for _ in 0..tasks / 100 {
                let handles: Vec<_> = (0..50u64).map(|n| spawn(async move { n })).collect();
                // Half are awaited, half are let go; some are aborted.
                (0..50u64).for_each(|_| drop(spawn(yield_now())));
                for (n, handle) in handles.into_iter().enumerate() {
                    if n % 10 == 0 {
                        handle.abort();
                    }
                    let _ended = handle.await;
                }
            }
        };
        // A tenth of it first, so that what is kept for use again is there.
        sleepers(TIMERS / 10).await;
        spawner(TASKS / 10).await;
        let before = LIVE.get();
        sleepers(TIMERS).await;
        let timers = LIVE.get() - before;
        spawner(TASKS).await;
        seen.set((timers, LIVE.get() - before - timers));
    });
    let report = report.unwrap();
    let (timers, tasks) = peak.get();
    // Checkpoints are the one thing that grows with a run: 32 bytes for 4,096 records, doubling.
    let checkpoints = (report.records / 4096 * 32 * 2) as i64;
    let kept = 256 * 1024;
    assert!(timers <= checkpoints + kept, "{timers} bytes more after ten million timers");
    assert!(tasks <= checkpoints + kept, "{tasks} bytes more after a million tasks");
    assert!(report.steps > 5_000_000);
}

/// A log that goes round: its pages are kept for its next turn.
#[test]
fn an_append_a_sync_and_a_read_allocate_nothing() {
    World::new(config())
        .run(|| async {
            let appends = measured(|| async {
                let log = OpenOptions::new().read(true).append(true).create(true).open("/log").await.unwrap();
                for number in 0..50_000u64 {
                    log.write_at(&[number as u8; 100], 0).await.unwrap();
                    log.sync_data().await.unwrap();
                    let mut record = [0; 100];
                    log.read_exact_at(&mut record, number % 10_000 * 100).await.unwrap();
                    assert_eq!(record[99], number as u8);
                    if number % 10_000 == 9_999 {
                        log.set_len(0).await.unwrap();
                    }
                }
            });
            let (allocations, live) = appends.await;
            // Beside checkpoints: the file is opened, and each truncation lists the pages that it takes.
            assert!(allocations <= CHECKPOINT_ALLOCATIONS + 16, "50,000 appends: {allocations}");
            assert!(live < 10_000, "{live}");
        })
        .unwrap();
}
