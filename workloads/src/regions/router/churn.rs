//! 001: regions are opened, loaded and closed as fast as slots allow.

use std::collections::BTreeMap;

use faults::scenario::Scenario;
use models::regions::api::{Budget, Handle, Kind, Operation, Profile, Status, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::Job;
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("router-storm.001");

/// Full cycles of opening, loading, closing that are asked for. [regions 2]
const CYCLES_MIN: usize = 8;
/// Cycles, at most.
const CYCLES_MAX: usize = 10;
/// Regions of a cycle, at most.
const REGIONS_MAX: usize = 3;

/// What is done.
#[derive(Clone, Debug)]
pub struct Churn {
    /// For each cycle, for each of its regions, the jobs in it.
    cycles: Vec<Vec<Vec<Job>>>,
}

impl Load for Churn {
    fn draw() -> Churn {
        let rng = &mut load::rng();
        let cycles = load::count(rng, CYCLES_MIN as u64, CYCLES_MAX as u64);
        let cycle = |cycle: usize| {
            let regions =
                if load::is_given() { REGIONS_MAX } else { load::count(rng, 1, REGIONS_MAX as u64) };
            let region = |region: usize| {
                let tasks = if load::is_given() { 0 } else { load::count(rng, 2, 4) };
                let mut waits = true;
                load::items(rng, &format!("churn-{cycle}.{region}"), tasks, |rng| {
                    if std::mem::take(&mut waits) { load::waiter(rng) } else { load::errand(rng) }
                })
            };
            (0..regions).map(region).filter(|jobs| !jobs.is_empty()).collect()
        };
        let cycles = if load::is_given() { CYCLES_MAX } else { cycles };
        let is_any = |cycle: &Vec<Vec<Job>>| !cycle.is_empty();
        Churn { cycles: (0..cycles).map(cycle).filter(is_any).collect() }
    }

    /// Plays it; each cycle ends with an attempt to use a handle that is gone.
    async fn play(&self, rig: &mut Rig) {
        for cycle in &self.cycles {
            let mut opened = Vec::new();
            for (line, jobs) in (0..).zip(cycle) {
                let region = rig.open(name("churn", line));
                for finalizer in 0..2 {
                    let close = Job::new(load::work(1));
                    let deferred = rig.runtime.finally(region, name("finalizer", finalizer), close);
                    deferred.unwrap_or_else(|error| panic!("a finalizer in time: {error}"));
                }
                for (task, job) in (0..).zip(jobs) {
                    rig.spawn(region, name("churn.task", task), job.clone());
                }
                opened.push(region);
            }
            rig.settle().await;
            for &region in &opened {
                rig.drain(region).await;
            }
            // Slots are free again; the handles are not.
            let stale = opened[0];
            let _ = rig.try_spawn(stale, name("churn.late", 0), Budget::UNLIMITED, Job::new([]));
        }
    }

    fn accept(&self, remains: &Remains) {
        let seen = &remains.seen;
        let regions: usize = self.cycles.iter().map(Vec::len).sum();
        ACCEPT.at_least("cycles", self.cycles.len(), CYCLES_MIN);
        ACCEPT.equal("every-region-closes", &seen.closed().len(), &regions);
        let events = seen.events();
        let opened = events.iter().filter(|event| matches!(event.what, What::Opened { .. }));
        let mut of_slot: BTreeMap<u16, Vec<Handle>> = BTreeMap::new();
        for region in opened.map(|event| event.object) {
            of_slot.entry(region.slot).or_default().push(region);
        }
        let alive = seen.alive_max(Kind::Region);
        ACCEPT.require("slots-reused", of_slot.len() == alive && alive < regions, || {
            format!("{regions} regions, {alive} of them at once, took {} slots", of_slot.len())
        });
        for (slot, handles) in &of_slot {
            let rises = handles.is_sorted_by(|one, next| one.generation < next.generation);
            ACCEPT.require("generations-rise", rises, || format!("slot {slot} was seen as {handles:?}"));
        }
        let stale = seen.refused(Operation::Spawn, Status::StaleHandle);
        ACCEPT.equal("old-handles-are-stale", &stale, &self.cycles.len());
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "router-storm/router-storm-001.region_churn";
    let about = "regions are opened, loaded and closed as fast as slots allow";
    pack::played::<Churn>(Profile::EmbeddedRouter, name, about).required(["regions.refused"])
}
