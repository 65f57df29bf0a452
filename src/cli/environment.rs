//! The process's environment: flags given as variables, and who listens to `tracing`.

use clap::CommandFactory as _;
use faults::suggest::nearest;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::Wrong;
use super::args::Cli;

const PREFIX: &str = "TOURBILLON_";

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
