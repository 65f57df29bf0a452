//! A cluster of pure replicas in a bag of messages: no kernel, one small generator of chance.

use std::time::Duration;

use super::super::api::{Key, Operation, Timing, Value};
use super::super::consensus::{Durable, Now};
use super::super::frame::{Reply, Request};
use super::super::message::Message;
use super::super::replica::{Quirks, Replica};
use super::super::wal::{MAGIC, Record, TornTail, Writer, recover};
use super::oracle::Oracle;

/// Bugs to plant, in the pure parts or around them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bugs {
    pub pure: Quirks,
    pub ack_before_sync: bool,
    pub vote_forgotten: bool,
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

struct Node {
    replica: Option<Replica>,
    /// The log file, and how much of it is synced.
    file: Vec<u8>,
    synced_bytes: usize,
    writer: Writer,
    after_sync: Vec<(u8, Message)>,
    is_syncing: bool,
    /// Percent of true time that its clock shows.
    rate: u64,
    paused_until: u64,
}

enum Parcel {
    Message(u8, u8, Message),
    Request(u8, u64, Request),
    Reply(u64, Reply),
}

struct Client {
    session: Option<u64>,
    seq: u64,
    operation: Option<(Operation, u64)>,
    attempt: u64,
    server: u8,
    retry_at: u64,
    answered: u64,
}

pub struct Cluster {
    chance: Chance,
    bugs: Bugs,
    members: u8,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    bag: Vec<Parcel>,
    blocked: Vec<(u8, u8)>,
    oracle: Oracle,
    now_us: u64,
    next_attempt: u64,
    is_calm: bool,
}

impl Cluster {
    pub fn new(seed: u64, members: u8, bugs: Bugs) -> Cluster {
        let mut chance = Chance(seed);
        let nodes = (0..members)
            .map(|_| Node {
                replica: None,
                file: MAGIC.to_vec(),
                synced_bytes: MAGIC.len(),
                writer: Writer::default(),
                after_sync: Vec::new(),
                is_syncing: false,
                rate: 92 + chance.below(17),
                paused_until: 0,
            })
            .collect();
        let clients = (0..3)
            .map(|_| Client {
                session: None,
                seq: 0,
                operation: None,
                attempt: 0,
                server: 0,
                retry_at: 0,
                answered: 0,
            })
            .collect();
        Cluster {
            chance,
            bugs,
            members,
            nodes,
            clients,
            bag: Vec::new(),
            blocked: Vec::new(),
            oracle: Oracle::default(),
            now_us: 0,
            next_attempt: 1,
            is_calm: false,
        }
    }

    pub fn run(mut self) -> Result<(), String> {
        for node in 0..self.members {
            self.boot(node);
        }
        for _ in 0..2500 {
            self.trouble()?;
            self.step()?;
        }
        self.is_calm = true;
        self.blocked.clear();
        for node in 0..self.members {
            self.boot(node);
            self.nodes[usize::from(node)].paused_until = 0;
        }
        let before: Vec<u64> = self.clients.iter().map(|client| client.answered).collect();
        for _ in 0..12_000 {
            self.step()?;
            if self.clients.iter().zip(&before).all(|(client, before)| client.answered > before + 3) {
                break;
            }
        }
        for (client, before) in self.clients.iter().zip(&before) {
            if client.answered <= before + 3 {
                return Err("a client got no answer in calm".into());
            }
        }
        Ok(())
    }

    fn now(&self, node: u8) -> Now {
        let node = &self.nodes[usize::from(node)];
        let timer = Duration::from_secs(100) + Duration::from_nanos(self.now_us * node.rate * 10);
        Now { timer, lease: timer }
    }

    fn patience(&mut self) -> Duration {
        Duration::from_millis(500 + self.chance.below(500))
    }

    fn boot(&mut self, index: u8) {
        if self.nodes[usize::from(index)].replica.is_some() {
            return;
        }
        let (now, patience) = (self.now(index), self.patience());
        let node = &mut self.nodes[usize::from(index)];
        let recovered = recover(&node.file, TornTail::Refused).expect("the magic word is synced");
        (node.file, node.writer) = recovered.rewrite();
        node.synced_bytes = node.file.len();
        let vote = if self.bugs.vote_forgotten { None } else { recovered.vote };
        let durable = Durable { term: recovered.term, vote, log: recovered.log };
        // Patient primaries stay long enough beside their successors for the fence to matter.
        let timing = Timing { quorum_patience: Duration::from_secs(3), ..Timing::LAN };
        node.replica =
            Some(Replica::new((index, self.members), timing, durable, now, patience, self.bugs.pure));
        node.is_syncing = false;
        node.after_sync.clear();
    }

    /// kill -9 leaves the file as it is, power loss a torn one.
    fn crash(&mut self, index: u8) {
        let power = self.chance.below(2) == 0;
        let node = &mut self.nodes[usize::from(index)];
        node.replica = None;
        if power {
            let unsynced = (node.file.len() - node.synced_bytes) as u64;
            node.file.truncate(node.synced_bytes + self.chance.below(unsynced + 1) as usize);
            if self.chance.below(2) == 0 {
                let from = node.synced_bytes;
                node.file[from..].fill(0);
            }
        }
    }

    fn trouble(&mut self) -> Result<(), String> {
        let node = self.chance.below(u64::from(self.members)) as u8;
        match self.chance.below(300) {
            0 | 1 if self.nodes[usize::from(node)].replica.is_some() => self.crash(node),
            0..=3 => self.boot(node),
            4 | 5 => {
                let other = self.chance.below(u64::from(self.members)) as u8;
                self.blocked.push((node, other));
                if self.chance.below(2) == 0 {
                    self.blocked.push((other, node));
                }
            }
            6 => self.blocked.clear(),
            7 | 8 if !self.blocked.is_empty() => {
                // All heal but one pair: a bridge stays between two that do not hear each other.
                let left = self.chance.below(self.blocked.len() as u64) as usize;
                let (from, to) = self.blocked[left];
                self.blocked = vec![(from, to), (to, from)];
            }
            9 => {
                for other in 0..self.members {
                    self.blocked.push((node, other));
                    self.blocked.push((other, node));
                }
            }
            10 => self.nodes[usize::from(node)].paused_until = self.now_us + self.chance.below(2_000_000),
            12 => {
                for node in 0..self.members {
                    self.crash(node);
                    self.boot(node);
                }
            }
            13 | 14 if !self.is_stopped(node) && !self.nodes[usize::from(node)].is_syncing => {
                let now = self.now(node);
                self.nodes[usize::from(node)].replica.as_mut().expect("up").consensus.retire(now);
                self.settle(node)?;
                if self.chance.below(2) == 0 {
                    self.crash(node);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        self.now_us += self.chance.below(if self.bag.len() > 20 { 1_000 } else { 8_000 });
        for client in 0..self.clients.len() {
            self.act(client);
        }
        for index in 0..self.members {
            if self.is_stopped(index) {
                continue;
            }
            let node = &self.nodes[usize::from(index)];
            if node.is_syncing {
                if self.chance.below(3) == 0 {
                    self.finish_sync(index)?;
                }
            } else if node.replica.as_ref().expect("up").consensus.deadline() <= self.now(index).timer {
                let (now, patience) = (self.now(index), self.patience());
                self.nodes[usize::from(index)]
                    .replica
                    .as_mut()
                    .expect("up")
                    .consensus
                    .on_deadline(now, patience);
                self.settle(index)?;
            }
        }
        for _ in 0..4 {
            if !self.bag.is_empty() {
                let parcel = self.chance.below(self.bag.len() as u64) as usize;
                let parcel = self.bag.swap_remove(parcel);
                self.deliver(parcel)?;
            }
        }
        Ok(())
    }

    fn is_stopped(&self, index: u8) -> bool {
        let node = &self.nodes[usize::from(index)];
        node.replica.is_none() || node.paused_until > self.now_us
    }

    fn deliver(&mut self, parcel: Parcel) -> Result<(), String> {
        let loss = if self.is_calm { 0 } else { self.chance.below(20) };
        if loss == 1 {
            return Ok(());
        }
        match parcel {
            Parcel::Message(from, to, message) => {
                if self.blocked.contains(&(from, to)) || self.nodes[usize::from(to)].replica.is_none() {
                    return Ok(());
                }
                if loss == 2 {
                    self.bag.push(Parcel::Message(from, to, message.clone()));
                }
                if self.is_stopped(to) || self.nodes[usize::from(to)].is_syncing {
                    self.bag.push(Parcel::Message(from, to, message));
                    return Ok(());
                }
                let now = self.now(to);
                self.nodes[usize::from(to)]
                    .replica
                    .as_mut()
                    .expect("up")
                    .consensus
                    .receive(from, message, now);
                self.settle(to)
            }
            Parcel::Request(to, ticket, request) => {
                if self.is_stopped(to) || self.nodes[usize::from(to)].is_syncing {
                    return Ok(());
                }
                self.nodes[usize::from(to)].replica.as_mut().expect("up").request(ticket, request);
                self.settle(to)
            }
            Parcel::Reply(ticket, reply) => self.reply(ticket, reply),
        }
    }

    /// What the shell does after each step.
    fn settle(&mut self, index: u8) -> Result<(), String> {
        let now = self.now(index);
        let node = &mut self.nodes[usize::from(index)];
        let replica = node.replica.as_mut().expect("up");
        replica.settle(now);
        replica.consensus.flush(now);
        if let Some(term) = replica.consensus.effects.elected.take() {
            self.oracle.led(index, term)?;
        }
        for applied in replica.applications.drain(..) {
            self.oracle.applied(index, &applied)?;
        }
        for (ticket, reply) in replica.replies.drain(..) {
            self.bag.push(Parcel::Reply(ticket, reply));
        }
        let effects = &mut replica.consensus.effects;
        self.bag.extend(effects.at_once.drain(..).map(|(to, message)| Parcel::Message(index, to, message)));
        node.after_sync.append(&mut effects.after_sync);
        if !effects.records.is_empty() {
            for record in effects.records.drain(..) {
                let record: Record = record;
                node.writer.append(&mut node.file, &record);
            }
            node.is_syncing = true;
        }
        if !node.is_syncing || self.bugs.ack_before_sync {
            let ready = node.after_sync.drain(..);
            self.bag.extend(ready.map(|(to, message)| Parcel::Message(index, to, message)));
        }
        Ok(())
    }

    fn finish_sync(&mut self, index: u8) -> Result<(), String> {
        let now = self.now(index);
        let node = &mut self.nodes[usize::from(index)];
        node.is_syncing = false;
        node.synced_bytes = node.file.len();
        node.replica.as_mut().expect("up").consensus.synced(now);
        self.settle(index)
    }

    fn act(&mut self, client: usize) {
        if self.clients[client].retry_at > self.now_us {
            return;
        }
        let server = self.chance.below(u64::from(self.members)) as u8;
        let operation = self.draw_operation();
        let strays = self.chance.below(8) == 0;
        let (floor, attempt) = (self.oracle.floor, self.next_attempt);
        self.next_attempt += 1;
        let client = &mut self.clients[client];
        if client.attempt != 0 || strays {
            client.server = server; // no answer in time: ask another
        }
        client.attempt = attempt;
        client.retry_at = self.now_us + 200_000;
        let request = match (client.session, &client.operation) {
            (None, _) => Request::Open,
            (Some(session), held) => {
                if held.is_none() {
                    client.seq += u64::from(operation.is_write());
                    client.operation = Some((operation, floor));
                }
                match &client.operation.as_ref().expect("just set").0 {
                    read @ Operation::Get(_) => Request::Read(read.clone()),
                    write => Request::Write { session, seq: client.seq, operation: write.clone() },
                }
            }
        };
        self.bag.push(Parcel::Request(client.server, attempt, request));
    }

    fn draw_operation(&mut self) -> Operation {
        let key: Key = ["a", "b"][self.chance.below(2) as usize].into();
        let value: Value = self.chance.below(1000).to_le_bytes().as_slice().into();
        match self.chance.below(8) {
            0 => Operation::Put(key, value),
            1 => Operation::CompareAndSet { key, expected: None, value },
            2 => Operation::Remove(key),
            _ => Operation::Get(key),
        }
    }

    fn reply(&mut self, ticket: u64, reply: Reply) -> Result<(), String> {
        let Some(client) = self.clients.iter_mut().find(|client| client.attempt == ticket) else {
            return Ok(());
        };
        client.attempt = 0;
        client.retry_at = self.now_us + 20_000;
        match reply {
            Reply::Opened(session) => client.session = Some(session),
            Reply::Answered(answer) => {
                let (operation, floor) = client.operation.take().expect("asked");
                client.answered += 1;
                self.oracle.answered(&operation, floor, &answer)?;
            }
            Reply::NotPrimary(hint) => {
                client.server = hint.unwrap_or(self.chance.below(u64::from(self.members)) as u8);
            }
            Reply::SessionGone => return Err("a session is gone".into()),
            Reply::Inspected(_) => return Err("nobody asked for this".into()),
        }
        Ok(())
    }
}
