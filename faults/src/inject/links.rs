//! From groups to directed links.

use sim::fault::Target;
use sim::machine::{Machine, Process};

use super::targets;
use crate::plan::{Group, Groups};

/// Which links one group alone means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// Those to everybody else.
    Outside,
    /// Those among its members, too.
    Everywhere,
}

/// Two sets of machines, from the one to the other.
type Way = (Vec<Machine>, Vec<Machine>);

/// The links that some groups mean.
pub(super) fn links(groups: &Groups, one_way: bool, alone: Alone, itself: Option<Process>) -> Vec<Target> {
    let ways = match groups.groups() {
        [group] => of_one(&targets::machines(group, itself), one_way, alone),
        groups => between(groups, one_way, itself),
    };
    let some = ways.into_iter().filter(|(source, target)| !source.is_empty() && !target.is_empty());
    some.map(|(source, target)| Target::Link { source, target }).collect()
}

fn of_one(members: &[Machine], one_way: bool, alone: Alone) -> Vec<Way> {
    let rest = targets::rest(members);
    let mut heard = rest.clone();
    if alone == Alone::Everywhere {
        heard.extend(members);
    }
    let mut ways = vec![(members.to_vec(), heard)];
    if !one_way {
        ways.push((rest, members.to_vec()));
    }
    ways
}

/// Between each two groups; a machine belongs to the first that selects it.
fn between(groups: &[Group], one_way: bool, itself: Option<Process>) -> Vec<Way> {
    let mut sets: Vec<Vec<Machine>> = Vec::new();
    for group in groups {
        let fresh = |machine: &Machine| !sets.iter().flatten().any(|taken| taken == machine);
        let members = targets::machines(group, itself).into_iter().filter(fresh).collect();
        sets.push(members);
    }
    let mut ways = Vec::new();
    for (index, one) in sets.iter().enumerate() {
        for other in &sets[index + 1..] {
            ways.push((one.clone(), other.clone()));
            if !one_way {
                ways.push((other.clone(), one.clone()));
            }
        }
    }
    ways
}

/// All links of a machine, both ways.
pub(super) fn all_of(machine: Machine) -> Vec<Target> {
    let ways = of_one(&[machine], false, Alone::Outside);
    ways.into_iter().map(|(source, target)| Target::Link { source, target }).collect()
}

/// The links to block so that each of a ring hears its neighbors up to a majority, itself among them.
pub(super) fn ring(machines: &[Machine]) -> Vec<Target> {
    let count = machines.len();
    let majority = count / 2 + 1;
    let reach = (majority - 1).div_ceil(2);
    let mut blocked = Vec::new();
    for (index, one) in machines.iter().enumerate() {
        let far = |other: usize| {
            let way = index.abs_diff(other);
            way.min(count - way) > reach
        };
        let target: Vec<Machine> =
            (0..count).filter(|other| far(*other)).map(|other| machines[other]).collect();
        if !target.is_empty() {
            blocked.push(Target::Link { source: vec![*one], target });
        }
    }
    blocked
}
