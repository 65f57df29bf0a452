//! Features that trouble links.

use std::num::NonZeroU32;
use std::time::Duration;

use super::draft::{Draft, group};
use super::profile::Feature;
use crate::budget::Allowance;
use crate::plan::{Family, Flag, Group, Groups, Line, Pattern, Selector, Spread, Trouble};

pub(super) static FEATURES: &[Feature] = &[
    Feature { name: "partition.halves", family: Family::Network, draw: halves },
    Feature { name: "partition.isolate", family: Family::Network, draw: isolate },
    Feature { name: "partition.one_way", family: Family::Network, draw: one_way },
    Feature { name: "partition.bridge", family: Family::Network, draw: bridge },
    Feature { name: "partition.zone", family: Family::Network, draw: zone },
    Feature { name: "partition.role", family: Family::Network, draw: role },
    Feature { name: "ring", family: Family::Network, draw: ring },
    Feature { name: "clog", family: Family::Network, draw: clog },
    Feature { name: "swizzle", family: Family::Network, draw: swizzle },
    Feature { name: "loss", family: Family::Network, draw: loss },
    Feature { name: "duplicate", family: Family::Network, draw: duplicate },
    Feature { name: "reorder", family: Family::Network, draw: reorder },
    Feature { name: "corrupt", family: Family::Network, draw: corrupt },
    Feature { name: "delay", family: Family::Network, draw: delay },
    Feature { name: "slow_pair", family: Family::Network, draw: slow_pair },
    Feature { name: "bandwidth", family: Family::Network, draw: bandwidth },
    Feature { name: "reset", family: Family::Network, draw: reset },
    Feature { name: "half_close", family: Family::Network, draw: half_close },
    Feature { name: "refuse", family: Family::Network, draw: refuse },
    Feature { name: "hang", family: Family::Network, draw: hang },
    Feature { name: "chop", family: Family::Network, draw: chop },
    Feature { name: "window", family: Family::Network, draw: window },
    Feature { name: "dns.late", family: Family::Network, draw: dns_late },
    Feature { name: "dns.fail", family: Family::Network, draw: dns_fail },
];

fn network(allowance: &Allowance) -> bool {
    allowance.network
}

fn halves(draft: &mut Draft<'_>) -> Option<Line> {
    let (left, right) = draft.parts(network)?;
    Some(draft.line(Trouble::Partition { groups: Groups::between(left, right), one_way: false }))
}

fn isolate(draft: &mut Draft<'_>) -> Option<Line> {
    let groups = Groups::of(draft.machine(network)?);
    Some(draft.line(Trouble::Partition { groups, one_way: false }))
}

fn one_way(draft: &mut Draft<'_>) -> Option<Line> {
    let (alone, one) = (draft.coin(), draft.machine(network)?);
    let (left, right) = draft.parts(network)?;
    let groups = if alone { Groups::of(one) } else { Groups::between(left, right) };
    Some(draft.line(Trouble::Partition { groups, one_way: true }))
}

/// Two halves, and one machine that hears both.
fn bridge(draft: &mut Draft<'_>) -> Option<Line> {
    let mut hosts = draft.hosts(network);
    if hosts.len() < 3 {
        return None;
    }
    draft.dice.shuffle(&mut hosts);
    let (left, right) = hosts[1..].split_at(hosts.len() / 2);
    let groups = Groups::between(group(left)?, group(right)?);
    Some(draft.line(Trouble::Partition { groups, one_way: false }))
}

fn zone(draft: &mut Draft<'_>) -> Option<Line> {
    let (host, _) = draft.host(network)?;
    let zone = Selector::Zone(Pattern::parse(host.zone.as_ref()?)?);
    let one_way = draft.coin();
    let groups = Groups::of(Group::new(vec![zone])?);
    Some(draft.line(Trouble::Partition { groups, one_way }))
}

/// Whoever then is the leader is cut from the others.
fn role(draft: &mut Draft<'_>) -> Option<Line> {
    let (host, _) = draft.host(|allowance| allowance.network)?;
    let which = draft.dice.choose(host.roles.len().max(1) as u64) as usize;
    let role = Selector::Role(Pattern::parse(host.roles.get(which)?)?);
    let one_way = draft.coin();
    let groups = Groups::of(Group::new(vec![role])?);
    Some(draft.line(Trouble::Partition { groups, one_way }))
}

fn ring(draft: &mut Draft<'_>) -> Option<Line> {
    let mut hosts = draft.hosts(network);
    if hosts.len() < 4 {
        return None; // fewer all hear each other
    }
    draft.dice.shuffle(&mut hosts);
    Some(draft.line(Trouble::Ring { machines: group(&hosts)? }))
}

fn clog(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, one_way) = (draft.links(network)?, draft.coin());
    Some(draft.line(Trouble::Clog { between, one_way }))
}

fn swizzle(draft: &mut Draft<'_>) -> Option<Line> {
    let mut hosts = draft.hosts(network);
    draft.dice.shuffle(&mut hosts);
    let count = hosts.len() / 2 + 1;
    hosts.truncate(count);
    let machines = group(&hosts)?;
    draft.dice.shuffle(&mut hosts);
    // Half of the time for clogging, half for releasing.
    let stagger = super::draft::rounded(draft.lasts / 2 / hosts.len() as u32);
    Some(draft.line(Trouble::Swizzle { machines, stagger, release: group(&hosts) }))
}

fn loss(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, one_way, chance) = (draft.links(network)?, draft.coin(), draft.intensity);
    Some(draft.line(Trouble::Loss { between, chance, correlation: None, one_way }))
}

fn duplicate(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, chance) = (draft.links(network)?, draft.intensity);
    Some(draft.line(Trouble::Duplicate { between, chance, one_way: false }))
}

fn reorder(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, chance) = (draft.links(network)?, draft.intensity);
    let by = Duration::from_millis(*draft.dice.pick(&[1, 10, 100]));
    Some(draft.line(Trouble::Reorder { between, chance, by, one_way: false }))
}

fn corrupt(draft: &mut Draft<'_>) -> Option<Line> {
    let permits = |allowance: &Allowance| allowance.network && allowance.corruption;
    let (between, chance) = (draft.links(permits)?, draft.intensity);
    Some(draft.line(Trouble::Corrupt { between, chance, one_way: false }))
}

fn spread(draft: &mut Draft<'_>) -> Option<Spread> {
    let max = *draft.dice.pick(&[5, 50, 500]);
    let min = *draft.dice.pick(&[0, 1, max]);
    Spread::new(Duration::from_millis(min), Duration::from_millis(max))
}

fn delay(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, by, one_way) = (draft.links(network)?, spread(draft)?, draft.coin());
    Some(draft.line(Trouble::Delay { between, by, mean: None, one_way }))
}

/// Two machines that stay slow to each other until everything heals.
fn slow_pair(draft: &mut Draft<'_>) -> Option<Line> {
    let mut hosts = draft.hosts(network);
    draft.dice.shuffle(&mut hosts);
    let [one, other, ..] = hosts[..] else { return None };
    let (between, by) = (Groups::between(group(&[one])?, group(&[other])?), spread(draft)?);
    let line = draft.line(Trouble::Delay { between, by, mean: None, one_way: false });
    Some(Line { lasts: None, ..line })
}

fn bandwidth(draft: &mut Draft<'_>) -> Option<Line> {
    let between = draft.links(network)?;
    let bytes_per_second = NonZeroU32::new(*draft.dice.pick(&[2_000, 20_000, 125_000]))?;
    let queue_bytes = *draft.dice.pick(&[1_024, 8_192, 65_536]);
    Some(draft.line(Trouble::Bandwidth { between, bytes_per_second, queue_bytes, one_way: false }))
}

fn reset(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, chance) = (draft.links(network)?, draft.intensity);
    Some(draft.line(Trouble::Reset { between, chance }))
}

fn half_close(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, chance) = (draft.links(network)?, draft.intensity);
    Some(draft.line(Trouble::HalfClose { between, chance }))
}

fn refuse(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, one_way) = (draft.links(network)?, draft.coin());
    Some(draft.line(Trouble::Refuse { between, one_way }))
}

fn hang(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, one_way) = (draft.links(network)?, draft.coin());
    Some(draft.line(Trouble::Hang { between, one_way }))
}

fn chop(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, bytes) = (draft.links(network)?, *draft.dice.pick(&[1, 7, 100, 1_000]));
    Some(draft.line(Trouble::Chop { between, bytes: NonZeroU32::new(bytes)? }))
}

fn window(draft: &mut Draft<'_>) -> Option<Line> {
    let (between, bytes) = (draft.links(network)?, *draft.dice.pick(&[64, 512, 4_096]));
    Some(draft.line(Trouble::Window { between, bytes: NonZeroU32::new(bytes)? }))
}

fn dns_late(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, by) = (draft.machines(network)?, *draft.dice.pick(&[10, 200, 2_000]));
    Some(draft.line(Trouble::DnsLate { machines, by: Duration::from_millis(by) }))
}

fn dns_fail(draft: &mut Draft<'_>) -> Option<Line> {
    let machines = draft.machines(network)?;
    Some(draft.line(Trouble::DnsFail { machines, fail: Flag }))
}
