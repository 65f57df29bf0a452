//! 006: regions under unequal load: each means what it means alone, and a light one does not wait for a heavy one.

use std::rc::Rc;

use faults::plan::Host;
use faults::scenario::Scenario;
use models::regions::api::{Budget, Config, Name, Profile, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack;
use crate::regions::rig::{Remains, Rig, UNIT, on};
use crate::regions::seen::difference;

const ACCEPT: Acceptance = Acceptance("market-open-burst.006");

/// The machine where each region is alone.
const ALONE: &str = "alone";

/// What is done.
#[derive(Clone, Debug)]
struct Unequal {
    /// For each region its jobs, from light to heavy. The last one is greedy: its budget ends it.
    regions: Vec<Vec<Job>>,
    /// Polls that the greedy region's tasks may use.
    allowed: u64,
}

impl Unequal {
    fn draw() -> Unequal {
        let rng = &mut load::rng();
        let mut regions = Vec::new();
        for (traders, least, most) in [("few", 1, 2), ("some", 4, 6), ("many", 10, 14)] {
            let tasks = load::count(rng, least, most);
            regions.push(load::items(rng, traders, tasks, Unequal::trader));
        }
        let greedy = load::count(rng, 10, 16);
        let job = |_: &mut Rng| Job::new([Act::Reserve(name("greed", 0)), Act::Commit]).ending(Ending::Works);
        regions.push(load::items(rng, "greedy", greedy, job));
        Unequal { regions, allowed: load::once(rng, "allowed", |rng| rng.range(6..12)) }
    }

    fn trader(rng: &mut Rng) -> Job {
        let polls = load::count(rng, 1, 4);
        let mut acts = load::work(polls);
        acts.extend([Act::Reserve(name("trade", 0)), Act::Commit]);
        Job::new(acts)
    }

    fn name(at: usize) -> Name {
        name("venue", at as u64)
    }

    /// Plays some of the regions.
    async fn play(&self, rig: &mut Rig, which: impl Iterator<Item = usize>) {
        let mut opened = Vec::new();
        for at in which {
            let is_greedy = at + 1 == self.regions.len();
            let budget = if is_greedy { Budget::polls(self.allowed) } else { Budget::UNLIMITED };
            let region = rig.open_in(None, Unequal::name(at), budget);
            opened.push(region);
            for (task, job) in (0..).zip(&self.regions[at]) {
                let asked = Budget::polls(1_000);
                let spawned = rig.try_spawn(region, name("trader", task), asked, job.clone());
                spawned.unwrap_or_else(|error| panic!("a task that there is room for: {error}"));
            }
        }
        rig.settle().await;
        for region in opened {
            rig.drain(region).await;
        }
    }

    fn accept(&self, together: &Remains, alone: &[Remains]) {
        let seen = &together.seen;
        for (at, alone) in alone.iter().enumerate() {
            let is_its = |subject: &models::regions::api::Subject| subject.region == Some(Unequal::name(at));
            let (found, expected) = (seen.meaning_of(is_its), alone.seen.meaning_of(is_its));
            ACCEPT.equal("all-of-it-was-there", &expected.len(), &(self.regions[at].len() + 1));
            let differs = difference(&found, &expected);
            ACCEPT.require("as-if-alone", differs.is_none(), || differs.unwrap_or_default());
        }
        // First in, first out: in so many rounds everybody has had so many turns.
        let tasks: usize = self.regions.iter().map(Vec::len).sum();
        let rounds_max = 4 + 2 + 1;
        let mut polls = 0;
        let greedy = Unequal::name(self.regions.len() - 1);
        let mut last_light = 0;
        for event in seen.events().iter() {
            polls += usize::from(event.what == What::Polled);
            let is_light = event.subject.region.is_some_and(|region| region != greedy);
            if is_light && matches!(event.what, What::Completed { .. }) {
                last_light = polls;
            }
        }
        ACCEPT.require(
            "light-ones-do-not-wait",
            last_light <= rounds_max * tasks && last_light < polls,
            || format!("{last_light} of {polls} polls went by before the last light task was done"),
        );
        let spent = seen.subjects(|what| matches!(what, What::CancelRequested { .. }));
        ACCEPT.equal(
            "the-greedy-spend-their-budget",
            &spent.len(),
            &self.regions[self.regions.len() - 1].len(),
        );
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let about = "regions under unequal load: the progress of each is independent of the others";
    let name = "market-open-burst/market-open-burst-006.multi_region_isolation";
    pack::scenario(Profile::Hft, name, about, |config: Config| async move {
        let unequal = Rc::new(Unequal::draw());
        let load = unequal.clone();
        let together = on(UNIT, async move {
            let mut rig = Rig::new(config);
            load.play(&mut rig, 0..load.regions.len()).await;
            rig.finish().await
        })
        .await;
        let load = unequal.clone();
        let alone = on(ALONE, async move {
            let mut alone = Vec::new();
            for at in 0..load.regions.len() {
                let mut rig = Rig::new(config);
                load.play(&mut rig, at..at + 1).await;
                alone.push(rig.finish().await);
            }
            alone
        })
        .await;
        unequal.accept(&together, &alone);
    })
    .host(Host::new(ALONE))
}
