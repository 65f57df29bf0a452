//! The command line, as a library: every verb, for anybody's scenarios.
//!
//! Exit status: 0 all held; 1 a property failed; 2 the command or an input was wrong; 3 nondeterminism or
//! drift; 4 a run was aborted or hung, which is infrastructure, so a scheduler may retry.

mod args;
mod artefacts;
mod environment;
mod json;
mod report;
mod select;
mod shard;
mod subject;
mod verbs;
mod words;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use faults::scenario::Scenario;

use crate::campaign::{HIDDEN_VERB, serve};
use args::{Cli, Verb};

/// What was wrong with a command or an input; told in one message, exit status 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Wrong {
    fn from(error: E) -> Wrong {
        Wrong(error.to_string())
    }
}

/// What a command came to; the gravest of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Status {
    /// All held.
    #[default]
    Held,
    /// A run was aborted or hung.
    Lost,
    /// A property failed.
    Failed,
    /// Something was not the same as before.
    Moved,
    /// An input was wrong, and was told; the others were processed.
    Wrong,
}

impl Status {
    fn code(self) -> u8 {
        match self {
            Status::Held => 0,
            Status::Failed => 1,
            Status::Wrong => 2,
            Status::Moved => 3,
            Status::Lost => 4,
        }
    }
}

/// Carries out the process's arguments over these scenarios. [`main!`](crate::main!) calls it.
///
/// # Panics
/// When two scenarios have one name.
pub fn main(scenarios: Vec<Scenario>) -> ExitCode {
    let mut arguments = std::env::args_os();
    let program =
        arguments.next().map_or_else(|| "tourbillon".to_string(), |name| name.to_string_lossy().into());
    let arguments: Vec<OsString> = arguments.collect();
    for (index, scenario) in scenarios.iter().enumerate() {
        let twice = scenarios[..index].iter().any(|other| other.name() == scenario.name());
        assert!(!twice, "the scenario `{}` is there twice", scenario.name());
    }
    environment::listen_to_logs();
    // Nothing has started a thread before this.
    if arguments.first().is_some_and(|verb| verb == HIDDEN_VERB) {
        return serve(&scenarios);
    }
    let command = match environment::with_aliases(Cli::command().bin_name(words::file_name(&program))) {
        Ok(command) => command,
        Err(wrong) => return refuse(&wrong),
    };
    let all = std::iter::once(OsString::from(&program)).chain(arguments);
    let parsed = command.try_get_matches_from(all).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output with status 0, an error to standard error with status 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    end_quietly_when_nobody_reads();
    let house = verbs::House { scenarios, program };
    match environment::check().and_then(|()| dispatch(&house, cli.verb)) {
        Ok(status) => ExitCode::from(status.code()),
        Err(wrong) => refuse(&wrong),
    }
}

fn refuse(wrong: &Wrong) -> ExitCode {
    tell_wrong(wrong);
    ExitCode::from(Status::Wrong.code())
}

/// Says what was wrong, on standard error.
fn tell_wrong(wrong: &Wrong) {
    anstream::eprintln!("\x1b[1;31merror:\x1b[0m {wrong}");
}

/// What a shell reports for a program that SIGPIPE ended.
const NOBODY_READS: i32 = 128 + 13;

/// `tourbillon diff … | head` ends when `head` has seen enough, as other programs do: Rust ignores SIGPIPE, and
/// `println!` panics instead.
fn end_quietly_when_nobody_reads() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or_default();
        if message.starts_with("failed printing to std") && message.contains("Broken pipe") {
            std::process::exit(NOBODY_READS);
        }
        hook(panic);
    }));
}

fn dispatch(house: &verbs::House, verb: Verb) -> Result<Status, Wrong> {
    match verb {
        Verb::List(list) => verbs::list(house, &list),
        Verb::Run(run) => verbs::run(house, &run),
        Verb::Sweep(sweep) => verbs::sweep(house, &sweep),
        Verb::Merge(merge) => verbs::merge(&merge),
        Verb::Mutants(mutants) => verbs::mutants(house, &mutants),
        Verb::Corpus { what } => verbs::corpus(house, &what),
        Verb::Replay(replay) => verbs::replay(house, &replay),
        Verb::Origin(origin) => verbs::origin(house, &origin),
        Verb::Shrink(shrink) => verbs::shrink(house, &shrink),
        Verb::Diff(diff) => verbs::diff(house, &diff),
        Verb::Golden { what } => verbs::golden(house, &what),
    }
}
