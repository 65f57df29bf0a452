//! One replica: agreement, store and sessions put together. Requests in, replies out.
//!
//! Pure, as all its parts. A request has a ticket; its reply carries it back. What is asked of a replica that
//! is not the primary is refused at once; a write that was begun is answered when it is applied, or refused
//! when the primary steps down, after which it may still be applied: the client's retry finds out.

use std::collections::VecDeque;
use std::time::Duration;

use super::api::{Answer, Applied, Command, Operation, Outcome, Status, Timing};
use super::consensus::{Consensus, Durable, Now};
use super::frame::{Reply, Request};
use super::log::Entry;
use super::session::{Sessions, Verdict};
use super::store::Store;

/// Bugs to plant in the pure parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quirks {
    /// What a primary of an older term sends is taken all the same.
    pub fencing_unchecked: bool,
    /// A write is never looked up in the reply table.
    pub retry_applied_twice: bool,
    /// Applying what was in the log at boot leaves the reply table as it was.
    pub replies_lost_on_restart: bool,
}

/// Whom a reply is for.
pub type Ticket = u64;

/// A replica.
#[derive(Debug)]
pub struct Replica {
    /// Its part in the agreement.
    pub consensus: Consensus,
    store: Store,
    sessions: Sessions,
    applied: u64,
    /// The last place of the log at boot.
    booted_at: u64,
    quirks: Quirks,
    /// Invariant: sorted by place; every place is above `applied`.
    writes: VecDeque<Write>,
    reads: Vec<(Ticket, Operation)>,
    /// To be taken by the shell.
    pub replies: Vec<(Ticket, Reply)>,
    /// To be taken by the shell.
    pub applications: Vec<Applied>,
}

#[derive(Debug)]
struct Write {
    index: u64,
    term: u64,
    ticket: Ticket,
}

impl Replica {
    /// A replica that comes up with what is durable.
    pub fn new(
        (me, members): (u8, u8),
        timing: Timing,
        durable: Durable,
        now: Now,
        patience: Duration,
        quirks: Quirks,
    ) -> Replica {
        let booted_at = durable.log.last();
        let mut consensus = Consensus::new(me, members, timing, durable, now, patience);
        if quirks.fencing_unchecked {
            consensus.leave_fencing_unchecked();
        }
        Replica {
            consensus,
            store: Store::default(),
            sessions: Sessions::default(),
            applied: 0,
            booted_at,
            quirks,
            writes: VecDeque::new(),
            reads: Vec::new(),
            replies: Vec::new(),
            applications: Vec::new(),
        }
    }

    /// A client asks.
    pub fn request(&mut self, ticket: Ticket, request: Request) {
        match request {
            Request::Inspect => self.replies.push((ticket, Reply::Inspected(self.status()))),
            _ if !self.consensus.is_primary() => self.refuse(ticket),
            Request::Read(operation) if operation.is_write() => self.refuse(ticket),
            Request::Read(operation) => self.reads.push((ticket, operation)),
            Request::Open => self.propose(ticket, Command::Open),
            Request::Write { session, seq, operation } => match self.judge(session, seq) {
                Verdict::Repeated(answer) => {
                    points::reachable!("kv.retry_answered_from_table");
                    self.replies.push((ticket, Reply::Answered(answer)));
                }
                // What this primary does not know yet may stand in its log: the place in the log decides.
                Verdict::Fresh | Verdict::Stale | Verdict::Gone => {
                    self.propose(ticket, Command::Write { session, seq, operation });
                }
            },
        }
    }

    /// Applies what is agreed and answers whom it can. To be called after every step.
    pub fn settle(&mut self, now: Now) {
        while self.applied < self.consensus.commit() {
            self.apply_next();
        }
        if !self.consensus.is_primary() {
            self.refuse_all();
            return;
        }
        if self.reads.is_empty() {
            return;
        }
        let may_read = self.consensus.may_read(now);
        points::sometimes!(!may_read, "kv.read_waited_for_lease");
        if may_read {
            for (ticket, operation) in std::mem::take(&mut self.reads) {
                let answer = Answer { index: self.applied, outcome: self.store.apply(&operation) };
                self.replies.push((ticket, Reply::Answered(answer)));
            }
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        let mut hasher = crc32fast::Hasher::new();
        self.store.fold(&mut hasher);
        self.sessions.fold(&mut hasher);
        Status {
            term: self.consensus.term(),
            is_primary: self.consensus.is_primary(),
            last: self.consensus.log().last(),
            applied: self.applied,
            checksum: hasher.finalize(),
        }
    }

    fn judge(&self, session: u64, seq: u64) -> Verdict {
        match self.sessions.judge(session, seq) {
            Verdict::Repeated(_) | Verdict::Stale if self.quirks.retry_applied_twice => Verdict::Fresh,
            verdict => verdict,
        }
    }

    fn propose(&mut self, ticket: Ticket, command: Command) {
        let index = self.consensus.propose(command).expect("asked only of a primary");
        self.writes.push_back(Write { index, term: self.consensus.term(), ticket });
    }

    fn apply_next(&mut self) {
        let index = self.applied + 1;
        let Entry { term, command } =
            self.consensus.log().get(index).expect("agreed places are filled").clone();
        self.applied = index;
        let mut effect = None;
        let reply = match &*command {
            Command::Noop => None,
            Command::Open => {
                self.sessions.open(index);
                Some(Reply::Opened(index))
            }
            Command::Write { session, seq, operation } => match self.judge(*session, *seq) {
                Verdict::Fresh => {
                    let outcome = self.store.apply(operation);
                    effect = Some(outcome.clone());
                    Some(Reply::Answered(self.keep(*session, *seq, index, outcome)))
                }
                Verdict::Repeated(answer) => Some(Reply::Answered(answer)),
                Verdict::Stale | Verdict::Gone => Some(Reply::SessionGone),
            },
        };
        self.applications.push(Applied { index, term, command, effect });
        self.answer(index, term, reply);
    }

    fn keep(&mut self, session: u64, seq: u64, index: u64, outcome: Outcome) -> Answer {
        let answer = Answer { index, outcome };
        if !(self.quirks.replies_lost_on_restart && index <= self.booted_at) {
            self.sessions.keep(session, seq, answer.clone());
        }
        answer
    }

    fn answer(&mut self, index: u64, term: u64, reply: Option<Reply>) {
        while let Some(write) = self.writes.pop_front_if(|write| write.index <= index) {
            match &reply {
                Some(reply) if write.index == index && write.term == term => {
                    self.replies.push((write.ticket, reply.clone()));
                }
                // Another primary's entry stands where this one was begun.
                _ => self.refuse(write.ticket),
            }
        }
    }

    fn refuse(&mut self, ticket: Ticket) {
        let primary = self.consensus.primary();
        self.replies.push((ticket, Reply::NotPrimary(primary)));
    }

    fn refuse_all(&mut self) {
        for write in std::mem::take(&mut self.writes) {
            self.refuse(write.ticket);
        }
        for (ticket, _) in std::mem::take(&mut self.reads) {
            self.refuse(ticket);
        }
    }
}
