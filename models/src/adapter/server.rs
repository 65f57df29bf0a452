//! The remote's shell: datagrams in, entries to the journal, and answers out, in that order.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use sim::net::UdpSocket;
use sim::task::spawn;
use sim::time::sleep;

use super::api::{PORT, Witness, ledger_path};
use super::bytes::BYTES_MAX;
use super::content::content_hash;
use super::exchange::checksum;
use super::ledger::Entry;
use super::message::{Body, Message, Reply, Request};
use super::points::{ACKNOWLEDGED_NOT_STORED, AMNESIA, FROZEN, MUTE, planted_in_remote, planted_slowness};
use super::remote::{Answer, Outcome, Remote};
use super::state::Reason;
use super::trouble::Trouble;
use crate::journal::Journal;

/// With the bug `acknowledged-not-stored`: so many entries wait in memory before they are written.
const HELD_BACK_MAX: usize = 4;

/// Serves for ever.
///
/// # Errors
/// When the disk fails, or the port is taken.
pub async fn run(trouble: Trouble, witness: Rc<dyn Witness>) -> io::Result<()> {
    let held_before = trouble.held_before.clone();
    let trouble = Trouble { slowness: planted_slowness().or(trouble.slowness), ..trouble };
    let (journal, records) = Journal::open(&ledger_path()).await?;
    let remote = Remote::new(trouble, planted_in_remote());
    let mut server = Server { remote, journal, witness, held_back: Vec::new(), first_answer: None };
    if !AMNESIA.is_planted() {
        for record in &records {
            server.remote.apply(&Entry::read(record).ok_or(io::ErrorKind::InvalidData)?);
        }
    }
    // What others committed before is there from the first start on.
    if records.len() < held_before.len() {
        for entry in &held_before[records.len()..] {
            server.store(entry).await?;
            server.remote.apply(entry);
        }
    }
    server.tell();
    points::site!("adapter.remote_recovered").await;
    let socket = Rc::new(UdpSocket::bind(("0.0.0.0", PORT)).await?);
    let mut buffer = vec![0; 2 * BYTES_MAX];
    loop {
        let (count, peer) = socket.recv_from(&mut buffer).await?;
        match Message::read(&buffer[..count], checksum()) {
            Ok(Message { exchange, body: Body::Request(request) }) => {
                let answer = server.serve(&request).await?;
                points::site!("adapter.synced_not_answered").await;
                send(&socket, peer, exchange, answer).await;
                points::site!("adapter.answered_not_listening").await;
            }
            Ok(Message { body: Body::Reply(_), .. }) => {}
            Err(_) => points::reachable!("adapter.damaged_datagram_dropped"),
        }
    }
}

struct Server {
    remote: Remote,
    journal: Journal,
    witness: Rc<dyn Witness>,
    /// With the bug `acknowledged-not-stored`: what was answered and not written.
    held_back: Vec<Entry>,
    /// With the bug `frozen`: the answer to all commits.
    first_answer: Option<Answer>,
}

impl Server {
    /// Makes durable what a request does, and answers what to say.
    async fn serve(&mut self, request: &Request) -> io::Result<Answer> {
        let Outcome { entry, answer, provokes } = self.remote.handle(request);
        if let Some(reason) = provokes {
            note_provocation(reason);
            self.witness.provoked(reason);
        }
        if let Some(entry) = entry {
            points::site!("adapter.judged_not_written").await;
            if ACKNOWLEDGED_NOT_STORED.is_planted() {
                self.hold_back(&entry).await?;
            } else {
                self.store(&entry).await?;
            }
            self.remote.apply(&entry);
            tell(&entry);
            self.tell();
        }
        if FROZEN.is_planted() && matches!(request, Request::Commit { .. }) {
            return Ok(self.first_answer.get_or_insert(answer).clone());
        }
        Ok(if MUTE.is_planted() { Answer::Never } else { answer })
    }

    async fn store(&mut self, entry: &Entry) -> io::Result<()> {
        self.journal.append(&entry.to_bytes()).await?;
        points::site!("adapter.written_not_synced").await;
        self.journal.sync().await
    }

    async fn hold_back(&mut self, entry: &Entry) -> io::Result<()> {
        self.held_back.push(entry.clone());
        let is_seal = matches!(entry, Entry::Sealed { .. });
        if is_seal || self.held_back.len() >= HELD_BACK_MAX {
            for entry in std::mem::take(&mut self.held_back) {
                self.store(&entry).await?;
            }
        }
        Ok(())
    }

    /// Tells the witness where every run stands.
    fn tell(&self) {
        for run in self.remote.known() {
            self.witness.holds(run, self.remote.held(run));
        }
    }
}

/// Sends an answer, now or later; later ones wait on a task of their own, so that nobody waits for them.
async fn send(socket: &Rc<UdpSocket>, peer: SocketAddr, exchange: u64, answer: Answer) {
    let bytes = |reply: Reply| Message { exchange, body: Body::Reply(reply) }.to_bytes();
    match answer {
        // A reply that cannot be sent is as good as lost: the client asks again.
        Answer::Now(reply) => drop(socket.send_to(&bytes(reply), peer).await),
        Answer::After(wait, reply) => {
            let (socket, bytes) = (socket.clone(), bytes(reply));
            spawn(async move {
                sleep(wait).await;
                drop(socket.send_to(&bytes, peer).await);
            });
        }
        Answer::Never => {}
    }
}

/// What the remote did, for the semantic digest: run by run, in that run's order.
fn tell(entry: &Entry) {
    match entry {
        Entry::Applied { run, index, content, .. } => {
            let hash = content_hash(content);
            points::mark!("adapter.applied", *run, *index, &hash[..]);
        }
        Entry::Sealed { run, count, .. } => points::mark!("adapter.sealed", *run, *count),
    }
}

fn note_provocation(reason: Reason) {
    match reason {
        Reason::UnsupportedCapability => points::reachable!("adapter.unsupported_provoked"),
        Reason::CapabilityMismatch => points::reachable!("adapter.mismatch_provoked"),
        Reason::IntegrityPrecheckFailed => points::reachable!("adapter.integrity_provoked"),
        Reason::ConflictDetected => points::reachable!("adapter.conflict_provoked"),
        Reason::RetryExhausted => points::reachable!("adapter.silence_provoked"),
        Reason::ResumeSeedMismatch => points::reachable!("adapter.other_seed_provoked"),
    }
}
