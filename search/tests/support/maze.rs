//! Five nested gates, four wide. At each level one gate leads on and three into dead ends; which one is the layout, that
//! is drawn from a seed of its own or from each run's.
#![allow(dead_code, reason = "each test and bench uses a part")]

use std::cell::Cell;
use std::rc::Rc;

use sim::choice::Seeded;
use sim::points::{mark, reachable};
use sim::{Config, World};
use tourbillon_search::coverage::{Footprint, Marks};
use tourbillon_search::guided::{Guided, Input, Told};

pub const LEVELS: u64 = 5;
const GATES: u64 = 4;
/// A visit passes a given gate once in so many times.
pub const CHANCE_ONE_IN: u64 = 20;
/// Draws at each level that decide nothing.
const IDLE: u64 = 3;

/// At each level, which gate is the right one.
type Layout = [u64; LEVELS as usize];

#[derive(Clone, Copy)]
pub struct Maze {
    /// None where each run draws its own, from its seed.
    layout: Option<Layout>,
}

impl Maze {
    pub fn of_layout(seed: u64) -> Maze {
        let mut dice = Seeded::new(seed, "maze/layout");
        Maze { layout: Some([(); LEVELS as usize].map(|()| dice.choose(GATES))) }
    }

    /// A maze that differs from run to run: what one run learned of it holds for its own futures alone.
    pub fn of_each_run() -> Maze {
        Maze { layout: None }
    }

    /// One visit: the number of levels that it passed, and what it showed.
    pub fn visit(self, input: &Input) -> (u64, Told) {
        let (marks, passed) = (Marks::default(), Rc::new(Cell::new(0)));
        let mut world = World::new(Config { record_choices: true, ..input.config(Config::default()) });
        world.read_along(marks.reader());
        let told = Rc::clone(&passed);
        let report = world.run(move || async move { told.set(self.walk()) });
        let footprint = Footprint::of_report(&report).with_marks(&marks);
        let recording = report.recording.as_ref().expect("it was asked for");
        (passed.get(), Told::new(footprint, recording))
    }

    fn walk(self) -> u64 {
        let mut dice = sim::rng("maze");
        let drawn = [(); LEVELS as usize].map(|()| dice.choose(GATES));
        for (level, right) in (0u64..).zip(self.layout.unwrap_or(drawn)) {
            for _ in 0..IDLE {
                let _ = dice.choose(100);
            }
            // Each of the four gates opens to one answer of twenty; the others are walls.
            let gate = dice.choose(CHANCE_ONE_IN);
            if gate >= GATES {
                mark!("maze.wall", level);
                return level;
            }
            mark!("maze.gate", level, gate);
            if gate != right {
                return level;
            }
        }
        reachable!("maze.goal");
        LEVELS
    }

    /// How many runs a guided search needs to the goal, if no more than so many.
    pub fn guided(self, seed: u64, runs_max: u64) -> Option<u64> {
        let mut guided = Guided::new(seed);
        while guided.coverage().runs() < runs_max {
            let visits: Vec<_> =
                guided.next_batch(Guided::BATCH).iter().map(|input| self.visit(input)).collect();
            if let Some(place) = visits.iter().position(|(passed, _)| *passed == LEVELS) {
                return Some(guided.coverage().runs() + place as u64 + 1).filter(|runs| *runs <= runs_max);
            }
            guided.told(visits.into_iter().map(|(_, told)| told).collect());
        }
        None
    }
}
