//! What a feature draws from: its dice, its intensity, the episode's time, and whom it may strike.

use std::time::Duration;

use sim::Ratio;
use sim::choice::Seeded;

use super::{EPISODES_MAX, INTENSITIES};
use crate::budget::{Account, Allowance, Budget};
use crate::plan::{
    Catalogue, Group, Groups, Host, KINDS, Lasting, Line, ProcessSelector, Processes, Selector, Trouble,
};

/// A plan's times of trouble. A line falls into one of them, or anywhere.
pub(super) struct Bursts {
    /// From when and for how long.
    windows: Vec<(Duration, Duration)>,
    /// The chance that a line falls into a burst: how much the troubles of this plan come together.
    together: Ratio,
    trouble_last: Duration,
}

impl Bursts {
    pub(super) fn draw(dice: &mut Seeded, trouble_last: Duration) -> Bursts {
        let together = *dice.pick(&INTENSITIES);
        let count = dice.range(1..4);
        let window = |_| {
            let (from, width) = (part(dice, trouble_last), trouble_last / *dice.pick(&[100, 20, 5]));
            (from.min(trouble_last - width), width)
        };
        Bursts { windows: (0..count).map(window).collect(), together, trouble_last }
    }

    fn time(&self, dice: &mut Seeded) -> Duration {
        let together = dice.chance(self.together);
        let (from, width) = *dice.pick(&self.windows);
        let (near, anywhere) = (part(dice, width), part(dice, self.trouble_last));
        rounded(if together { from + near } else { anywhere }).min(self.trouble_last)
    }
}

/// From nothing to the whole, evenly, in thousandths.
fn part(dice: &mut Seeded, whole: Duration) -> Duration {
    whole / 1000 * dice.choose(1001) as u32
}

/// A text of a plan is read by people: whole milliseconds, or microseconds when it is short.
pub(super) fn rounded(duration: Duration) -> Duration {
    if duration >= Duration::from_millis(10) {
        return Duration::from_millis(duration.as_millis() as u64);
    }
    Duration::from_micros(duration.as_micros() as u64)
}

/// What one feature draws one plan's lines from.
pub(crate) struct Draft<'a> {
    pub(super) dice: Seeded,
    /// How often, or how hard: the feature's own in this plan.
    pub(super) intensity: Ratio,
    /// The share of time that the feature takes in this plan.
    duty: Ratio,
    episodes: u64,
    at: Duration,
    /// How long the episode lasts.
    pub(super) lasts: Duration,
    pub(super) budget: &'a Budget,
    pub(super) catalogue: &'a Catalogue,
    /// The allowance of each machine.
    allowances: Vec<Option<&'a Allowance>>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        mut dice: Seeded,
        budget: &'a Budget,
        catalogue: &'a Catalogue,
        account: &Account<'a>,
    ) -> Draft<'a> {
        let (intensity, duty) = (*dice.pick(&INTENSITIES), *dice.pick(&INTENSITIES));
        let episodes = dice.range(1..EPISODES_MAX + 1);
        let allowances = (0..catalogue.hosts.len()).map(|host| account.allowance_of(host)).collect();
        let (at, lasts) = (Duration::ZERO, Duration::ZERO);
        Draft { dice, intensity, duty, episodes, at, lasts, budget, catalogue, allowances }
    }

    pub(super) fn episodes(&self) -> u64 {
        self.episodes
    }

    /// Draws the time of the next line, and for how long it lasts.
    pub(super) fn begin_episode(&mut self, bursts: &Bursts) {
        self.at = bursts.time(&mut self.dice);
        let whole = scaled(self.budget.trouble_last, self.duty) / self.episodes as u32;
        // From a quarter of the mean to nearly its double.
        let lasts = whole / 1000 * self.dice.range(250..1750) as u32;
        let least = Duration::from_millis(1).min(self.budget.trouble_last);
        let most = (self.budget.calm_at.saturating_sub(self.at)).max(least);
        self.lasts = rounded(lasts.clamp(least, most));
    }

    /// The line of this episode.
    pub(super) fn line(&self, trouble: Trouble) -> Line {
        let kind = KINDS.iter().find(|kind| kind.name == trouble.name()).expect("every trouble has a kind");
        let line = Line::at(self.at, trouble);
        if kind.lasting == Lasting::Lasting { line.lasting(self.lasts) } else { line }
    }

    /// Machines whose allowance permits something, with it.
    pub(super) fn hosts(&self, permits: impl Fn(&Allowance) -> bool) -> Vec<(&'a Host, &'a Allowance)> {
        let hosts = self.catalogue.hosts.iter().zip(&self.allowances);
        let permitted = hosts.filter_map(|(host, allowance)| Some((host, (*allowance)?)));
        permitted.filter(|(_, allowance)| permits(allowance)).collect()
    }

    /// One of them.
    pub(super) fn host(&mut self, permits: impl Fn(&Allowance) -> bool) -> Option<(&'a Host, &'a Allowance)> {
        let hosts = self.hosts(permits);
        (!hosts.is_empty()).then(|| *self.dice.pick(&hosts))
    }

    /// One of them, as a group.
    pub(super) fn machine(&mut self, permits: impl Fn(&Allowance) -> bool) -> Option<Group> {
        self.host(permits).map(|(host, _)| Group::machine(&host.name))
    }

    /// One or more of them.
    pub(super) fn machines(&mut self, permits: impl Fn(&Allowance) -> bool) -> Option<Group> {
        let mut hosts = self.hosts(permits);
        self.dice.shuffle(&mut hosts);
        let count = self.dice.choose(hosts.len().max(1) as u64) as usize + 1;
        hosts.truncate(count);
        hosts.sort_by(|left, right| left.0.name.cmp(&right.0.name));
        group(&hosts)
    }

    /// All processes of one machine that may go down, or one of them.
    pub(super) fn processes(&mut self) -> Option<Processes> {
        let (host, _) = self.host(|allowance| allowance.down_max > 0)?;
        let whole = self.dice.chance(Ratio::of(1, 2)) || host.processes.is_empty();
        let process = self.dice.choose(host.processes.len().max(1) as u64) as usize;
        let text =
            if whole { host.name.clone() } else { format!("{}/{}", host.name, host.processes[process]) };
        Processes::new(vec![ProcessSelector::parse(&text)?])
    }

    /// Links: those of one machine, those between two parts, or all.
    pub(super) fn links(&mut self, permits: impl Fn(&Allowance) -> bool) -> Option<Groups> {
        let hosts = self.hosts(&permits);
        let (shape, one) = (self.dice.choose(3), self.machine(&permits)?);
        let (left, right) = self.parts(permits)?;
        Some(match shape {
            0 => Groups::of(one),
            1 => Groups::between(left, right),
            _ if hosts.len() == self.catalogue.hosts.len() => Groups::of(Group::all()),
            _ => Groups::of(group(&hosts)?),
        })
    }

    /// Two parts of the machines that permit something, neither empty; nobody's order.
    pub(super) fn parts(&mut self, permits: impl Fn(&Allowance) -> bool) -> Option<(Group, Group)> {
        let mut hosts = self.hosts(permits);
        if hosts.len() < 2 {
            return None;
        }
        self.dice.shuffle(&mut hosts);
        let at = self.dice.range(1..hosts.len() as u64) as usize;
        let (left, right) = hosts.split_at(at);
        Some((group(left)?, group(right)?))
    }

    /// An even coin.
    pub(super) fn coin(&mut self) -> bool {
        self.dice.chance(Ratio::of(1, 2))
    }
}

/// A duration's share.
pub(super) fn scaled(duration: Duration, by: Ratio) -> Duration {
    let nanos = duration.as_nanos() * u128::from(by.numerator()) / u128::from(by.denominator());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The machines as a group, in the order given.
pub(super) fn group(hosts: &[(&Host, &Allowance)]) -> Option<Group> {
    Group::new(hosts.iter().map(|(host, _)| Selector::machine(&host.name)).collect())
}
