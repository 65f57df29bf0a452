//! Choosing scenarios by name, or by how their names begin, with the pack before them or without.

use faults::scenario::Scenario;
use faults::suggest::nearest;

use super::Wrong;

/// The chosen scenarios, in the house's order; all, when nothing was asked for. A whole name means that
/// scenario alone.
pub(super) fn select<'a>(scenarios: &'a [Scenario], prefixes: &[String]) -> Result<Vec<&'a Scenario>, Wrong> {
    for prefix in prefixes {
        if !scenarios.iter().any(|scenario| begins(scenario, prefix)) {
            return Err(unknown(scenarios, prefix));
        }
    }
    let chosen = |scenario: &&Scenario| {
        prefixes.is_empty()
            || prefixes.iter().any(|prefix| {
                let whole = scenarios.iter().any(|other| is(other, prefix));
                if whole { is(scenario, prefix) } else { begins(scenario, prefix) }
            })
    };
    let chosen: Vec<&Scenario> = scenarios.iter().filter(chosen).collect();
    if chosen.is_empty() {
        return Err(Wrong("this binary has no scenarios: give some to `tourbillon::main!`".to_string()));
    }
    Ok(chosen)
}

/// The name within the pack: `router-storm-001.region_churn` of `router-storm/router-storm-001.region_churn`.
fn short(scenario: &Scenario) -> &str {
    scenario.name().split_once('/').map_or(scenario.name(), |(_, short)| short)
}

fn begins(scenario: &Scenario, prefix: &str) -> bool {
    scenario.name().starts_with(prefix) || short(scenario).starts_with(prefix)
}

fn is(scenario: &Scenario, name: &str) -> bool {
    scenario.name() == name || short(scenario) == name
}

/// The scenario of a case.
pub(super) fn named<'a>(scenarios: &'a [Scenario], name: &str) -> Result<&'a Scenario, Wrong> {
    scenarios.iter().find(|scenario| scenario.name() == name).ok_or_else(|| unknown(scenarios, name))
}

/// So many names are told whole; of more, the packs.
const NAMES_TOLD_MAX: usize = 12;

fn unknown(scenarios: &[Scenario], word: &str) -> Wrong {
    let names: Vec<&str> = scenarios.iter().map(Scenario::name).collect();
    let mut packs: Vec<&str> = scenarios.iter().map(Scenario::pack).collect();
    packs.dedup();
    let candidates = packs.iter().copied().chain(scenarios.iter().map(short)).chain(names.iter().copied());
    Wrong(match nearest(word, candidates) {
        Some(meant) => format!("unknown scenario `{word}`, did you mean `{meant}`?"),
        None if names.len() <= NAMES_TOLD_MAX => {
            format!("unknown scenario `{word}`: expected the beginning of one of {}", names.join(", "))
        }
        None => format!(
            "unknown scenario `{word}`: expected a scenario of the packs {}; `list` names them all",
            packs.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_means_that_scenario_alone() {
        let scenarios: Vec<Scenario> =
            ["a/crash", "a/crash-loop", "b/steady"].map(|name| Scenario::new(name, "", || async {})).to_vec();
        let names = |prefixes: &[&str]| {
            let prefixes: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
            select(&scenarios, &prefixes)
                .map(|chosen| chosen.iter().map(|one| one.name()).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]), Ok(vec!["a/crash", "a/crash-loop", "b/steady"]));
        assert_eq!(names(&["a/crash"]), Ok(vec!["a/crash"]));
        assert_eq!(names(&["crash"]), Ok(vec!["a/crash"]));
        assert_eq!(names(&["cr"]), Ok(vec!["a/crash", "a/crash-loop"]));
        assert_eq!(names(&["a/cr"]), Ok(vec!["a/crash", "a/crash-loop"]));
        assert_eq!(names(&["b", "a/crash-"]), Ok(vec!["a/crash-loop", "b/steady"]));
        for (word, meant) in [("a/crsh", "a/crash"), ("stedy", "steady")] {
            let meant = format!("unknown scenario `{word}`, did you mean `{meant}`?");
            assert_eq!(names(&[word]), Err(Wrong(meant)));
        }
        let known =
            "unknown scenario `zzz`: expected the beginning of one of a/crash, a/crash-loop, b/steady";
        assert_eq!(names(&["zzz"]), Err(Wrong(known.to_string())));
    }

    #[test]
    fn of_many_scenarios_the_packs_are_told() {
        let scenarios: Vec<Scenario> = (0..20)
            .map(|number| Scenario::new(&format!("pack-{}/scenario-{number}", number / 10), "", || async {}))
            .collect();
        let told = |word: &str| select(&scenarios, &[word.to_string()]).map(|_| ()).map_err(|wrong| wrong.0);
        let packs =
            "unknown scenario `zzz`: expected a scenario of the packs pack-0, pack-1; `list` names them all";
        assert_eq!(told("zzz"), Err(packs.to_string()));
        assert_eq!(told("pakc-1"), Err("unknown scenario `pakc-1`, did you mean `pack-1`?".to_string()));
    }
}
