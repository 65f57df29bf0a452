//! The process's environment: flags given as variables, and who listens to `tracing`.

use clap::{Arg, Command, CommandFactory as _, Id};
use faults::suggest::nearest;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::Wrong;
use super::args::Cli;

const PREFIX: &str = "TOURBILLON_";

/// What operators of the packs set already, and the variable of ours that each means.
const ALIASES: [(&str, &str); 6] = [
    ("ASX_E2E_SEED", "TOURBILLON_SEED"),
    ("ASX_E2E_PROFILE", "TOURBILLON_PROFILE"),
    ("ASX_E2E_CODEC", "TOURBILLON_CODEC"),
    ("ASX_E2E_RESOURCE_CLASS", "TOURBILLON_CLASS"),
    ("ASX_E2E_SCENARIO_PACK", "TOURBILLON_SCENARIO"),
    ("ASX_E2E_VERBOSE", "TOURBILLON_VERBOSE"),
];

/// The command, whose flags are given by an alias where that is set and our own variable is not.
pub(super) fn with_aliases(mut command: Command) -> Result<Command, Wrong> {
    for (alias, ours) in ALIASES {
        let Some(value) = std::env::var_os(alias) else { continue };
        match std::env::var_os(ours) {
            Some(own) if own == value => {}
            Some(own) => {
                return Err(Wrong(format!(
                    "{alias} is `{}` and {ours} is `{}`: they mean the same, so unset one of them",
                    value.display(),
                    own.display()
                )));
            }
            None => command = given_by(command, ours, alias),
        }
    }
    Ok(command)
}

/// The command, whose flags read `alias` where they read `ours`.
fn given_by(command: Command, ours: &str, alias: &'static str) -> Command {
    let is_it = |flag: &&Arg| flag.get_env().is_some_and(|name| name == ours);
    let flags: Vec<Id> = command.get_arguments().filter(is_it).map(|flag| flag.get_id().clone()).collect();
    let verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_string()).collect();
    let command =
        flags.into_iter().fold(command, |command, flag| command.mut_arg(flag, |flag| flag.env(alias)));
    verbs
        .into_iter()
        .fold(command, |command, verb| command.mut_subcommand(verb, |verb| given_by(verb, ours, alias)))
}

/// Variables that `#[tourbillon::test]` reads; here they mean nothing, and are no mistake.
const OF_TESTS: [&str; 2] = [crate::testing::CASE, crate::testing::BLESS];

/// Refuses a variable of ours that nobody reads: a misspelt flag would change nothing, in silence.
pub(super) fn check() -> Result<(), Wrong> {
    let known = known();
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if !name.starts_with(PREFIX) || known.iter().any(|known| known == &name) {
            continue;
        }
        let flags: Vec<String> = known.iter().map(|known| known[PREFIX.len()..].to_lowercase()).collect();
        let meant = nearest(&name[PREFIX.len()..], flags.iter().map(String::as_str));
        return Err(Wrong(match meant.map(|flag| format!("{PREFIX}{}", flag.to_uppercase())) {
            Some(meant) => format!("unknown environment variable `{name}`, did you mean `{meant}`?"),
            None => format!("unknown environment variable `{name}`: expected one of {}", known.join(", ")),
        }));
    }
    Ok(())
}

fn known() -> Vec<String> {
    let mut known: Vec<String> = OF_TESTS.map(str::to_string).to_vec();
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        known.extend(command.get_arguments().filter_map(|flag| Some(flag.get_env()?.to_str()?.to_string())));
        commands.extend(command.get_subcommands().cloned());
    }
    known.sort();
    known.dedup();
    known
}

/// Shows `tracing` events on standard error when `RUST_LOG` asks for some.
pub(super) fn listen_to_logs() {
    let Ok(wanted) = std::env::var("RUST_LOG") else { return };
    let targets: Targets = match wanted.parse() {
        Ok(targets) => targets,
        Err(error) => {
            eprintln!("RUST_LOG: `{wanted}` is ignored: {error}");
            return;
        }
    };
    // The event's own clock would be the wall's; virtual time is in the span around each poll.
    let shown = tracing_subscriber::fmt::layer().without_time().with_writer(std::io::stderr);
    let _ = tracing_subscriber::registry().with(targets).with(shown).try_init();
}
