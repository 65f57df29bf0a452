//! The gate: the same work on a machine in trouble and on one that is spared, and their logs side by side.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use faults::budget::{Allowance, Budget};
use faults::plan::{Group, Host};
use faults::scenario::{Scenario, Weather};
use faults::swarm::Profile as Swarm;
use models::journal::frame;
use models::regions::api::{Config, Profile};
use sim::time::{Instant, sleep, sleep_until};

use super::entry::{Done, Entry};
use super::harness::{self, LOG, read};
use super::points::{CATALOGUE, OF_GATE, QUIRKS};
use super::work::{self, Region};
use crate::items::once;
use crate::regions::deployment::{config, deployments};

/// The machine that trouble may befall.
const STRUCK: &str = "harness";
/// The machine that is spared.
const SPARED: &str = "reference";
/// Trouble goes on for so long.
const STORM: Duration = Duration::from_secs(2);
/// How long after it the logs are read.
const CALM_FOR: Duration = Duration::from_secs(1);
/// When all must be done.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// The scenarios of the pack `continuity`.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "continuity/continuity-001.killed",
            "killed in the middle, the harness goes on from its log",
            &["kill", "kill.site", "crash_loop", "stop"],
        ),
        scenario(
            "continuity/continuity-002.power_loss",
            "after a loss of power the harness goes on from what is durable of its log",
            &["power", "kill.site"],
        ),
    ]
}

fn scenario(name: &str, about: &str, features: &[&str]) -> Scenario {
    let weather = Swarm::of("continuity", features).unwrap_or_else(|error| panic!("{name}: {error}"));
    let struck = Group::machine(STRUCK);
    Scenario::deployed(name, about, deployments(Profile::Core), |deployment| gate(config(&deployment)))
        .host(Host::new(STRUCK))
        .points_on(struck.clone(), &CATALOGUE)
        .points_on(Group::machine("test"), &OF_GATE)
        .required(["continuity.resumed"])
        .quirks(QUIRKS)
        .budget(Budget::new(STORM).allow(Allowance::new(struck).down_max(1)))
        .weather(Weather::Swarm(weather))
        .confluent()
}

/// Which machines are done.
type Board = Rc<RefCell<Vec<&'static str>>>;

async fn gate(config: Config) {
    let mut rng = sim::rng("continuity");
    let work: Rc<[Region]> = work::draw(&mut rng).into();
    let pace = once(&mut rng, "pace", |rng| Duration::from_millis(rng.range(5..60)));
    let board = Board::default();
    for machine in [SPARED, STRUCK] {
        start(machine, &work, config, pace, &board);
    }
    let began_at = Instant::now();
    while board.borrow().len() < 2 {
        if began_at.elapsed() > PATIENCE {
            return sim::fail("continuity.ends", format!("{:?} alone are done", board.borrow()));
        }
        sleep(LOOK_AGAIN_AFTER).await;
    }
    // Nobody reads a disk that may lose its power.
    sleep_until(began_at + STORM + CALM_FOR).await;
    let (expected, found) = (log_of(SPARED).await, log_of(STRUCK).await);
    if let (Some(expected), Some(found)) = (expected, found) {
        judge(&work, &expected, &found);
    }
}

fn start(name: &'static str, work: &Rc<[Region]>, config: Config, pace: Duration, board: &Board) {
    let (work, board) = (work.clone(), board.clone());
    let machine = sim::find_machine(name).unwrap_or_else(|| sim::machine(name).create());
    let process = machine.process("harness", move |_boot| {
        let (work, board) = (work.clone(), board.clone());
        async move {
            harness::run(&work, config, pace).await.expect("no plan lets the disk fail");
            if !board.borrow().contains(&name) {
                board.borrow_mut().push(name);
            }
        }
    });
    process.start();
}

/// What lies on a machine's disk, line by line.
async fn log_of(machine: &'static str) -> Option<Vec<Entry>> {
    let machine = sim::find_machine(machine).expect("it was created");
    let bytes = machine.spawn(async { sim::fs::read(LOG).await }).await;
    let bytes = bytes.expect("nobody ends a reader in calm").expect("the log is there");
    let (records, whole_bytes) = frame::read(&bytes);
    let records: Vec<Vec<u8>> = records.into_iter().map(<[u8]>::to_vec).collect();
    match read(&records) {
        Some((entries, true)) if whole_bytes == bytes.len() => Some(entries),
        _ => {
            let message =
                format!("{whole_bytes} of {} bytes are a log, in {} records", bytes.len(), records.len());
            sim::fail("continuity.log-is-whole", message);
            None
        }
    }
}

/// Each thing once, and each as it was without trouble.
fn judge(work: &[Region], expected: &[Entry], found: &[Entry]) {
    let once = |entries: &[Entry]| -> BTreeMap<Done, u8> {
        let mut outcomes = BTreeMap::new();
        for entry in entries {
            if let Some(before) = outcomes.insert(entry.done, entry.outcome) {
                let Entry { done, outcome } = entry;
                sim::fail("continuity.each-once", format!("{done:?} ended as {before} and as {outcome}"));
            }
        }
        outcomes
    };
    let (expected, found) = (once(expected), once(found));
    let tasks: usize = work.iter().map(|region| region.tasks.len()).sum();
    let logged = expected.keys().filter(|done| done.promise.is_none()).count();
    if logged != tasks {
        sim::fail("continuity.every-task", format!("{logged} of {tasks} tasks are in the log"));
    }
    let differs = |done: &&Done| expected.get(done) != found.get(done);
    if let Some(done) = expected.keys().chain(found.keys()).find(differs) {
        let (expected, found) = (expected.get(done), found.get(done));
        sim::fail("continuity.same-outcomes", format!("{done:?} is {found:?}, and should be {expected:?}"));
    }
    for (done, outcome) in &found {
        let promise = done.promise.map_or(0, |promise| promise.0);
        points::mark!("continuity.told", done.region.0, done.task.0, promise, *outcome);
    }
}
