//! `JoinSet` and task numbers, by tokio's documentation.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::machine::PanicPolicy;
use tourbillon_sim::task::{self, Id, JoinSet, spawn, yield_now};
use tourbillon_sim::time::{Instant, sleep, timeout};
use tourbillon_sim::{Config, Report, World, machine, select};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed: 1, ..Config::default() }).run(body).unwrap()
}

#[test]
fn results_come_in_the_order_of_completion() {
    run(|| async {
        let mut set = JoinSet::new();
        assert!(set.is_empty() && set.join_next().await.is_none());
        for millis in [50u64, 10, 40, 20, 30] {
            set.spawn(async move {
                sleep(ms(millis)).await;
                millis
            });
        }
        assert_eq!(set.len(), 5);
        assert!(set.try_join_next().is_none());
        sleep(ms(60)).await;
        let mut order = Vec::new();
        while let Some(ended) = set.try_join_next() {
            order.push(ended.unwrap());
        }
        assert_eq!(order, [10, 20, 30, 40, 50], "also when all ended before anybody asked");
        assert_eq!(set.len(), 0);
        // The slots of a set are used again.
        let outputs = (0..3).map(|n| async move { n }).collect::<JoinSet<_>>().join_all().await;
        assert_eq!(outputs.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([0, 1, 2]));
    });
}

#[test]
fn dropping_aborts_detaching_does_not() {
    run(|| async {
        let effects = Rc::new(Cell::new(0));
        let task = |effects: &Rc<Cell<u32>>| {
            let effects = effects.clone();
            async move {
                sleep(ms(1)).await;
                effects.set(effects.get() + 1);
            }
        };
        let mut set = JoinSet::new();
        for _ in 0..10 {
            set.spawn(task(&effects));
        }
        drop(set);
        sleep(ms(5)).await;
        assert_eq!(effects.get(), 0);
        assert_eq!(Rc::strong_count(&effects), 1, "aborted futures are dropped");

        let mut set = JoinSet::new();
        for _ in 0..10 {
            set.spawn(task(&effects));
        }
        set.detach_all();
        assert!(set.is_empty() && set.join_next().await.is_none());
        sleep(ms(5)).await;
        assert_eq!(effects.get(), 10);
        set.spawn(task(&effects));
        assert!(set.join_next().await.unwrap().is_ok(), "a set that was emptied is a set");
    });
}

#[test]
fn abort_all_shutdown_and_single_aborts() {
    run(|| async {
        let mut set = JoinSet::new();
        let first = set.spawn(pending::<()>());
        set.spawn(async {});
        sleep(ms(1)).await;
        first.abort();
        set.spawn(pending::<()>());
        let (mut outputs, mut aborted) = (0, 0);
        for _ in 0..2 {
            match set.join_next().await.unwrap() {
                Ok(()) => outputs += 1,
                Err(error) => {
                    assert!(error.is_cancelled());
                    assert_eq!(error.id(), first.id());
                    aborted += 1;
                }
            }
        }
        assert_eq!((outputs, aborted), (1, 1));
        set.abort_all();
        assert_eq!(set.len(), 1, "an aborted task stays until it is joined");
        assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
        for _ in 0..5 {
            set.spawn(pending());
        }
        set.shutdown().await;
        assert!(set.is_empty());
    });
}

#[test]
fn giving_up_the_wait_loses_nothing() {
    run(|| async {
        let mut set = JoinSet::new();
        for millis in 1..=20u64 {
            set.spawn(async move {
                sleep(ms(millis)).await;
                millis
            });
        }
        let mut seen = Vec::new();
        while seen.len() < 20 {
            select! {
                ended = set.join_next() => seen.push(ended.unwrap().unwrap()),
                () = sleep(Duration::from_micros(700)) => {}
            }
        }
        assert_eq!(seen, (1..=20).collect::<Vec<_>>());
        set.spawn(pending());
        assert!(timeout(ms(1), set.join_next()).await.is_err());
    });
}

#[test]
fn panics_and_join_all() {
    let report = World::new(Config::default()).run(|| async {
        let host = machine("host").create();
        let careful = host.process("careful", |_| async {
            let mut set = JoinSet::new();
            set.spawn(async { panic!("one of them") });
            let error = set.join_next().await.unwrap().unwrap_err();
            assert!(error.is_panic());
            let mut set = JoinSet::new();
            set.spawn(async { panic!("goes through join_all") });
            set.spawn(pending::<()>());
            let joined = spawn(set.join_all()).await.unwrap_err();
            assert_eq!(*joined.into_panic().downcast::<&str>().unwrap(), "goes through join_all");
        });
        careful.on_panic(PanicPolicy::Isolate).start().wait().await;
    });
    report.unwrap();
}

#[test]
fn ids_are_of_the_task_and_of_nothing_else() {
    let ids = || {
        let seen = Rc::new(Cell::new(Vec::new()));
        let kept = seen.clone();
        run(|| async move {
            let mut set = JoinSet::new();
            let handles: Vec<_> = (0..5).map(|_| set.spawn(async { task::id() })).collect();
            let mut ids = Vec::new();
            while let Some(ended) = set.join_next_with_id().await {
                let (id, own) = ended.unwrap();
                assert_eq!(id, own, "a task knows its number");
                ids.push(id.to_string());
            }
            let distinct: BTreeSet<Id> = handles.iter().map(task::AbortHandle::id).collect();
            assert_eq!(distinct.len(), 5);
            assert!(!distinct.contains(&task::id()));
            let handle = spawn(async { task::try_id() });
            let id = handle.id();
            assert_eq!(handle.await.unwrap(), Some(id));
            kept.set(ids);
        });
        seen.take()
    };
    assert_eq!(ids(), ids(), "the same run shows the same numbers");
    assert_eq!(task::try_id(), None);
}

#[test]
fn a_set_is_joined_by_whoever_holds_it_and_wakers_are_kept_as_polled() {
    run(|| async {
        use futures::stream::{FuturesUnordered, StreamExt};
        // Each set is polled through a waker of its own, which is not a task's.
        let mut sets: FuturesUnordered<_> = (0..30u64)
            .map(|n| async move {
                let mut set = JoinSet::new();
                for k in 0..n {
                    set.spawn(sleep(ms(n * 7 % 31 + k)));
                }
                let start = Instant::now();
                let mut count = 0;
                while set.join_next().await.is_some() {
                    count += 1;
                }
                assert_eq!(count, n);
                start.elapsed()
            })
            .collect();
        let mut all = 0;
        while sets.next().await.is_some() {
            all += 1;
        }
        assert_eq!(all, 30);
        // The set moves to another task between two polls.
        let mut set = JoinSet::new();
        set.spawn(sleep(ms(5)));
        assert!(timeout(ms(1), set.join_next()).await.is_err());
        let other = spawn(async move { set.join_next().await.is_some() });
        yield_now().await;
        assert!(other.await.unwrap());
    });
}

#[test]
fn a_hundred_thousand_tasks_are_joined_at_a_constant_cost_each() {
    run(|| async {
        let mut set = JoinSet::new();
        for n in 0..100_000u64 {
            set.spawn(async move { n });
        }
        let mut sum = 0;
        while let Some(ended) = set.join_next().await {
            sum += ended.unwrap();
        }
        assert_eq!(sum, 100_000 * 99_999 / 2);
    });
}
