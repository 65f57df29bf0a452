//! The load: clients that read, write, compare-and-set and remove, at their own pace, whatever happens.
//!
//! What a client does is its script, drawn from its own stream unless the run was given one. It does not depend on
//! what the client is answered, but for the value that a compare-and-set expects, which is the last one that this
//! client saw.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use models::kv::api::{Cluster, Key, Operation, Outcome, Value};
use models::kv::client::Client;
use sim::time::{Instant, sleep_until, timeout};
use sim::workload::script;

use super::intent::{Intent, Kind};
use super::oracle::Oracle;

/// Whose the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// All clients meet on the same keys.
    Shared,
    /// Each client has keys of its own: then the result depends on no schedule.
    Private,
}

/// How much is asked of the service.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many clients call.
    pub clients: u32,
    /// How many calls each of them makes.
    pub calls: u32,
    /// How many keys there are, for each client or for all.
    pub key_count: u32,
    /// Whose they are.
    pub keys: Keys,
    /// A client begins a call so often, unless it still waits for the last one.
    pub pace: Duration,
    /// How long a client waits for an answer before it gives the call up.
    pub patience: Duration,
    /// From when on the calls must be answered, since the begin of the run.
    pub calm_at: Duration,
}

impl Load {
    /// 500 calls of four clients, who meet on five keys, in nineteen seconds.
    pub const USUAL: Load = Load {
        clients: 4,
        calls: 125,
        key_count: 5,
        keys: Keys::Shared,
        pace: Duration::from_millis(150),
        patience: Duration::from_secs(4),
        calm_at: Duration::from_secs(14),
    };

    /// The keys that a client uses.
    fn keys_of(self, client: u32) -> Vec<Key> {
        let name = |key: u32| match self.keys {
            Keys::Private => format!("k{client}.{key}"),
            Keys::Shared => format!("k{key}"),
        };
        (0..self.key_count).map(|key| name(key).into()).collect()
    }
}

/// One client's calls, from the first to the last.
pub async fn client(number: u32, load: Load, cluster: Cluster, oracle: Rc<Oracle>) {
    let begin = Instant::now();
    let mut client = Client::new(cluster, "client");
    let mut rng = sim::rng("load");
    let mut script = script(&format!("client-{number}"));
    let keys = load.keys_of(number);
    let mut seen: BTreeMap<Key, Option<Value>> = BTreeMap::new();
    let mut calls = 0..load.calls;
    while let Some(intent) = script.next(|| Some(Intent::draw(&mut rng, number, calls.next()?, &load, &keys)))
    {
        sleep_until(begin + intent.at).await;
        let operation = operation(number, &intent, &seen);
        let open = oracle.calls(number, &operation, begin.elapsed() >= load.calm_at);
        // Without an answer in time nobody knows whether the call took effect; the next one comes all the same.
        let asked_at = Instant::now();
        if let Ok(Ok(answer)) = timeout(load.patience, client.call(operation.clone())).await {
            sim::latency("kv.call", asked_at.elapsed());
            oracle.answered(open, &operation, &answer);
            see(&mut seen, &operation, &answer.outcome);
        }
    }
}

/// What is asked of the service.
fn operation(client: u32, intent: &Intent, seen: &BTreeMap<Key, Option<Value>>) -> Operation {
    let key = intent.key.clone();
    match intent.kind {
        Kind::Get => Operation::Get(key),
        Kind::Remove => Operation::Remove(key),
        Kind::Put { number, length } => Operation::Put(key, value(client, number, length)),
        Kind::Swap { number, length } => {
            let expected = seen.get(&key).cloned().flatten();
            Operation::CompareAndSet { key, expected, value: value(client, number, length) }
        }
    }
}

/// A value that nobody else writes.
fn value(client: u32, number: u32, length: u64) -> Value {
    let word = (u64::from(client) << 32 | u64::from(number)).to_le_bytes();
    let mut bytes = word.repeat(length.div_ceil(word.len() as u64) as usize);
    bytes.truncate(length as usize);
    bytes.into()
}

fn see(seen: &mut BTreeMap<Key, Option<Value>>, operation: &Operation, outcome: &Outcome) {
    let value = match (operation, outcome) {
        (Operation::Get(_), Outcome::Found(value)) => value.clone(),
        (Operation::Put(_, value), _) => Some(value.clone()),
        (Operation::CompareAndSet { value, .. }, Outcome::Swapped(true)) => Some(value.clone()),
        (Operation::Remove(_), _) => None,
        _ => return,
    };
    seen.insert(operation.key().clone(), value);
}
