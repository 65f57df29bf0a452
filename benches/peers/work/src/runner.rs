//! What the runners have in common besides the work: their command line and their one line of result.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{Case, Tally};

/// The result of one run, as a runner prints it and the driver reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Wall time of the simulation alone.
    pub elapsed: Duration,
    /// What was done in it.
    pub tally: Tally,
}

impl Outcome {
    /// Runs `simulation` and times it on the host's clock.
    pub fn of(simulation: impl FnOnce() -> Tally) -> Outcome {
        let start = Instant::now();
        let tally = simulation();
        Outcome { elapsed: start.elapsed(), tally }
    }

    fn line(&self) -> String {
        let Outcome { elapsed, tally } = self;
        let (operations, digest) = (tally.operations, tally.digest);
        format!("elapsed_ns={} operations={operations} digest={digest:016x}", elapsed.as_nanos())
    }

    /// Reads the line back; `None` if it is not one.
    pub fn parse(line: &str) -> Option<Outcome> {
        let mut fields = line.split_whitespace();
        let mut field = |name| fields.next()?.strip_prefix(name)?.strip_prefix('=');
        let elapsed = Duration::from_nanos(field("elapsed_ns")?.parse().ok()?);
        let operations = field("operations")?.parse().ok()?;
        let digest = u64::from_str_radix(field("digest")?, 16).ok()?;
        Some(Outcome { elapsed, tally: Tally { operations, digest } })
    }
}

/// The whole `main` of a runner: `RUNNER CASE ITERATIONS` runs the case and prints one line.
pub fn main(run: impl FnOnce(Case, u64) -> Outcome) -> ExitCode {
    match arguments() {
        Ok((case, iterations)) => {
            println!("{}", run(case, iterations).line());
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {problem}\nusage: RUNNER CASE ITERATIONS");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<(Case, u64), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [case, iterations] = words.as_slice() else {
        return Err(format!("expected two words, found {}", words.len()));
    };
    let count = iterations.parse().map_err(|_| format!("`{iterations}` is not a number of iterations"))?;
    Ok((case.parse()?, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_printed() {
        let outcome = Outcome::of(|| Tally { operations: 7, digest: 0xab });
        assert_eq!(Outcome::parse(&outcome.line()), Some(outcome));
        assert_eq!(Outcome::parse("elapsed_ns=1 operations=x digest=00"), None);
        assert_eq!(Outcome::parse(""), None);
    }
}
