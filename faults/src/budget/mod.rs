//! Budgets: what a system must survive, and whether a plan stays within it.
//!
//! A budget is a promise of the system under test, kept apart from how plans are drawn: the swarm proposes
//! trouble, the budget admits or refuses it, and a plan written by hand can be held against it as well.

mod account;
mod reach;

use std::fmt;
use std::time::Duration;

use crate::plan::{Catalogue, Group, Plan, Trouble};

pub(crate) use account::Account;

/// The names of the machines that a group names.
pub(crate) fn reach_of<'a>(group: &Group, catalogue: &'a Catalogue) -> Vec<&'a str> {
    let hosts = reach::Reach::named(group, catalogue).into_iter();
    hosts.map(|host| catalogue.hosts[host].name.as_str()).collect()
}

/// What a system must survive.
///
/// ```
/// use std::time::Duration;
/// use tourbillon_faults::budget::{Allowance, Budget};
/// use tourbillon_faults::plan::{Catalogue, Group, Host, Plan};
///
/// let one_down = Budget::new(Duration::from_secs(20)).allow(Allowance::new(Group::all()).down_max(1));
/// let hosts = Catalogue { hosts: vec![Host::new("left"), Host::new("right")], ..Catalogue::default() };
/// let one: Plan = r#"faults = [{ at = "1s", power = "left" }, { calm = "20s" }]"#.parse()?;
/// let both: Plan = r#"faults = [{ at = "1s", power = "*" }, { calm = "20s" }]"#.parse()?;
/// assert!(one_down.check(&one, &hosts).is_ok());
/// assert_eq!(one_down.check(&both, &hosts).unwrap_err().fault, 1);
/// # Ok::<(), tourbillon_faults::plan::PlanError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What may be done to whom. A machine goes by the first allowance whose group selects it; one that is
    /// in none is spared by all but its links to the others.
    pub allowances: Vec<Allowance>,
    /// No trouble begins by the clock later than this.
    pub trouble_last: Duration,
    /// From here on all is calm, and the system must converge.
    pub calm_at: Duration,
    /// A plan has at most so many lines, the calm among them.
    pub lines_max: usize,
    /// The calls of models that are within the budget, by name.
    pub calls: Vec<String>,
}

/// What may be done to one group of machines, such as the members of a quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The machines.
    pub machines: Group,
    /// How many of them may be down, hung or cut from their power at once.
    pub down_max: u32,
    /// How many disks may fail at once, in ways that the disk admits: errors, no space.
    pub disks_faulty_max: u32,
    /// How many disks may be damaged in ways that the disk hides: lies, rot, misdirection, loss. Damage
    /// outlives its cause, so this counts over the whole run; keep it below a quorum.
    pub disks_damaged_max: u32,
    /// How far a wall clock may be from the truth. Those of two machines may be twice as far apart.
    pub skew_max: Duration,
    /// Whether monotonic clocks may go back, stand still or drift: no real system is built for that.
    pub monotonic: bool,
    /// Whether links may be troubled.
    pub network: bool,
    /// Whether bytes may change on links; survived by those who check what they receive.
    pub corruption: bool,
    /// Whether processors may be slow, tasks forced to yield, disks slow, timers late.
    pub slowness: bool,
    /// Whether entropy may be constant and memory run out.
    pub scarcity: bool,
    /// Whether machines may get new addresses.
    pub readdressing: bool,
    /// The versions that a process may be started as.
    pub versions: Vec<u32>,
}

impl Budget {
    /// Trouble in the first three quarters of the time until the calm; nobody allowed anything yet.
    pub fn new(calm_at: Duration) -> Budget {
        Budget {
            allowances: Vec::new(),
            trouble_last: calm_at / 4 * 3,
            calm_at,
            lines_max: 24,
            calls: Vec::new(),
        }
    }

    /// The same budget with one allowance more.
    pub fn allow(mut self, allowance: Allowance) -> Budget {
        self.allowances.push(allowance);
        self
    }

    /// The same budget with a call of a model.
    pub fn call(mut self, name: &str) -> Budget {
        self.calls.push(name.to_string());
        self
    }

    /// The same budget with another time of the last trouble.
    pub fn trouble_last(self, trouble_last: Duration) -> Budget {
        Budget { trouble_last, ..self }
    }

    /// The same budget with another length of plans.
    pub fn lines_max(self, lines_max: usize) -> Budget {
        Budget { lines_max, ..self }
    }

    /// Whether the plan asks of the system nothing beyond this budget, and ends in calm.
    ///
    /// # Errors
    /// With the first line that is too much, or what is missing of the calm.
    pub fn check(&self, plan: &Plan, catalogue: &Catalogue) -> Result<(), Excess> {
        let whole = |what: String| Excess { fault: plan.faults.len(), what };
        if plan.faults.len() > self.lines_max {
            return Err(whole(format!("{} lines, of at most {}", plan.faults.len(), self.lines_max)));
        }
        if plan.calm_at().is_none_or(|calm| calm > self.calm_at) {
            return Err(whole("no calm in time".to_string()));
        }
        let mut account = Account::new(self, catalogue, plan);
        for (index, line) in plan.faults.iter().enumerate() {
            account.admit(line).map_err(|what| Excess { fault: index + 1, what })?;
        }
        Ok(())
    }
}

impl Allowance {
    /// Network trouble and slowness; nothing goes down, no disk fails, clocks are right.
    pub fn new(machines: Group) -> Allowance {
        Allowance {
            machines,
            down_max: 0,
            disks_faulty_max: 0,
            disks_damaged_max: 0,
            skew_max: Duration::ZERO,
            monotonic: false,
            network: true,
            corruption: false,
            slowness: true,
            scarcity: false,
            readdressing: false,
            versions: Vec::new(),
        }
    }

    /// What a quorum of `count` members survives: a minority down, and disks of as many failing.
    pub fn minority(machines: Group, count: u32) -> Allowance {
        let minority = count.saturating_sub(1) / 2;
        Allowance { down_max: minority, disks_faulty_max: minority, ..Allowance::new(machines) }
    }

    /// The same allowance with so many machines down at once.
    pub fn down_max(self, down_max: u32) -> Allowance {
        Allowance { down_max, ..self }
    }

    /// The same allowance with so many disks failing at once.
    pub fn disks_faulty_max(self, disks_faulty_max: u32) -> Allowance {
        Allowance { disks_faulty_max, ..self }
    }

    /// The same allowance with so many disks damaged in a run.
    pub fn disks_damaged_max(self, disks_damaged_max: u32) -> Allowance {
        Allowance { disks_damaged_max, ..self }
    }

    /// The same allowance with wall clocks so far from the truth.
    pub fn skew_max(self, skew_max: Duration) -> Allowance {
        Allowance { skew_max, ..self }
    }

    /// The same allowance with monotonic clocks that may go wrong.
    pub fn monotonic(self, monotonic: bool) -> Allowance {
        Allowance { monotonic, ..self }
    }

    /// The same allowance with or without trouble of links.
    pub fn network(self, network: bool) -> Allowance {
        Allowance { network, ..self }
    }

    /// The same allowance with or without bytes that change on links.
    pub fn corruption(self, corruption: bool) -> Allowance {
        Allowance { corruption, ..self }
    }

    /// The same allowance with or without slowness.
    pub fn slowness(self, slowness: bool) -> Allowance {
        Allowance { slowness, ..self }
    }

    /// The same allowance with or without constant entropy and failing allocations.
    pub fn scarcity(self, scarcity: bool) -> Allowance {
        Allowance { scarcity, ..self }
    }

    /// The same allowance with or without new addresses.
    pub fn readdressing(self, readdressing: bool) -> Allowance {
        Allowance { readdressing, ..self }
    }

    /// The same allowance with versions to upgrade and downgrade to.
    pub fn versions(self, versions: impl Into<Vec<u32>>) -> Allowance {
        Allowance { versions: versions.into(), ..self }
    }

    /// Which permission a kind needs that is a plain yes or no; the name is for messages.
    fn permits(&self, trouble: &Trouble) -> Result<(), &'static str> {
        let (permitted, name) = match trouble {
            Trouble::Corrupt { .. } => (self.network && self.corruption, "corruption"),
            Trouble::Partition { .. }
            | Trouble::Ring { .. }
            | Trouble::Clog { .. }
            | Trouble::Swizzle { .. }
            | Trouble::Loss { .. }
            | Trouble::Duplicate { .. }
            | Trouble::Reorder { .. }
            | Trouble::Delay { .. }
            | Trouble::Bandwidth { .. }
            | Trouble::Reset { .. }
            | Trouble::HalfClose { .. }
            | Trouble::Refuse { .. }
            | Trouble::Hang { .. }
            | Trouble::Chop { .. }
            | Trouble::Window { .. }
            | Trouble::DnsLate { .. }
            | Trouble::DnsFail { .. } => (self.network, "network"),
            Trouble::Slow { .. }
            | Trouble::Yield { .. }
            | Trouble::DiskLatency { .. }
            | Trouble::DiskStall { .. }
            | Trouble::DiskThrottle { .. }
            | Trouble::TimerOverrun { .. } => (self.slowness, "slowness"),
            Trouble::MonotonicReverse { .. }
            | Trouble::MonotonicFreeze { .. }
            | Trouble::MonotonicDrift { .. } => (self.monotonic, "monotonic"),
            Trouble::Entropy { .. } | Trouble::Allocation { .. } => (self.scarcity, "scarcity"),
            Trouble::Address { .. } => (self.readdressing, "readdressing"),
            Trouble::Upgrade { version, .. } | Trouble::Roll { version: Some(version), .. } => {
                (self.versions.contains(version), "versions")
            }
            _ => (true, ""),
        };
        if permitted { Ok(()) } else { Err(name) }
    }
}

/// Where a plan goes beyond a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The line that is too much, from 1.
    pub fault: usize,
    /// Of what.
    pub what: String,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}: beyond the budget: {}", self.fault, self.what)
    }
}

impl std::error::Error for Excess {}

#[cfg(test)]
mod tests;
