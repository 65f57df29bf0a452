//! Who is selected, at the time of the strike.

use sim::fault;
use sim::machine::{Machine, Process};

use crate::plan::{Candidate, Group, Processes, Selector, TEST_MACHINE};

/// Whether a selector selects a machine now.
fn selects(selector: &Selector, machine: Machine, itself: Option<Process>) -> bool {
    let (name, zone, roles) = (machine.name(), machine.zone(), fault::roles_of(machine));
    selector.selects(Candidate {
        name: &name,
        zone: (!zone.is_empty()).then_some(zone.as_str()),
        roles: &roles,
        itself: itself.is_some_and(|process| process.machine() == machine),
    })
}

/// The machines of a group: by selector in its order, then in the order in which they were created.
pub(super) fn machines(group: &Group, itself: Option<Process>) -> Vec<Machine> {
    let mut selected = Vec::new();
    for selector in group.selectors() {
        for machine in sim::machines() {
            if selects(selector, machine, itself) && !selected.contains(&machine) {
                selected.push(machine);
            }
        }
    }
    selected
}

/// The processes that are selected; `self` alone is the one process that hit the point.
pub(super) fn processes(processes: &Processes, itself: Option<Process>) -> Vec<Process> {
    let mut selected: Vec<Process> = Vec::new();
    for selector in processes.selectors() {
        if let (Selector::Itself, None) = (&selector.machines, &selector.processes) {
            selected.extend(itself.filter(|process| !selected.contains(process)));
            continue;
        }
        for machine in sim::machines() {
            if !selects(&selector.machines, machine, itself) {
                continue;
            }
            for process in machine.processes() {
                let fits = selector.processes.as_ref().is_none_or(|wanted| wanted.matches(&process.name()));
                if fits && !selected.contains(&process) {
                    selected.push(process);
                }
            }
        }
    }
    selected
}

/// The machines that are none of these: everybody else but `test`.
pub(super) fn rest(machines: &[Machine]) -> Vec<Machine> {
    let others = sim::machines().into_iter();
    others.filter(|machine| !machines.contains(machine) && machine.name() != TEST_MACHINE).collect()
}
