//! 003: spawn until the arena is full, and beyond; then the region goes on as if nothing had been.

use faults::scenario::Scenario;
use models::regions::api::{CancelKind, Kind, Operation, Profile, Status, What};

use crate::regions::accept::Acceptance;
use crate::regions::job::Job;
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("router-storm.003");

/// What is done, for any capacity.
#[derive(Clone, Debug)]
struct Exhaustion {
    /// The jobs that fill the arena, again and again.
    jobs: Vec<Job>,
    /// Attempts beyond capacity, each time.
    beyond: u64,
    /// Tasks that make room between the two times.
    released: usize,
}

impl Load for Exhaustion {
    fn draw() -> Exhaustion {
        let rng = &mut load::rng();
        let jobs = load::crowd(rng);
        let (beyond, released) = load::once(rng, "flood", |rng| (rng.range(1..9), load::count(rng, 1, 16)));
        Exhaustion { jobs, beyond, released }
    }

    /// Fills, goes beyond, makes room, fills again, goes beyond again, drains.
    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("flood", 0));
        let beyond = |round: u64| (0..self.beyond).map(move |attempt| name("beyond", round * 100 + attempt));
        let mut tasks = Vec::new();
        for (number, job) in (0..rig.tasks_max() as u64).zip(self.jobs.iter().cycle()) {
            tasks.push(rig.spawn(region, name("flood.task", number), job.clone()));
        }
        rig.refused(region, beyond(0));
        rig.settle().await;
        for &task in tasks.iter().take(self.released) {
            let asked = rig.runtime.cancel(task, CancelKind::Timeout);
            asked.unwrap_or_else(|error| panic!("a task that waits: {error}"));
        }
        rig.settle().await;
        for number in 0..self.released as u64 {
            rig.spawn(region, name("flood.again", number), self.jobs[0].clone());
        }
        rig.refused(region, beyond(1));
        rig.settle().await;
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let tasks_max = remains.tasks_max;
        let seen = &remains.seen;
        ACCEPT.equal("arena-full", &seen.alive_max(Kind::Task), &tasks_max);
        let refused = seen.refused(Operation::Spawn, Status::ResourceExhausted);
        ACCEPT.equal("each-refusal-is-told", &(refused as u64), &(2 * self.beyond));
        let admitted = seen.count(|what| matches!(what, What::Spawned { .. }));
        ACCEPT.equal("later-there-is-room", &admitted, &(tasks_max + self.released));
        let events = seen.events();
        let at = |is: fn(&What) -> bool| events.iter().position(|event| is(&event.what));
        let refused_at = events.iter().rposition(|event| matches!(event.what, What::Refused { .. }));
        let closing_at = at(|what| *what == What::Closing);
        ACCEPT.require("stays-open", refused_at.is_some() && refused_at < closing_at, || {
            format!("the last refusal is event {refused_at:?}, and the region closes at {closing_at:?}")
        });
        ACCEPT.equal("closes", &seen.closed().len(), &1);
    }
}

/// The scenario at the capacity of its class, and at that of the tight class wherever it runs.
pub fn scenarios() -> [Scenario; 2] {
    let name = "router-storm/router-storm-003.exhaustion_handling";
    let about = "tasks are spawned until the arena is full: clean refusals, and the region goes on";
    pack::filled::<Exhaustion>(Profile::EmbeddedRouter, name, about)
        .map(|scenario| scenario.required(["regions.refused"]))
}
