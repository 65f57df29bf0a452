//! Words to a configuration: what a run is deployed as, and which packs are deployed how. [regions 1.6]

use faults::scenario::{Deployment, Deployments};
use models::regions::api::{Class, Config, Profile, Quirks};

/// Every profile and class, and the usual one of a pack: its profile with that profile's own class.
pub fn deployments(usual: Profile) -> Deployments {
    let profiles = Profile::ALL.map(Profile::name);
    let classes = Class::ALL.map(Class::name);
    Deployments::new(&profiles, &classes).usually(usual.name(), usual.default_class().name())
}

/// The configuration of a run, with the bugs that it plants.
///
/// # Panics
/// When a word is not one of [`deployments`], which the scenario has checked before.
pub fn config(deployment: &Deployment) -> Config {
    let profile: Profile = deployment.profile.parse().unwrap_or_else(|error| panic!("{error}"));
    let class: Class = deployment.class.parse().unwrap_or_else(|error| panic!("{error}"));
    Config::of(profile).class(class).quirks(Quirks::of_run())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_configuration() {
        for usual in Profile::ALL {
            let deployments = deployments(usual);
            assert_eq!(deployments.usual().profile, usual.name());
            assert_eq!(deployments.usual().class, usual.default_class().name());
            for profile in deployments.profiles() {
                for class in deployments.classes() {
                    let words = deployments.of(Some(profile), Some(class)).expect("they are its own");
                    let config = config(&words);
                    assert_eq!((config.profile.name(), config.class.name()), (&**profile, &**class));
                }
            }
        }
    }
}
