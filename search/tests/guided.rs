//! Guided search: gates that chance alone does not pass, and a search that is the same whoever runs it.

#[path = "support/maze.rs"]
mod maze;

use maze::Maze;
use sim::choice::Reseed;
use sim::points::{numeric, reachable};
use sim::{Config, World};
use tourbillon_search::coverage::Footprint;
use tourbillon_search::guided::{Guided, Input, Told, branch};

#[test]
fn five_nested_gates_are_passed_within_ten_thousand_runs() {
    for layout in 0..5 {
        let runs = Maze::of_layout(layout).guided(layout, 10_000);
        assert!(runs.is_some(), "layout {layout}: not within 10,000 runs");
    }
}

#[test]
fn gates_that_each_run_lays_out_anew_are_passed_within_ten_thousand_runs() {
    for seed in 0..5 {
        assert!(Maze::of_each_run().guided(seed, 10_000).is_some(), "seed {seed}: not within 10,000 runs");
    }
}

#[test]
fn chance_alone_passes_a_level_about_once_in_twenty() {
    let maze = Maze::of_layout(0);
    let passed = (0..4_000).filter(|&seed| maze.visit(&Input::of_seed(seed)).0 > 0).count();
    assert!((150..250).contains(&passed), "{passed} of 4,000");
}

/// A hundred throws of a die; each six is a point.
fn throws(input: &Input) -> (Vec<u64>, Told) {
    let config = Config { record_choices: true, ..input.config(Config::default()) };
    let report = World::new(config)
        .run(|| async {
            let mut dice = sim::rng("dice");
            let mut sixes = 0u64;
            for _ in 0..100 {
                sixes += u64::from(dice.choose(6) == 5);
            }
            numeric!("throws.sixes", sixes);
            if sixes > 60 {
                reachable!("throws.many");
            }
        })
        .unwrap();
    let recording = report.recording.as_ref().expect("it was asked for");
    let values = recording.draws.iter().map(|draw| draw.value).collect();
    (values, Told::new(Footprint::of_report(&report), recording))
}

#[test]
fn a_branch_keeps_what_was_before_the_draw_and_goes_another_way_behind_it() {
    let input = Input::of_seed(7);
    let (first, told) = throws(&input);
    assert_eq!(told.draws(), 100);
    let futures: Vec<Vec<u64>> = (1..6).map(|seed| throws(&branch(&input, 40, seed)).0).collect();
    for (place, future) in futures.iter().enumerate() {
        assert_eq!(future[..40], first[..40]);
        assert_ne!(future[40..], first[40..]);
        assert!(futures[..place].iter().all(|other| other != future));
    }
    let twice = branch(&branch(&branch(&input, 90, 1), 40, 2), 60, 3);
    assert_eq!(twice.reseeds, [Reseed { draw: 40, seed: 2 }, Reseed { draw: 60, seed: 3 }]);
}

#[test]
fn a_number_is_raised_far_beyond_what_chance_gives() {
    // Of chance alone, one run in forty million has forty sixes or more: 2.6e-8 by the binomial distribution.
    let mut guided = Guided::new(1);
    let mut best = 0;
    while guided.coverage().runs() < 4_000 {
        let inputs = guided.next_batch(Guided::BATCH);
        let results: Vec<_> = inputs.iter().map(throws).collect();
        for (values, _) in &results {
            best = best.max(values.iter().filter(|value| **value == 5).count());
        }
        guided.told(results.into_iter().map(|(_, told)| told).collect());
    }
    assert!(best >= 40, "{best} sixes of 100");
}

/// A search of some runs; the workers finish in any order, here backwards.
fn search(maze: Maze, workers: usize) -> (Vec<Input>, Guided) {
    let mut guided = Guided::new(3);
    let mut made = Vec::new();
    for _ in 0..10 {
        let inputs = guided.next_batch(Guided::BATCH);
        let mut results = vec![None; inputs.len()];
        for worker in (0..workers).rev() {
            for place in (worker..inputs.len()).step_by(workers) {
                results[place] = Some(maze.visit(&inputs[place]).1);
            }
        }
        made.extend(inputs);
        guided.told(results.into_iter().map(|told| told.expect("each was made")).collect());
    }
    (made, guided)
}

#[test]
fn the_search_is_the_same_with_any_number_of_workers() {
    let maze = Maze::of_layout(1);
    let (alone, guided) = search(maze, 1);
    for workers in [2, 7, 64] {
        let (made, other) = search(maze, workers);
        assert_eq!(made, alone);
        assert_eq!(other.coverage(), guided.coverage());
    }
    // What is kept shows again what it was kept for: an input is all that a run needs.
    let mut shown = 0;
    for (input, firsts) in guided.kept() {
        let footprint = maze.visit(input).1.footprint;
        assert!(firsts.iter().all(|feature| footprint.features().contains(feature)), "{input:?}");
        shown += firsts.len() as u64;
    }
    assert_eq!(shown, guided.coverage().behaviours(), "each feature has one that was first");
}

#[test]
fn a_search_without_news_is_over_after_the_plateau() {
    let mut guided = Guided::new(1).with_plateau(100);
    let dull = |_: &Input| Told::default();
    let results = |inputs: &[Input]| inputs.iter().map(dull).collect::<Vec<_>>();
    let inputs = guided.next_batch(64);
    guided.told(results(&inputs));
    assert!(!guided.is_exhausted());
    // A search that is stopped in the midst of a batch tells what it has.
    let inputs = guided.next_batch(64);
    guided.told(results(&inputs[..36]));
    assert_eq!(guided.coverage().runs(), 100);
    assert!(guided.is_exhausted());
}
