//! 004: promises are made, kept and given up under pressure.

use std::collections::BTreeSet;

use faults::scenario::Scenario;
use models::regions::api::{Class, Kind, Operation, Profile, Status, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("router-storm.004");

/// What is done.
#[derive(Clone, Debug)]
pub struct Churn {
    /// The jobs, and how many promises each makes.
    jobs: Vec<(Job, usize)>,
}

impl Load for Churn {
    /// A load drawn from the seed. All jobs together never hold more than the tight class has room for.
    fn draw() -> Churn {
        let rng = &mut load::rng();
        let tasks = load::count(rng, 20, 32);
        let job = |rng: &mut Rng| {
            let rounds = load::count(rng, 1, 3);
            let mut acts = Vec::new();
            for round in 0..rounds as u64 {
                let (both, keeps, again) = (rng.choose(2), rng.choose(3) > 0, rng.choose(3) == 0);
                let delay = load::micros(rng, 5, 40);
                acts.push(Act::Reserve(name("route", round)));
                acts.extend((both > 0).then_some(Act::Reserve(name("peer", round))));
                acts.push(Act::Sleep(delay));
                acts.push(if keeps { Act::Commit } else { Act::Abort });
                acts.extend(again.then_some(Act::CommitAgain));
                acts.extend((both > 0).then_some(Act::Commit));
            }
            let promises = acts.iter().filter(|act| matches!(act, Act::Reserve(_))).count();
            (Job::new(acts), promises)
        };
        let mut jobs = load::items(rng, "promises", tasks, job);
        // So that each seed sees a promise that ended twice over.
        let again = || Job::new([Act::Reserve(name("route", 9)), Act::Commit, Act::CommitAgain]);
        jobs.extend(load::items(rng, "again", 1, |_| (again(), 1)));
        Churn { jobs }
    }

    async fn play(&self, rig: &mut Rig) {
        let regions = [0, 1].map(|region| rig.open(name("table", region)));
        for ((task, (job, _)), region) in (0..).zip(&self.jobs).zip(regions.iter().cycle()) {
            rig.spawn(*region, name("route.task", task), job.clone());
        }
        rig.settle().await;
        for region in regions {
            rig.drain(region).await;
        }
    }

    fn accept(&self, remains: &Remains) {
        let seen = &remains.seen;
        let promises: usize = self.jobs.iter().map(|(_, promises)| promises).sum();
        let handles = |is: fn(&What) -> bool| -> Vec<_> {
            let events = seen.events();
            events.iter().filter(|event| is(&event.what)).map(|event| event.object).collect()
        };
        let reserved = handles(|what| matches!(what, What::Reserved { .. }));
        let resolved = handles(|what| matches!(what, What::Committed { .. } | What::Aborted { .. }));
        ACCEPT.equal("all-promises-made", &reserved.len(), &promises);
        let (once, twice) = (resolved.iter().collect::<BTreeSet<_>>(), resolved.len());
        ACCEPT.equal("resolved-once", &once.len(), &twice);
        ACCEPT.equal("all-resolved", &once, &reserved.iter().collect());
        ACCEPT.equal("none-leaked", &seen.leaked(), &Vec::new());
        let pressure = seen.alive_max(Kind::Obligation);
        let capacity = usize::from(Class::R1.capacity().obligations);
        ACCEPT.at_least("pressure", pressure, self.jobs.len() / 2);
        ACCEPT.require("fits-the-tight-class", pressure <= capacity, || format!("{pressure} at once"));
        ACCEPT.at_least("ends-once", seen.refused(Operation::Commit, Status::AlreadyResolved), 1);
    }
}

impl Churn {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "router-storm/router-storm-004.obligation_churn";
    let about = "promises are made, kept and given up under pressure: all are resolved, none leaks";
    pack::played::<Churn>(Profile::EmbeddedRouter, name, about)
        .required(["regions.refused", "regions.timer_fired"])
}
