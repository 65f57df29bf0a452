//! One run: replicas, clients, and the wait for convergence.

use std::rc::Rc;
use std::time::Duration;

use models::kv::api::{Cluster, Status, Timing};
use models::kv::client::Client;
use models::kv::server;
use sim::time::{Instant, sleep, sleep_until, timeout};
use sim::workload::size;

use super::load::{self, Load};
use super::oracle::Oracle;
use super::order::CONVERGE;

/// For how many seconds the replicas may differ, in calm.
pub const DIFFER_SECONDS: u64 = 10;
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);
const INSPECT_PATIENCE: Duration = Duration::from_millis(500);

/// The names of the machines of `count` replicas.
pub fn replicas(count: u8) -> Vec<String> {
    (0..count).map(|replica| format!("kv-{replica}")).collect()
}

/// The sizes of a run that a case may make smaller. The last is for how many seconds replicas may differ in calm.
pub const SIZES: [&str; 3] = ["replicas", "clients", "differ_seconds"];

/// Runs a load against `replica_count` replicas, and judges. A run may be told to have fewer replicas and clients,
/// and the calm comes when its plan says so.
pub async fn run(replica_count: u8, load: Load) {
    let [replica_count, clients] =
        [(SIZES[0], u64::from(replica_count)), (SIZES[1], u64::from(load.clients))]
            .map(|(name, usual)| size(name, usual));
    let calm_at = sim::fault::calm_at().unwrap_or(load.calm_at);
    let load = Load { clients: clients as u32, calm_at, ..load };
    let begin = Instant::now();
    let oracle = Oracle::new();
    let cluster = Cluster { machines: replicas(replica_count as u8).into(), timing: Timing::LAN };
    for (me, name) in (0..).zip(cluster.machines.iter()) {
        let (cluster, oracle) = (cluster.clone(), oracle.clone());
        let server = sim::machine(name).create().process("server", move |_boot| {
            let (cluster, oracle) = (cluster.clone(), oracle.clone());
            async move { server::run(me, cluster, oracle).await }
        });
        server.start();
    }
    let mut clients = Vec::new();
    for number in 0..load.clients {
        let machine = sim::machine(&format!("client-{number}")).create();
        clients.push(machine.spawn(load::client(number, load, cluster.clone(), oracle.clone())));
    }
    for client in clients {
        client.await.expect("no fault ends a client");
    }
    oracle.judge_answers();
    sleep_until(begin + load.calm_at).await;
    converge(cluster, &oracle).await;
    oracle.judge_history();
}

/// Asks every replica until all of them hold the same.
async fn converge(cluster: Cluster, oracle: &Rc<Oracle>) {
    let begin = Instant::now();
    let patience = Duration::from_secs(size(SIZES[2], DIFFER_SECONDS));
    let mut client = Client::new(cluster.clone(), "inspector");
    loop {
        let mut statuses: Vec<Option<Status>> = Vec::new();
        for replica in 0..cluster.machines.len() {
            let status = timeout(INSPECT_PATIENCE, client.inspect(replica)).await;
            statuses.push(status.ok().and_then(Result::ok));
        }
        match oracle.pending(&statuses) {
            None => return,
            Some(pending) if begin.elapsed() > patience => {
                sim::fail(CONVERGE, pending);
                return;
            }
            Some(_) => sleep(ASK_AGAIN_AFTER).await,
        }
    }
}
