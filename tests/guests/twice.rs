//! One helper: a guest's scenario passes and gives the same digests each time, over many seeds, in either
//! order, on this thread and on two others at once.

use sim::trace::Digests;
use sim::{Config, Payloads, World};

/// Seeds of each guest scenario.
const SEED_COUNT: u64 = 100;

/// Seeds of what is too large for a hundred in a test.
const FEW_SEEDS: u64 = 4;

/// Runs `body` over a hundred seeds: on one thread, in reverse, and on two threads; and compares all digests.
pub fn check<F: Future<Output = ()> + 'static>(body: fn() -> F) {
    over(SEED_COUNT, body);
}

/// As [`check`], over a few seeds.
pub fn few<F: Future<Output = ()> + 'static>(body: fn() -> F) {
    over(FEW_SEEDS, body);
}

fn over<F: Future<Output = ()> + 'static>(seeds: u64, body: fn() -> F) {
    let alone: Vec<Digests> = (0..seeds).map(|seed| run(seed, body)).collect();
    let half = seeds / 2;
    let both = std::thread::scope(|scope| {
        let first = scope.spawn(move || (0..half).map(|seed| run(seed, body)).collect::<Vec<_>>());
        let second = scope.spawn(move || (half..seeds).map(|seed| run(seed, body)).collect::<Vec<_>>());
        let mut both = first.join().expect("the first job ends");
        both.extend(second.join().expect("the second job ends"));
        both
    });
    let mut backward: Vec<Digests> = (0..seeds).rev().map(|seed| run(seed, body)).collect();
    backward.reverse();
    assert!(alone == backward, "what runs before a seed moves it");
    for (seed, (alone, both)) in alone.iter().zip(&both).enumerate() {
        assert_eq!(alone, both, "seed {seed} differs between one job and two");
    }
    // Two seeds that do the same thing in the same order would say nothing.
    assert_ne!(alone[0].trace, alone[1].trace);
}

fn run<F: Future<Output = ()> + 'static>(seed: u64, body: fn() -> F) -> Digests {
    // Guests number things from process-wide counters, so their bytes are left out of the trace.
    let config = Config { seed, payloads: Payloads::Opaque, ..Config::default() };
    World::new(config).run(body).unwrap().digests
}
