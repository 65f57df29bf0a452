//! The same work on Tourbillon, madsim and turmoil, side by side: one command builds the three runners, each
//! with its own flags, lets their processes alternate, and prints one line a case.
//!
//! This program names no simulator in its own dependencies and measures nothing itself: a runner times its
//! simulation and says what it did in it, and here that is held against what the work amounts to.

mod options;
mod peer;
mod report;
mod stats;

use std::{fmt, process::ExitCode};

use options::Options;
use peer::{Peer, Run};
use report::Row;
use work::Case;

/// Why a bench ended without its numbers; each has its exit status.
enum Failure {
    /// The command line, or a runner that could not be built: status 2.
    Command(String),
    /// A peer that did not do the work, or did other work: status 1.
    Work(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Failure::Command(problem) | Failure::Work(problem)) = self;
        write!(f, "error: {problem}")
    }
}

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(match failure {
                Failure::Work(_) => 1,
                Failure::Command(_) => 2,
            })
        }
    }
}

fn bench() -> Result<(), Failure> {
    let words = std::env::args().skip(1);
    let Some(options) = Options::parse(words).map_err(Failure::Command)? else {
        print!("{}", options::USAGE);
        return Ok(());
    };
    for peer in &options.peers {
        peer.build()?;
    }
    let mut rows = Vec::new();
    for &case in &options.cases {
        let row = measure(case, &options)?;
        for peer in row.noisy() {
            eprintln!("warning: {case} on {peer}: the samples lie far apart; was the host busy?");
        }
        match options.json {
            true => rows.push(row),
            false => println!("{}", row.line()),
        }
    }
    if options.json {
        print!("{}", report::json(&rows));
    }
    Ok(())
}

/// Lets the peers alternate for all rounds of one case. A peer that once ran over the wall limit is not
/// asked again; only turmoil may.
fn measure(case: Case, options: &Options) -> Result<Row, Failure> {
    let iterations = options.iterations.unwrap_or(case.iterations_default());
    let tally = case.tally(iterations);
    let mut row = Row::new(case, iterations, tally);
    let mut peers = options.peers.clone();
    for round in 1..=options.rounds {
        for peer in peers.clone() {
            match peer.run(case, iterations, options.limit)? {
                Run::Finished(outcome) if outcome.tally == tally => {
                    let nanoseconds = outcome.elapsed.as_nanos() as f64 / tally.operations as f64;
                    eprintln!("round {round}/{}: {case} on {peer}: {nanoseconds:.1} ns", options.rounds);
                    row.push(peer, nanoseconds);
                }
                Run::Finished(outcome) => {
                    return Err(Failure::Work(format!(
                        "{case} on {peer} did other work than it was given: {:?} instead of {tally:?}",
                        outcome.tally
                    )));
                }
                Run::OverLimit if peer == Peer::Turmoil => {
                    eprintln!(
                        "round {round}/{}: {case} on {peer}: over {:?}, left out",
                        options.rounds, options.limit
                    );
                    row.clear(peer);
                    peers.retain(|other| *other != peer);
                }
                Run::OverLimit => {
                    return Err(Failure::Work(format!("{case} on {peer} ran over {:?}", options.limit)));
                }
            }
        }
    }
    Ok(row)
}
