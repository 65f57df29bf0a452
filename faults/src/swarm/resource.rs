//! Features that trouble entropy, memory and knobs, and those that models bring.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::draft::Draft;
use super::profile::Feature;
use crate::budget::Allowance;
use crate::plan::{
    Argument, ArgumentKind, Arguments, CallName, CallParameter, Family, KnobName, Line, Trouble,
    print_chance, print_duration,
};

pub(super) static FEATURES: &[Feature] = &[
    Feature { name: "entropy", family: Family::Resource, draw: entropy },
    Feature { name: "allocation", family: Family::Resource, draw: allocation },
    Feature { name: "knob", family: Family::Resource, draw: knob },
    Feature { name: "call", family: Family::Resource, draw: call },
];

fn scarcity(allowance: &Allowance) -> bool {
    allowance.scarcity
}

fn entropy(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, value) = (draft.machines(scarcity)?, *draft.dice.pick(&[0, 1, u64::MAX]));
    Some(draft.line(Trouble::Entropy { machines, value }))
}

fn allocation(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, after) = (draft.machine(scarcity)?, *draft.dice.pick(&[0, 10, 100]));
    let count = NonZeroU32::new(*draft.dice.pick(&[1, 10, 1_000]))?;
    Some(draft.line(Trouble::Allocation { machines, after, count, point: None }))
}

/// One end of a knob's range.
fn knob(draft: &mut Draft<'_>) -> Option<Line> {
    if draft.catalogue.knobs.is_empty() {
        return None;
    }
    let (knob, most) = (draft.dice.pick(&draft.catalogue.knobs), draft.coin());
    let value = if most { knob.most } else { knob.least };
    Some(draft.line(Trouble::Knob { knob: KnobName(knob.name.clone()), value }))
}

fn call(draft: &mut Draft<'_>) -> Option<Line> {
    let known: Vec<_> = draft.budget.calls.iter().filter_map(|name| draft.catalogue.call(name)).collect();
    if known.is_empty() {
        return None;
    }
    let call = *draft.dice.pick(&known);
    let mut args = BTreeMap::new();
    for parameter in &call.parameters {
        let given = draft.coin() || parameter.required;
        match argument(draft, parameter) {
            Some(argument) if given => drop(args.insert(parameter.name.clone(), argument)),
            None if parameter.required => return None,
            _ => {}
        }
    }
    Some(draft.line(Trouble::Call { call: CallName(call.name.clone()), args: Arguments(args) }))
}

/// An argument that any call of this kind takes; none when only the model could know one.
fn argument(draft: &mut Draft<'_>, parameter: &CallParameter) -> Option<Argument> {
    Some(match parameter.kind {
        ArgumentKind::Whole { least, most } => {
            let width = most.abs_diff(least);
            let between = least.wrapping_add_unsigned(draft.dice.choose(width.wrapping_add(1)));
            Argument::Number(*draft.dice.pick(&[least, most, between]))
        }
        ArgumentKind::Truth => Argument::Flag(draft.coin()),
        ArgumentKind::Duration => Argument::Text(print_duration(draft.lasts)),
        ArgumentKind::Chance => Argument::Text(print_chance(draft.intensity)),
        ArgumentKind::Machine => {
            let (host, _) = draft.host(|_| true)?;
            Argument::Text(host.name.clone())
        }
        ArgumentKind::Text => return None,
    })
}
