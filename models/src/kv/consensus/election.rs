//! Votes: who becomes primary.

use super::super::lease::Lease;
use super::super::message::Message;
use super::progress::Progress;
use super::{Command, Consensus, Leadership, Now, Role};

impl Consensus {
    /// No primary was heard for long enough.
    pub(super) fn stand_for_election(&mut self, now: Now) {
        self.deadline = now.timer + self.patience;
        if self.promise.binds(now.lease) {
            return; // the promise outlives the patience only at boot, or when a clock was set
        }
        self.enter_term(self.term + 1, Some(self.me));
        self.primary = None;
        self.role = Role::Candidate(0);
        let request =
            Message::VoteRequest { term: self.term, last: self.log.last(), last_term: self.log.last_term() };
        self.effects.after_sync.extend(self.others().map(|other| (other, request.clone())));
    }

    pub(super) fn on_vote_request(&mut self, from: u8, term: u64, last: u64, last_term: u64, now: Now) {
        // Whoever hears a primary, or is one in good standing, does not even learn the candidate's term:
        // a replica that was cut off cannot depose anybody by asking.
        if self.promise.binds(now.lease) || self.holds_lease(now) {
            return;
        }
        if term > self.term {
            self.become_backup(term, now);
        }
        let open = self.vote.is_none_or(|vote| vote == from);
        let granted = term == self.term && open && self.log.is_covered_by(last_term, last);
        if granted {
            if self.vote.is_none() {
                self.enter_term(term, Some(from));
            }
            self.deadline = now.timer + self.patience;
        }
        self.effects.after_sync.push((from, Message::VoteReply { term: self.term, granted }));
    }

    pub(super) fn on_vote_reply(&mut self, from: u8, term: u64, granted: bool, now: Now) {
        if term > self.term {
            self.become_backup(term, now);
        }
        if term < self.term || !granted {
            return;
        }
        if let Role::Candidate(votes) = &mut self.role {
            *votes |= 1 << from;
            self.count_votes(now);
        }
    }

    /// A candidate's own vote counts once it is durable, which it is when any answer can have come.
    pub(super) fn count_votes(&mut self, now: Now) {
        if let Role::Candidate(votes) = self.role
            && votes.count_ones() + 1 >= self.majority()
        {
            self.become_primary(now);
        }
    }

    fn become_primary(&mut self, now: Now) {
        assert!(matches!(self.role, Role::Candidate(_)), "only a candidate is elected");
        let next = self.log.last() + 1;
        self.role = Role::Primary(Leadership {
            lease: Lease::new(usize::from(self.members), usize::from(self.me)),
            peers: (0..self.members).map(|_| Progress::new(next, now.timer)).collect(),
            began: next,
        });
        self.primary = Some(self.me);
        self.deadline = now.timer + self.timing.heartbeat;
        self.effects.elected = Some(self.term);
        self.propose(Command::Noop).expect("a primary proposes");
    }

    fn holds_lease(&self, now: Now) -> bool {
        match &self.role {
            Role::Primary(leadership) => leadership.lease.holds(now.lease, self.timing.lease),
            Role::Backup | Role::Candidate(_) => false,
        }
    }

    /// Steps down for good and tells the others that they need not wait for the lease to end.
    pub fn retire(&mut self, now: Now) {
        if self.is_primary() {
            let release = Message::Release { term: self.term };
            self.become_backup(self.term, now);
            self.effects.at_once.extend(self.others().map(|other| (other, release.clone())));
        }
    }

    pub(super) fn on_release(&mut self, from: u8, term: u64, now: Now) {
        if term == self.term && self.primary == Some(from) {
            self.primary = None;
            self.promise.release();
            // Not all at once: whoever drew the shortest patience stands first.
            self.deadline = now.timer + self.patience.saturating_sub(self.timing.patience);
        }
    }
}
