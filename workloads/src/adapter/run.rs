//! One run: a remote, its clients, the wait for their ends, and the judgement of what lies on the disks.

use std::rc::Rc;
use std::time::Duration;

use models::adapter::api::{Job, Reason, State, Trouble, Witness, audit_path, ledger_path};
use models::adapter::{client, server};
use sim::machine::Process;
use sim::time::{Instant, sleep, sleep_until};

use crate::items::once;

use super::escalation::{AUDIT_WHOLE, ENDS, Violation};
use super::load::{Load, Modes, REMOTE, client_name};
use super::oracle::{Oracle, modes_agree};
use super::provocation::{self, Doubts};
use super::tail::{self, Tail};
use super::verify;

/// From here on all is calm.
pub const CALM_AT: Duration = Duration::from_secs(10);
/// How long a run may take to end: the storm, every try that is allowed, and some.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(5);
/// The process of the client, and of the remote.
pub const PROCESS: &str = "adapter";

/// What a scenario runs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What is asked.
    pub load: Load,
    /// What is provoked.
    pub provokes: Vec<Reason>,
    /// Of which kind doubts are.
    pub doubts: Doubts,
    /// Whether the tail is judged.
    pub gates: bool,
}

impl Setup {
    /// The usual load, these reasons.
    pub fn provoking(reasons: &[Reason]) -> Setup {
        let doubts = if reasons.len() == 1 { Doubts::Any } else { Doubts::FromTheBeginning };
        Setup { load: Load::usual(), provokes: reasons.to_vec(), doubts, gates: false }
    }
}

/// What lies on the disks when all is over.
#[derive(Clone, Debug)]
pub struct Remains {
    /// Each client's job, how it ended, and its journal.
    pub clients: Vec<(Job, State, Vec<u8>)>,
    /// The remote's journal.
    pub ledger: Vec<u8>,
    /// How long commits took.
    pub tail: Tail,
}

/// Runs a setup and judges it; the first property that does not hold ends the run. What is left is for those
/// who keep it.
pub async fn run(setup: Setup) -> Option<Remains> {
    let mut rng = sim::rng("load");
    let jobs = setup.load.draw(&mut rng);
    let runs: Vec<u64> = jobs.iter().map(|job| job.run).collect();
    let chunk_count = jobs[0].chunks.len() as u32;
    let trouble = once(&mut rng, "trouble", |rng| {
        provocation::draw(rng, &setup.provokes, &runs, chunk_count, setup.doubts)
    });
    // Another seed has two ways to come about: the remote's word, or the client's own after a restart.
    // And anywhere in the storm: what ends a run soon is to meet it as well.
    let (at_restart, started_after) =
        once(&mut rng, "start", |rng| (rng.choose(2) == 1, Duration::from_millis(rng.choose(5000))));
    let at_restart = at_restart && jobs.len() == 1 && setup.provokes == [Reason::ResumeSeedMismatch];
    let oracle = Oracle::new();
    // All machines stand before any trouble begins: it strikes those that are there.
    for client in 0..jobs.len() {
        sim::machine(&client_name(client)).create();
    }
    start_remote(if at_restart { Trouble::default() } else { trouble.clone() }, &oracle);
    if !setup.gates {
        sleep(started_after).await;
    }
    let clients: Vec<Process> =
        (0..).zip(&jobs).map(|(client, job)| start_client(client, job, &oracle)).collect();
    if let (true, Some(chunk)) = (at_restart, trouble.other_seed_from) {
        restart_with_other_seed(&oracle, &jobs[0], clients[0], chunk).await;
    }
    let begin = Instant::now();
    while let Some(pending) = oracle.pending(&runs) {
        if begin.elapsed() > PATIENCE {
            let seen = oracle.seen(pending);
            let message = format!(
                "run {pending} did not end; its cursor is {}, and {} are held",
                seen.cursor, seen.held
            );
            Violation::new(ENDS, message).fail();
            return None;
        }
        sleep(LOOK_AGAIN_AFTER).await;
    }
    sleep_until(begin + CALM_AT + Duration::from_secs(1)).await;
    let remains = match remains(&jobs, &oracle).await {
        Ok(remains) => remains,
        Err(error) => {
            Violation::new(AUDIT_WHOLE, format!("a journal cannot be read: {error}")).fail();
            return None;
        }
    };
    if let Err(violation) = judge(&setup, &trouble, &remains, &oracle) {
        violation.fail();
        return None;
    }
    Some(remains)
}

fn start_remote(trouble: Trouble, oracle: &Rc<Oracle>) {
    let witness = oracle.clone();
    let remote = sim::machine(REMOTE).create().process(PROCESS, move |_boot| {
        let (trouble, witness) = (trouble.clone(), witness.clone());
        async move { server::run(trouble, witness).await }
    });
    remote.start();
}

/// The configuration of a client that is started with another seed.
const OTHER_SEED: &str = "other seed";

fn start_client(number: usize, job: &Job, oracle: &Rc<Oracle>) -> Process {
    let (job, witness) = (job.clone(), oracle.clone());
    let machine = sim::find_machine(&client_name(number)).expect("it was created");
    let client = machine.process(PROCESS, move |boot| {
        let (mut job, witness) = (job.clone(), witness.clone());
        if boot.config == OTHER_SEED {
            job.seed = !job.seed;
        }
        async move { client::run(job, witness).await }
    });
    client.start()
}

/// Kills the client when it has so many chunks, and starts it with another seed.
async fn restart_with_other_seed(oracle: &Rc<Oracle>, job: &Job, client: Process, chunk: u32) {
    while oracle.seen(job.run).cursor < chunk && oracle.seen(job.run).ended.is_none() {
        sleep(LOOK_AGAIN_AFTER).await;
    }
    client.set_config(OTHER_SEED);
    client.kill();
    client.restart();
    oracle.provoked(Reason::ResumeSeedMismatch);
}

/// Reads the disks. Everybody has power by now.
async fn remains(jobs: &[Job], oracle: &Oracle) -> std::io::Result<Remains> {
    let read = |machine: &str, path: String| {
        let machine = sim::find_machine(machine).expect("it was created");
        machine.spawn(async move { sim::fs::read(path).await })
    };
    let ledger = read(REMOTE, ledger_path()).await.expect("no fault ends a reader in calm")?;
    let mut remains = Remains { clients: Vec::new(), ledger, tail: Tail::default() };
    for (client, job) in jobs.iter().enumerate() {
        let journal =
            read(&client_name(client), audit_path()).await.expect("no fault ends a reader in calm")?;
        let seen = oracle.seen(job.run);
        seen.took.iter().for_each(|took| remains.tail.add(*took));
        remains.clients.push((job.clone(), seen.ended.expect("nothing is pending"), journal));
    }
    Ok(remains)
}

/// What is said first names the failure best: a wrong answer, before the traces that it left.
fn judge(setup: &Setup, trouble: &Trouble, remains: &Remains, oracle: &Oracle) -> Result<(), Violation> {
    let ends: Vec<(Job, State)> =
        remains.clients.iter().map(|(job, ended, _)| (job.clone(), *ended)).collect();
    if setup.load.modes == Modes::Both {
        modes_agree(&ends)?;
    }
    for (job, ended) in &ends {
        oracle.named(job, trouble, *ended)?;
    }
    for (job, ended, journal) in &remains.clients {
        verify::audit(job, journal, &oracle.seen(job.run).audited, *ended)?;
    }
    verify::ledger(&remains.ledger, &ends)?;
    verify::damage(&remains.ledger, trouble, &ends)?;
    if setup.gates { remains.tail.judge(tail::BUDGET) } else { Ok(()) }
}
