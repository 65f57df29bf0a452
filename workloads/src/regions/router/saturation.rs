//! 002: tasks run at once in many regions, in regions within regions; then everything drains.

use std::collections::BTreeSet;

use faults::scenario::Scenario;
use models::regions::api::{Budget, Class, Handle, Kind, Profile, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("router-storm.002");

/// Sites without tasks of their own, and the lines of each: as many regions as the tight class holds.
const SITES: u64 = 2;
const LINES: u64 = 3;
const _: () = assert!(SITES * (1 + LINES) == Class::R1.capacity().regions as u64);

/// What is done.
#[derive(Clone, Debug)]
pub struct Saturation {
    /// For each line the jobs in it.
    lines: Vec<Vec<Job>>,
}

impl Load for Saturation {
    fn draw() -> Saturation {
        let rng = &mut load::rng();
        let line = |line: u64| {
            let tasks = load::count(rng, 5, 8);
            let mut task = 0;
            load::items(rng, &format!("line-{line}"), tasks, |rng| {
                let (delay, kept) = (load::micros(rng, 20, 60), load::resident(rng));
                task += 1;
                if task <= 3 { Job::new([Act::Sleep(delay)]).ending(Ending::Waits) } else { kept }
            })
        };
        Saturation { lines: (0..SITES * LINES).map(line).collect() }
    }

    async fn play(&self, rig: &mut Rig) {
        let sites: Vec<Handle> = (0..SITES).map(|site| rig.open(name("site", site))).collect();
        for ((line, jobs), at) in (0..).zip(&self.lines).zip(sites.iter().cycle()) {
            let region = rig.open_in(Some(*at), name("line", line), Budget::UNLIMITED);
            for (task, job) in (0..).zip(jobs) {
                rig.spawn(region, name("line.task", task), job.clone());
            }
        }
        // Those who work on never rest: some slices, and time goes on between two.
        for _ in 0..3 {
            rig.runtime.run(Budget::polls(self.tasks() as u64));
            sim::task::yield_now().await;
        }
        for site in sites {
            rig.drain(site).await;
        }
    }

    fn accept(&self, remains: &Remains) {
        let seen = &remains.seen;
        let events = seen.events();
        let regions = usize::from(Class::R1.capacity().regions);
        ACCEPT.equal("all-tasks-at-once", &seen.alive_max(Kind::Task), &self.tasks());
        ACCEPT.equal("all-regions-at-once", &seen.alive_max(Kind::Region), &regions);
        let first_end = events.iter().position(|event| matches!(event.what, What::Completed { .. }));
        let polled = events[..first_end.unwrap_or(0)].iter().filter(|event| event.what == What::Polled);
        let running: BTreeSet<_> = polled.filter_map(|event| event.subject.region).collect();
        ACCEPT.equal("tasks-ran-in-every-line-at-once", &running.len(), &self.lines.len());
        ACCEPT.equal("every-region-drains-to-closed", &seen.closed().len(), &regions);
        let draining = seen.count(|what| *what == What::Draining);
        ACCEPT.equal("every-region-drains", &draining, &regions);
    }
}

impl Saturation {
    fn tasks(&self) -> usize {
        self.lines.iter().map(Vec::len).sum()
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "router-storm/router-storm-002.multi_region_saturation";
    let about = "tasks run at once in many regions, and every region drains";
    pack::played::<Saturation>(Profile::EmbeddedRouter, name, about)
}
