//! What a primary knows of each backup's log.

use std::time::Duration;

use super::Leadership;

/// One backup's log, as its primary knows it.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The first place that it was not sent.
    pub next: u64,
    /// The last place that it holds durably. Invariant: `matched < next`.
    matched: u64,
    /// Its log's end is being looked for: it is sent one message with entries, and no other before it answers.
    probing: bool,
    /// Such a message is on its way.
    awaited: bool,
    /// When it last answered.
    pub heard_at: Duration,
}

impl Progress {
    /// At the begin of a term: the backup is taken to hold what the primary holds.
    pub fn new(next: u64, now: Duration) -> Progress {
        Progress { next, matched: 0, probing: false, awaited: false, heard_at: now }
    }

    /// Whether it is to be sent entries of a log that ends at `last`.
    pub fn wants(&self, last: u64) -> bool {
        self.next <= last && !self.awaited
    }

    /// It was sent `count` entries from `next`.
    pub fn sent(&mut self, count: u64) {
        self.next += count;
        self.awaited |= self.probing && count > 0;
    }

    /// It holds everything up to `matched`.
    pub fn accept(&mut self, matched: u64) {
        self.matched = self.matched.max(matched);
        self.next = self.next.max(self.matched + 1);
        (self.probing, self.awaited) = (false, false);
    }

    /// It does not hold `previous`: go on from `retry_from`. A late refusal changes nothing.
    pub fn refuse(&mut self, previous: u64, retry_from: u64) {
        let is_late = previous <= self.matched || previous >= self.next;
        if !is_late {
            self.next = retry_from.clamp(self.matched + 1, previous);
            (self.probing, self.awaited) = (true, false);
        }
    }
}

impl Leadership {
    /// The last place that a majority holds durably, the primary up to `durable`.
    pub fn majority_place(&self, me: u8, durable: u64) -> u64 {
        let place = |index: usize| if index == usize::from(me) { durable } else { self.peers[index].matched };
        let holders = |at: u64| (0..self.peers.len()).filter(|other| place(*other) >= at).count();
        let majority = self.peers.len() / 2 + 1;
        (0..self.peers.len()).map(place).filter(|at| holders(*at) >= majority).max().unwrap_or(0)
    }

    /// Whether a majority, the primary included, answered within `patience`.
    pub fn has_quorum(&self, me: u8, now: Duration, patience: Duration) -> bool {
        self.answering(me, now, patience) > self.peers.len() / 2
    }

    /// Whether every backup answered within `patience`.
    pub fn all_answer(&self, me: u8, now: Duration, patience: Duration) -> bool {
        self.answering(me, now, patience) == self.peers.len()
    }

    fn answering(&self, me: u8, now: Duration, patience: Duration) -> usize {
        let answers = |(index, peer): &(usize, &Progress)| {
            *index == usize::from(me) || now.saturating_sub(peer.heard_at) <= patience
        };
        self.peers.iter().enumerate().filter(answers).count()
    }
}
