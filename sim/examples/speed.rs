//! A quick look at the kernel's speed.
use std::time::Duration;
use tourbillon_sim::task::{spawn, yield_now};
use tourbillon_sim::time::sleep;
use tourbillon_sim::trace::Tracing;
use tourbillon_sim::{Config, StepLimit, TimeLimit, World};

fn time(name: &str, count: u64, tracing: Tracing, body: fn(u64) -> std::pin::Pin<Box<dyn Future<Output = ()>>>) {
    let mut best = f64::MAX;
    let mut digest = String::new();
    for _ in 0..5 {
        let config = Config { seed: 1, steps: StepLimit::FailAfter(u64::MAX), time: TimeLimit::FailAfter(Duration::from_secs(1_000_000)), tracing, ..Config::default() };
        let world = World::new(config);
        let start = std::time::Instant::now();
        let report = world.run(move || body(count)).unwrap();
        best = best.min(start.elapsed().as_nanos() as f64 / count as f64);
        digest = report.digests.trace.to_string();
    }
    println!("{name:10} {tracing:?} {best:7.1} ns {digest}");
}

fn main() {
    let only = std::env::args().nth(1);
    if only.is_some() {
        time("yield", 500_000, Tracing::On, |count| Box::pin(async move {
            let tasks: Vec<_> = (0..100).map(|_| spawn(async move { for _ in 0..count / 100 { yield_now().await } })).collect();
            for task in tasks { task.await.unwrap(); }
        }));
        return;
    }
    for tracing in [Tracing::On, Tracing::OffForBenches] {
        time("yield", 5_000_000, tracing, |count| Box::pin(async move {
            let tasks: Vec<_> = (0..100).map(|_| spawn(async move { for _ in 0..count / 100 { yield_now().await } })).collect();
            for task in tasks { task.await.unwrap(); }
        }));
        time("spawn", 2_000_000, tracing, |count| Box::pin(async move {
            for _ in 0..count { spawn(async {}).await.unwrap(); }
        }));
        time("timer", 2_000_000, tracing, |count| Box::pin(async move {
            let tasks: Vec<_> = (0..100u64).map(|task| spawn(async move { for turn in 0..count / 100 {
                let us = 10 + (task * 7919 + turn * 104729) % 101;
                sleep(Duration::from_micros(us)).await } })).collect();
            for task in tasks { task.await.unwrap(); }
        }));
    }
}
