//! Features that trouble processes and whole machines.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use sim::Ratio;

use super::draft::{Draft, group, rounded};
use super::profile::Feature;
use crate::budget::Allowance;
use crate::plan::{
    Family, Group, Line, Pair, Pattern, Processes, Selector, Text, Trigger, Trouble, Unsynced,
};

pub(super) static FEATURES: &[Feature] = &[
    Feature { name: "kill", family: Family::Process, draw: kill },
    Feature { name: "kill.site", family: Family::Process, draw: kill_site },
    Feature { name: "crash_loop", family: Family::Process, draw: crash_loop },
    Feature { name: "stop", family: Family::Process, draw: stop },
    Feature { name: "pause", family: Family::Process, draw: pause },
    Feature { name: "power", family: Family::Process, draw: power },
    Feature { name: "power.zone", family: Family::Process, draw: power_zone },
    Feature { name: "wipe", family: Family::Process, draw: wipe },
    Feature { name: "swap", family: Family::Process, draw: swap },
    Feature { name: "upgrade", family: Family::Process, draw: upgrade },
    Feature { name: "roll", family: Family::Process, draw: roll },
    Feature { name: "address", family: Family::Process, draw: address },
    Feature { name: "slow", family: Family::Process, draw: slow },
    Feature { name: "yield", family: Family::Process, draw: yields },
];

fn may_go_down(allowance: &Allowance) -> bool {
    allowance.down_max > 0
}

fn kill(draft: &mut Draft<'_>) -> Option<Line> {
    let (processes, restart_after) = (draft.processes()?, Some(draft.lasts));
    Some(draft.line(Trouble::Kill { processes, restart_after, down_max: None }))
}

/// At the n-th hit of a point, in the task that hits it.
fn kill_site(draft: &mut Draft<'_>) -> Option<Line> {
    let down = draft.hosts(may_go_down);
    let within = |group: &Group| {
        let reach = crate::budget::reach_of(group, draft.catalogue);
        !reach.is_empty() && reach.iter().all(|name| down.iter().any(|(host, _)| host.name == *name))
    };
    let points: Vec<_> = draft.catalogue.points.iter().filter(|point| within(&point.hit_on)).collect();
    if points.is_empty() {
        return None;
    }
    let point = *draft.dice.pick(&points);
    let (most, shape) = (*draft.dice.pick(&[1, 4, 16, 64, 256]), draft.dice.choose(4));
    let hit = NonZeroU32::new(draft.dice.range(1..most + 1) as u32)?;
    let restart_after = Some(draft.lasts);
    let trouble = match shape {
        0 => Trouble::Power {
            machines: Group::new(vec![Selector::Itself])?,
            restart_after,
            unsynced: None,
            wipe: false,
            down_max: None,
        },
        1 => Trouble::Pause { processes: Processes::itself(), down_max: None },
        _ => Trouble::Kill { processes: Processes::itself(), restart_after, down_max: None },
    };
    let line = draft.line(trouble);
    Some(Line { trigger: Trigger::On { point: point.name.clone(), hit }, ..line })
}

/// Killed while it recovers, again and again.
fn crash_loop(draft: &mut Draft<'_>) -> Option<Line> {
    let (processes, times) = (draft.processes()?, draft.dice.range(2..9) as u32);
    let every = rounded((draft.lasts / times).max(Duration::from_millis(1)));
    Some(draft.line(Trouble::CrashLoop { processes, every, times: NonZeroU32::new(times)?, down_max: None }))
}

fn grace(draft: &mut Draft<'_>) -> Duration {
    Duration::from_millis(*draft.dice.pick(&[0, 20, 500]))
}

fn stop(draft: &mut Draft<'_>) -> Option<Line> {
    let (processes, grace, restart_after) = (draft.processes()?, grace(draft), Some(draft.lasts));
    Some(draft.line(Trouble::Stop { processes, grace, restart_after, down_max: None }))
}

fn pause(draft: &mut Draft<'_>) -> Option<Line> {
    let processes = draft.processes()?;
    Some(draft.line(Trouble::Pause { processes, down_max: None }))
}

fn unsynced(draft: &mut Draft<'_>) -> Option<Unsynced> {
    *draft.dice.pick(&[None, Some(Unsynced::Keep), Some(Unsynced::Lose), Some(Unsynced::Tear)])
}

fn power(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, unsynced, restart_after) =
        (draft.machine(may_go_down)?, unsynced(draft), Some(draft.lasts));
    Some(draft.line(Trouble::Power { machines, restart_after, unsynced, wipe: false, down_max: None }))
}

/// A whole zone, or all there is.
fn power_zone(draft: &mut Draft<'_>) -> Option<Line> {
    let (host, _) = draft.host(may_go_down)?;
    let (everybody, unsynced) = (draft.dice.chance(Ratio::of(1, 4)), unsynced(draft));
    let machines = match &host.zone {
        _ if everybody => group(&draft.hosts(may_go_down))?,
        Some(zone) => Group::new(vec![Selector::Zone(Pattern::parse(zone)?)])?,
        None => return None,
    };
    let restart_after = Some(draft.lasts);
    Some(draft.line(Trouble::Power { machines, restart_after, unsynced, wipe: false, down_max: None }))
}

/// Back with an empty disk.
fn wipe(draft: &mut Draft<'_>) -> Option<Line> {
    let permits = |allowance: &Allowance| allowance.down_max > 0 && allowance.disks_damaged_max > 0;
    let (machines, restart_after) = (draft.machine(permits)?, Some(draft.lasts));
    let trouble = Trouble::Power { machines, restart_after, unsynced: None, wipe: true, down_max: None };
    Some(draft.line(trouble))
}

fn swap(draft: &mut Draft<'_>) -> Option<Line> {
    let mut hosts = draft.hosts(|allowance| allowance.down_max > 1 && allowance.disks_damaged_max > 1);
    draft.dice.shuffle(&mut hosts);
    let [(one, _), (other, _), ..] = hosts[..] else { return None };
    let machines = Pair(Selector::machine(&one.name), Selector::machine(&other.name));
    Some(draft.line(Trouble::Swap { machines, restart_after: Some(draft.lasts) }))
}

fn upgrade(draft: &mut Draft<'_>) -> Option<Line> {
    let (host, allowance) =
        draft.host(|allowance| allowance.down_max > 0 && !allowance.versions.is_empty())?;
    let (version, grace) = (*draft.dice.pick(&allowance.versions), grace(draft));
    let processes = Processes::of(Group::machine(&host.name));
    Some(draft.line(Trouble::Upgrade { processes, version, config: None::<Text>, grace }))
}

/// One after another, all those that stand for each other.
fn roll(draft: &mut Draft<'_>) -> Option<Line> {
    let (_, allowance) = draft.host(may_go_down)?;
    let (grace, to_version) = (grace(draft), draft.coin());
    let version = draft.dice.choose(allowance.versions.len().max(1) as u64) as usize;
    let version = allowance.versions.get(version).copied().filter(|_| to_version);
    let hosts = draft.hosts(|other| std::ptr::eq(other, allowance));
    let every = rounded(draft.lasts / hosts.len() as u32).max(grace + Duration::from_millis(1));
    let processes = Processes::of(group(&hosts)?);
    Some(draft.line(Trouble::Roll { processes, every, grace, version }))
}

fn address(draft: &mut Draft<'_>) -> Option<Line> {
    let (host, _) = draft.host(|allowance| allowance.readdressing)?;
    // A range of its own: an address that a machine already has would be another fault.
    let ip = IpAddr::from([10, 213, draft.dice.choose(256) as u8, draft.dice.range(1..255) as u8]);
    Some(draft.line(Trouble::Address { machine: Selector::machine(&host.name), ip }))
}

fn slow(draft: &mut Draft<'_>) -> Option<Line> {
    let machines = draft.machines(|allowance| allowance.slowness)?;
    let times = NonZeroU32::new(*draft.dice.pick(&[2, 10, 100]))?;
    Some(draft.line(Trouble::Slow { machines, times }))
}

fn yields(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machines(|allowance| allowance.slowness)?, draft.intensity);
    Some(draft.line(Trouble::Yield { machines, chance }))
}
