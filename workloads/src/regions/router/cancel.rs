//! 006: all are asked to end at saturation: every task ends, and those that had to be forced are named.

use std::collections::BTreeSet;

use faults::scenario::Scenario;
use models::regions::api::{Budget, CLEANUP_POLLS, CancelKind, Kind, Name, Outcome, Profile, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::{Ending, Job, Manner};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("router-storm.006");

/// What is done.
#[derive(Clone, Debug)]
pub struct Cancel {
    jobs: Vec<Job>,
    /// The first so many never listen.
    deaf: usize,
}

impl Load for Cancel {
    const LEAKS: bool = true;

    fn draw() -> Cancel {
        let rng = &mut load::rng();
        let (tasks, deaf) = (load::count(rng, 30, 48), load::count(rng, 1, 6));
        // Each takes the draws of a resident, so that how many are deaf moves nobody else.
        let deaf = load::items(rng, "deaf", deaf, load::resident).len();
        let last = load::items(rng, "last", 1, load::resident);
        let residents = load::items(rng, "residents", tasks.saturating_sub(deaf + 1), load::resident);
        let mut jobs: Vec<Job> =
            (0..deaf as u64).map(|task| load::deaf(name("deaf.promise", task))).collect();
        // It ends by itself in the very last poll that it has.
        let slow = || Job::new(load::work(1)).ending(Ending::Works).manner(Manner::Cleans(CLEANUP_POLLS));
        jobs.extend(last.iter().map(|_| slow()));
        jobs.extend(residents);
        Cancel { jobs, deaf }
    }

    /// Plays it. Everybody had one turn when all are asked: what they hold depends on nothing else.
    async fn play(&self, rig: &mut Rig) {
        let regions = [0, 1].map(|region| rig.open(name("load", region)));
        for ((task, job), region) in (0..).zip(&self.jobs).zip(regions.iter().cycle()) {
            rig.spawn(*region, name("load.task", task), job.clone());
        }
        rig.runtime.run(Budget::polls(self.jobs.len() as u64));
        sim::task::yield_now().await;
        for kind in [CancelKind::Deadline, CancelKind::Shutdown, CancelKind::Timeout] {
            for region in regions {
                let asked = rig.runtime.cancel(region, kind);
                asked.unwrap_or_else(|error| panic!("a region that is open: {error}"));
            }
        }
        rig.settle().await;
        for region in regions {
            rig.drain(region).await;
        }
    }

    fn accept(&self, remains: &Remains) {
        let seen = &remains.seen;
        ACCEPT.equal("saturated", &seen.alive_max(Kind::Task), &self.jobs.len());
        let ends = seen.ends();
        let asked = ends.values().flatten().filter(|end| end.was_asked && end.outcome == Outcome::Cancelled);
        ACCEPT.equal("every-task-ends-as-asked", &asked.count(), &self.jobs.len());
        let forced = seen.subjects(|what| matches!(what, What::Completed { forced: true, .. }));
        let forced: BTreeSet<Option<Name>> = forced.into_iter().map(|subject| subject.task).collect();
        let deaf = (0..self.deaf as u64).map(|task| Some(name("load.task", task))).collect();
        ACCEPT.equal("the-forced-are-named", &forced, &deaf);
        let leaked: BTreeSet<Name> = seen.leaked().into_iter().collect();
        let promised = (0..self.deaf as u64).map(|task| name("deaf.promise", task)).collect();
        ACCEPT.equal("what-they-held-is-named", &leaked, &promised);
        let strongest = seen.count(|what| *what == What::CancelRequested { kind: CancelKind::Shutdown });
        ACCEPT.equal("requests-strengthen", &strongest, &self.jobs.len());
    }
}

impl Cancel {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "router-storm/router-storm-006.cancel_under_load";
    let about = "all are asked to end at saturation: every task ends, forced ones are named";
    pack::played::<Cancel>(Profile::EmbeddedRouter, name, about)
        .required(["regions.forced", "regions.leaked"])
}
