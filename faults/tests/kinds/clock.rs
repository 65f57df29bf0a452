//! Clocks and timers.

use std::time::Duration;

use crate::{ms, on, run, until};
use sim::fault;
use sim::time::{Instant, SystemTime, sleep};

/// What the wall clock of machine `a` reads, less what a true one would: nanoseconds.
async fn wall_error() -> i128 {
    let epoch = sim::Config::default().epoch;
    let (read, now) = on("a").spawn(async { (SystemTime::now(), fault::now()) }).await.unwrap();
    i128::from(read.as_nanos()) - i128::from(epoch.as_nanos()) - now.as_nanos() as i128
}

/// What the monotonic clock of machine `a` reads.
async fn monotonic() -> Instant {
    on("a").spawn(async { Instant::now() }).await.unwrap()
}

/// The true time that a sleep takes on machine `a`.
async fn sleeps(lasts: Duration) -> Duration {
    let before = fault::now();
    // Called there: a deadline is what the clock of the caller's machine will read.
    on("a").spawn(async move { sleep(lasts).await }).await.unwrap();
    fault::now() - before
}

const SECOND: i128 = 1_000_000_000;

#[test]
fn clock_skew() {
    run("clock.skew", || async {
        until(900).await;
        assert_eq!(wall_error().await, 0);
        until(1_100).await;
        assert_eq!(wall_error().await, -2 * SECOND);
        let here = SystemTime::now();
        let neighbor = on("b").spawn(async { SystemTime::now() }).await.unwrap();
        assert!(neighbor.duration_since(here).expect("it goes on") < ms(1), "its neighbor's is right");
        until(1_600).await;
        assert_eq!(wall_error().await, 0);
    });
}

#[test]
fn clock_drift_ppm() {
    run("clock.drift_ppm", || async {
        until(1_250).await;
        let error = wall_error().await;
        assert!((24_900_000..25_100_000).contains(&error), "a tenth of 250 ms: {error}");
        until(1_600).await;
        assert_eq!(wall_error().await, 0);
    });
}

#[test]
fn clock_reverse() {
    run("clock.reverse", || async {
        let before = on("a").spawn(async { SystemTime::now() }).await.unwrap();
        until(1_001).await;
        let after = on("a").spawn(async { SystemTime::now() }).await.unwrap();
        assert!(after < before, "time went back");
        assert!(sleeps(ms(10)).await < ms(11), "timers do not follow the wall clock");
    });
}

#[test]
fn clock_strobe() {
    run("clock.strobe", || async {
        let mut jumps = 0;
        let mut last = 0;
        for step in 0..50 {
            until(1_005 + 10 * step).await;
            let error = wall_error().await;
            assert!(error == 0 || error == 2 * SECOND, "{error}");
            jumps += u32::from(error != last);
            last = error;
        }
        assert!((9..=10).contains(&jumps), "{jumps} jumps in 500 ms of a period of 100 ms");
    });
}

#[test]
fn clock_freeze() {
    run("clock.freeze", || async {
        until(1_100).await;
        let one = on("a").spawn(async { SystemTime::now() }).await.unwrap();
        until(1_400).await;
        assert_eq!(on("a").spawn(async { SystemTime::now() }).await.unwrap(), one);
        until(1_600).await;
        assert_eq!(wall_error().await, 0);
    });
}

#[test]
fn clock_creep() {
    let effects = run("clock.creep", || async {
        until(1_100).await;
        for read in 1..=4 {
            assert_eq!(wall_error().await, read * 5_000, "5 us further at each read");
        }
        until(1_600).await;
        assert_eq!(wall_error().await, 0);
    });
    assert_eq!(effects, 4);
}

#[test]
fn monotonic_reverse() {
    run("monotonic.reverse", || async {
        until(990).await;
        let before = monotonic().await;
        let due = fault::now() + ms(100);
        let sleeper = on("a").spawn(async { sleep(ms(100)).await });
        until(1_010).await;
        assert!(monotonic().await < before, "time went back");
        sleeper.await.unwrap();
        let late = fault::now() - due;
        assert!((ms(299)..ms(301)).contains(&late), "a timer follows its clock: {late:?} late");
    });
}

#[test]
fn monotonic_freeze() {
    run("monotonic.freeze", || async {
        until(1_100).await;
        let before = monotonic().await;
        assert!(sleeps(ms(10)).await >= ms(400), "a timer follows its clock");
        assert_eq!(fault::now().as_millis(), 1_510);
        assert!(monotonic().await.duration_since(before) < ms(11));
    });
}

#[test]
fn monotonic_drift_ppm() {
    run("monotonic.drift_ppm", || async {
        until(1_100).await;
        let took = sleeps(ms(100)).await;
        assert!((ms(199)..ms(201)).contains(&took), "half the speed: {took:?}");
        until(1_600).await;
        assert!(sleeps(ms(100)).await < ms(101));
    });
}

#[test]
fn timers_overrun() {
    let effects = run("timers.overrun", || async {
        assert!(sleeps(ms(10)).await < ms(11));
        until(1_000).await;
        let mut late = 0;
        for _ in 0..10 {
            let took = sleeps(ms(1)).await;
            assert!(took <= ms(52), "{took:?}");
            late += u32::from(took > ms(2));
        }
        assert!((1..10).contains(&late), "{late} of 10 timers were late");
    });
    assert!(effects < 20);
}
