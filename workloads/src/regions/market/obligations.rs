//! 002: bursts of promises whose lives are interleaved, each kept or given up, by its task or from outside.

use std::collections::BTreeMap;

use faults::scenario::Scenario;
use models::regions::api::{Budget, Handle, Kind, Name, Operation, Profile, Status, What};
use sim::choice::Rng;

use crate::regions::accept::Acceptance;
use crate::regions::job::{Act, Ending, Job};
use crate::regions::load::{self, name};
use crate::regions::pack::{self, Load};
use crate::regions::rig::{Remains, Rig};

const ACCEPT: Acceptance = Acceptance("market-open-burst.002");

/// Bursts of a load, at most.
const BURSTS_MAX: u64 = 4;

/// What is done.
#[derive(Clone, Debug)]
pub struct Bursts {
    bursts: Vec<Burst>,
}

/// One burst.
#[derive(Clone, Debug)]
struct Burst {
    /// Traders who promise and resolve on their own.
    traders: Vec<Job>,
    /// Promises that are made and resolved from outside, in this order; whether each is kept.
    outside: Vec<(u64, bool)>,
}

impl Load for Bursts {
    fn draw() -> Bursts {
        let rng = &mut load::rng();
        let bursts = load::count(rng, 2, BURSTS_MAX) as u64;
        // Of a run that was given its operations, those bursts are that anybody trades in.
        let bursts = if load::is_given() { BURSTS_MAX } else { bursts };
        let burst = |burst: u64| {
            let (traders, outside) = (load::count(rng, 4, 8), load::count(rng, 4, 8));
            let trader = |rng: &mut Rng| {
                let (legs, keeps, polls) =
                    (load::count(rng, 1, 3), rng.choose(2) == 0, load::count(rng, 0, 2));
                let mut acts: Vec<Act> = (0..legs as u64).map(|leg| Act::Reserve(name("leg", leg))).collect();
                acts.extend(load::work(polls));
                acts.extend((0..legs).map(|leg| if keeps || leg == 0 { Act::Commit } else { Act::Abort }));
                Job::new(acts)
            };
            let traders = load::items(rng, &format!("traders-{burst}"), traders, trader);
            let keeps = |rng: &mut Rng| rng.choose(2) == 0;
            let outside = load::items(rng, &format!("outside-{burst}"), outside, keeps);
            let mut outside: Vec<(u64, bool)> = (0..).zip(outside).collect();
            load::once(rng, &format!("order-{burst}"), |rng| rng.shuffle(&mut outside));
            Burst { traders, outside }
        };
        let is_any = |burst: &Burst| !burst.traders.is_empty() || !burst.outside.is_empty();
        Bursts { bursts: (0..bursts).map(burst).filter(is_any).collect() }
    }

    async fn play(&self, rig: &mut Rig) {
        let region = rig.open(name("bell", 0));
        let desk = rig.spawn(region, name("desk", 0), Job::new([]).ending(Ending::Waits));
        for (number, burst) in (0..).zip(&self.bursts) {
            for (trader, job) in (0..).zip(&burst.traders) {
                rig.spawn(region, name("trader", number * 100 + trader), job.clone());
            }
            let reserve = |promise: u64| {
                let reserved = rig.runtime.reserve(desk, name("outside", number * 100 + promise));
                reserved.unwrap_or_else(|error| panic!("a promise in time: {error}"))
            };
            let held: Vec<Handle> = (0..burst.outside.len() as u64).map(reserve).collect();
            for &(promise, keeps) in &burst.outside {
                rig.runtime.run(Budget::polls(3));
                let promise = held[usize::try_from(promise).expect("a few")];
                let resolve = if keeps { Operation::Commit } else { Operation::Abort };
                for _ in 0..2 {
                    // The second time it has ended: what is told of that is judged.
                    let _ = match resolve {
                        Operation::Commit => rig.runtime.commit(promise),
                        _ => rig.runtime.abort(promise),
                    };
                }
            }
            rig.settle().await;
        }
        rig.drain(region).await;
    }

    fn accept(&self, remains: &Remains) {
        let seen = &remains.seen;
        let events = seen.events();
        let mut ends: BTreeMap<Handle, usize> = BTreeMap::new();
        let (mut open, mut interleaved) = (BTreeMap::<Handle, Name>::new(), 0);
        for event in events.iter() {
            match event.what {
                What::Reserved { name, .. } => {
                    ends.insert(event.object, 0);
                    open.insert(event.object, name);
                }
                What::Committed { name } | What::Aborted { name } => {
                    let known = open.remove(&event.object);
                    ACCEPT.equal("resolved-by-its-name", &known, &Some(name));
                    interleaved += usize::from(!open.is_empty());
                    *ends.entry(event.object).or_default() += 1;
                }
                _ => {}
            }
        }
        ACCEPT.require("each-kept-or-given-up", ends.values().all(|&ends| ends == 1), || {
            format!("how often each ended: {ends:?}")
        });
        let outside: usize = self.bursts.iter().map(|burst| burst.outside.len()).sum();
        ACCEPT.at_least("promises-made", ends.len(), 2 * outside.min(8));
        ACCEPT.at_least("interleaved", interleaved, ends.len() / 2);
        ACCEPT.at_least("many-at-once", seen.alive_max(Kind::Obligation), 4);
        let again = [Operation::Commit, Operation::Abort];
        let again: usize = again.map(|asked| seen.refused(asked, Status::AlreadyResolved)).iter().sum();
        ACCEPT.equal("ends-once", &again, &outside);
    }
}

/// The scenario.
pub fn scenario() -> Scenario {
    let name = "market-open-burst/market-open-burst-002.burst_obligations";
    let about = "bursts of promises whose lives are interleaved: each is kept or given up, once";
    pack::played::<Bursts>(Profile::Hft, name, about).required(["regions.refused"])
}
