//! The scenarios of the pack `kv`: one load, and a kind of trouble each.
//!
//! The store promises to survive any number of crashes, power losses and partitions, and disks that fail
//! openly; so the budget lets all replicas go down at once. It does not promise to survive a disk that lies
//! or rots, or a monotonic clock that goes wrong: the budget has neither. Clients stay up, behind bad links.

use std::time::Duration;

use faults::budget::{Allowance, Budget};
use faults::plan::{Group, Host};
use faults::scenario::{Scenario, Weather};
use faults::swarm::Profile;
use models::kv::points::{CATALOGUE, QUIRKS};

use super::load::{Keys, Load};
use super::oracle::POINTS;
use super::run;

const REPLICAS: u8 = 3;
/// Wall clocks may be this far from the truth: nothing depends on them.
const SKEW_MAX: Duration = Duration::from_secs(3600);

/// All scenarios of the pack.
pub fn scenarios() -> Vec<Scenario> {
    let storms: [(&str, &str, &[&str], &[&str]); 9] = [
        (
            "crash-loop",
            "replicas are killed and stopped, again and again, also while they recover",
            &["kill", "crash_loop", "roll", "stop"],
            &["kv.primary_stepped_down", "kv.retry_answered_from_table", "kv.link_lost", "kv.lease_released"],
        ),
        (
            "power-loss",
            "machines lose power, one or all, with what they had not synced",
            &["power", "kill.site", "disk.latency", "delay"],
            &["kv.torn_tail_dropped", "kv.retry_answered_from_table"],
        ),
        (
            "partition",
            "replicas and clients do not hear each other, in one direction or both, in halves and over bridges",
            &["partition", "ring", "clog", "swizzle"],
            &["kv.older_primary_refused", "kv.primary_stepped_down", "kv.entry_replaced"],
        ),
        (
            "pause-past-the-lease",
            "replicas stand still for longer than a lease, and go on as if nothing had happened",
            &["pause", "delay", "clog"],
            &["kv.older_primary_refused", "kv.primary_stepped_down"],
        ),
        (
            "torn-log",
            "power fails while the log is written, on slow disks, so that its end is torn",
            &["power", "kill.site", "disk.latency", "disk.error", "disk.full", "disk.sync_error"],
            &["kv.torn_tail_dropped", "kv.disk_failed"],
        ),
        (
            "skewed-lease-clock",
            "wall clocks are wrong, drift and jump to and fro, while replicas do not hear each other",
            &["clock.skew", "clock.drift", "clock.strobe", "partition.halves", "partition.one_way"],
            &["kv.primary_stepped_down"],
        ),
        (
            "reversed-clock",
            "wall clocks go back and stand still, while replicas do not hear each other or are killed",
            &["clock.reverse", "clock.freeze", "partition.halves", "partition.one_way", "kill"],
            &["kv.primary_stepped_down"],
        ),
        (
            "slow-machine",
            "processors, disks and timers of some machines are slow, as are the links between some",
            &[
                "slow",
                "yield",
                "disk.latency",
                "disk.stall",
                "timers",
                "slow_pair",
                "bandwidth",
                "window",
                "chop",
            ],
            &[],
        ),
        (
            "swarm",
            "all that the budget allows, another part of it for each seed",
            &[],
            &["kv.entry_replaced"],
        ),
    ];
    let steady =
        scenario("steady", "nothing goes wrong; each client has keys of its own", Keys::Private, Reach::All)
            .weather(swarm_of("none", &[]))
            .confluent();
    let storms = storms.into_iter().map(|(name, about, features, required)| {
        // A primary that its backups do not hear and its clients do is what a wrong lease needs to show.
        let reach = if name.ends_with("-clock") { Reach::Replicas } else { Reach::All };
        scenario(name, about, Keys::Shared, reach)
            .weather(swarm_of(name, features))
            .required(["kv.call_answered"])
            .required(required.iter().copied())
    });
    std::iter::once(steady).chain(storms).collect()
}

/// The swarm that draws a scenario's plans: some features, or all of the house's default.
fn swarm_of(name: &str, features: &[&str]) -> Weather {
    let profile = match features {
        [] if name == "none" => Profile::named(name),
        [] => Profile::named("default"),
        features => Profile::of(name, features),
    };
    Weather::Swarm(profile.unwrap_or_else(|error| panic!("kv/{name}: {error}")))
}

/// Whom trouble of links reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Replicas and clients.
    All,
    /// Replicas: clients hear all of them.
    Replicas,
}

fn scenario(name: &str, about: &str, keys: Keys, reach: Reach) -> Scenario {
    let load = Load { keys, ..Load::USUAL };
    let replicas = run::replicas(REPLICAS);
    let group = || Group::machines(replicas.iter().map(String::as_str));
    let survives = Allowance::new(group())
        .down_max(u32::from(REPLICAS))
        .disks_faulty_max(u32::from(REPLICAS))
        .skew_max(SKEW_MAX)
        .corruption(true)
        .scarcity(true)
        .readdressing(true);
    let clients = (0..load.clients).map(|client| format!("client-{client}")).collect::<Vec<_>>();
    let spared = Allowance::new(Group::machines(clients.iter().map(String::as_str))).corruption(true);
    let budget = Budget::new(load.calm_at).allow(survives);
    let budget = if reach == Reach::All { budget.allow(spared) } else { budget };
    Scenario::new(&format!("kv/{name}"), about, move || run::run(REPLICAS, load))
        .hosts(replicas.iter().map(|name| Host::new(name).process("server").role("primary")))
        .hosts(clients.iter().map(Host::new))
        .points_on(group(), &CATALOGUE)
        .points(&POINTS)
        .quirks(QUIRKS)
        .size(run::SIZES[0], u64::from(REPLICAS), 1)
        .size(run::SIZES[1], u64::from(load.clients), 1)
        .size(run::SIZES[2], run::DIFFER_SECONDS, 1)
        .budget(budget)
}
