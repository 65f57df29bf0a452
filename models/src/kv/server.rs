//! A replica's process: it feeds the pure replica, writes and syncs its log, and sends what it says.
//!
//! One task steps the replica; others only carry frames to and fro. While the log is being synced nothing is
//! stepped: what comes meanwhile is taken in one go after it, and shares the next sync.

mod clock;
mod connection;
mod lease_file;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use sim::fault;
use sim::net::TcpListener;
use sim::time::{Instant, sleep, timeout_at};

use super::api::{Cluster, PORT, Witness};
use super::disk::Disk;
use super::frame::{Reply, Request};
use super::inbox::Inbox;
use super::link::Link;
use super::message::Message;
use super::points::{
    ACK_BEFORE_SYNC, DESTRUCTOR_RELEASES_LEASE, FENCING_UNCHECKED, FROZEN, MUTE, REPLIES_LOST_ON_RESTART,
    RETRY_APPLIED_TWICE,
};
use super::replica::{Quirks, Replica, Ticket};
use super::tasks::Tasks;
use clock::Clock;
use lease_file::LeaseFile;

/// Steps taken before their effects are carried out.
const BATCH_MAX: usize = 64;
const RETRY_DISK_AFTER: Duration = Duration::from_millis(200);

enum Event {
    Message { from: u8, hears: bool, message: Message },
    Request(Ticket, Request),
    Stop,
}

type Connections = Rc<RefCell<BTreeMap<Ticket, Rc<Inbox<Reply>>>>>;

/// Runs replica `me` until it is asked to stop. A disk that fails makes it start anew from what is durable.
pub async fn run(me: u8, cluster: Cluster, witness: Rc<dyn Witness>) {
    while let Err(error) = serve(me, &cluster, &*witness).await {
        points::reachable!("kv.disk_failed");
        tracing::warn!(%error, replica = me, "the disk failed");
        sleep(RETRY_DISK_AFTER).await;
    }
}

async fn serve(me: u8, cluster: &Cluster, witness: &dyn Witness) -> io::Result<()> {
    let (disk, durable) = Disk::open().await?;
    if DESTRUCTOR_RELEASES_LEASE.is_planted() {
        LeaseFile::wait_until_gone().await;
    }
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let members = u8::try_from(cluster.machines.len()).expect("at most 64 replicas");
    let clock = Clock::new();
    let mut rng = sim::rng("patience");
    let patience = draw_patience(&mut rng, cluster);
    let quirks = Quirks {
        fencing_unchecked: FENCING_UNCHECKED.is_planted(),
        retry_applied_twice: RETRY_APPLIED_TWICE.is_planted(),
        replies_lost_on_restart: REPLIES_LOST_ON_RESTART.is_planted(),
    };
    let replica = Replica::new((me, members), cluster.timing, durable, clock.now(), patience, quirks);
    witness.booted(me);
    let inbox = Rc::new(Inbox::default());
    let connections = Connections::default();
    // Dropped with this function: nothing goes on without the replica.
    let mut carriers = Tasks::default();
    let mut links = Vec::new();
    for (index, machine) in cluster.machines.iter().enumerate() {
        let link = Rc::new(Link::new(machine));
        if index != usize::from(me) {
            let link = link.clone();
            carriers.spawn(async move { link.run().await });
        }
        links.push(link);
    }
    carriers.spawn(connection::accept(listener, inbox.clone(), connections.clone()));
    let stopping = inbox.clone();
    carriers.spawn(async move {
        sim::shutdown().await;
        stopping.push(Event::Stop);
    });
    let mut server = Server {
        me,
        disk,
        replica,
        clock,
        witness,
        links,
        connections,
        synced_at: Instant::now(),
        has_role: false,
        first_read: None,
        lease_file: None,
    };
    server.finish_step().await?;
    while server.step(&inbox, || draw_patience(&mut rng, cluster)).await? {}
    Ok(())
}

fn draw_patience(rng: &mut sim::choice::Rng, cluster: &Cluster) -> Duration {
    let least = cluster.timing.patience.as_nanos() as u64;
    Duration::from_nanos(rng.range(least..2 * least))
}

struct Server<'a> {
    me: u8,
    disk: Disk,
    replica: Replica,
    clock: Clock,
    witness: &'a dyn Witness,
    links: Vec<Rc<Link>>,
    connections: Connections,
    synced_at: Instant,
    /// Whether plans that aim at the primary find it here.
    has_role: bool,
    /// With the bug `frozen`: the first answer to a read.
    first_read: Option<Reply>,
    /// With the bug `destructor-releases-lease`: held while this is the primary.
    lease_file: Option<LeaseFile>,
}

impl Server<'_> {
    /// Takes what came, or acts when nothing came in time. `false` when it is to stop.
    async fn step(&mut self, inbox: &Inbox<Event>, patience: impl FnOnce() -> Duration) -> io::Result<bool> {
        let deadline = self.clock.at(self.replica.consensus.deadline());
        let _ = timeout_at(deadline, inbox.ready()).await;
        let mut goes_on = true;
        for _ in 0..BATCH_MAX {
            match inbox.pop() {
                Some(Event::Message { from, hears, message }) => {
                    if let Some(link) = self.links.get(usize::from(from)) {
                        link.heard(hears);
                    }
                    self.replica.consensus.receive(from, message, self.clock.now());
                }
                Some(Event::Request(ticket, request)) => self.replica.request(ticket, request),
                Some(Event::Stop) => {
                    points::reachable!("kv.lease_released");
                    self.replica.consensus.retire(self.clock.now());
                    goes_on = false;
                }
                None => break,
            }
        }
        let now = self.clock.now();
        if now.timer >= self.replica.consensus.deadline() {
            self.replica.consensus.on_deadline(now, patience());
        }
        self.finish_step().await?;
        if !goes_on {
            sleep(Duration::from_millis(20)).await; // the links carry the last words away
        }
        Ok(goes_on)
    }

    /// Carries out what the replica wants: first what may go out at once, then what must be durable before.
    async fn finish_step(&mut self) -> io::Result<()> {
        self.settle().await?;
        let was_sent = self.replica.consensus.effects.records.is_empty();
        while !self.replica.consensus.effects.records.is_empty() {
            self.disk.append(&mut self.replica.consensus.effects.records).await?;
            points::site!("kv.appended_not_synced").await;
            if !ACK_BEFORE_SYNC.is_planted() || self.synced_at.elapsed() > Duration::from_secs(1) {
                self.disk.sync().await?;
                self.synced_at = Instant::now();
            }
            points::site!("kv.synced_not_answered").await;
            self.replica.consensus.synced(self.clock.now());
        }
        if !was_sent {
            self.settle().await?;
        }
        for (to, message) in self.replica.consensus.effects.after_sync.drain(..) {
            self.links[usize::from(to)].send(self.me, &message);
        }
        Ok(())
    }

    async fn settle(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        self.replica.settle(now);
        self.replica.consensus.flush(now);
        if let Some(term) = self.replica.consensus.effects.elected.take() {
            self.witness.led(self.me, term);
            points::site!("kv.elected_not_announced").await;
        }
        self.show_role();
        for applied in self.replica.applications.drain(..) {
            self.witness.applied(self.me, &applied);
        }
        for (to, message) in self.replica.consensus.effects.at_once.drain(..) {
            self.links[usize::from(to)].send(self.me, &message);
        }
        if !self.replica.replies.is_empty() {
            points::site!("kv.agreed_not_answered").await;
            self.reply();
        }
        if DESTRUCTOR_RELEASES_LEASE.is_planted() {
            LeaseFile::keep(&mut self.lease_file, self.replica.consensus.is_primary()).await?;
        }
        Ok(())
    }

    fn show_role(&mut self) {
        let is_primary = self.replica.consensus.is_primary();
        if is_primary != self.has_role {
            self.has_role = is_primary;
            if is_primary { fault::take_role("primary") } else { fault::drop_role("primary") }
        }
    }

    fn reply(&mut self) {
        let connections = self.connections.borrow();
        for (ticket, mut reply) in self.replica.replies.drain(..) {
            if FROZEN.is_planted() && connection::answers_read(&reply) {
                reply = self.first_read.get_or_insert(reply).clone();
            }
            if let Some(connection) = connections.get(&ticket)
                && !MUTE.is_planted()
            {
                connection.push(reply);
            }
        }
    }
}
