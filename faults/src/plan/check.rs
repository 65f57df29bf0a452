//! Whether a plan makes sense for a scenario: every name known, no line against another.

use std::time::Duration;

use super::catalogue::{ArgumentKind, Call, Catalogue};
use super::duration;
use super::error::Problem;
use super::select::{Scope, Selector, TEST_MACHINE};
use super::value::{Arguments, PointName, Value};
use super::{Argument, Plan, Trigger, Trouble};

/// The first line that is wrong, from 0, and why.
pub(super) fn check(plan: &Plan, catalogue: &Catalogue) -> Result<(), (usize, Problem)> {
    for (index, line) in plan.faults.iter().enumerate() {
        let wrong = |problem| (index, problem);
        let on_point = matches!(line.trigger, Trigger::On { .. });
        let scope = Scope { catalogue, on_point };
        if let Trigger::On { point, .. } = &line.trigger {
            PointName(point.clone()).check(&scope).map_err(wrong)?;
        }
        line.trouble.check_names(&scope).map_err(wrong)?;
        check_values(&line.trouble, catalogue).map_err(wrong)?;
        check_spares_test(&line.trouble).map_err(wrong)?;
        if let Trigger::At(at) = line.trigger {
            check_quiet(plan, index, at).map_err(wrong)?;
        }
    }
    Ok(())
}

/// The test's own body must go on: nothing takes its machine or its process away.
fn check_spares_test(trouble: &Trouble) -> Result<(), Problem> {
    let selectors: Vec<&Selector> = match trouble {
        Trouble::Kill { processes, .. }
        | Trouble::CrashLoop { processes, .. }
        | Trouble::Stop { processes, .. }
        | Trouble::Pause { processes, .. }
        | Trouble::Upgrade { processes, .. }
        | Trouble::Roll { processes, .. } => {
            processes.selectors().iter().map(|selector| &selector.machines).collect()
        }
        Trouble::Power { machines, .. } => machines.selectors().iter().collect(),
        Trouble::Swap { machines, .. } => vec![&machines.0, &machines.1],
        _ => return Ok(()),
    };
    if !selectors.contains(&&Selector::machine(TEST_MACHINE)) {
        return Ok(());
    }
    let message = "runs the test itself: expected a machine that may be missed".to_string();
    Err(Problem::Contradiction { word: TEST_MACHINE.to_string(), message })
}

/// Values that can be read and still make no sense.
fn check_values(trouble: &Trouble, catalogue: &Catalogue) -> Result<(), Problem> {
    let refuse = |key: &str, word: String, expected: String| {
        Err(Problem::Value { key: key.to_string(), word, expected })
    };
    match trouble {
        Trouble::Partition { groups, one_way: true } if groups.groups().len() > 2 => {
            refuse("one_way", "true".to_string(), "one or two groups, to say which way".to_string())
        }
        Trouble::DiskStall { stall, period, .. } if stall > period || period.is_zero() => {
            let expected = format!("at most the period, {}, which is above zero", duration::print(*period));
            refuse("stall", duration::print(*stall), expected)
        }
        Trouble::ClockStrobe { period, .. } if *period < Duration::from_micros(1) => {
            refuse("period", duration::print(*period), "at least 1us".to_string())
        }
        Trouble::CrashLoop { every, .. } if *every < Duration::from_micros(1) => {
            refuse("every", duration::print(*every), "at least 1us".to_string())
        }
        Trouble::ClockDrift { ppm, .. } | Trouble::MonotonicDrift { ppm, .. } if *ppm <= -1_000_000 => {
            refuse("drift_ppm", ppm.to_string(), "more than -1000000, or the clock runs back".to_string())
        }
        Trouble::Knob { knob, value } => {
            let Some(knob) = catalogue.knobs.iter().find(|known| known.name == knob.0) else { return Ok(()) };
            if (knob.least..=knob.most).contains(value) {
                return Ok(());
            }
            refuse("value", value.to_string(), format!("from {} to {}", knob.least, knob.most))
        }
        Trouble::Call { call, args } => match catalogue.call(&call.0) {
            Some(call) => check_arguments(call, args, catalogue),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_arguments(call: &Call, args: &Arguments, catalogue: &Catalogue) -> Result<(), Problem> {
    for name in args.0.keys() {
        if !call.parameters.iter().any(|parameter| parameter.name == *name) {
            let known = call.parameters.iter().map(|parameter| parameter.name.clone()).collect();
            let (kind, word) = (call.name.clone(), name.clone());
            return Err(Problem::Misplaced { kind, word, known });
        }
    }
    for parameter in &call.parameters {
        let Some(argument) = args.0.get(&parameter.name) else {
            if parameter.required {
                let (kind, key) = (call.name.clone(), parameter.name.clone());
                return Err(Problem::Missing { kind, key, expected: parameter.kind.expected() });
            }
            continue;
        };
        if let (ArgumentKind::Machine, Argument::Text(name)) = (parameter.kind, argument)
            && !catalogue.has_machine(name)
        {
            let known = catalogue.machine_names();
            return Err(Problem::Unknown { what: "machine", word: name.clone(), known });
        }
        if !parameter.kind.fits(argument) {
            let (key, word) = (parameter.name.clone(), shown(argument));
            return Err(Problem::Value { key, word, expected: parameter.kind.expected() });
        }
    }
    Ok(())
}

impl ArgumentKind {
    fn expected(self) -> String {
        match self {
            ArgumentKind::Whole { least, most } => format!("a whole number from {least} to {most}"),
            ArgumentKind::Truth => bool::EXPECTED.to_string(),
            ArgumentKind::Text => "a text".to_string(),
            ArgumentKind::Duration => duration::EXPECTED.to_string(),
            ArgumentKind::Chance => sim::Ratio::EXPECTED.to_string(),
            ArgumentKind::Machine => "the name of a machine".to_string(),
        }
    }

    fn fits(self, argument: &Argument) -> bool {
        match (self, argument) {
            (ArgumentKind::Whole { least, most }, Argument::Number(number)) => {
                (least..=most).contains(number)
            }
            (ArgumentKind::Truth, Argument::Flag(_)) => true,
            (ArgumentKind::Text | ArgumentKind::Machine, Argument::Text(_)) => true,
            (ArgumentKind::Duration, Argument::Text(text)) => duration::parse(text).is_some(),
            (ArgumentKind::Chance, Argument::Text(text)) => text.parse::<sim::Ratio>().is_ok(),
            _ => false,
        }
    }
}

/// An argument as it stands in the text.
fn shown(argument: &Argument) -> String {
    match argument {
        Argument::Number(number) => number.to_string(),
        Argument::Flag(flag) => flag.to_string(),
        Argument::Text(text) => text.clone(),
    }
}

/// No trouble strikes by the clock after the calm or within a healed while.
fn check_quiet(plan: &Plan, index: usize, at: Duration) -> Result<(), Problem> {
    let word = duration::print(at);
    let calm = plan.calm_at().filter(|calm| *calm < at);
    if let Some(calm) = calm {
        let message = format!("is after the calm at {}", duration::print(calm));
        return Err(Problem::Contradiction { word, message });
    }
    if matches!(plan.faults[index].trouble, Trouble::Calm {} | Trouble::Heal {}) {
        return Ok(());
    }
    for line in &plan.faults {
        let (Trigger::At(healed), Some(lasts), Trouble::Heal {}) = (&line.trigger, line.lasts, &line.trouble)
        else {
            continue;
        };
        if (*healed..healed.saturating_add(lasts)).contains(&at) {
            let (from, lasts) = (duration::print(*healed), duration::print(lasts));
            let message = format!("is in the quiet of {lasts} from {from}, in which nothing strikes");
            return Err(Problem::Contradiction { word, message });
        }
    }
    Ok(())
}
