//! The account of one plan: which lines it has, and whether one more fits into the budget.
//!
//! Everything here errs on the side of the system: a line triggered by a point may strike at any time, and
//! a role may be held by all who may take it.

use std::time::Duration;

use super::reach::Reach;
use super::{Allowance, Budget};
use crate::plan::{Catalogue, Group, Line, Plan, Selector, Trigger, Trouble};

/// What the lines admitted so far may do.
pub(crate) struct Account<'a> {
    budget: &'a Budget,
    catalogue: &'a Catalogue,
    /// The allowance of each machine, by its index in the catalogue.
    allowance_of: Vec<Option<usize>>,
    /// Times at which everything heals, in order; the calm is the last.
    heals: Vec<Duration>,
    entries: Vec<Entry>,
}

/// One admitted line.
struct Entry {
    /// When it may trouble; at any time when its trigger is a point.
    span: Option<(Duration, Duration)>,
    down: Reach,
    /// It strikes only if at most so many machines are then down.
    guard: Option<u32>,
    faulty: Reach,
    damaged: Reach,
    clock: Reach,
    skew: Duration,
}

impl<'a> Account<'a> {
    /// An empty account; the plan's healing lines are known from the start, since they end other lines.
    pub(crate) fn new(budget: &'a Budget, catalogue: &'a Catalogue, plan: &Plan) -> Account<'a> {
        let allowance_of = (0..catalogue.hosts.len()).map(|host| {
            let selects =
                |allowance: &Allowance| Reach::named(&allowance.machines, catalogue).contains(&host);
            budget.allowances.iter().position(selects)
        });
        let mut heals: Vec<Duration> = plan.faults.iter().filter_map(healing).collect();
        heals.push(budget.calm_at);
        heals.sort();
        Account { budget, catalogue, allowance_of: allowance_of.collect(), heals, entries: Vec::new() }
    }

    /// The index of the allowance that a machine goes by.
    pub(crate) fn allowance_of(&self, host: usize) -> Option<&'a Allowance> {
        self.allowance_of[host].map(|index| &self.budget.allowances[index])
    }

    /// How many machines may be down when one of these goes: the least of their allowances. `self` may be
    /// any machine.
    pub(crate) fn down_max(&self, machines: &Group, catalogue: &Catalogue) -> Option<u32> {
        let any = machines.selectors().contains(&Selector::Itself);
        let named = Reach::named(machines, catalogue);
        let hosts = (0..catalogue.hosts.len()).filter(|host| any || named.contains(host));
        let limits = hosts.filter_map(|host| self.allowance_of(host)).map(|allowance| allowance.down_max);
        limits.filter(|limit| *limit > 0).min()
    }

    /// Takes the line, or says what would be too much.
    pub(crate) fn admit(&mut self, line: &Line) -> Result<(), String> {
        self.admit_time(line)?;
        self.admit_kind(line)?;
        let entry = self.entry(line);
        self.entries.push(entry);
        let verdict = self.fits();
        if verdict.is_err() {
            self.entries.pop();
        }
        verdict
    }

    fn admit_time(&self, line: &Line) -> Result<(), String> {
        let Trigger::At(at) = line.trigger else { return Ok(()) };
        match line.trouble {
            Trouble::Heal {} | Trouble::Calm {} => Ok(()),
            _ if at > self.budget.trouble_last => {
                Err(format!("trouble at {at:?}, the last may be at {:?}", self.budget.trouble_last))
            }
            _ => Ok(()),
        }
    }

    /// Permissions that do not depend on other lines.
    fn admit_kind(&self, line: &Line) -> Result<(), String> {
        if let Trouble::Call { call, .. } = &line.trouble {
            let allowed = self.budget.calls.contains(&call.0);
            return if allowed { Ok(()) } else { Err(format!("the call `{}`", call.0)) };
        }
        if let Trouble::ClockCreep { .. } = line.trouble {
            // How often a clock is read is not known before the run.
            return Err("a wall clock that creeps has no limit".to_string());
        }
        for group in struck(&line.trouble) {
            let reach = Reach::of(&group, &line.trigger, self.catalogue);
            if reach.test {
                return Err("machine `test`".to_string());
            }
            for host in 0..self.catalogue.hosts.len() {
                if !reach.may_strike(host) {
                    continue;
                }
                let name = &self.catalogue.hosts[host].name;
                let Some(allowance) = self.allowance_of(host) else {
                    return Err(format!("machine `{name}` is spared"));
                };
                allowance.permits(&line.trouble).map_err(|what| format!("{what} of machine `{name}`"))?;
            }
        }
        Ok(())
    }

    fn entry(&self, line: &Line) -> Entry {
        let none = Reach::default;
        let reach = |group: &Group| Reach::of(group, &line.trigger, self.catalogue);
        let mut entry = Entry {
            span: None,
            down: none(),
            guard: None,
            faulty: none(),
            damaged: none(),
            clock: none(),
            skew: Duration::ZERO,
        };
        let mut lasts = line.lasts;
        match &line.trouble {
            Trouble::Kill { processes, restart_after, down_max } => {
                (entry.down, entry.guard, lasts) = (reach(&processes.machines()), *down_max, *restart_after);
            }
            Trouble::CrashLoop { processes, every, times, down_max } => {
                (entry.down, entry.guard) = (reach(&processes.machines()), *down_max);
                lasts = Some(every.saturating_mul(times.get()));
            }
            Trouble::Stop { processes, grace, restart_after, down_max } => {
                (entry.down, entry.guard) = (reach(&processes.machines()), *down_max);
                lasts = restart_after.map(|after| after.saturating_add(*grace));
            }
            Trouble::Pause { processes, down_max } => {
                (entry.down, entry.guard) = (reach(&processes.machines()), *down_max);
            }
            Trouble::Power { machines, restart_after, wipe, down_max, .. } => {
                (entry.down, entry.guard, lasts) = (reach(machines), *down_max, *restart_after);
                entry.damaged = if *wipe { reach(machines) } else { none() };
            }
            Trouble::Swap { machines, restart_after } => {
                let pair = Group::new(vec![machines.0.clone(), machines.1.clone()]).expect("a pair is two");
                (entry.down, entry.damaged, lasts) = (reach(&pair), reach(&pair), *restart_after);
            }
            Trouble::Upgrade { processes, grace, .. } => {
                (entry.down, lasts) = (reach(&processes.machines()), Some(*grace));
            }
            Trouble::Roll { processes, every, grace, .. } => {
                // So many are down at once as are begun while one takes its grace.
                let all = reach(&processes.machines());
                let steps = u32::try_from(all.all.len() + all.any).unwrap_or(u32::MAX);
                let at_once = grace.as_nanos() / every.as_nanos().max(1) + 1;
                let any = usize::try_from(at_once).unwrap_or(usize::MAX);
                entry.down = if any < all.all.len() { Reach { any, any_of: all.all, ..none() } } else { all };
                lasts = Some(every.saturating_mul(steps).saturating_add(*grace));
            }
            Trouble::DiskFull { machines, .. }
            | Trouble::DiskError { machines, .. }
            | Trouble::SyncError { machines, .. } => entry.faulty = reach(machines),
            Trouble::LyingSync { machines, .. }
            | Trouble::LostTail { machines, .. }
            | Trouble::CopiedChunk { machines, .. }
            | Trouble::BitRot { machines, .. }
            | Trouble::MisdirectWrite { machines, .. }
            | Trouble::MisdirectRead { machines, .. }
            | Trouble::Uninitialized { machines, .. } => entry.damaged = reach(machines),
            Trouble::ClockSkew { machines, by } => (entry.clock, entry.skew) = (reach(machines), by.size()),
            Trouble::ClockReverse { machines, by } | Trouble::ClockStrobe { machines, by, .. } => {
                (entry.clock, entry.skew) = (reach(machines), *by);
            }
            Trouble::ClockFreeze { machines, .. } => entry.clock = reach(machines),
            Trouble::ClockDrift { machines, .. } => entry.clock = reach(machines),
            _ => {}
        }
        entry.span = self.span(line, lasts);
        // What grows with time is as large as the time it may last.
        let (begins, ends) = entry.span.unwrap_or((Duration::ZERO, self.budget.calm_at));
        let lasted = lasts.unwrap_or(Duration::MAX).min(ends.saturating_sub(begins));
        match &line.trouble {
            Trouble::ClockFreeze { .. } => entry.skew = lasted,
            Trouble::ClockDrift { ppm, .. } => {
                let nanos = lasted.as_nanos() * u128::from(ppm.unsigned_abs()) / 1_000_000;
                entry.skew = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            }
            _ => {}
        }
        entry
    }

    /// From its strike to its end, to the next healing at the latest.
    fn span(&self, line: &Line, lasts: Option<Duration>) -> Option<(Duration, Duration)> {
        let Trigger::At(at) = line.trigger else { return None };
        let healed = self.heals.iter().copied().find(|heal| *heal > at).unwrap_or(self.budget.calm_at);
        Some((at, lasts.map_or(healed, |lasts| at.saturating_add(lasts).min(healed))))
    }

    /// Whether the entries together are within the budget; the last one is new.
    fn fits(&self) -> Result<(), String> {
        let new = self.entries.last().expect("a line was just entered");
        for (index, allowance) in self.budget.allowances.iter().enumerate() {
            let name = &allowance.machines;
            if self.touches(&new.down, index) && !self.all_guarded(index, allowance.down_max) {
                let worst = self.worst(index, |entry| &entry.down);
                if worst > allowance.down_max as usize {
                    return Err(format!("{worst} of {name} down at once, of at most {}", allowance.down_max));
                }
            }
            if self.touches(&new.faulty, index) {
                let (worst, limit) = (self.worst(index, |entry| &entry.faulty), allowance.disks_faulty_max);
                if worst > limit as usize {
                    return Err(format!("{worst} disks of {name} faulty at once, of at most {limit}"));
                }
            }
            if self.touches(&new.damaged, index) {
                let damaged = self.count(index, self.entries.iter().map(|entry| &entry.damaged));
                let limit = allowance.disks_damaged_max;
                if damaged > limit as usize {
                    return Err(format!("{damaged} disks of {name} damaged, of at most {limit}"));
                }
            }
            self.skew_fits(index, allowance)?;
        }
        Ok(())
    }

    fn skew_fits(&self, index: usize, allowance: &Allowance) -> Result<(), String> {
        let new = self.entries.last().expect("a line was just entered");
        for host in self.hosts_of(index).filter(|host| new.clock.may_strike(*host)) {
            for at in self.moments() {
                let active = self.entries.iter().filter(|entry| entry.is_active(at));
                let skews = active.filter(|entry| entry.clock.may_strike(host)).map(|entry| entry.skew);
                let skew = skews.fold(Duration::ZERO, Duration::saturating_add);
                if skew > allowance.skew_max {
                    let (name, limit) = (&self.catalogue.hosts[host].name, allowance.skew_max);
                    return Err(format!("the clock of `{name}` wrong by {skew:?}, at most {limit:?}"));
                }
            }
        }
        Ok(())
    }

    /// Every line that may bring machines of an allowance down counts them itself when it strikes.
    fn all_guarded(&self, index: usize, limit: u32) -> bool {
        let mut touching = self.entries.iter().filter(|entry| self.touches(&entry.down, index));
        touching.all(|entry| entry.guard.is_some_and(|guard| guard <= limit))
    }

    /// The most machines of an allowance that are struck at one time.
    fn worst(&self, index: usize, reach: impl Fn(&Entry) -> &Reach) -> usize {
        let at_once = |at| {
            let active = self.entries.iter().filter(|entry| entry.is_active(at));
            self.count(index, active.map(&reach))
        };
        self.moments().map(at_once).max().unwrap_or(0)
    }

    /// Times at which the most lines are active: whenever one begins.
    fn moments(&self) -> impl Iterator<Item = Duration> {
        let begins = self.entries.iter().filter_map(|entry| entry.span.map(|(begins, _)| begins));
        begins.chain([Duration::ZERO])
    }

    /// How many machines of an allowance some reaches strike together.
    fn count<'r>(&self, index: usize, reaches: impl Iterator<Item = &'r Reach>) -> usize {
        let (mut all, mut any) = (std::collections::BTreeSet::<usize>::new(), 0);
        for reach in reaches {
            all.extend(reach.all.iter().filter(|host| self.allowance_of[**host] == Some(index)));
            let own = |host: &usize| self.allowance_of[*host] == Some(index);
            any += if reach.any_of.iter().any(own) { reach.any } else { 0 };
        }
        (all.len() + any).min(self.hosts_of(index).count())
    }

    fn touches(&self, reach: &Reach, index: usize) -> bool {
        self.hosts_of(index).any(|host| reach.may_strike(host))
    }

    fn hosts_of(&self, index: usize) -> impl Iterator<Item = usize> {
        let own = move |(_, allowance): &(usize, &Option<usize>)| **allowance == Some(index);
        self.allowance_of.iter().enumerate().filter(own).map(|(host, _)| host)
    }
}

impl Entry {
    fn is_active(&self, at: Duration) -> bool {
        // A line that begins and ends at one time was active then.
        self.span.is_none_or(|(begins, ends)| begins == at || (begins..ends).contains(&at))
    }
}

fn healing(line: &Line) -> Option<Duration> {
    match (&line.trigger, &line.trouble) {
        (Trigger::At(at), Trouble::Heal {} | Trouble::Calm {}) => Some(*at),
        _ => None,
    }
}

/// The groups that a trouble names.
fn struck(trouble: &Trouble) -> Vec<Group> {
    match trouble {
        Trouble::Partition { groups: between, .. }
        | Trouble::Clog { between, .. }
        | Trouble::Loss { between, .. }
        | Trouble::Duplicate { between, .. }
        | Trouble::Reorder { between, .. }
        | Trouble::Corrupt { between, .. }
        | Trouble::Delay { between, .. }
        | Trouble::Bandwidth { between, .. }
        | Trouble::Reset { between, .. }
        | Trouble::HalfClose { between, .. }
        | Trouble::Refuse { between, .. }
        | Trouble::Hang { between, .. }
        | Trouble::Chop { between, .. }
        | Trouble::Window { between, .. } => between.groups().to_vec(),
        Trouble::Kill { processes, .. }
        | Trouble::CrashLoop { processes, .. }
        | Trouble::Stop { processes, .. }
        | Trouble::Pause { processes, .. }
        | Trouble::Upgrade { processes, .. }
        | Trouble::Roll { processes, .. } => vec![processes.machines()],
        Trouble::Swap { machines, .. } => {
            [&machines.0, &machines.1].iter().filter_map(|one| Group::new(vec![(*one).clone()])).collect()
        }
        Trouble::Address { machine, .. } => Group::new(vec![machine.clone()]).into_iter().collect(),
        Trouble::Ring { machines }
        | Trouble::Swizzle { machines, .. }
        | Trouble::DnsLate { machines, .. }
        | Trouble::DnsFail { machines, .. }
        | Trouble::Power { machines, .. }
        | Trouble::Slow { machines, .. }
        | Trouble::Yield { machines, .. }
        | Trouble::DiskLatency { machines, .. }
        | Trouble::DiskStall { machines, .. }
        | Trouble::DiskThrottle { machines, .. }
        | Trouble::LostTail { machines, .. }
        | Trouble::CopiedChunk { machines, .. }
        | Trouble::DiskFull { machines, .. }
        | Trouble::DiskError { machines, .. }
        | Trouble::LyingSync { machines, .. }
        | Trouble::SyncError { machines, .. }
        | Trouble::BitRot { machines, .. }
        | Trouble::MisdirectWrite { machines, .. }
        | Trouble::MisdirectRead { machines, .. }
        | Trouble::Uninitialized { machines, .. }
        | Trouble::ClockSkew { machines, .. }
        | Trouble::ClockDrift { machines, .. }
        | Trouble::ClockReverse { machines, .. }
        | Trouble::ClockStrobe { machines, .. }
        | Trouble::ClockFreeze { machines, .. }
        | Trouble::ClockCreep { machines, .. }
        | Trouble::MonotonicReverse { machines, .. }
        | Trouble::MonotonicFreeze { machines, .. }
        | Trouble::MonotonicDrift { machines, .. }
        | Trouble::TimerOverrun { machines, .. }
        | Trouble::Entropy { machines, .. }
        | Trouble::Allocation { machines, .. } => vec![machines.clone()],
        Trouble::Knob { .. } | Trouble::Call { .. } | Trouble::Heal {} | Trouble::Calm {} => Vec::new(),
    }
}
