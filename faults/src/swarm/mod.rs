//! The swarm: plans drawn from a seed, each with another subset of features switched off.
//!
//! A seed without partitions finds what partitions would have hidden, so each feature is off in half of
//! the seeds, and each that is on has an intensity of its own, from nearly never to nearly always. Times
//! come from bursts rather than from independent coins: real trouble comes together. What does not fit
//! into the budget is left out, and every plan ends in calm.
//!
//! Each feature draws from its own stream `plan/NAME`, so that another feature moves nothing.

mod clock;
mod disk;
mod draft;
mod network;
mod process;
mod profile;
mod resource;

use std::time::Duration;

use sim::Ratio;
use sim::choice::Seeded;

use crate::budget::{Account, Budget};
use crate::plan::{Catalogue, Line, Plan, Trigger, Trouble};
use draft::{Bursts, Draft};
pub use profile::{Feature, PROFILES, Profile, UnknownProfile};

/// Nearly never, now and then, nearly always.
pub const INTENSITIES: [Ratio; 3] = [Ratio::of(1, 50), Ratio::of(3, 10), Ratio::of(19, 20)];

/// The longest row of episodes of one feature.
const EPISODES_MAX: u64 = 4;

/// The plan of a seed: the same for the same four arguments. It passes [`Plan::check`] and
/// [`Budget::check`].
pub fn draw(seed: u64, profile: &Profile, budget: &Budget, catalogue: &Catalogue) -> Plan {
    let mut plan = Plan { faults: vec![Line::at(budget.calm_at, Trouble::Calm {})] };
    let features = switch_on(seed, profile);
    if features.is_empty() || budget.lines_max < 2 {
        return plan;
    }
    let bursts = Bursts::draw(&mut Seeded::new(seed, "plan/bursts"), budget.trouble_last);
    let heal = draw_heal(&mut Seeded::new(seed, "plan/heal"), budget);
    plan.faults.extend(heal.clone());
    let lines_max = length(&mut Seeded::new(seed, "plan/length"), budget);
    let mut account = Account::new(budget, catalogue, &plan);
    let mut lines = Vec::new();
    for line in candidates(seed, &features, &bursts, budget, catalogue, &account) {
        let has_room = lines.len() + plan.faults.len() < lines_max;
        if has_room && !is_quiet(&line, heal.as_ref()) && account.admit(&line).is_ok() {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        plan.faults.truncate(1); // nothing to heal from
    }
    plan.faults.extend(lines);
    plan.faults.sort_by_key(order);
    plan
}

/// A third of the plans each is short, middling and as long as may be: few troubles show what many hide.
fn length(dice: &mut Seeded, budget: &Budget) -> usize {
    let share = *dice.pick(&[6, 2, 1]);
    (budget.lines_max / share).max(budget.lines_max.min(3))
}

/// Lines that wait for a point come first, the calm comes last.
fn order(line: &Line) -> (bool, bool, Duration) {
    match line.trigger {
        Trigger::On { .. } => (false, false, Duration::ZERO),
        Trigger::At(at) => (true, matches!(line.trouble, Trouble::Calm {}), at),
    }
}

/// Each feature is on with one half; at least one is.
fn switch_on(seed: u64, profile: &Profile) -> Vec<&'static Feature> {
    let mut dice = Seeded::new(seed, "plan");
    let chosen = dice.choose(profile.features().len().max(1) as u64) as usize;
    let mut on = Vec::new();
    for (index, feature) in profile.features().iter().enumerate() {
        let coin = dice.chance(Ratio::of(1, 2));
        if coin || index == chosen || profile.is_all_on() {
            on.push(*feature);
        }
    }
    // Whoever is asked first gets the larger part of the budget.
    dice.shuffle(&mut on);
    on
}

/// The episodes of all features, the first of each before the second of any.
fn candidates(
    seed: u64,
    features: &[&'static Feature],
    bursts: &Bursts,
    budget: &Budget,
    catalogue: &Catalogue,
    account: &Account<'_>,
) -> Vec<Line> {
    let mut lines: Vec<(u64, Line)> = Vec::new();
    for feature in features {
        let dice = Seeded::new(seed, &format!("plan/{}", feature.name));
        let mut draft = Draft::new(dice, budget, catalogue, account);
        for episode in 0..draft.episodes() {
            draft.begin_episode(bursts);
            lines.extend((feature.draw)(&mut draft).map(|line| (episode, line)));
        }
    }
    lines.sort_by_key(|(episode, _)| *episode);
    let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    if lines.iter().any(|line| matches!(line.trigger, Trigger::On { .. })) {
        // Nobody knows when a point is hit: then every line that brings machines down counts them itself.
        lines.iter_mut().for_each(|line| guard(&mut line.trouble, catalogue, account));
    }
    lines
}

/// Has the trouble strike only while enough machines stay up.
fn guard(trouble: &mut Trouble, catalogue: &Catalogue, account: &Account<'_>) {
    let (machines, guard) = match trouble {
        Trouble::Kill { processes, down_max, .. }
        | Trouble::CrashLoop { processes, down_max, .. }
        | Trouble::Stop { processes, down_max, .. }
        | Trouble::Pause { processes, down_max, .. } => (processes.machines(), down_max),
        Trouble::Power { machines, down_max, .. } => (machines.clone(), down_max),
        _ => return,
    };
    *guard = account.down_max(&machines, catalogue);
}

/// In three of ten plans a time without trouble, in which the system may recover before the next.
fn draw_heal(dice: &mut Seeded, budget: &Budget) -> Option<Line> {
    let (wanted, place) = (dice.chance(Ratio::of(3, 10)), dice.range(25..75));
    let length = dice.range(2..10);
    let percent = budget.trouble_last / 100;
    let at = draft::rounded(percent * place as u32);
    let lasts = draft::rounded(percent * length as u32);
    (wanted && !at.is_zero()).then(|| Line::at(at, Trouble::Heal {}).lasting(lasts))
}

fn is_quiet(line: &Line, heal: Option<&Line>) -> bool {
    let Some(Line { trigger: Trigger::At(from), lasts: Some(lasts), .. }) = heal else { return false };
    matches!(line.trigger, Trigger::At(at) if (*from..*from + *lasts).contains(&at))
}

#[cfg(test)]
mod tests;
