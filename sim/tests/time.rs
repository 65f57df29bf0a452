//! Sleeping, ticking and bounding, by tokio's documentation.

use std::cell::RefCell;
use std::future::{pending, ready};
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::task::{spawn, yield_now};
use tourbillon_sim::time::{
    Instant, Interval, MissedTickBehavior, SystemTime, interval, interval_at, sleep, sleep_until, timeout,
    timeout_at,
};
use tourbillon_sim::{Config, Report, TimeLimit, World, fault, work};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed: 1, ..Config::default() }).run(body).unwrap()
}

/// When ticks come, in milliseconds, if the second is awaited only after 200 ms: the example of tokio's
/// documentation, with a period of 50 ms.
async fn ticks(behavior: MissedTickBehavior) -> Vec<u64> {
    let start = Instant::now();
    let mut interval = interval(ms(50));
    interval.set_missed_tick_behavior(behavior);
    let mut at = Vec::new();
    let note = |at: &mut Vec<u64>| at.push(start.elapsed().as_millis() as u64);
    interval.tick().await;
    note(&mut at);
    sleep(ms(200)).await;
    for _ in 0..6 {
        interval.tick().await;
        note(&mut at);
        sleep(ms(10)).await;
    }
    at
}

#[test]
fn missed_ticks_come_as_documented() {
    run(|| async {
        // Work of 10 ms after each tick: a burst is caught up one tick every 10 ms.
        assert_eq!(ticks(MissedTickBehavior::Burst).await, [0, 200, 210, 220, 230, 250, 300]);
        assert_eq!(ticks(MissedTickBehavior::Delay).await, [0, 200, 250, 300, 350, 400, 450]);
        assert_eq!(ticks(MissedTickBehavior::Skip).await, [0, 200, 250, 300, 350, 400, 450]);
    });
    run(|| async {
        // Delay and Skip part when the missed tick is awaited between two ticks of the schedule.
        let next = |behavior| async move {
            let start = Instant::now();
            let mut interval = interval(ms(50));
            interval.set_missed_tick_behavior(behavior);
            interval.tick().await;
            sleep(ms(130)).await;
            assert_eq!(interval.tick().await - start, ms(50), "a tick answers when it was due");
            interval.tick().await;
            start.elapsed().as_millis()
        };
        assert_eq!(next(MissedTickBehavior::Burst).await, 130);
        assert_eq!(next(MissedTickBehavior::Delay).await, 180);
        assert_eq!(next(MissedTickBehavior::Skip).await, 150);
    });
}

#[test]
fn a_tick_that_is_a_little_late_was_not_missed() {
    run(|| async {
        for behavior in [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
            let start = Instant::now();
            let mut interval = interval(ms(20));
            interval.set_missed_tick_behavior(behavior);
            assert_eq!(interval.missed_tick_behavior(), behavior);
            for tick in 0..10 {
                assert_eq!(interval.tick().await - start, ms(20) * tick, "{behavior:?}");
                work(ms(4)); // late by 4 ms at the most, which tokio forgives
                yield_now().await;
            }
        }
    });
}

#[test]
fn an_interval_is_reset() {
    run(|| async {
        let elapsed = |start: Instant| start.elapsed().as_millis();
        let fresh = || async {
            let mut interval = interval(ms(100));
            interval.tick().await;
            sleep(ms(50)).await;
            (interval, Instant::now())
        };
        let next = |mut interval: Interval, start| async move {
            interval.tick().await;
            let first = elapsed(start);
            interval.tick().await;
            (first, elapsed(start))
        };
        let (mut interval, start) = fresh().await;
        interval.reset();
        assert_eq!(next(interval, start).await, (100, 200));
        let (mut interval, start) = fresh().await;
        interval.reset_immediately();
        assert_eq!(next(interval, start).await, (0, 100));
        let (mut interval, start) = fresh().await;
        interval.reset_after(ms(20));
        assert_eq!(next(interval, start).await, (20, 120));
        let (mut interval, start) = fresh().await;
        interval.reset_at(start + ms(30));
        assert_eq!(next(interval, start).await, (30, 130));
        let start = Instant::now();
        let later = interval_at(start + ms(40), ms(7));
        assert_eq!(later.period(), ms(7));
        assert_eq!(next(later, start).await, (40, 47));
    });
    let report = World::new(Config::default()).run(|| async { drop(interval(Duration::ZERO)) });
    assert!(report.failure().expect("it panics").message.contains("period above zero"));
}

#[test]
fn a_sleep_into_the_far_future_never_ends_and_is_no_overflow() {
    let config = Config { time: TimeLimit::FailAfter(Duration::MAX), ..Config::default() };
    World::new(config)
        .run(|| async {
            let mut far = std::pin::pin!(sleep(Duration::MAX));
            assert!(timeout(Duration::from_secs(3600 * 24 * 365 * 200), &mut far).await.is_err());
            assert!(!far.is_elapsed());
            // The time of day is at the end of what can be told, and stays there.
            assert!(SystemTime::now() > SystemTime::from_nanos(0));
            far.as_mut().reset(Instant::now());
            far.await;
            let mut ticks = interval(Duration::MAX);
            ticks.tick().await;
            assert!(timeout(ms(1), ticks.tick()).await.is_err());
        })
        .unwrap();
    // With a limit it is a run that does not end.
    let report = World::new(Config::default()).run(|| sleep(Duration::MAX));
    assert_eq!(report.failure().expect("it does not end").property, "time-limit");
    let report = World::new(Config::default()).run(|| async {
        work(Duration::MAX);
        yield_now().await;
    });
    assert_eq!(report.failure().expect("it does not end").property, "time-limit");
}

#[test]
fn a_sleep_is_reset_and_asked() {
    run(|| async {
        let start = Instant::now();
        let mut sleep = std::pin::pin!(sleep_until(start + ms(10)));
        assert_eq!(sleep.deadline(), start + ms(10));
        assert!(timeout(ms(5), &mut sleep).await.is_err());
        sleep.as_mut().reset(start + ms(30));
        sleep.as_mut().await;
        assert!(sleep.is_elapsed() && start.elapsed() >= ms(30) && start.elapsed() < ms(31));
        sleep.as_mut().await; // it stays resolved
        sleep.as_mut().reset(start); // a deadline that has passed
        sleep.await;
        assert!(start.elapsed() < ms(31));
    });
}

#[test]
fn a_timeout_prefers_the_future_and_hands_it_out() {
    run(|| async {
        // Both are ready: the future wins, as tokio documents.
        assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
        let past = Instant::now();
        sleep(ms(1)).await;
        assert_eq!(timeout_at(past, ready(1)).await, Ok(1));
        let elapsed = timeout(ms(1), pending::<()>()).await.unwrap_err();
        assert_eq!(elapsed.to_string(), "deadline has elapsed");
        assert_eq!(std::io::Error::from(elapsed).kind(), std::io::ErrorKind::TimedOut);
        let _named: tourbillon_sim::time::error::Elapsed = elapsed;
        let mut bounded = timeout(ms(1), ready(3));
        assert_eq!(bounded.get_mut().await, 3);
        let _inner = timeout(ms(1), pending::<u8>()).into_inner();
        // A future that keeps its task busy does not keep the timeout from being seen.
        let busy = async {
            loop {
                yield_now().await;
            }
        };
        assert!(timeout(ms(1), busy).await.is_err());
    });
}

#[test]
fn equal_deadlines_fire_in_the_order_in_which_they_were_set_and_time_is_set_before() {
    run(|| async {
        // One machine for each sleeper, so that no scheduler chooses among them.
        let log = Rc::new(RefCell::new(Vec::new()));
        let deadline = Duration::from_millis(10);
        for index in 0..50u64 {
            let log = log.clone();
            fault::at(deadline, move || {
                // A callback of its own finds the time that it was set for.
                assert_eq!(fault::now(), deadline);
                log.borrow_mut().push(index);
            });
        }
        let start = Instant::now();
        let until = start + (deadline - fault::now());
        let woken: Vec<_> = (0..20)
            .map(|_| {
                spawn(async move {
                    sleep_until(until).await;
                    Instant::now()
                })
            })
            .collect();
        for task in woken {
            assert!(task.await.unwrap() >= until, "nobody wakes before his time");
        }
        assert_eq!(*log.borrow(), (0..50).collect::<Vec<_>>());
    });
}

#[test]
fn a_world_may_begin_at_epoch_zero() {
    let config = Config { epoch: SystemTime::UNIX_EPOCH, ..Config::default() };
    World::new(config)
        .run(|| async {
            assert_eq!(SystemTime::now(), SystemTime::UNIX_EPOCH);
            sleep(ms(5)).await;
            assert_eq!(SystemTime::now().as_millis(), 5);
            // A clock that is set back to before 1970 reads 1970.
            let set_back = fault::begin("back");
            let condition = fault::Condition::WallReverse { by: Duration::from_secs(60) };
            fault::impose(set_back, fault::Target::Machine(tourbillon_sim::test_machine()), condition);
            assert_eq!(SystemTime::now(), SystemTime::UNIX_EPOCH);
            assert_eq!(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH), Ok(Duration::ZERO));
            fault::end(set_back);
            assert_eq!(SystemTime::now().as_millis(), 5);
        })
        .unwrap();
    run(|| async { assert!(SystemTime::now().as_millis() > 1_600_000_000_000, "by default it is not zero") });
}
