//! How a system is deployed: the profile and the resource class by which a body builds it.

use std::fmt;

use crate::suggest::nearest;

/// What a run's system is built as; words of the scenario's [`Deployments`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The profile, such as `Hft`.
    pub profile: String,
    /// The resource class, such as `R2`.
    pub class: String,
}

/// The profiles and resource classes that a scenario's system can be built as.
///
/// ```
/// use tourbillon_faults::scenario::{Deployments, Scenario, Spec};
///
/// let deployments = Deployments::new(&["Core", "EmbeddedRouter"], &["R1", "R2"]);
/// let body = |deployment: tourbillon_faults::scenario::Deployment| async move {
///     assert_eq!((&*deployment.profile, &*deployment.class), ("EmbeddedRouter", "R1"));
/// };
/// let scenario = Scenario::deployed("demo/steady", "one of two sizes", deployments, body);
/// let profile = Some("embedded-router".to_string()); // any spelling of the word
/// let run = scenario.run(&Spec { deployed_as: profile, ..Spec::of_seed(42) })?;
/// assert!(run.report.passed());
/// # Ok::<(), tourbillon_faults::scenario::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployments {
    profiles: Vec<String>,
    classes: Vec<String>,
    usual: Deployment,
}

/// A word that is no profile, or no class, of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// What it should have been: `profile` or `class`.
    pub what: &'static str,
    /// The word.
    pub word: String,
    /// What there is.
    pub known: Vec<String>,
}

impl Deployments {
    /// Some profiles and some classes; the first of each is the usual one.
    ///
    /// # Panics
    /// When there is none of one, or two differ in their spelling alone.
    pub fn new(profiles: &[&str], classes: &[&str]) -> Deployments {
        let usual = |words: &[&str]| words.first().expect("a deployment needs a word for each").to_string();
        for words in [profiles, classes] {
            for (index, word) in words.iter().enumerate() {
                let twice = words[..index].iter().any(|other| folded(other) == folded(word));
                assert!(!twice, "`{word}` is there twice");
            }
        }
        Deployments {
            usual: Deployment { profile: usual(profiles), class: usual(classes) },
            profiles: profiles.iter().map(ToString::to_string).collect(),
            classes: classes.iter().map(ToString::to_string).collect(),
        }
    }

    /// With another usual deployment.
    ///
    /// # Panics
    /// When one of the words is not among those there are.
    pub fn usually(mut self, profile: &str, class: &str) -> Deployments {
        self.usual = self
            .of(Some(profile), Some(class))
            .unwrap_or_else(|unknown| panic!("the usual deployment: {unknown}"));
        self
    }

    /// What is built when nothing else is asked for.
    pub fn usual(&self) -> &Deployment {
        &self.usual
    }

    /// The profiles, in the order given.
    pub fn profiles(&self) -> &[String] {
        &self.profiles
    }

    /// The resource classes, in the order given.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The deployment of these words; the usual one's where none is given. `EmbeddedRouter`, `embedded-router`
    /// and `EMBEDDED_ROUTER` are one word.
    ///
    /// # Errors
    /// When there is no such profile or class.
    pub fn of(&self, profile: Option<&str>, class: Option<&str>) -> Result<Deployment, UnknownWord> {
        let find = |what, wanted: Option<&str>, words: &[String], usual: &String| match wanted {
            None => Ok(usual.clone()),
            Some(wanted) => {
                let word = words.iter().find(|word| folded(word) == folded(wanted)).cloned();
                word.ok_or_else(|| UnknownWord { what, word: wanted.to_string(), known: words.to_vec() })
            }
        };
        Ok(Deployment {
            profile: find("profile", profile, &self.profiles, &self.usual.profile)?,
            class: find("class", class, &self.classes, &self.usual.class)?,
        })
    }
}

/// A word without its spelling.
fn folded(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '-' | '_')).flat_map(char::to_lowercase).collect()
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownWord { what, word, known } = self;
        write!(f, "unknown {what} `{word}`")?;
        if known.is_empty() {
            return write!(f, ": the scenario has none");
        }
        match nearest(word, known.iter().map(String::as_str)) {
            Some(meant) => write!(f, ", did you mean `{meant}`? The choice is {}", known.join(", ")),
            None => write!(f, ": expected one of {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownWord {}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployments() -> Deployments {
        Deployments::new(&["Core", "EmbeddedRouter"], &["R1", "R2", "R3"]).usually("Core", "r3")
    }

    #[test]
    fn any_spelling_is_the_word() {
        for spelling in ["EmbeddedRouter", "embedded-router", "EMBEDDED_ROUTER"] {
            let found = deployments().of(Some(spelling), None).expect("it is one");
            assert_eq!(found, Deployment { profile: "EmbeddedRouter".into(), class: "R3".into() });
        }
    }

    #[test]
    fn an_unknown_word_is_told_with_the_choice() {
        let told = |profile, class| deployments().of(profile, class).expect_err("there is none").to_string();
        assert_eq!(
            told(Some("Cor"), None),
            "unknown profile `Cor`, did you mean `Core`? The choice is Core, EmbeddedRouter"
        );
        assert_eq!(told(None, Some("zzzzz")), "unknown class `zzzzz`: expected one of R1, R2, R3");
    }
}
