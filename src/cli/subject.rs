//! What a command is about: scenarios, each in the resource classes that were asked for.

use faults::scenario::{Scenario, UnknownWord};

use super::Wrong;

/// The word that stands for every class of a scenario.
const EVERY: &str = "all";

/// A scenario, in one of its classes where it has some and one was named.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) class: Option<String>,
}

impl Subject<'_> {
    /// The scenario's name, and the class that was named: `router-storm/router-storm-001.region_churn.R1`.
    pub(super) fn label(&self) -> String {
        match &self.class {
            Some(class) => format!("{}.{class}", self.scenario.name()),
            None => self.scenario.name().to_string(),
        }
    }

    /// Whether that is its label, with the pack before it or without.
    pub(super) fn is_called(&self, word: &str) -> bool {
        let label = self.label();
        label == word || label.split_once('/').is_some_and(|(_, short)| short == word)
    }

    /// A subject for each class that a golden is kept of: every one there is.
    pub(super) fn of_every_class(scenario: &Scenario) -> Vec<Subject<'_>> {
        match scenario.deployments() {
            None => vec![Subject { scenario, class: None }],
            Some(deployments) => {
                let of = |class: &String| Subject { scenario, class: Some(class.clone()) };
                deployments.classes().iter().map(of).collect()
            }
        }
    }
}

/// Each scenario in each of the classes; `all` stands for every class that it has.
pub(super) fn in_classes<'a>(
    scenarios: Vec<&'a Scenario>,
    classes: &[String],
) -> Result<Vec<Subject<'a>>, Wrong> {
    let mut subjects = Vec::new();
    for scenario in scenarios {
        if classes.is_empty() {
            subjects.push(Subject { scenario, class: None });
        }
        for class in classes {
            if class == EVERY && scenario.deployments().is_some() {
                subjects.extend(Subject::of_every_class(scenario));
                continue;
            }
            let unknown = || UnknownWord { what: "class", word: class.clone(), known: Vec::new() };
            let found = match scenario.deployments() {
                Some(deployments) => deployments.of(None, Some(class)),
                None => Err(unknown()),
            };
            let class = found.map_err(|error| Wrong(format!("{}: {error}", scenario.name())))?.class;
            subjects.push(Subject { scenario, class: Some(class) });
        }
    }
    Ok(subjects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faults::scenario::Deployments;

    #[test]
    fn all_is_every_class_and_a_class_is_told_in_its_own_spelling() {
        let sizes = Deployments::new(&["Core"], &["R1", "R2"]);
        let sized = Scenario::deployed("a/sized", "", sizes, |_| async {});
        let plain = Scenario::new("a/plain", "", || async {});
        let labels = |scenario, classes: &[&str]| {
            let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
            in_classes(vec![scenario], &classes)
                .map(|subjects| subjects.iter().map(Subject::label).collect::<Vec<_>>())
                .map_err(|wrong| wrong.0)
        };
        assert_eq!(labels(&sized, &[]), Ok(vec!["a/sized".to_string()]));
        assert_eq!(labels(&sized, &["all"]), Ok(vec!["a/sized.R1".to_string(), "a/sized.R2".to_string()]));
        assert_eq!(labels(&sized, &["r-2"]), Ok(vec!["a/sized.R2".to_string()]));
        let unknown = "a/sized: unknown class `huge`: expected one of R1, R2";
        assert_eq!(labels(&sized, &["huge"]), Err(unknown.to_string()));
        assert_eq!(
            labels(&plain, &["R1"]),
            Err("a/plain: unknown class `R1`: the scenario has none".to_string())
        );
    }
}
