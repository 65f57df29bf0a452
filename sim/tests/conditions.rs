//! Every condition of a machine takes effect, is counted where it does, and is seen by code that runs there.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::fault::{self, Condition, FaultId, PointId, Target};
use tourbillon_sim::machine::Machine;
use tourbillon_sim::task::{JoinSet, spawn, yield_now};
use tourbillon_sim::time::{Instant, SystemTime, sleep};
use tourbillon_sim::{Config, Ratio, Report, World, entropy, machine, rng, try_reserve};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A run in which `body` is given a machine and a way to impose conditions on it.
fn on_host<F: Future<Output = ()> + 'static>(body: impl FnOnce(Machine) -> F + 'static) -> Report {
    World::new(Config { seed: 2, ..Config::default() })
        .run(move || async move {
            let host = machine("host").create();
            body(host).await;
        })
        .unwrap()
}

fn impose(host: Machine, condition: Condition) -> FaultId {
    let fault = fault::begin(&format!("{condition:?}"));
    fault::impose(fault, Target::Machine(host), condition);
    fault
}

/// What the wall clocks of the host and of the test's own machine read, both in nanoseconds.
async fn walls(host: Machine) -> (i128, i128) {
    let there = host.spawn(async { SystemTime::now().as_nanos() }).await.unwrap();
    (i128::from(there), i128::from(SystemTime::now().as_nanos()))
}

/// By how much the host's clock is ahead, to the microsecond that asking takes.
async fn ahead(host: Machine) -> i128 {
    let (there, here) = walls(host).await;
    (there - here + 500) / 1_000 * 1_000
}

const SECOND: i128 = 1_000_000_000;

#[test]
fn wall_skew_and_reverse_shift_one_machines_clock_until_they_end() {
    for (condition, by) in [
        (Condition::WallSkew { by: 5_000_000_000 }, 5 * SECOND),
        (Condition::WallSkew { by: -90_000_000_000 }, -90 * SECOND),
        (Condition::WallReverse { by: Duration::from_secs(3) }, -3 * SECOND),
    ] {
        on_host(move |host| async move {
            let before = host.spawn(async { SystemTime::now() }).await.unwrap();
            let fault = impose(host, condition);
            assert_eq!(fault::effects(fault), 0, "nobody has looked");
            assert!((ahead(host).await - by).abs() <= 1_000, "{condition:?}");
            let after = host.spawn(async { SystemTime::now() }).await.unwrap();
            assert_eq!(after < before, by < 0, "it may go back");
            assert_eq!(fault::effects(fault), 2, "one for each look");
            fault::end(fault);
            assert!(ahead(host).await.abs() <= 1_000, "the clock is set right");
            assert_eq!(fault::effects(fault), 2);
        });
    }
}

#[test]
fn wall_drift_strobe_freeze_and_creep() {
    on_host(|host| async move {
        let drift = impose(host, Condition::WallDrift { ppm: 100_000 });
        sleep(Duration::from_secs(10)).await;
        assert!((ahead(host).await - SECOND).abs() < 10_000);
        assert!(fault::effects(drift) > 0);
        fault::end(drift);
        let slow = impose(host, Condition::WallDrift { ppm: -100_000 });
        sleep(Duration::from_secs(10)).await;
        assert!((ahead(host).await + SECOND).abs() < 10_000);
        fault::end(slow);
    });
    on_host(|host| async move {
        let strobe = impose(host, Condition::WallStrobe { by: -1_000_000_000, period: ms(10) });
        let mut sides = Vec::new();
        for _ in 0..6 {
            sides.push((ahead(host).await + SECOND / 2).is_positive());
            sleep(ms(10)).await;
        }
        assert_eq!(sides, [true, false, true, false, true, false]);
        assert_eq!(fault::effects(strobe), 3, "only a wrong reading is an effect");
    });
    on_host(|host| async move {
        let freeze = impose(host, Condition::WallFreeze);
        sleep(ms(1)).await;
        let (first, _) = walls(host).await;
        sleep(Duration::from_secs(5)).await;
        let (second, here) = walls(host).await;
        assert_eq!(first, second);
        assert!(here - second > 5 * SECOND);
        // Timers follow another clock.
        let slept = host.spawn(async {
            let start = Instant::now();
            sleep(ms(7)).await;
            start.elapsed()
        });
        assert!(slept.await.unwrap() >= ms(7));
        assert_eq!(fault::effects(freeze), 2);
    });
    on_host(|host| async move {
        let creep = impose(host, Condition::WallCreep { by: 250 });
        let steps = host.spawn(async {
            let read = || SystemTime::now().as_nanos();
            let first = read();
            [read() - first, read() - first, read() - first]
        });
        assert_eq!(steps.await.unwrap(), [250, 500, 750], "time moves because somebody looks");
        assert_eq!(fault::effects(creep), 4);
    });
}

#[test]
fn the_monotonic_clock_is_reversed_frozen_and_driven_and_timers_follow() {
    on_host(|host| async move {
        let sleeper = host.spawn(async {
            sleep(ms(100)).await;
        });
        sleep(ms(50)).await;
        let fault = impose(host, Condition::MonotonicReverse { by: ms(30) });
        let start = Instant::now();
        sleeper.await.unwrap();
        assert!(start.elapsed() >= ms(79), "30 ms have to be waited again");
        assert_eq!(fault::effects(fault), 1);
        // An instant of before is later than now, and no arithmetic minds.
        let odd = host.spawn(async {
            let before = Instant::now();
            let reversed =
                impose(tourbillon_sim::machine::current_machine(), Condition::MonotonicReverse { by: ms(5) });
            let gone = (before.elapsed(), Instant::now() < before, fault::effects(reversed));
            assert_eq!(gone, (Duration::ZERO, true, 1));
        });
        odd.await.unwrap();
    });
    on_host(|host| async move {
        let woke = Rc::new(Cell::new(false));
        let seen = woke.clone();
        let sleeper = host.spawn(async move {
            sleep(ms(10)).await;
            seen.set(true);
        });
        sleep(ms(5)).await;
        let fault = impose(host, Condition::MonotonicFreeze);
        sleep(Duration::from_secs(60)).await;
        assert!(!woke.get(), "a timer waits for its own machine's clock");
        let frozen = host.spawn(async { Instant::now() }).await.unwrap();
        sleep(ms(1)).await;
        assert_eq!(host.spawn(async { Instant::now() }).await.unwrap(), frozen);
        fault::end(fault);
        let start = Instant::now();
        sleeper.await.unwrap();
        assert!(start.elapsed() > ms(4) && start.elapsed() < ms(6), "{:?}", start.elapsed());
        assert!(fault::effects(fault) > 0);
    });
    on_host(|host| async move {
        let fault = impose(host, Condition::MonotonicDrift { ppm: 1_000_000 });
        let start = Instant::now();
        let there = host.spawn(async {
            let start = Instant::now();
            sleep(ms(10)).await;
            start.elapsed()
        });
        assert!(there.await.unwrap() >= ms(10));
        assert!(start.elapsed() < Duration::from_micros(5_100), "twice as fast: {:?}", start.elapsed());
        assert!(fault::effects(fault) > 0);
        // Two at once: the last counts, and when it ends the first is what is left.
        let slower = impose(host, Condition::MonotonicDrift { ppm: -500_000 });
        let pace = || async move {
            let start = Instant::now();
            // Made over there: a sleep counts from its maker's clock.
            host.spawn(async { sleep(ms(10)).await }).await.unwrap();
            start.elapsed().as_micros() / 1_000
        };
        assert_eq!(pace().await, 20);
        fault::end(slower);
        assert_eq!(pace().await, 5);
        // A quartz is no better for a power cycle.
        host.power_off();
        host.power_on();
        assert_eq!(pace().await, 5);
        fault::end(fault);
        assert_eq!(pace().await, 10);
    });
}

#[test]
fn timers_overrun() {
    on_host(|host| async move {
        let fault = impose(host, Condition::TimerOverrun { chance: Ratio::of(1, 2), max: ms(5) });
        let late = host.spawn(async {
            let mut late = Vec::new();
            for _ in 0..100 {
                let start = Instant::now();
                sleep(ms(1)).await;
                late.push(start.elapsed() - ms(1));
            }
            late
        });
        let late = late.await.unwrap();
        let struck = late.iter().filter(|&&by| by > Duration::from_micros(1)).count();
        assert!((30..70).contains(&struck), "{struck} of 100");
        assert!(late.iter().all(|&by| by <= ms(5) + Duration::from_micros(1)));
        assert_eq!(fault::effects(fault), struck as u64);
        fault::end(fault);
    });
}

#[test]
fn entropy_is_constant() {
    on_host(|host| async move {
        let draw = || async move {
            let drawn = host.spawn(async {
                let mut bytes = [0; 16];
                entropy(&mut bytes);
                (bytes, rng("ids").choose(0), rng("ids").choose(10))
            });
            drawn.await.unwrap()
        };
        assert_ne!(draw().await.0[..8], draw().await.0[8..]);
        let fault = impose(host, Condition::ConstantEntropy(0x2a));
        let (bytes, word, digit) = draw().await;
        assert_eq!((&bytes[..8], &bytes[8..]), (&0x2au64.to_le_bytes()[..], &0x2au64.to_le_bytes()[..]));
        assert_eq!((word, digit), (0x2a, 2));
        assert!(fault::effects(fault) >= 3);
        let mut here = [0; 8];
        entropy(&mut here);
        assert_ne!(here, 0x2au64.to_le_bytes(), "another machine's is its own");
        fault::end(fault);
        assert_ne!(draw().await.0, bytes);
    });
}

static CACHE: points::Point = points::Point::new("conditions.cache", points::Kind::Site);
static BUFFER: points::Point = points::Point::new("conditions.buffer", points::Kind::Site);

#[test]
fn allocations_fail_after_some_for_some_at_a_site() {
    on_host(|host| async move {
        let fault = impose(host, Condition::FailAllocation { after: 2, count: 3, point: None });
        let granted =
            host.spawn(async { (0..8).map(|_| try_reserve(&CACHE, 64).is_ok()).collect::<Vec<_>>() });
        assert_eq!(granted.await.unwrap(), [true, true, false, false, false, true, true, true]);
        assert_eq!(fault::effects(fault), 3);
        assert!(try_reserve(&CACHE, 1).is_ok());
        fault::end(fault);
        let point = Some(PointId::named("conditions.buffer"));
        let fault = impose(host, Condition::FailAllocation { after: 0, count: 100, point });
        let refused = host.spawn(async {
            let refused = try_reserve(&BUFFER, 4096).unwrap_err();
            assert!(try_reserve(&CACHE, 4096).is_ok(), "only the one that is meant");
            refused.to_string()
        });
        assert_eq!(refused.await.unwrap(), "conditions.buffer: out of memory: 4096 bytes were refused");
        assert_eq!(fault::effects(fault), 1);
    });
}

#[test]
fn sites_are_made_to_yield() {
    on_host(|host| async move {
        let passes = || async move {
            let order = Rc::new(Cell::new(Vec::new()));
            let seen = order.clone();
            let tasks = host.spawn(async move {
                let tasks: JoinSet<()> = (0..2)
                    .map(|task| {
                        let order = seen.clone();
                        async move {
                            for _ in 0..20 {
                                points::site!("conditions.step").await;
                                let mut steps = order.take();
                                steps.push(task);
                                order.set(steps);
                            }
                        }
                    })
                    .collect();
                tasks.join_all().await;
            });
            tasks.await.unwrap();
            let steps = order.take();
            steps.windows(2).filter(|pair| pair[0] != pair[1]).count()
        };
        assert_eq!(passes().await, 1, "a site alone lets nobody in between");
        let fault = impose(host, Condition::Yield(Ratio::of(1, 2)));
        assert!(passes().await > 5);
        assert!(fault::effects(fault) > 5);
        fault::end(fault);
        assert_eq!(passes().await, 1);
    });
}

#[test]
fn a_cpu_is_slowed_and_others_are_not() {
    on_host(|host| async move {
        let spin = || async move {
            let spun = host.spawn(async {
                let start = Instant::now();
                for _ in 0..100 {
                    yield_now().await;
                }
                start.elapsed()
            });
            spun.await.unwrap()
        };
        assert_eq!(spin().await, Duration::from_micros(10));
        let fault = impose(host, Condition::Slow { times: 100 });
        assert_eq!(spin().await, ms(1));
        assert!(fault::effects(fault) >= 100);
        let start = Instant::now();
        yield_now().await;
        assert_eq!(start.elapsed(), Duration::from_nanos(100), "this machine is as fast as ever");
        // Beyond all measure, and no overflow.
        let more = [u32::MAX; 5].map(|times| impose(host, Condition::Slow { times }));
        more.into_iter().for_each(fault::end);
        fault::end(fault);
        assert_eq!(spin().await, Duration::from_micros(10));
    });
}

#[test]
fn a_machine_of_several_cores_polls_as_many_tasks_at_once() {
    let elapsed = |cores: usize, tasks: u64| {
        let taken = Rc::new(Cell::new(Duration::ZERO));
        let seen = taken.clone();
        let report = World::new(Config { seed: 3, ..Config::default() }).run(move || async move {
            let host = machine("host").cores(cores).create();
            let start = Instant::now();
            let all: Vec<_> = (0..tasks)
                .map(|_| {
                    host.spawn(async {
                        for _ in 0..100 {
                            tourbillon_sim::work(Duration::from_micros(10));
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for task in all {
                task.await.unwrap();
            }
            seen.set(start.elapsed());
        });
        (taken.get(), report.unwrap().digests)
    };
    let (one, _) = elapsed(1, 8);
    let (four, digests) = elapsed(4, 8);
    let (eight, _) = elapsed(8, 8);
    assert!(one >= ms(8) && one < ms(9), "{one:?}");
    assert!(four >= ms(2) && four < Duration::from_micros(2_300), "{four:?}");
    assert!(eight >= ms(1) && eight < Duration::from_micros(1_100), "{eight:?}");
    let alone = elapsed(8, 1).0;
    assert!(alone >= ms(1) && alone <= eight, "one task is no faster for seven idle cores: {alone:?}");
    assert_eq!(elapsed(4, 8).1, digests);
}

#[test]
fn a_task_that_takes_long_keeps_one_core_and_no_other_task() {
    for cores in [2, 3] {
        on_host(move |_| async move {
            let wide = machine("wide").cores(cores).create();
            let start = Instant::now();
            let long = wide.spawn(async move {
                for _ in 0..2 {
                    tourbillon_sim::work(Duration::from_secs(1));
                    yield_now().await;
                }
                start.elapsed()
            });
            let woken = wide.spawn(async move {
                // Woken in the midst of the long poll, by a timer and by code.
                sleep(ms(10)).await;
                assert!(start.elapsed() < ms(11));
                let (send, receive) = tokio::sync::oneshot::channel();
                spawn(async move {
                    sleep(ms(10)).await;
                    send.send(()).unwrap();
                });
                receive.await.unwrap();
                start.elapsed()
            });
            assert!(woken.await.unwrap() < ms(22));
            let long = long.await.unwrap();
            assert!(long >= Duration::from_secs(2) && long < Duration::from_secs(2) + ms(1), "{long:?}");
            // Killed and paused in the midst of it.
            let server = wide.process("server", |boot| async move {
                if boot.incarnation == 0 {
                    tourbillon_sim::work(Duration::from_secs(1));
                    yield_now().await;
                }
            });
            let server = server.start();
            sleep(ms(1)).await;
            assert!(server.pause());
            sleep(Duration::from_secs(3)).await;
            assert!(server.is_running() && server.resume());
            sleep(ms(1)).await;
            assert!(!server.is_running());
            for end in [|host: Machine| host.find_process("busy").unwrap().kill(), Machine::power_off] {
                let busy = wide.find_process("busy").unwrap_or_else(|| {
                    let busy = wide.process("busy", |_| async {
                        loop {
                            tourbillon_sim::work(Duration::from_secs(1));
                            yield_now().await;
                        }
                    });
                    busy.start()
                });
                busy.restart();
                sleep(ms(1)).await;
                assert!(end(wide));
                sleep(Duration::from_secs(2)).await;
            }
            assert!(wide.power_on());
            sleep(ms(1)).await;
        });
    }
}

#[test]
fn points_count_strike_and_fail_by_name() {
    let failing = |cause: fn()| {
        let report = World::new(Config::default()).run(move || async move { cause() });
        report.failure().expect("it fails").property.clone()
    };
    assert_eq!(failing(|| points::always!(1 > 2, "conditions.order")), "conditions.order");
    assert_eq!(failing(|| points::unreachable!("conditions.never")), "conditions.never");

    static ACK_EARLY: points::Quirk = points::Quirk::new("conditions.quirk", "answers too early");
    let config = Config { quirks: vec!["conditions.quirk".to_string()], ..Config::default() };
    let report = World::new(config).run(|| async {
        for value in [3u64, 9, 4] {
            points::always!(value > 2, "conditions.always");
            points::sometimes!(value == 9, "conditions.sometimes");
            points::numeric!("conditions.depth", value);
            points::mark!("conditions.posted", "account", value);
            points::site!("conditions.site").await;
        }
        points::reachable!("conditions.reached");
        assert!(ACK_EARLY.is_planted() && points::quirk!("conditions.quirk"));
        assert!(!points::quirk!("conditions.other"));
    });
    let report = report.unwrap();
    let point = |name: &str| {
        let found = report.points.iter().find(|point| point.name == name);
        let found = found.unwrap_or_else(|| panic!("{name} was passed"));
        (found.hits, found.held, found.numeric_max)
    };
    assert_eq!(point("conditions.always"), (3, 3, 0));
    assert_eq!(point("conditions.sometimes"), (3, 1, 0));
    assert_eq!(point("conditions.depth"), (3, 0, 9));
    assert_eq!(point("conditions.posted").0, 3);
    assert_eq!(point("conditions.site").0, 3);
    assert_eq!(point("conditions.reached"), (1, 1, 0));
    assert_eq!(point("conditions.quirk").0, 2, "one name is one point, however many places there are");
    assert!(report.points.is_sorted_by_key(|point| point.name));
    // Marks make the semantic digest, each subject's in its own order.
    let marked = |values: [u64; 2]| {
        let body = move || async move {
            for value in values {
                points::mark!("conditions.posted", "account", value);
            }
        };
        World::new(Config::default()).run(body).unwrap().digests.semantic
    };
    assert_eq!(marked([1, 2]), marked([1, 2]));
    assert_ne!(marked([1, 2]), marked([2, 1]));
}

#[test]
fn a_strike_at_a_point_kills_before_the_next_instruction() {
    on_host(|host| async move {
        let after = Rc::new(Cell::new((0, 0)));
        let seen = after.clone();
        let kill = fault::begin("kill at the second append");
        fault::on_point("conditions.appended", 2, move |process| {
            fault::attribute(kill, || assert!(process.kill()));
        });
        let server = host
            .process("server", move |_| {
                let seen = seen.clone();
                async move {
                    for append in 1..=5 {
                        seen.set((append, seen.get().1));
                        points::site!("conditions.appended").await;
                        seen.set((append, append));
                    }
                }
            })
            .start();
        server.wait().await;
        assert_eq!(after.get(), (2, 1), "the second append was not followed by anything");
        assert_eq!(fault::effects(kill), 1);
        // A mark is no await: what follows it runs on, in a dead context, to the next await.
        let late = Rc::new(Cell::new(0));
        let seen = late.clone();
        fault::on_point("conditions.marked", 1, |process| assert!(process.kill()));
        let other = host
            .process("other", move |_| {
                let seen = seen.clone();
                async move {
                    points::mark!("conditions.marked", "subject");
                    seen.set(1);
                    spawn(async { unreachable!("it is dead") });
                    yield_now().await;
                    seen.set(2);
                }
            })
            .start();
        other.wait().await;
        sleep(ms(1)).await;
        assert_eq!(late.get(), 1);
    });
}
