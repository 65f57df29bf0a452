//! The reply table: a write that is retried is applied once and answered alike.
//!
//! A session is opened through the log and named by its place there, so that two clients never share one,
//! whatever their entropy. A client has one write under way, so the last answer of a session is enough.
//! The table is part of the replicated state: every replica holds the same one at the same place.

use std::collections::BTreeMap;

use super::api::Answer;

/// How many sessions are kept; the one whose last use is the oldest makes room.
pub const SESSIONS_MAX: usize = 64;

/// What the table says of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not seen: apply it.
    Fresh,
    /// It was applied, with this answer.
    Repeated(Answer),
    /// A later write of the session was applied: nobody waits for this one.
    Stale,
    /// The session was never opened, or had to make room.
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Session {
    /// The last write applied, 0 before the first.
    seq: u64,
    /// Its answer.
    answer: Option<Answer>,
    /// The place in the log of its opening or last write.
    used: u64,
}

/// All open sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    table: BTreeMap<u64, Session>,
}

impl Sessions {
    /// The entry at `index` opens a session, whose name is `index`.
    pub fn open(&mut self, index: u64) {
        if self.table.len() >= SESSIONS_MAX {
            let oldest = self.table.iter().min_by_key(|(_, session)| session.used).map(|(name, _)| *name);
            self.table.remove(&oldest.expect("a full table has an oldest session"));
        }
        let replaced = self.table.insert(index, Session { seq: 0, answer: None, used: index });
        assert!(replaced.is_none(), "place {index} of the log opened two sessions");
    }

    /// What is to be done with write `seq` of `session`.
    pub fn judge(&self, session: u64, seq: u64) -> Verdict {
        match self.table.get(&session) {
            None => Verdict::Gone,
            Some(known) if seq > known.seq => Verdict::Fresh,
            Some(known) if seq < known.seq => Verdict::Stale,
            Some(known) => known.answer.clone().map_or(Verdict::Stale, Verdict::Repeated),
        }
    }

    /// Write `seq` of `session` was applied with this answer.
    pub fn keep(&mut self, session: u64, seq: u64, answer: Answer) {
        if let Some(known) = self.table.get_mut(&session) {
            *known = Session { seq, used: answer.index, answer: Some(answer) };
        }
    }

    /// Folds the table into a checksum.
    pub fn fold(&self, hasher: &mut crc32fast::Hasher) {
        for (name, session) in &self.table {
            hasher.update(&name.to_le_bytes());
            hasher.update(&session.seq.to_le_bytes());
            hasher.update(&session.used.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::api::Outcome;

    fn answer(index: u64) -> Answer {
        Answer { index, outcome: Outcome::Done }
    }

    #[test]
    fn a_write_is_fresh_once_then_repeated_then_stale() {
        let mut sessions = Sessions::default();
        assert_eq!(sessions.judge(3, 1), Verdict::Gone);
        sessions.open(3);
        assert_eq!(sessions.judge(3, 1), Verdict::Fresh);
        sessions.keep(3, 1, answer(4));
        assert_eq!(sessions.judge(3, 1), Verdict::Repeated(answer(4)));
        sessions.keep(3, 2, answer(5));
        assert_eq!(sessions.judge(3, 1), Verdict::Stale);
        assert_eq!(sessions.judge(3, 2), Verdict::Repeated(answer(5)));
        assert_eq!(sessions.judge(3, 0), Verdict::Stale);
    }

    #[test]
    fn the_session_of_the_oldest_use_makes_room() {
        let mut sessions = Sessions::default();
        for index in 1..=SESSIONS_MAX as u64 {
            sessions.open(index);
        }
        sessions.keep(1, 1, answer(100));
        sessions.open(101);
        assert_eq!(sessions.judge(1, 1), Verdict::Repeated(answer(100)));
        assert_eq!(sessions.judge(2, 1), Verdict::Gone);
        assert_eq!(sessions.judge(101, 1), Verdict::Fresh);
    }
}
