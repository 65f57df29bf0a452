//! Code that means harm, or was written for another world: each ends in a named outcome, and runs go on.
#![allow(clippy::disallowed_methods, reason = "foreign threads and the wall clock are what it tests")]

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tourbillon_sim::machine::{Ending, Machine, PanicPolicy, Process, current_process};
use tourbillon_sim::task::{JoinHandle, JoinSet, block_on, spawn, spawn_blocking, yield_now};
use tourbillon_sim::time::{Instant, Sleep, sleep, timeout};
use tourbillon_sim::{Config, Progress, Report, StepLimit, TimeLimit, World, fault, machine};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed: 1, ..Config::default() }).run(body)
}

#[track_caller]
fn failed(report: &Report) -> (&str, &str) {
    let failure = report.failure().expect("this run fails");
    (&failure.property, &failure.message)
}

/// Some work of many tasks whose order is drawn, to see whether a run was moved.
async fn bustle() {
    let tasks: JoinSet<()> = (0..20u64)
        .map(|task| async move {
            for round in 0..20 {
                yield_now().await;
                sleep(Duration::from_micros(task * 7 + round)).await;
            }
        })
        .collect();
    tasks.join_all().await;
}

// ---- Wakes ----

#[test]
fn a_contended_wake_from_a_thread_never_cancels_and_moves_nothing() {
    let run = |with_thread: bool| {
        let (send, receive) = mpsc::channel::<Waker>();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let wakers: Vec<Waker> = receive.iter().take(if with_thread { 50 } else { 0 }).collect();
            while with_thread && !stopped.load(Ordering::Relaxed) {
                for waker in &wakers {
                    waker.wake_by_ref();
                    let fresh = waker.clone();
                    fresh.wake_by_ref();
                }
            }
        });
        let report = World::new(Config { seed: 3, ..Config::default() }).run(move || async move {
            let tasks: Vec<_> = (0..50u64)
                .map(|task| {
                    let send = send.clone();
                    spawn(async move {
                        poll_fn(|cx| Poll::Ready(send.send(cx.waker().clone()))).await.ok();
                        for round in 0..100 {
                            sleep(Duration::from_micros(task + round)).await;
                            yield_now().await;
                        }
                        task
                    })
                })
                .collect();
            for (index, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), index as u64, "every task ends with its output");
            }
            // The thread must have had its chance before the run is over.
            std::thread::sleep(Duration::from_millis(if with_thread { 20 } else { 0 }));
        });
        stop.store(true, Ordering::Relaxed);
        thread.join().unwrap();
        report.unwrap()
    };
    let (quiet, pestered) = (run(false), run(true));
    assert_eq!(quiet.digests, pestered.digests);
    assert!(quiet.warnings.is_empty(), "{:?}", quiet.warnings);
    assert!(pestered.warnings.iter().any(|warning| warning.contains("from another thread")));
}

#[test]
fn waiting_for_a_thread_is_a_stall_that_says_so() {
    let report = run(|| async {
        let mut thread = None;
        poll_fn(move |cx| {
            let waker = cx.waker().clone();
            let handle = thread.get_or_insert_with(|| Some(std::thread::spawn(move || waker.wake())));
            if let Some(handle) = handle.take() {
                handle.join().unwrap();
            }
            Poll::<()>::Pending
        })
        .await;
    });
    let (property, message) = failed(&report);
    assert_eq!(property, "stall");
    assert!(message.contains("came from another thread"), "{message}");
}

#[test]
fn wakers_and_handles_are_kept_across_runs_in_vain() {
    struct Kept {
        waker: Waker,
        handle: JoinHandle<u32>,
        unfinished: JoinHandle<()>,
        sleep: Sleep,
        set: JoinSet<()>,
        machine: Machine,
        process: Process,
    }
    let kept: Rc<RefCell<Option<Kept>>> = Rc::default();
    let keeping = kept.clone();
    run(|| async move {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let mut late = Box::pin(sleep(ms(50)));
        assert!(timeout(ms(1), &mut late).await.is_err());
        let mut set = JoinSet::new();
        set.spawn(pending());
        let host = machine("host").create();
        *keeping.borrow_mut() = Some(Kept {
            waker,
            handle: spawn(async { 7 }),
            unfinished: spawn(pending()),
            sleep: *std::pin::Pin::into_inner(late),
            set,
            machine: host,
            process: host.process("server", |_| pending::<()>()).start(),
        });
        yield_now().await;
    })
    .unwrap();

    // Outside of any world they do nothing.
    let Kept { waker, handle, unfinished, mut sleep, mut set, machine: host, process } =
        kept.borrow_mut().take().unwrap();
    waker.wake_by_ref();
    unfinished.abort();
    set.abort_all();
    assert!(handle.is_finished());

    // In another world they are refused: a task of the same number there is not theirs.
    let body = |with: bool| {
        move || async move {
            let start = Instant::now();
            let neighbor = spawn(async {
                let mut polls = 0;
                poll_fn(|cx| {
                    polls += 1;
                    if polls > 1 { Poll::Ready(()) } else { wake_later(cx) }
                })
                .await;
                polls
            });
            yield_now().await;
            if with {
                waker.wake();
                unfinished.abort();
                assert!(unfinished.is_finished());
                assert!(handle.await.unwrap_err().is_killed());
                assert!(set.join_next().await.unwrap().unwrap_err().is_killed());
                assert!(set.join_next().await.is_none());
                assert!(timeout(Duration::ZERO, &mut sleep).await.is_err(), "its timer starts anew here");
            } else {
                // Dropped elsewhere, they are inert as well.
                drop((waker, unfinished, handle, set, sleep));
            }
            assert_eq!(neighbor.await.unwrap(), 2);
            assert!(start.elapsed() < ms(1));
        }
    };
    // One machinery, used once with the kept things and once with fresh ones of an ended run.
    let report = run(body(true)).unwrap();
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let report = run(move || async move { drop((host.name(), 1)) });
    let (property, message) = failed(&report);
    assert_eq!(property, "panic");
    assert!(message.contains("handles do not outlive their world"), "{message}");
    let report = run(move || async move { assert!(process.kill()) });
    assert!(failed(&report).1.contains("handles do not outlive their world"));

    fn wake_later(cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        spawn(async move { waker.wake() });
        Poll::Pending
    }
}

#[test]
fn a_wake_of_an_ended_run_is_said_to_nobody_else() {
    let kept: Rc<RefCell<Option<Waker>>> = Rc::default();
    let keeping = kept.clone();
    run(|| async move {
        *keeping.borrow_mut() = poll_fn(|cx| Poll::Ready(Some(cx.waker().clone()))).await;
    })
    .unwrap();
    let old = kept.borrow_mut().take().unwrap();
    // However often that happens, another run hears of its own strays and of no others.
    for _ in 0..5000 {
        old.wake_by_ref();
    }
    let report = run(move || async move {
        (0..5000).for_each(|_| old.wake_by_ref());
        poll_fn(|cx| Poll::Ready(cx.waker().clone())).await.wake();
    });
    assert!(report.unwrap().warnings.is_empty());
    let report = run(|| async {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        std::thread::spawn(move || waker.wake()).join().unwrap();
    });
    assert_eq!(report.unwrap().warnings.len(), 1);
}

#[test]
fn a_waker_of_an_outer_world_in_a_resource_of_an_inner_one_is_refused() {
    let report = run(|| async {
        let outer = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let polls = Rc::new(Cell::new(0));
        let counted = polls.clone();
        let inner = run(move || async move {
            // A task of the inner world polls its sleep with the outer world's waker.
            let mut late = Box::pin(sleep(ms(1)));
            let mut foreign = Context::from_waker(&outer);
            assert!(late.as_mut().poll(&mut foreign).is_pending());
            let _sleeper = spawn(poll_fn(move |_| {
                counted.set(counted.get() + 1);
                Poll::<()>::Pending
            }));
            sleep(ms(2)).await;
        });
        inner.unwrap();
        assert_eq!(polls.get(), 1, "no task of the inner world was woken in its stead");
    });
    let report = report.unwrap();
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
}

#[test]
fn a_hundred_sleeps_in_a_futures_unordered() {
    run(|| async {
        let start = Instant::now();
        let mut sleeps: FuturesUnordered<_> = (0..100u64)
            .map(|n| async move {
                sleep(ms((n * 37) % 100)).await;
                (n * 37) % 100
            })
            .collect();
        let mut order = Vec::new();
        while let Some(millis) = sleeps.next().await {
            let elapsed = start.elapsed();
            assert!(elapsed >= ms(millis) && elapsed < ms(millis + 1), "{millis}: {elapsed:?}");
            order.push(millis);
        }
        assert_eq!(order, (0..100).collect::<Vec<_>>());
        // Each is woken by its own waker: the set polls one future for each that fired.
        let polls = Rc::new(Cell::new(0));
        let mut sleeps: FuturesUnordered<_> = (0..100u64)
            .map(|n| {
                let mut inner = Box::pin(sleep(ms(n)));
                let polls = polls.clone();
                poll_fn(move |cx| {
                    polls.set(polls.get() + 1);
                    inner.as_mut().poll(cx)
                })
            })
            .collect();
        while sleeps.next().await.is_some() {}
        assert!(polls.get() <= 200, "{} polls of 100 sleeps", polls.get());
    })
    .unwrap();
}

#[test]
fn waiters_with_wakers_of_their_own_do_not_pile_up() {
    run(|| async {
        let host = machine("host").create();
        let process = host.process("server", |_| pending::<()>()).start();
        let trouble = fault::begin("trouble");
        // Polled a hundred thousand times each, from within another executor.
        let mut waits: FuturesUnordered<_> = (0..3).map(|_| Box::pin(process.wait())).collect();
        let mut overs: FuturesUnordered<_> = (0..3).map(|_| Box::pin(fault::over(trouble))).collect();
        for _ in 0..100_000 {
            let polled = poll_fn(|cx| {
                let ended = waits.iter_mut().any(|wait| wait.as_mut().poll(cx).is_ready());
                Poll::Ready(ended || overs.iter_mut().any(|over| over.as_mut().poll(cx).is_ready()))
            });
            assert!(!polled.await);
        }
        process.kill();
        fault::end(trouble);
        while waits.next().await.is_some() {}
        while overs.next().await.is_some() {}
    })
    .unwrap();
}

// ---- Runs that do not end ----

#[test]
fn a_deadlock_names_who_waits_for_what() {
    // Not every order locks: some seed's does.
    let report = (0..20)
        .map(|seed| {
            World::new(Config { seed, ..Config::default() }).run(|| async {
                let locks = Rc::new((tokio::sync::Mutex::new(()), tokio::sync::Mutex::new(())));
                let other = locks.clone();
                let left = spawn(async move {
                    let _first = locks.0.lock().await;
                    yield_now().await;
                    let _second = locks.1.lock().await;
                });
                let right = spawn(async move {
                    let _first = other.1.lock().await;
                    yield_now().await;
                    let _second = other.0.lock().await;
                });
                left.await.unwrap();
                right.await.unwrap();
            })
        })
        .find(|report| !report.passed())
        .expect("one of twenty orders locks");
    let (property, message) = failed(&report);
    assert_eq!(property, "stall");
    assert!(message.contains("for a waker held outside of the kernel, such as that of a channel or a lock"));
    assert!(message.contains("for the task") && message.contains("adversary.rs"), "{message}");

    let report = run(|| async {
        let host = machine("host").create();
        let process = host.process("server", |_| tourbillon_sim::shutdown()).start();
        process.wait().await;
    });
    let (property, message) = failed(&report);
    assert_eq!(property, "stall");
    assert!(message.contains("for the process server on host to end"), "{message}");
    assert!(message.contains("for being asked to stop"), "{message}");
    assert_eq!(message.matches("\n  task").count(), 2, "only tasks that have not ended: {message}");
}

#[test]
fn a_livelock_ends_at_the_limit_also_when_others_sleep() {
    let config = || Config { steps: StepLimit::FailAfter(100_000), ..Config::default() };
    let report = World::new(config()).run(|| async {
        let _sleeper = spawn(sleep(Duration::from_secs(1)));
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })
        .await;
    });
    let (property, message) = failed(&report);
    assert_eq!(property, "step-limit");
    assert!(message.contains("a task may wake itself for ever") && message.contains("adversary.rs"));
    assert!(report.virtual_time >= ms(9), "a busy loop moves its own time: {:?}", report.virtual_time);
    // Two that wake each other, and time that costs nothing.
    let report = World::new(Config { poll_cost: Duration::ZERO, ..config() }).run(|| async {
        let notify = Rc::new((tokio::sync::Notify::new(), tokio::sync::Notify::new()));
        let other = notify.clone();
        spawn(async move {
            loop {
                other.0.notified().await;
                other.1.notify_one();
            }
        });
        loop {
            notify.0.notify_one();
            notify.1.notified().await;
        }
    });
    assert_eq!(failed(&report).0, "step-limit");
    assert_eq!(report.virtual_time, Duration::ZERO);
}

#[test]
fn a_stall_without_a_limit_of_time_is_a_stall() {
    let config = Config { time: TimeLimit::FailAfter(Duration::MAX), ..Config::default() };
    assert_eq!(failed(&World::new(config).run(pending::<()>)).0, "stall");
}

// ---- Panics ----

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[test]
fn a_panic_in_a_destructor_is_named_wherever_it_is() {
    let aborted = run(|| async {
        let task = spawn(async {
            let _bad = PanicsWhenDropped;
            pending::<()>().await;
        });
        sleep(ms(1)).await;
        task.abort();
        sleep(ms(1)).await;
    });
    let output = run(|| async {
        drop(spawn(async { PanicsWhenDropped }));
        sleep(ms(1)).await;
    });
    let killed = run(|| async {
        let host = machine("host").create();
        let process = host
            .process("server", |_| async {
                let _bad = PanicsWhenDropped;
                pending::<()>().await;
            })
            .start();
        sleep(ms(1)).await;
        process.kill();
        sleep(ms(1)).await;
    });
    let at_the_end = run(|| async {
        spawn(async {
            let _bad = PanicsWhenDropped;
            pending::<()>().await;
        });
        sleep(ms(1)).await;
    });
    for (case, report) in [aborted, output, killed, at_the_end].iter().enumerate() {
        let failure = report.failure().unwrap_or_else(|| panic!("case {case} passed"));
        assert_eq!(
            (failure.property.as_str(), failure.message.as_str()),
            ("panic-in-drop", "in a destructor")
        );
        assert!(failure.place.contains("adversary.rs"), "{}", failure.place);
    }
    // A payload that panics when it is dropped, in the task that fails and in one that is isolated.
    let report = run(|| async { std::panic::panic_any(PanicsWhenDropped) });
    assert_eq!(failed(&report).0, "panic");
    let report = run(|| async {
        let host = machine("host").create();
        let process = host.process("server", |_| async {
            drop(spawn(async { std::panic::panic_any(PanicsWhenDropped) }));
            sleep(ms(1)).await;
        });
        process.on_panic(PanicPolicy::Isolate).start().wait().await;
    });
    assert_eq!(failed(&report).0, "panic-in-drop");
    // A panic in a waker of the user's.
    struct Bad;
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("in a waker");
        }
    }
    let report = run(|| async {
        let mut late = Box::pin(sleep(ms(1)));
        let waker = Waker::from(Arc::new(Bad));
        assert!(late.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        sleep(ms(2)).await;
    });
    assert_eq!(failed(&report), ("panic-in-waker", "in a waker"));
}

/// Runs one test of this file in a process of its own, told by an environment variable to do the deed.
fn in_a_child(test: &str) -> std::process::Output {
    let exe = std::env::current_exe().expect("a test has a binary");
    let mut command = std::process::Command::new(exe);
    command.args(["--exact", test, "--nocapture"]).env("TOURBILLON_DEED", test);
    command.output().expect("a test binary runs")
}

fn is_the_child(test: &str) -> bool {
    std::env::var("TOURBILLON_DEED").is_ok_and(|deed| deed == test)
}

#[test]
fn a_panic_while_panicking_aborts_the_process_and_nothing_else() {
    const TEST: &str = "a_panic_while_panicking_aborts_the_process_and_nothing_else";
    if is_the_child(TEST) {
        drop(run(|| async {
            let _bad = PanicsWhenDropped;
            panic!("the first");
        }));
        unreachable!("the process has aborted");
    }
    let output = in_a_child(TEST);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("aborting") || said.contains("abort"), "{said}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{said}");
}

#[test]
fn a_task_of_a_killed_process_may_panic_and_a_killed_task_may_end() {
    run(|| async {
        let host = machine("host").create();
        for policy in [PanicPolicy::FailRun, PanicPolicy::Isolate, PanicPolicy::Crash] {
            let name = format!("{policy:?}");
            let process = host
                .process(&name, move |_| async move {
                    current_process().kill();
                    panic!("nobody hears this");
                })
                .on_panic(policy)
                .start();
            assert_eq!(process.wait().await, Ending::Killed);
        }
        let process = host.process("returns", |_| async { assert!(current_process().kill()) }).start();
        assert_eq!(process.wait().await, Ending::Killed);
        let restarted = host
            .process("restarts", |boot| async move {
                if boot.incarnation == 0 {
                    current_process().restart();
                    sleep(ms(1)).await;
                    unreachable!("the one that was killed does not go on");
                }
            })
            .start();
        sleep(ms(2)).await;
        assert_eq!((restarted.ending(), restarted.boots()), (Some(Ending::Exited), 2));
    })
    .unwrap();
}

#[test]
fn a_panic_raised_again_keeps_its_text_and_follows_the_policy() {
    let report = run(|| async {
        let _ = std::panic::catch_unwind(|| panic!("an older one"));
        std::panic::resume_unwind(Box::new("raised again"));
    });
    assert_eq!(failed(&report), ("panic", "raised again"));
    run(|| async {
        let host = machine("host").create();
        let crashing = host
            .process("crashing", |_| async { std::panic::resume_unwind(Box::new("without the hook")) })
            .on_panic(PanicPolicy::Crash)
            .start();
        assert_eq!(crashing.wait().await, Ending::Panicked);
        let isolating = host
            .process("isolating", |_| async { panic!("in the main task") })
            .on_panic(PanicPolicy::Isolate)
            .start();
        assert_eq!(isolating.wait().await, Ending::Errored);
        assert!(isolating.error().unwrap().contains("in the main task"));
    })
    .unwrap();
}

#[test]
fn a_call_that_the_kernel_refuses_is_a_panic_of_its_caller() {
    type Deed = fn();
    let deeds: [(Deed, &str); 9] = [
        (
            || assert_ne!(machine("twice").create(), machine("twice").create()),
            "there is a machine `twice` already",
        ),
        (|| assert!(machine("a/b").create().is_up()), "a machine cannot be called `a/b`"),
        (|| assert!(machine("a>b").create().is_up()), "a machine cannot be called `a>b`"),
        (|| assert!(machine("").create().is_up()), "a machine cannot be called ``"),
        (|| assert!(machine("none").cores(0).create().is_up()), "needs at least one core"),
        (|| assert!(tourbillon_sim::test_machine().power_off()), "the test's own machine keeps its power"),
        (
            || {
                let host = tourbillon_sim::test_machine();
                // The refused boot function holds something whose destructor calls the world.
                let will = CallsWhenDropped;
                host.process("same", |_| pending::<()>()).start();
                host.process("same", move |_| {
                    let _held = &will;
                    pending::<()>()
                })
                .start();
            },
            "has a process `same` already",
        ),
        (
            || {
                let ended = fault::begin("ended");
                fault::end(ended);
                let target = fault::Target::Machine(tourbillon_sim::test_machine());
                fault::impose(ended, target, fault::Condition::WallFreeze);
            },
            "has ended and can impose nothing",
        ),
        (|| drop(spawn(async { block_on(async {}) })), "a run is one thread"),
    ];
    struct CallsWhenDropped;
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            spawn(async {});
        }
    }
    for (deed, message) in deeds {
        let report = run(move || async move {
            deed();
            sleep(ms(1)).await;
        });
        let failure = report.failure().expect("it is refused");
        assert_eq!(failure.property, "panic");
        assert!(failure.message.contains(message), "{failure}");
        let ours = ["faults.rs", "fault/mod.rs"].iter().any(|file| failure.place.contains(file));
        assert!(failure.place.contains("adversary.rs") || ours, "{}", failure.place);

        // With a policy to crash the process is dead before anything is unwound.
        let log = Rc::new(Cell::new(0));
        let effects = log.clone();
        run(move || async move {
            let host = machine("host").create();
            let crashing = host.process("crashing", move |_| {
                let effects = effects.clone();
                async move {
                    let _will = Will(effects);
                    deed();
                    sleep(ms(1)).await;
                }
            });
            let ending = crashing.on_panic(PanicPolicy::Crash).start().wait().await;
            assert_eq!(ending, Ending::Panicked);
            sleep(ms(1)).await;
        })
        .unwrap();
        assert_eq!(log.get(), 0, "a crash takes no effect: {message}");
    }
    struct Will(Rc<Cell<u32>>);
    impl Drop for Will {
        fn drop(&mut self) {
            let effects = self.0.clone();
            spawn(async move { effects.set(effects.get() + 1) });
        }
    }
}

#[test]
fn a_plan_that_panics_in_the_midst_of_a_poll_is_to_blame_itself() {
    let report = run(|| async {
        let host = machine("host").create();
        fault::on_point("adversary.site", 1, |_| panic!("the plan's own"));
        let process = host.process("server", |_| async {
            points::site!("adversary.site").await;
        });
        process.on_panic(PanicPolicy::Isolate).start().wait().await;
    });
    assert_eq!(failed(&report), ("panic", "the plan's own"));
    // What a fault is charged with ends also when the act panics.
    let report = run(|| async {
        let host = machine("host").create();
        let process = host.process("server", |_| pending::<()>()).start();
        let blamed = fault::begin("blamed");
        let act = AssertUnwindSafe(|| fault::attribute(blamed, || panic!("midway")));
        assert!(std::panic::catch_unwind(act).is_err());
        process.kill();
        assert_eq!(fault::effects(blamed), 0);
    });
    report.unwrap();
}

#[test]
fn blocking_calls_run_inline_at_a_cost() {
    run(|| async {
        let start = Instant::now();
        assert_eq!(spawn_blocking(|| 6 * 7).await.unwrap(), 42);
        assert!(start.elapsed() >= Duration::from_micros(50));
        let start = Instant::now();
        let task = spawn_blocking(|| tourbillon_sim::work(ms(3)));
        task.await.unwrap();
        assert!(start.elapsed() >= ms(3));
    })
    .unwrap();
}

// ---- Worlds in worlds, and worlds that are left alone ----

#[test]
fn a_run_within_a_run() {
    let alone = run(bustle).unwrap().digests;
    let inner: Rc<RefCell<Vec<_>>> = Rc::default();
    let seen = inner.clone();
    let outer = run(move || async move {
        spawn(bustle());
        sleep(ms(1)).await;
        seen.borrow_mut().push(run(bustle).unwrap().digests);
        // One that fails within does not fail the one around it, and one that panics does not end it.
        assert_eq!(failed(&run(|| async { panic!("within") })).1, "within");
        assert_eq!(failed(&run(pending::<()>)).0, "stall");
        // Dropped unfinished, with tasks that call the world when they are dropped.
        let mut unfinished = World::new(Config::default());
        unfinished.start(|| async {
            spawn(bustle());
            pending::<()>().await;
        });
        unfinished.run_until(ms(1));
        drop(unfinished);
        seen.borrow_mut().push(run(bustle).unwrap().digests);
        sleep(ms(1)).await;
    });
    outer.unwrap();
    assert_eq!(*inner.borrow(), [alone, alone]);
}

#[test]
fn a_world_that_is_dropped_unfinished_owes_its_futures_a_dead_context() {
    struct Calls(Rc<Cell<u32>>);
    impl Drop for Calls {
        fn drop(&mut self) {
            spawn(async {});
            let _now = Instant::now();
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Rc::new(Cell::new(0));
    let held = dropped.clone();
    let mut world = World::new(Config::default());
    world.start(move || async move {
        let host = machine("host").create();
        let (in_task, in_boot, in_strike, in_output) =
            (Calls(held.clone()), Calls(held.clone()), Calls(held.clone()), Calls(held.clone()));
        host.process("server", move |_| {
            let _held = &in_boot;
            pending::<()>()
        })
        .start();
        fault::at(ms(500), move || drop(in_strike));
        let _output = spawn(async move { in_output });
        let _task = in_task;
        sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(world.run_until(ms(100)), Progress::Running);
    assert_eq!(dropped.get(), 0);
    drop(world);
    assert_eq!(dropped.get(), 4);
    // A world in which nothing was started.
    drop(World::new(Config::default()));
    assert!(World::new(Config::default()).finish().passed());
}

#[test]
fn interference_happens_on_the_test_machine_and_a_restart_after_a_blackout() {
    let mut world = World::new(Config::default());
    world.start(|| async {
        let host = machine("host").create();
        host.process("server", |_| async {
            loop {
                sleep(ms(1)).await;
            }
        })
        .start();
        sleep(ms(100)).await;
    });
    world.run_until(Duration::from_micros(10_500));
    let host = world.inject(|| {
        assert!(tourbillon_sim::machine::current_machine().is_test());
        tourbillon_sim::find_machine("host").unwrap()
    });
    // A process that was to be booted while the power was off is booted when it is back.
    world.inject(|| {
        let server = host.find_process("server").unwrap();
        server.restart_after(ms(5));
        host.power_off();
    });
    world.run_until(ms(30));
    world.inject(|| assert!(host.power_on()));
    world.run_until(ms(40));
    world.inject(|| assert!(host.find_process("server").unwrap().is_running()));
    world.run_until(Duration::from_secs(1));
    assert!(world.finish().passed());
}

#[test]
fn a_busy_machine_runs_at_once_after_a_power_cycle() {
    run(|| async {
        let host = machine("host").create();
        let booted = Rc::new(Cell::new(None));
        let seen = booted.clone();
        let server = host.process("server", move |boot| {
            let seen = seen.clone();
            async move {
                if boot.incarnation == 0 {
                    spawn(async {
                        loop {
                            tourbillon_sim::work(Duration::from_secs(3600));
                            yield_now().await;
                        }
                    });
                    pending::<()>().await;
                }
                seen.set(Some(boot.incarnation));
                pending::<()>().await;
            }
        });
        server.start();
        sleep(ms(10)).await;
        host.power_off();
        sleep(ms(10)).await;
        host.power_on();
        sleep(ms(10)).await;
        assert_eq!(booted.get(), Some(1), "the work of before the cut is nobody's work now");
    })
    .unwrap();
}

#[test]
fn a_restart_ends_the_old_incarnation_before_the_new_one_begins() {
    run(|| async {
        let alive = Rc::new(Cell::new(0));
        struct Alive(Rc<Cell<i32>>);
        let host = machine("host").create();
        let counted = alive.clone();
        let server = host
            .process("server", move |_| {
                let counted = counted.clone();
                async move {
                    // Timers, tasks and sets of the old one are gone when this begins.
                    let ticking = Alive(counted.clone());
                    ticking.0.set(ticking.0.get() + 1);
                    let mut set = JoinSet::new();
                    for _ in 0..10 {
                        set.spawn(async {
                            loop {
                                sleep(ms(1)).await;
                            }
                        });
                    }
                    set.join_next().await;
                }
            })
            .start();
        for boot in 1..=20 {
            sleep(ms(3)).await;
            assert_eq!((alive.get(), server.boots()), (boot, boot as u32));
            assert!(server.restart(), "also without a kill before");
        }
    })
    .unwrap();
}

#[test]
fn a_process_whose_tasks_await_each_other_is_killed_at_once() {
    for seed in 0..20 {
        let config = Config { seed, ..Config::default() };
        let report = World::new(config).run(|| async {
            let host = machine("host").create();
            let server = host.process("server", |_| async {
                // The end of each wakes the next, in the midst of the kill.
                let mut last = spawn(pending::<()>());
                for _ in 0..10 {
                    let task = spawn(async move { drop(last.await) });
                    last = task;
                }
                let mut set = JoinSet::new();
                set.spawn(async move { drop(last.await) });
                set.join_next().await;
            });
            let server = server.start();
            for _ in 0..5 {
                sleep(ms(1)).await;
                assert!(server.restart());
            }
            sleep(ms(1)).await;
            host.power_off();
            host.power_on();
            sleep(ms(1)).await;
        });
        report.unwrap();
    }
}
