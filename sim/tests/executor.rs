//! The executor through its public surface: tasks, time, machines, processes, panics, limits.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::machine::{Ending, PanicPolicy};
use tourbillon_sim::task::{spawn, yield_now};
use tourbillon_sim::time::{Instant, interval, sleep, timeout};
use tourbillon_sim::{Config, Ratio, Report, StepLimit, World, machine};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed: 1, ..Config::default() }).run(body)
}

fn failed(report: &Report) -> &str {
    &report.failure().expect("this run fails").property
}

#[test]
fn a_sleep_takes_its_time_and_a_timeout_cuts_it() {
    run(|| async {
        let start = Instant::now();
        sleep(ms(5)).await;
        let slept = start.elapsed();
        assert!(slept >= ms(5) && slept < ms(6), "{slept:?}");
        assert!(timeout(ms(1), sleep(ms(50))).await.is_err());
        assert!(timeout(ms(50), sleep(ms(1))).await.is_ok());
        let mut ticks = interval(ms(10));
        for _ in 0..3 {
            ticks.tick().await;
        }
        assert!(start.elapsed() >= ms(5) + ms(2) + ms(20));
    })
    .unwrap();
}

#[test]
fn the_same_seed_gives_the_same_digests_and_another_does_not() {
    let run = |seed| {
        World::new(Config { seed, ..Config::default() })
            .run(|| async {
                let tasks: Vec<_> = (0..20)
                    .map(|_| {
                        spawn(async {
                            for _ in 0..50 {
                                yield_now().await;
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            })
            .unwrap()
            .digests
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).trace, run(2).trace);
    assert_eq!(run(1).semantic, run(2).semantic);
}

#[test]
fn outputs_aborts_and_detached_tasks() {
    run(|| async {
        assert_eq!(spawn(async { String::from("out") }).await.unwrap(), "out");
        let task = spawn(sleep(ms(1000)));
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let flag = Rc::new(Cell::new(false));
        drop(spawn({
            let flag = flag.clone();
            async move {
                sleep(ms(1)).await;
                flag.set(true);
            }
        }));
        sleep(ms(2)).await;
        assert!(flag.get(), "a task whose handle is dropped goes on");
    })
    .unwrap();
}

/// Tells when it is dropped, and whether the world would still listen to it.
struct Will(Rc<RefCell<Vec<&'static str>>>, &'static str);

impl Drop for Will {
    fn drop(&mut self) {
        // In a dead context this spawn is inert; in a living one the task runs.
        let log = self.0.clone();
        let name = self.1;
        log.borrow_mut().push(name);
        drop(spawn(async move { log.borrow_mut().push("an effect") }));
    }
}

#[test]
fn kill_ends_a_process_without_effects_and_restart_boots_it_again() {
    run(|| async {
        let log = Rc::new(RefCell::new(Vec::new()));
        let store = machine("store").create();
        let boots = Rc::new(Cell::new(0));
        let process = store
            .process("server", {
                let (log, boots) = (log.clone(), boots.clone());
                move |boot| {
                    assert_eq!(boot.incarnation, boots.get());
                    boots.set(boots.get() + 1);
                    let log = log.clone();
                    async move {
                        let _will = Will(log, "dropped");
                        std::future::pending::<()>().await;
                    }
                }
            })
            .start();
        sleep(ms(1)).await;
        assert!(process.is_running());
        assert!(process.kill());
        assert!(!process.kill());
        assert_eq!(process.ending(), Some(Ending::Killed));
        sleep(ms(1)).await;
        assert_eq!(*log.borrow(), ["dropped"]);
        process.restart_after(ms(10));
        sleep(ms(9)).await;
        assert!(!process.is_running());
        sleep(ms(2)).await;
        assert!(process.is_running());
        assert_eq!(boots.get(), 2);
        store.power_off();
        assert_eq!(process.ending(), Some(Ending::PowerLost));
        store.power_on();
        sleep(ms(1)).await;
        assert_eq!(boots.get(), 3);
    })
    .unwrap();
}

#[test]
fn a_process_exits_stops_and_errs() {
    run(|| async {
        let host = machine("host").create();
        let exits = host.process("exits", |_| sleep(ms(1))).start();
        assert_eq!(exits.wait().await, Ending::Exited);
        let errs = host.process("errs", |_| async { Err::<(), _>("no such luck") }).start();
        assert_eq!(errs.wait().await, Ending::Errored);
        assert_eq!(errs.error().as_deref(), Some("no such luck"));
        let polite = host.process("polite", |_| tourbillon_sim::shutdown()).start();
        let deaf = host.process("deaf", |_| std::future::pending::<()>()).start();
        sleep(ms(1)).await;
        polite.stop(ms(100));
        deaf.stop(ms(100));
        let start = Instant::now();
        assert_eq!(polite.wait().await, Ending::Exited);
        assert!(start.elapsed() < ms(1));
        assert_eq!(deaf.wait().await, Ending::Stopped);
        assert!(start.elapsed() >= ms(100));
    })
    .unwrap();
}

#[test]
fn a_paused_process_stands_still_while_time_goes_on() {
    run(|| async {
        let ticks = Rc::new(Cell::new(0));
        let host = machine("host").create();
        let process = host
            .process("ticker", {
                let ticks = ticks.clone();
                move |_| {
                    let ticks = ticks.clone();
                    async move {
                        loop {
                            sleep(ms(1)).await;
                            ticks.set(ticks.get() + 1);
                        }
                    }
                }
            })
            .start();
        sleep(Duration::from_micros(10_500)).await;
        let before = ticks.get();
        process.pause();
        sleep(ms(100)).await;
        assert_eq!(ticks.get(), before);
        process.resume();
        sleep(Duration::from_micros(10_500)).await;
        assert!(ticks.get() > before + 8);
    })
    .unwrap();
}

#[test]
fn a_slow_machine_is_slow_and_no_other() {
    run(|| async {
        let spin = |name: &'static str, speed| {
            machine(name).speed(speed).create().spawn(async {
                let start = Instant::now();
                for _ in 0..1000 {
                    yield_now().await;
                }
                start.elapsed()
            })
        };
        let fast = spin("fast", Ratio::ALWAYS);
        let slow = spin("slow", Ratio::of(1, 100));
        let (fast, slow) = (fast.await.unwrap(), slow.await.unwrap());
        assert_eq!(fast, Duration::from_nanos(1000 * 100));
        assert_eq!(slow, fast * 100);
    })
    .unwrap();
}

#[test]
fn panics_go_by_policy() {
    let report = run(|| async { panic!("an accident") });
    assert_eq!(failed(&report), "panic");
    assert!(report.failure().unwrap().message.contains("an accident"));
    assert!(report.failure().unwrap().place.contains("executor.rs"));

    run(|| async {
        let host = machine("host").create();
        let log = Rc::new(RefCell::new(Vec::new()));
        let isolating = host
            .process("isolating", |_| async {
                let error = spawn(async { panic!("contained") }).await.unwrap_err();
                assert!(error.is_panic());
                assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "contained");
            })
            .on_panic(PanicPolicy::Isolate)
            .start();
        assert_eq!(isolating.wait().await, Ending::Exited);
        let crashing = host
            .process("crashing", {
                let log = log.clone();
                move |boot| {
                    let log = log.clone();
                    async move {
                        let _will = Will(log, "unwound");
                        sleep(ms(1)).await;
                        assert!(boot.incarnation > 0, "the first one crashes");
                        sleep(ms(1000)).await;
                    }
                }
            })
            .on_panic(PanicPolicy::CrashAndRestart(ms(5)))
            .start();
        assert_eq!(crashing.wait().await, Ending::Panicked);
        sleep(ms(10)).await;
        assert!(crashing.is_running());
        assert_eq!(*log.borrow(), ["unwound"], "a crash drops and has no effect");
    })
    .unwrap();
}

#[test]
fn runs_that_cannot_go_on_end_by_name() {
    assert_eq!(failed(&run(std::future::pending::<()>)), "stall");
    let config = Config { steps: StepLimit::FailAfter(10_000), ..Config::default() };
    let livelock = World::new(config).run(|| async {
        loop {
            yield_now().await;
        }
    });
    assert_eq!(failed(&livelock), "step-limit");
    let forever = run(|| async {
        loop {
            sleep(Duration::from_secs(60)).await;
        }
    });
    assert_eq!(failed(&forever), "time-limit");
    let error = World::new(Config::default()).run(|| async { Err::<(), _>("the body's own error") });
    assert_eq!(failed(&error), "error");
    let bad_drop = run(|| async {
        struct Bad;
        impl Drop for Bad {
            fn drop(&mut self) {
                panic!("in a destructor");
            }
        }
        let host = machine("host").create();
        let task = host.spawn(async {
            let _bad = Bad;
            std::future::pending::<()>().await;
        });
        sleep(ms(1)).await;
        host.power_off();
        let _ = task.await;
        sleep(ms(1)).await;
    });
    assert_eq!(failed(&bad_drop), "panic-in-drop");
}

#[test]
fn processes_that_share_memory_are_found_out() {
    let report = run(|| async {
        let (left, right) = (machine("left").create(), machine("right").create());
        let (sender, receiver) = futures_channel();
        let waiting = right.spawn(receiver);
        sleep(ms(1)).await;
        left.spawn(async move { sender() });
        waiting.await.unwrap();
    });
    assert_eq!(failed(&report), "shared-memory");
}

/// The smallest channel of one value: shared memory in its purest form.
fn futures_channel() -> (impl FnOnce(), impl Future<Output = ()>) {
    let shared = Rc::new(RefCell::new((false, None::<std::task::Waker>)));
    let other = shared.clone();
    let send = move || {
        shared.borrow_mut().0 = true;
        let waker = shared.borrow_mut().1.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    };
    let receive = std::future::poll_fn(move |cx| {
        if other.borrow().0 {
            return std::task::Poll::Ready(());
        }
        other.borrow_mut().1 = Some(cx.waker().clone());
        std::task::Poll::Pending
    });
    (send, receive)
}

#[test]
fn a_world_is_stepped_and_interfered_with() {
    let mut world = World::new(Config::default());
    let seen = Rc::new(Cell::new(false));
    world.start({
        let seen = seen.clone();
        || async move {
            sleep(ms(10)).await;
            seen.set(true);
            sleep(ms(10)).await;
        }
    });
    world.run_until(ms(5));
    assert_eq!(world.elapsed(), ms(5));
    assert!(!seen.get());
    let host = world.inject(|| machine("late").create());
    world.run_until(ms(15));
    assert!(seen.get());
    assert_eq!(world.inject(|| host.name()), "late");
    while world.step() == tourbillon_sim::Progress::Running {}
    assert!(world.finish().passed());
}
