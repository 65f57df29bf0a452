//! The client's shell: does what the machine says, records what came of it, and only then goes on.
//!
//! Everything that it knows lies in its audit chain. Killed at any await, it recovers the chain and resumes.

use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use sim::time::{Instant, SystemTime, sleep};

use super::api::{Job, PROOF_DEADLINE, Witness, audit_path};
use super::audit::{Broken, Chain};
use super::backoff;
use super::capability::{Agreement, needed, negotiate};
use super::content::{checksum, chunk_id, content_hash};
use super::event::{Action, Event, Precheck};
use super::exchange::Way;
use super::machine::{Machine, Unexpected};
use super::message::{Reply, Request};
use super::points::{DEADLINE_BY_WALL_CLOCK, planted_in_machine};
use crate::journal::Journal;

/// How long a chunk, a resumption or a seal may go unanswered before the machine hears of it.
const PATIENCE: Duration = Duration::from_millis(225);
/// How long a remote may take to say what it can do.
const NEGOTIATION_PATIENCE: Duration = PROOF_DEADLINE;
/// For so long after its deadline, a proof is still told to be late, not absent.
const LATE_AFTER: Duration = Duration::from_secs(1);

/// Why a client stopped before its run ended.
#[derive(Debug)]
pub enum Stopped {
    /// Its disk or its network failed it.
    Io(io::Error),
    /// Its audit chain is not what it wrote.
    Broken(Broken),
    /// It reported what the machine had not asked for: our own mistake.
    Unexpected(Unexpected),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Io(error) => write!(f, "the adapter's client stopped: {error}"),
            Stopped::Broken(broken) => write!(f, "the adapter's client refuses its audit chain: {broken}"),
            Stopped::Unexpected(unexpected) => write!(f, "the adapter's client is confused: {unexpected}"),
        }
    }
}

impl std::error::Error for Stopped {}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Io(error)
    }
}

/// Carries out a job to its end, from wherever an earlier process left it.
///
/// # Errors
/// When the disk fails, or the audit chain on it is broken: then nothing is done, since nothing is certain.
pub async fn run(job: Job, witness: Rc<dyn Witness>) -> Result<(), Stopped> {
    let (mut journal, records) = Journal::open(&audit_path()).await?;
    let machine = Machine::new(job.mode, planted_in_machine());
    let chain =
        Chain::recover(job.run, machine, records.iter().map(Vec::as_slice)).map_err(Stopped::Broken)?;
    points::site!("adapter.recovered_not_restarted").await;
    let way = Way::open(&job.remote).await?;
    let mut client = Client { job, witness, way, chain, sent_first: None };
    if !records.is_empty() && !client.chain.machine().state().is_end() {
        points::reachable!("adapter.restarted");
        let seed = client.job.seed;
        client.record(&mut journal, Event::Restarted { seed }).await?;
    }
    while client.chain.machine().action() != Action::Stop {
        let event = client.act(client.chain.machine().action()).await;
        client.record(&mut journal, event).await?;
    }
    points::site!("adapter.ended_not_told").await;
    client.witness.ended(client.job.run, client.chain.machine().state());
    Ok(())
}

struct Client {
    job: Job,
    witness: Rc<dyn Witness>,
    way: Way,
    chain: Chain,
    /// The chunk that is under way, and when this process first sent it.
    sent_first: Option<(u32, Instant)>,
}

impl Client {
    /// Makes a transition durable, and only then real.
    async fn record(&mut self, journal: &mut Journal, event: Event) -> Result<(), Stopped> {
        let at_ns = SystemTime::now().as_nanos();
        let (record, next) = self.chain.next(event, at_ns).map_err(Stopped::Unexpected)?;
        if event == Event::ChunkLost && self.chain.machine().bugs().audit_skips_losses {
            self.chain = self.chain.after_unrecorded(&next);
            return Ok(());
        }
        points::site!("adapter.decided_not_audited").await;
        journal.append(&record.to_bytes()).await?;
        points::site!("adapter.audited_not_synced").await;
        journal.sync().await?;
        self.chain = next;
        self.witness.audited(self.job.run, &record);
        points::mark!("adapter.transition", self.job.run, record.from, record.to, record.cursor);
        points::site!("adapter.synced_not_acted").await;
        Ok(())
    }

    /// Carries out an action, and says what came of it.
    async fn act(&mut self, action: Action) -> Event {
        let chunk_count = self.job.chunks.len() as u32;
        match action {
            Action::Start => Event::Started { seed: self.job.seed, chunk_count },
            Action::Negotiate => self.negotiate().await,
            Action::Precheck { count } => Event::Checked(self.precheck(count).await),
            Action::Commit { index } => self.commit(index).await,
            Action::BackOff { tries } => {
                sleep(backoff::wait(self.job.seed, tries)).await;
                points::site!("adapter.backed_off_not_resumed").await;
                Event::BackoffOver
            }
            Action::GiveUp => Event::TriesSpent,
            Action::Resume => self.resume().await,
            Action::Complete => self.complete().await,
            Action::Stop => unreachable!("the loop ends before it acts on this"),
        }
    }

    /// Every exchange follows a record of its own, also across restarts: the chain's length is a new number.
    async fn ask(&self, request: Request, patience: Duration) -> Option<Reply> {
        self.way.ask(self.chain.length(), request, patience).await
    }

    async fn negotiate(&self) -> Event {
        match self.ask(Request::Negotiate, NEGOTIATION_PATIENCE).await {
            Some(Reply::Offered(offer)) => Event::Negotiated(negotiate(&needed(), &offer)),
            Some(_) => Event::Negotiated(Agreement::Missing(super::capability::Capability::Checksum)),
            None => Event::Unanswered,
        }
    }

    async fn precheck(&self, count: u32) -> Precheck {
        let head = self.chain.head();
        let nonce = u64::from_le_bytes(*head.first_chunk().expect("a hash has 32 bytes"));
        let request = Request::Precheck { run: self.job.run, nonce, count };
        let (asked_at, asked_at_wall) = (Instant::now(), SystemTime::now());
        let reply = self.ask(request, PROOF_DEADLINE + LATE_AFTER).await;
        let took = if DEADLINE_BY_WALL_CLOCK.is_planted() {
            SystemTime::now().duration_since(asked_at_wall).unwrap_or_default()
        } else {
            Instant::now().saturating_duration_since(asked_at)
        };
        match reply {
            None => Precheck::Absent,
            Some(_) if took > PROOF_DEADLINE => Precheck::Late,
            Some(Reply::Proof(proof)) if proof.len() == 32 => {
                if proof == self.expected(nonce, count) {
                    Precheck::Agrees
                } else {
                    Precheck::Differs
                }
            }
            Some(_) => Precheck::Malformed,
        }
    }

    /// The proof that the remote should give.
    fn expected(&self, nonce: u64, count: u32) -> [u8; 32] {
        let held = &self.job.chunks[..count as usize];
        let hashes: Vec<[u8; 32]> = held.iter().map(|chunk| content_hash(chunk)).collect();
        checksum(self.job.run, nonce, &hashes)
    }

    async fn commit(&mut self, index: u32) -> Event {
        let Job { run, seed, .. } = self.job;
        let content = self.job.chunks[index as usize].clone();
        let first = match self.sent_first {
            Some((sent, at)) if sent == index => at,
            _ => {
                sleep(self.job.pace).await;
                Instant::now()
            }
        };
        self.sent_first = Some((index, first));
        let request = Request::Commit { run, seed, index, id: chunk_id(run, index), content };
        match self.ask(request, PATIENCE).await {
            Some(Reply::Committed { index: committed }) if committed == index => {
                let took = Instant::now().saturating_duration_since(first);
                sim::latency("adapter.chunk", took);
                self.witness.chunk_took(run, took);
                Event::ChunkDone
            }
            Some(Reply::Conflict { index: conflicting }) if conflicting == index => Event::ChunkConflicts,
            _ => {
                points::reachable!("adapter.chunk_lost");
                Event::ChunkLost
            }
        }
    }

    async fn resume(&self) -> Event {
        match self.ask(Request::Resume { run: self.job.run }, PATIENCE).await {
            Some(Reply::Stands { seed, acknowledged }) => {
                points::reachable!("adapter.resumed");
                // A remote that never heard of the run holds nothing of it, under any seed.
                Event::Resumed { seed: seed.unwrap_or(self.chain.machine().seed()), acknowledged }
            }
            _ => Event::Unanswered,
        }
    }

    async fn complete(&self) -> Event {
        let count = self.job.chunks.len() as u32;
        let request = Request::Complete {
            run: self.job.run,
            seed: self.job.seed,
            count,
            checksum: self.expected(0, count),
            audit: self.chain.head(),
        };
        match self.ask(request, PATIENCE).await {
            Some(Reply::Sealed) => Event::Sealed,
            Some(Reply::Unsealed) => Event::SealRefused,
            _ => Event::Unanswered,
        }
    }
}
