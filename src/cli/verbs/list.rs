//! `list`: what there is.

use std::io::Write as _;

use faults::scenario::{Scenario, Weather};

use super::House;
use crate::cli::args::List;
use crate::cli::select::select;
use crate::cli::{Status, Wrong};

/// Prints packs and scenarios, and on request what each declares.
pub(crate) fn list(house: &House, args: &List) -> Result<Status, Wrong> {
    let chosen = select(&house.scenarios, &args.prefix)?;
    let width = chosen.iter().map(|scenario| scenario.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut pack = "";
    for scenario in &chosen {
        if scenario.pack() != pack {
            pack = scenario.pack();
            let count = chosen.iter().filter(|other| other.pack() == pack).count();
            text += &format!("{pack} ({count})\n");
        }
        let mut notes = Vec::new();
        match scenario.plans_from() {
            Weather::Swarm(profile) => notes.push(format!("swarm {}", profile.name())),
            Weather::Fixed(plan) if plan.faults.is_empty() => {}
            Weather::Fixed(plan) => notes.push(format!("a plan of {} lines", plan.faults.len())),
        }
        notes.extend(scenario.is_confluent().then(|| "confluent".to_string()));
        notes.extend(scenario.has_guests().then(|| "guests".to_string()));
        let notes = if notes.is_empty() { String::new() } else { format!(" [{}]", notes.join(", ")) };
        text += &format!("  {:width$}  {}{notes}\n", scenario.name(), scenario.about());
        if args.points {
            text += &details(scenario);
        }
    }
    // A reader that has seen enough closes the pipe, which is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(Status::Held)
}

fn details(scenario: &Scenario) -> String {
    let mut text = String::new();
    let hosts: Vec<&str> = scenario.catalogue().hosts.iter().map(|host| host.name.as_str()).collect();
    if !hosts.is_empty() {
        text += &format!("    machines: {}\n", hosts.join(", "));
    }
    for point in scenario.all_points() {
        let required = scenario.required_points().iter().any(|name| name == point.name());
        let required = if required { ", required" } else { "" };
        text += &format!("    {} ({}{required})\n", point.name(), point.kind().label());
    }
    for quirk in scenario.all_quirks() {
        text += &format!("    --quirk {}: {}\n", quirk.name(), quirk.about());
    }
    text
}
