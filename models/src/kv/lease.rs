//! Leases and promises: who may answer a read without asking, and who must not vote.
//!
//! A primary stamps what it sends with its own clock. A backup that hears it promises to vote for nobody for
//! a while *by the backup's clock, from when it heard*; its answer carries the stamp back. Once a majority
//! has answered a stamp, no other primary can be elected before the shortest of their promises ends, which is
//! after `stamp + lease` on the primary's clock, as long as no two clocks' rates differ by more than the
//! promise is longer than the lease. No clock's *value* ever matters to another machine.

use std::time::Duration;

/// What a primary knows of its backups' answers.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The latest stamp that each replica answered; a primary answers itself at once, so its own is not kept.
    answered: Vec<Option<Duration>>,
    me: usize,
}

impl Lease {
    /// No one has answered yet.
    pub fn new(members: usize, me: usize) -> Lease {
        Lease { answered: vec![None; members], me }
    }

    /// A backup answered what was sent at `stamp`.
    pub fn answer(&mut self, from: usize, stamp: Duration) {
        assert!(from != self.me, "a primary sends nothing to itself");
        let answered = &mut self.answered[from];
        *answered = (*answered).max(Some(stamp));
    }

    /// The latest stamp that a majority, the primary included, has answered.
    pub fn granted_at(&self, now: Duration) -> Option<Duration> {
        let majority = self.answered.len() / 2 + 1;
        // The k-th largest by counting: members are few, and nothing is allocated for a read.
        let stamp = |index: usize| if index == self.me { Some(now) } else { self.answered[index] };
        (0..self.answered.len())
            .map(stamp)
            .filter(|candidate| {
                (0..self.answered.len()).filter(|other| stamp(*other) >= *candidate).count() >= majority
            })
            .max()
            .flatten()
    }

    /// Whether the lease holds.
    pub fn holds(&self, now: Duration, lease: Duration) -> bool {
        self.granted_at(now).is_some_and(|granted| now < granted + lease)
    }
}

/// What a backup owes the primary it heard.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    until: Duration,
}

impl Promise {
    /// After a restart a replica does not know what it promised, so it owes a whole promise.
    pub fn at_boot(now: Duration, promise: Duration) -> Promise {
        Promise { until: now + promise }
    }

    /// It heard from a primary.
    pub fn renew(&mut self, now: Duration, promise: Duration) {
        self.until = self.until.max(now + promise);
    }

    /// The primary gave its lease back, so nothing is owed.
    pub fn release(&mut self) {
        self.until = Duration::ZERO;
    }

    /// Whether it must not vote.
    pub fn binds(&self, now: Duration) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_majority_must_answer() {
        let mut lease = Lease::new(5, 2);
        assert!(!lease.holds(ms(10), ms(100)));
        lease.answer(0, ms(10));
        assert!(!lease.holds(ms(10), ms(100)));
        lease.answer(4, ms(20));
        assert!(lease.holds(ms(109), ms(100)));
        assert!(!lease.holds(ms(110), ms(100)));
        lease.answer(0, ms(5)); // late, and older: nothing is taken back
        assert!(lease.holds(ms(109), ms(100)));
    }

    #[test]
    fn one_replica_alone_is_a_majority() {
        assert!(Lease::new(1, 0).holds(ms(7), ms(1)));
    }

    proptest! {
        #[test]
        fn granted_is_the_majority_th_latest(
            answers in prop::collection::vec(prop::option::of(0u64..50), 1..6),
            now in 50u64..60,
        ) {
            let mut lease = Lease::new(answers.len(), 0);
            let mut stamps = vec![Some(ms(now))];
            for (index, answer) in answers.iter().enumerate().skip(1) {
                if let Some(stamp) = answer {
                    lease.answer(index, ms(*stamp));
                }
                stamps.push(answer.map(ms));
            }
            stamps.sort();
            stamps.reverse();
            prop_assert_eq!(lease.granted_at(ms(now)), stamps[answers.len() / 2]);
        }

        /// Two machines whose clocks differ in value at will, and in rate by up to a fifth either way
        /// between them: whenever a lease holds, the promise behind it binds.
        #[test]
        fn a_lease_ends_before_the_promise(
            offset in 0u64..1_000_000, delay in 0u64..500, after in 0u64..1_000,
            rate in 100u64..=120, fast_primary in any::<bool>(),
        ) {
            let (lease_length, promise_length) = (ms(400), ms(480));
            let (primary_rate, backup_rate) = if fast_primary { (rate, 100) } else { (100, rate) };
            let primary = |t: u64| Duration::from_micros(t * primary_rate * 10);
            let backup = |t: u64| ms(offset) + Duration::from_micros(t * backup_rate * 10);
            let mut lease = Lease::new(3, 0);
            lease.answer(1, primary(0));
            let mut promise = Promise { until: Duration::ZERO };
            promise.renew(backup(delay), promise_length);
            let t = delay + after;
            if lease.holds(primary(t), lease_length) {
                prop_assert!(promise.binds(backup(t)));
            }
        }
    }
}
