//! Fates: how a task may end by what its job is, and what was told of its end.

use models::regions::api::{CLEANUP_POLLS, Outcome};

use super::job::{Ending, Manner};

/// How a job may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// When its acts are over.
    pub ending: Ending,
    /// When it is asked to.
    pub manner: Manner,
}

/// What was told of a task's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was ended by force.
    pub forced: bool,
    /// Whether it was asked to end before.
    pub was_asked: bool,
    /// Whether it made room for another.
    pub was_shed: bool,
}

impl Fate {
    /// Whether a job with this fate may end so.
    pub fn allows(self, end: End) -> bool {
        let by_itself = match self.ending {
            Ending::Done(outcome) => Some(outcome),
            Ending::Panics => Some(Outcome::Panicked),
            Ending::Waits | Ending::Works => None,
        };
        if end.was_shed {
            return (end.outcome, end.forced) == (Outcome::Cancelled, false);
        }
        let ended_by_itself = !end.forced && Some(end.outcome) == by_itself;
        if !end.was_asked {
            return ended_by_itself;
        }
        let is_forced = match self.manner {
            Manner::Cleans(polls) => polls > CLEANUP_POLLS,
            Manner::Deaf => true,
        };
        // Who was to end anyhow may have done so before it looked.
        ended_by_itself || (end.outcome, end.forced) == (Outcome::Cancelled, is_forced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: End = End { outcome: Outcome::Cancelled, forced: false, was_asked: true, was_shed: false };

    #[test]
    fn who_is_not_asked_ends_as_its_job_says() {
        let fate = Fate { ending: Ending::Panics, manner: Manner::Cleans(1) };
        let unasked = End { was_asked: false, outcome: Outcome::Panicked, ..ASKED };
        assert!(fate.allows(unasked));
        assert!(!fate.allows(End { outcome: Outcome::Err, ..unasked }));
        assert!(!Fate { ending: Ending::Waits, ..fate }.allows(unasked));
    }

    #[test]
    fn only_who_does_not_listen_is_forced() {
        let polite = Fate { ending: Ending::Works, manner: Manner::Cleans(CLEANUP_POLLS) };
        let deaf = Fate { manner: Manner::Deaf, ..polite };
        assert!(polite.allows(ASKED) && !polite.allows(End { forced: true, ..ASKED }));
        assert!(!deaf.allows(ASKED) && deaf.allows(End { forced: true, ..ASKED }));
    }

    #[test]
    fn who_makes_room_is_cancelled() {
        let fate = Fate { ending: Ending::Done(Outcome::Ok), manner: Manner::Deaf };
        let shed = End { was_asked: false, was_shed: true, ..ASKED };
        assert!(fate.allows(shed) && !fate.allows(End { outcome: Outcome::Ok, ..shed }));
    }
}
