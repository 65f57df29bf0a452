//! Who is the primary, and what the log holds: the rules of agreement.
//!
//! Pure: a message or a passed deadline in; log records and messages out, in [`Effects`]. The shell writes
//! the records, syncs, and only then sends what stands in `after_sync` and calls [`Consensus::synced`]: a vote
//! or an answer that a crash could take back is never heard. What primaries send goes out at once, since a
//! primary counts itself only when it has synced.
//!
//! Clocks enter as readings ([`Now`]); they decide when to stand for election, and whether a lease holds.
//! Agreement itself needs no clock.

mod append;
mod election;
mod progress;

use std::time::Duration;

use super::api::{Command, Timing};
use super::lease::{Lease, Promise};
use super::log::{Entry, Log};
use super::message::Message;
use super::wal::Record;
use progress::Progress;

/// Readings of a replica's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines: the monotonic clock.
    pub timer: Duration,
    /// For leases and promises: the monotonic clock too, unless a bug is planted.
    pub lease: Duration,
}

/// What the shell is to do.
#[derive(Debug, Default)]
pub struct Effects {
    /// To append to the write-ahead log and sync.
    pub records: Vec<Record>,
    /// To send without waiting.
    pub at_once: Vec<(u8, Message)>,
    /// To send when the records are durable.
    pub after_sync: Vec<(u8, Message)>,
    /// The term this replica became primary of.
    pub elected: Option<u64>,
}

/// What is durable when a replica starts.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    /// Its term.
    pub term: u64,
    /// Its vote in that term.
    pub vote: Option<u8>,
    /// Its log.
    pub log: Log,
}

/// One replica's part in the agreement.
#[derive(Debug)]
pub struct Consensus {
    me: u8,
    members: u8,
    timing: Timing,
    /// Planted bug: what a primary of an older term sends is taken all the same.
    fencing_unchecked: bool,
    term: u64,
    vote: Option<u8>,
    log: Log,
    /// The last place that is synced.
    durable: u64,
    /// The last place that is agreed. Never goes back.
    commit: u64,
    role: Role,
    /// The primary of this term, once heard.
    primary: Option<u8>,
    promise: Promise,
    /// When this replica acts of its own accord.
    deadline: Duration,
    /// How long it waits for a primary; drawn anew at each deadline.
    patience: Duration,
    /// To be taken by the shell.
    pub effects: Effects,
}

#[derive(Debug)]
enum Role {
    Backup,
    /// The voters so far, as bits.
    Candidate(u64),
    Primary(Leadership),
}

#[derive(Debug)]
struct Leadership {
    lease: Lease,
    peers: Vec<Progress>,
    /// The place of the entry that began the term: once it is agreed, all before it is known to be.
    began: u64,
}

impl Consensus {
    /// A replica that comes up with what is durable; `patience` is how long it waits for a primary.
    pub fn new(me: u8, members: u8, timing: Timing, durable: Durable, now: Now, patience: Duration) -> Self {
        assert!(me < members, "replica {me} of {members}");
        assert!(members <= 64, "votes are 64 bits");
        Consensus {
            me,
            members,
            timing,
            fencing_unchecked: false,
            term: durable.term,
            vote: durable.vote,
            durable: durable.log.last(),
            log: durable.log,
            commit: 0,
            role: Role::Backup,
            primary: None,
            promise: Promise::at_boot(now.lease, timing.promise),
            deadline: now.timer + patience,
            patience,
            effects: Effects::default(),
        }
    }

    /// Plants the bug `fencing-unchecked`.
    pub fn leave_fencing_unchecked(&mut self) {
        self.fencing_unchecked = true;
    }

    /// Its term.
    pub fn term(&self) -> u64 {
        self.term
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The last place that is agreed.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// When [`Consensus::on_deadline`] is to be called.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Whether it holds itself for the primary.
    pub fn is_primary(&self) -> bool {
        matches!(self.role, Role::Primary(_))
    }

    /// Whom it holds for the primary.
    pub fn primary(&self) -> Option<u8> {
        self.primary
    }

    /// Whether what is agreed, as far as this replica knows, is all that anybody was told: it is the primary,
    /// its term's first entry is agreed, and nobody else can have been elected by now.
    pub fn may_read(&self, now: Now) -> bool {
        match &self.role {
            Role::Primary(leadership) => {
                self.commit >= leadership.began && leadership.lease.holds(now.lease, self.timing.lease)
            }
            Role::Backup | Role::Candidate(_) => false,
        }
    }

    /// As primary, puts a command at the end of the log. `None` for any other replica.
    pub fn propose(&mut self, command: Command) -> Option<u64> {
        if !self.is_primary() {
            return None;
        }
        let index = self.log.last() + 1;
        self.place(index, Entry { term: self.term, command: command.into() });
        Some(index)
    }

    /// A message came in.
    pub fn receive(&mut self, from: u8, message: Message, now: Now) {
        if from >= self.members || from == self.me {
            return;
        }
        match message {
            Message::VoteRequest { term, last, last_term } => {
                self.on_vote_request(from, term, last, last_term, now);
            }
            Message::VoteReply { term, granted } => self.on_vote_reply(from, term, granted, now),
            Message::Append(append) => {
                if self.heed(from, &append, now) {
                    self.on_append(from, append);
                }
            }
            Message::AppendReply { term, stamp, matched } => {
                let matched = matched.min(self.log.last());
                if let Some(progress) = self.answered(from, term, stamp, now) {
                    progress.accept(matched);
                    self.advance_commit();
                }
            }
            Message::AppendRefused { term, stamp, previous, retry_from } => {
                if let Some(progress) = self.answered(from, term, stamp, now) {
                    progress.refuse(previous, retry_from);
                }
            }
            Message::Release { term } => self.on_release(from, term, now),
        }
    }

    /// All records handed out so far are durable.
    pub fn synced(&mut self, now: Now) {
        assert!(self.effects.records.is_empty(), "records were synced before they were written");
        self.durable = self.log.last();
        self.count_votes(now);
        self.advance_commit();
    }

    /// The deadline passed; `patience` is how long to wait from here.
    pub fn on_deadline(&mut self, now: Now, patience: Duration) {
        assert!(now.timer >= self.deadline, "a deadline was called early");
        self.patience = patience;
        match &self.role {
            Role::Primary(leadership) => {
                if leadership.has_quorum(self.me, now.timer, self.timing.quorum_patience) {
                    self.send_signs_of_life(now);
                } else {
                    self.become_backup(self.term, now);
                }
            }
            Role::Backup | Role::Candidate(_) => self.stand_for_election(now),
        }
    }

    fn majority(&self) -> u32 {
        u32::from(self.members) / 2 + 1
    }

    fn others(&self) -> impl Iterator<Item = u8> + use<> {
        let me = self.me;
        (0..self.members).filter(move |other| *other != me)
    }

    /// The only writer of the log.
    fn place(&mut self, index: u64, entry: Entry) {
        // What was told to a client stays: the rules of election see to it.
        points::always!(index > self.commit, "kv.agreed_entries_stay");
        self.log.place(index, entry.clone());
        self.durable = self.durable.min(index - 1);
        self.commit = self.commit.min(self.log.last());
        self.effects.records.push(Record::Entry { index, entry });
    }

    /// The only writer of the term and the vote.
    fn enter_term(&mut self, term: u64, vote: Option<u8>) {
        assert!(term > self.term || (term == self.term && self.vote.is_none()), "a vote was taken back");
        self.term = term;
        self.vote = vote;
        self.effects.records.push(Record::Vote { term, vote });
    }

    fn become_backup(&mut self, term: u64, now: Now) {
        assert!(term >= self.term, "a term went back");
        if term > self.term {
            self.enter_term(term, None);
        }
        // A candidate that asks in vain puts nobody's own election off: else a replica with a short log and
        // a short patience could keep those that can be elected from ever standing.
        if self.is_primary() {
            points::reachable!("kv.primary_stepped_down");
            self.deadline = now.timer + self.patience;
        }
        self.role = Role::Backup;
        self.primary = None;
    }
}
