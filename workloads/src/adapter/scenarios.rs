//! The scenarios of the pack `adapter`.
//!
//! Each reason is provoked alone, and with each other, under trouble of links and kill -9 drawn from the seed.
//! **When two reasons are provoked, the one of the earlier state is named** ([`Reason::ALL`] is in that order):
//! what the offer lacks before what differs in it, before a doubtful proof; and, in mid-run, whatever begins at
//! the earlier chunk, or at the same chunk a conflict before silence before another seed.
//!
//! What the budget lets happen is survived: an outage of at most ten seconds, against a client's patience of
//! twenty. So a correct client ends exactly as provoked, in every seed.

use std::num::NonZeroU32;
use std::time::Duration;

use faults::budget::{Allowance, Budget};
use faults::plan::{Group, Groups, Host, Line, Plan, Processes, Trouble};
use faults::scenario::{Scenario, Weather};
use faults::swarm::Profile;
use models::adapter::api::Reason;
use models::adapter::points::{CATALOGUE, CLIENT_SITES, QUIRKS, REMOTE_SITES};

use sim::choice::Rng;

use crate::items::once;

use super::load::{Load, Modes, REMOTE, client_name};
use super::provocation::Doubts;
use super::run::{self, CALM_AT, PROCESS, Remains, Setup};

/// The standard network plan, as text.
pub const STANDARD_PLAN: &str = include_str!("standard.toml");
/// Wall clocks may be this far from the truth: nothing depends on them.
const SKEW_MAX: Duration = Duration::from_secs(3600);
/// Trouble of datagrams, and kill -9.
const STORM: [&str; 8] =
    ["loss", "duplicate", "reorder", "corrupt", "delay", "kill", "kill.site", "crash_loop"];

/// All scenarios of the pack.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![steady(), tail(), kill(), reversed_clock(), swarm(), parity()];
    all.extend(Reason::ALL.map(|reason| {
        let about = format!("{} alone, under trouble of links and kill -9", reason.name());
        stormy(reason.name(), &about, &[reason])
    }));
    all.extend(pairs().into_iter().map(|(first, second)| {
        let name = format!("pair-{}-{}", first.name(), second.name());
        let about = format!("{} and {}: the one that is met first is named", first.name(), second.name());
        stormy(&name, &about, &[first, second])
    }));
    all
}

/// Every two reasons, the one of the earlier state first.
pub fn pairs() -> Vec<(Reason, Reason)> {
    let later =
        |first: usize| Reason::ALL[first + 1..].iter().map(move |second| (Reason::ALL[first], *second));
    (0..Reason::ALL.len()).flat_map(later).collect()
}

/// kill -9 of whoever passes a point for the n-th time; it is back after 200 ms. Now and then the remote is not
/// heard for longer than a chunk waits, so that runs retry and resume as well.
pub fn killed_at(point: &str, hit: NonZeroU32) -> Plan {
    let restart_after = Some(Duration::from_millis(200));
    let kill = Trouble::Kill { processes: Processes::itself(), restart_after, down_max: None };
    let deaf = || Trouble::Partition { groups: Groups::of(Group::machine(REMOTE)), one_way: false };
    let silences = (0..12).map(|number| {
        let line = Line::at(Duration::from_millis(800 * number + 300), deaf());
        line.lasting(Duration::from_millis(400))
    });
    let kill = Line::on(point, hit, kill);
    Plan {
        faults: std::iter::once(kill).chain(silences).chain([Line::at(CALM_AT, Trouble::Calm {})]).collect(),
    }
}

fn steady() -> Scenario {
    let load = Load { chunks: 24..64, pace_ms: 5..60, ..Load::usual() };
    let setup = Setup { load, ..Setup::provoking(&[]) };
    scenario("steady", "the standard network plan: every run is done", setup, false)
        .plan(STANDARD_PLAN)
        .required(["adapter.asked_again", "adapter.damaged_datagram_dropped", "adapter.stale_reply_dropped"])
}

/// What the gates are judged on, and what a rehearsal keeps: four clients, 384 commits.
fn gated() -> Setup {
    let load = Load { clients: 4, chunks: 96..97, pace_ms: 1..4, modes: Modes::Both };
    Setup { load, gates: true, ..Setup::provoking(&[]) }
}

/// The gates' run, whose remains go to somebody who keeps them.
pub(super) fn rehearsed(keep: impl Fn(Remains) + Clone + Send + Sync + 'static) -> Scenario {
    let body = move || {
        let keep = keep.clone();
        async move {
            if let Some(remains) = run::run(gated()).await {
                keep(remains);
            }
        }
    };
    bare("tail", "the standard network plan, and what it leaves is kept", gated().load.clients, false, body)
        .plan(STANDARD_PLAN)
}

fn tail() -> Scenario {
    let setup = gated();
    scenario("tail", "the standard network plan: latencies stay within their budget", setup, false)
        .plan(STANDARD_PLAN)
        .required(["adapter.asked_again"])
}

fn kill() -> Scenario {
    let about =
        "both sides are killed, stopped and cut from their power, again and again, between any two awaits";
    let features = ["kill", "crash_loop", "stop", "power", "pause"];
    scenario("kill", about, Setup::provoking(&[]), false)
        .weather(swarm_of("kill", &features))
        .required(["adapter.restarted", "adapter.resumed"])
}

fn reversed_clock() -> Scenario {
    let about =
        "wall clocks jump to and fro, monotonic ones go back and stand still, while the client is killed";
    let features = ["clock", "monotonic.reverse", "monotonic.freeze", "kill", "loss"];
    // Many proofs, so that clocks jump while one is awaited.
    let load = Load { clients: 2, chunks: 40..80, pace_ms: 40..120, modes: Modes::Both };
    scenario("reversed-clock", about, Setup { load, ..Setup::provoking(&[]) }, true)
        .weather(swarm_of("reversed-clock", &features))
        .required(["adapter.restarted"])
}

fn swarm() -> Scenario {
    scenario(
        "swarm",
        "all that the budget allows, another part of it for each seed",
        Setup::provoking(&[]),
        false,
    )
    .profile("default")
    .required(["adapter.restarted", "adapter.chunk_lost"])
}

/// Every reason in turn is provoked, and none.
fn parity() -> Scenario {
    let load = Load { clients: 2, modes: Modes::Both, ..Load::usual() };
    let setup = Setup { load, ..Setup::provoking(&[]) };
    let body = move || {
        let setup = setup.clone();
        async move {
            let which = |rng: &mut Rng| rng.choose(Reason::ALL.len() as u64 + 1) as usize;
            let which = once(&mut sim::rng("parity"), "reason", which);
            let provokes = Reason::ALL.get(which).copied().into_iter().collect();
            run::run(Setup { provokes, doubts: Doubts::Any, ..setup }).await;
        }
    };
    let about = "a strict and a hardened client meet the same trouble and give the same answer";
    bare("parity", about, 2, false, body).weather(swarm_of("parity", &STORM))
}

fn stormy(name: &str, about: &str, reasons: &[Reason]) -> Scenario {
    let point = match reasons {
        [reason] => Some(provocation_of(*reason)),
        _ => None,
    };
    scenario(name, about, Setup::provoking(reasons), false).weather(swarm_of(name, &STORM)).required(point)
}

/// The point that is passed when a reason is provoked.
fn provocation_of(reason: Reason) -> &'static str {
    match reason {
        Reason::UnsupportedCapability => "adapter.unsupported_provoked",
        Reason::CapabilityMismatch => "adapter.mismatch_provoked",
        Reason::IntegrityPrecheckFailed => "adapter.integrity_provoked",
        Reason::ConflictDetected => "adapter.conflict_provoked",
        Reason::RetryExhausted => "adapter.silence_provoked",
        Reason::ResumeSeedMismatch => "adapter.other_seed_provoked",
    }
}

fn swarm_of(name: &str, features: &[&str]) -> Weather {
    Weather::Swarm(Profile::of(name, features).unwrap_or_else(|error| panic!("adapter/{name}: {error}")))
}

fn scenario(name: &str, about: &str, setup: Setup, monotonic: bool) -> Scenario {
    let clients = setup.load.clients;
    let body = move || {
        let setup = setup.clone();
        async move {
            run::run(setup).await;
        }
    };
    bare(name, about, clients, monotonic, body)
}

fn bare<B, F>(name: &str, about: &str, client_count: u32, monotonic: bool, body: B) -> Scenario
where
    B: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = ()> + 'static,
{
    let clients: Vec<String> = (0..client_count as usize).map(client_name).collect();
    let on_clients = Group::machines(clients.iter().map(String::as_str));
    let survives = Allowance::new(Group::all())
        .down_max(client_count + 1)
        .skew_max(SKEW_MAX)
        .monotonic(monotonic)
        .corruption(true)
        .readdressing(true);
    Scenario::new(&format!("adapter/{name}"), about, body)
        .host(Host::new(REMOTE).process(PROCESS))
        .hosts(clients.iter().map(|name| Host::new(name).process(PROCESS)))
        .points_on(on_clients, &CLIENT_SITES)
        .points_on(Group::machine(REMOTE), &REMOTE_SITES)
        .points(&CATALOGUE)
        .quirks(QUIRKS)
        .budget(Budget::new(CALM_AT).allow(survives))
}
