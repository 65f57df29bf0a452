//! The log's way from the primary to the backups, and when a place is agreed.

use std::time::Duration;

use super::super::message::{Append, Message};
use super::progress::Progress;
use super::{Consensus, Now, Role};

/// Entries in one message.
const BATCH_MAX: usize = 64;

impl Consensus {
    /// Sends every backup what it has not been sent. Entries for all are a sign of life for all, as long as
    /// all answer: else the deadline stays, and with it the question whether there is a quorum.
    pub fn flush(&mut self, now: Now) {
        let Role::Primary(leadership) = &self.role else { return };
        let mut for_all =
            self.members > 1 && leadership.all_answer(self.me, now.timer, self.timing.heartbeat * 2);
        for other in self.others() {
            let wants = self.wants_entries(other);
            for_all &= wants;
            if wants {
                self.send(other, BATCH_MAX, now);
            }
        }
        if for_all {
            self.deadline = now.timer + self.timing.heartbeat;
        }
    }

    fn wants_entries(&self, other: u8) -> bool {
        match &self.role {
            Role::Primary(leadership) => leadership.peers[usize::from(other)].wants(self.log.last()),
            Role::Backup | Role::Candidate(_) => false,
        }
    }

    /// To each backup, entries or not: it renews the lease, tells what is agreed, and finds out where a
    /// backup's log ends.
    pub(super) fn send_signs_of_life(&mut self, now: Now) {
        self.deadline = now.timer + self.timing.heartbeat;
        for other in self.others() {
            self.send(other, 0, now);
        }
    }

    fn send(&mut self, other: u8, count_max: usize, now: Now) {
        let Role::Primary(leadership) = &mut self.role else { return };
        let progress = &mut leadership.peers[usize::from(other)];
        let previous = progress.next - 1;
        let entries = self.log.slice(progress.next, count_max).to_vec();
        progress.sent(entries.len() as u64);
        let previous_term = self.log.term_at(previous).expect("a primary's log only grows");
        let message = Message::Append(Append {
            term: self.term,
            stamp: now.lease,
            previous,
            previous_term,
            commit: self.commit,
            entries,
        });
        self.effects.at_once.push((other, message));
    }

    /// Whether what comes from a primary of `term` is to be taken. The fence: an older primary is told so.
    pub(super) fn heed(&mut self, from: u8, append: &Append, now: Now) -> bool {
        let Append { term, stamp, previous, .. } = *append;
        if term < self.term && !self.fencing_unchecked {
            points::reachable!("kv.older_primary_refused");
            let retry_from = self.log.last() + 1;
            let refusal = Message::AppendRefused { term: self.term, stamp, previous, retry_from };
            self.effects.after_sync.push((from, refusal));
            return false;
        }
        if self.is_primary() && term <= self.term {
            // Two primaries of one term would have two majorities of votes.
            points::always!(term < self.term, "kv.one_primary_a_term");
            return false;
        }
        if term > self.term || !matches!(self.role, Role::Backup) {
            self.become_backup(term.max(self.term), now);
        }
        self.primary = Some(from);
        self.promise.renew(now.lease, self.timing.promise);
        self.deadline = now.timer + self.patience;
        true
    }

    /// Entries of the primary that this replica heeds.
    pub(super) fn on_append(&mut self, from: u8, append: Append) {
        let Append { term, stamp, previous, previous_term, commit, entries } = append;
        if self.log.term_at(previous) != Some(previous_term) {
            // If another term stands there, all of that term's entries are in doubt: skip them in one go.
            let retry_from = self.log.first_of_term(previous).min(self.log.last() + 1);
            let refusal = Message::AppendRefused { term, stamp, previous, retry_from };
            self.effects.after_sync.push((from, refusal));
            return;
        }
        let matched = previous + entries.len() as u64;
        for (index, entry) in (previous + 1..).zip(entries) {
            // An entry that is there already stays, with all that follows it: this message may be late.
            if self.log.term_at(index) != Some(entry.term) {
                points::sometimes!(index <= self.log.last(), "kv.entry_replaced");
                self.place(index, entry);
            }
        }
        self.commit = self.commit.max(commit.min(matched));
        self.effects.after_sync.push((from, Message::AppendReply { term, stamp, matched }));
    }

    /// A backup answered: its place in this primary's books, if this is the primary that it answered.
    pub(super) fn answered(
        &mut self,
        from: u8,
        term: u64,
        stamp: Duration,
        now: Now,
    ) -> Option<&mut Progress> {
        if term > self.term {
            self.become_backup(term, now);
        }
        let Role::Primary(leadership) = &mut self.role else { return None };
        if term < self.term {
            return None;
        }
        leadership.lease.answer(usize::from(from), stamp);
        let progress = &mut leadership.peers[usize::from(from)];
        progress.heard_at = now.timer;
        Some(progress)
    }

    /// A place is agreed when a majority holds it durably and it was written in this term: what an older
    /// primary wrote is agreed only together with such an entry [Ongaro 3.6.2].
    pub(super) fn advance_commit(&mut self) {
        let Role::Primary(leadership) = &self.role else { return };
        let place = leadership.majority_place(self.me, self.durable);
        if place > self.commit && self.log.term_at(place) == Some(self.term) {
            self.commit = place;
        }
    }
}
