//! The remote's pure heart: runs, chunks by name, seals; and the trouble that a scenario gives it.
//!
//! A request is judged without any change ([`Remote::handle`]); what it would change comes back as entries, which
//! the shell makes durable before it applies them and answers. A run's chunks are published by its seal, all at
//! once: a run that failed has published nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bytes::Hash;
use super::capability::Offer;
use super::content::{checksum, chunk_id, content_hash};
use super::ledger::Entry;
use super::message::{Reply, Request};
use super::state::Reason;
use super::trouble::{Doubt, Trouble};

/// Planted bugs of the remote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bugs {
    /// Other content under a taken name replaces what was there.
    pub conflict_overwrites: bool,
    /// A chunk that is sent again is applied again.
    pub applies_twice: bool,
    /// A run that is completed again is sealed again.
    pub seals_twice: bool,
    /// Content is not compared before the seal.
    pub seals_unchecked: bool,
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// To make durable, then to apply, then to answer.
    pub entry: Option<Entry>,
    /// The answer.
    pub answer: Answer,
    /// The reason that this answer is to provoke, when it is trouble that a scenario asked for.
    pub provokes: Option<Reason>,
}

/// Whether and when to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// At once.
    Now(Reply),
    /// So much later.
    After(Duration, Reply),
    /// Not at all.
    Never,
}

/// A run, as the remote knows it.
#[derive(Clone, Debug, Default)]
struct Run {
    seed: u64,
    /// The content of each chunk, in order.
    hashes: Vec<Hash>,
    is_sealed: bool,
}

/// The remote.
#[derive(Clone, Debug)]
pub struct Remote {
    offer: Offer,
    trouble: Trouble,
    bugs: Bugs,
    runs: BTreeMap<u64, Run>,
    /// Whose each name is, and what is in it.
    names: BTreeMap<u64, (u64, Hash)>,
}

impl Remote {
    /// A remote that holds nothing yet and can do what is needed, but for its trouble.
    pub fn new(trouble: Trouble, bugs: Bugs) -> Remote {
        Remote { offer: trouble.offer(), trouble, bugs, runs: BTreeMap::new(), names: BTreeMap::new() }
    }

    /// How many chunks of a run it holds.
    pub fn held(&self, run: u64) -> u32 {
        self.runs.get(&run).map_or(0, |run| run.hashes.len() as u32)
    }

    /// Every run that it knows.
    pub fn known(&self) -> impl Iterator<Item = u64> {
        self.runs.keys().copied()
    }

    /// What happens once an entry is durable.
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Applied { run, seed, index, id, content } => {
                let hash = content_hash(content);
                self.names.insert(*id, (*run, hash));
                let known = self.runs.entry(*run).or_default();
                known.seed = *seed;
                match known.hashes.get_mut(*index as usize) {
                    Some(held) => *held = hash,
                    None => known.hashes.push(hash),
                }
            }
            Entry::Sealed { run, .. } => self.runs.entry(*run).or_default().is_sealed = true,
        }
    }

    /// Judges a request, and changes nothing.
    pub fn handle(&self, request: &Request) -> Outcome {
        match request {
            Request::Negotiate => {
                let provokes = self.trouble.provoked_by_offer();
                Outcome { entry: None, answer: Answer::Now(Reply::Offered(self.offer.clone())), provokes }
            }
            Request::Precheck { run, nonce, count } => self.prove(*run, *nonce, *count),
            Request::Commit { run, seed, index, id, content } => {
                self.commit(Chunk { run: *run, seed: *seed, index: *index, id: *id, content })
            }
            Request::Resume { run } => self.resume(*run),
            Request::Complete { run, seed, count, checksum, audit } => {
                self.complete(*run, *seed, *count, checksum, *audit)
            }
        }
    }

    fn prove(&self, run: u64, nonce: u64, count: u32) -> Outcome {
        let (proof, is_damaged) = self.proof(run, nonce, count);
        let mut proof = proof.to_vec();
        let doubt = self.trouble.doubt.filter(|doubt| !matches!(doubt, Doubt::Damage { .. }));
        if doubt == Some(Doubt::Differs) {
            proof[0] ^= 1;
        }
        if doubt == Some(Doubt::Malformed) {
            proof.truncate(7);
        }
        let answer = match doubt {
            Some(Doubt::Absent) => Answer::Never,
            Some(Doubt::Late { by }) => Answer::After(by, Reply::Proof(proof)),
            _ => Answer::Now(Reply::Proof(proof)),
        };
        let is_provoked = doubt.is_some() || is_damaged;
        Outcome { entry: None, answer, provokes: is_provoked.then_some(Reason::IntegrityPrecheckFailed) }
    }

    /// The proof of the first so many chunks, and whether one of them rotted.
    fn proof(&self, run: u64, nonce: u64, count: u32) -> (Hash, bool) {
        let held = self.runs.get(&run).map_or(&[][..], |run| &run.hashes);
        let mut held = held[..held.len().min(count as usize)].to_vec();
        let rotten = match self.trouble.doubt {
            Some(Doubt::Damage { index }) => held.get_mut(index as usize),
            _ => None,
        };
        let is_damaged = rotten.is_some();
        if let Some(hash) = rotten {
            hash[0] ^= 1;
        }
        (checksum(run, nonce, &held), is_damaged)
    }

    /// The order of the questions is that of the states that name their reasons: a conflict is found while the
    /// run goes on, silence when it retries, another seed when it resumes.
    fn commit(&self, chunk: Chunk<'_>) -> Outcome {
        let Chunk { run, seed, index, id, content } = chunk;
        let entry = Entry::Applied { run, seed, index, id, content: content.to_vec() };
        let slowed = |reply| self.trouble.slowed(index, reply);
        let is_taken = self.names.get(&id).is_some_and(|held| *held != (run, content_hash(content)));
        if is_taken {
            let reason = Reason::ConflictDetected;
            return if self.bugs.conflict_overwrites {
                Outcome {
                    entry: Some(entry),
                    answer: slowed(Reply::Committed { index }),
                    provokes: Some(reason),
                }
            } else {
                Outcome::provoked(Answer::Now(Reply::Conflict { index }), reason)
            };
        }
        if self.is_silent(index) {
            return Outcome::provoked(Answer::Never, Reason::RetryExhausted);
        }
        if self.seed_of(run).is_some_and(|held| held != seed) {
            return Outcome::of(Reply::Refused);
        }
        let held = self.held(run);
        if index < held {
            let entry = self.bugs.applies_twice.then_some(entry);
            return Outcome { entry, answer: slowed(Reply::Committed { index }), provokes: None };
        }
        if index > held {
            return Outcome::of(Reply::Refused);
        }
        Outcome { entry: Some(entry), answer: slowed(Reply::Committed { index }), provokes: None }
    }

    fn is_silent(&self, index: u32) -> bool {
        self.trouble.silent_from.is_some_and(|from| index >= from)
    }

    /// Whether the next chunk of a run will meet a conflict. Trouble that begins at the same chunk waits for it:
    /// a conflict is met while the run goes on, silence and another seed only after that.
    fn meets_conflict(&self, run: u64) -> bool {
        self.names.contains_key(&chunk_id(run, self.held(run)))
    }

    /// The seed that the remote says a run has; nothing when it never heard of the run.
    fn seed_of(&self, run: u64) -> Option<u64> {
        let known = self.runs.get(&run)?;
        let begins = self.trouble.other_seed_from.is_some_and(|from| self.held(run) >= from);
        Some(if begins && !self.meets_conflict(run) { !known.seed } else { known.seed })
    }

    fn resume(&self, run: u64) -> Outcome {
        let acknowledged = self.held(run);
        if self.is_silent(acknowledged) && !self.meets_conflict(run) {
            return Outcome::provoked(Answer::Never, Reason::RetryExhausted);
        }
        let seed = self.seed_of(run);
        let is_another = seed != self.runs.get(&run).map(|run| run.seed);
        let provokes = is_another.then_some(Reason::ResumeSeedMismatch);
        Outcome { entry: None, answer: Answer::Now(Reply::Stands { seed, acknowledged }), provokes }
    }

    fn complete(&self, run: u64, seed: u64, count: u32, expected: &Hash, audit: Hash) -> Outcome {
        let Some(known) = self.runs.get(&run).filter(|_| self.seed_of(run) == Some(seed)) else {
            return Outcome::of(Reply::Refused);
        };
        if self.is_silent(count) {
            return Outcome::provoked(Answer::Never, Reason::RetryExhausted);
        }
        let (held, is_damaged) = self.proof(run, 0, count);
        let is_whole = self.held(run) == count && held == *expected;
        if !is_whole && !self.bugs.seals_unchecked {
            let provokes = is_damaged.then_some(Reason::IntegrityPrecheckFailed);
            return Outcome { entry: None, answer: Answer::Now(Reply::Unsealed), provokes };
        }
        let seals = !known.is_sealed || self.bugs.seals_twice;
        let entry = seals.then_some(Entry::Sealed { run, count, audit });
        Outcome { entry, answer: Answer::Now(Reply::Sealed), provokes: None }
    }
}

impl Outcome {
    fn of(reply: Reply) -> Outcome {
        Outcome { entry: None, answer: Answer::Now(reply), provokes: None }
    }

    fn provoked(answer: Answer, reason: Reason) -> Outcome {
        Outcome { entry: None, answer, provokes: Some(reason) }
    }
}

/// A chunk that is to be committed.
#[derive(Clone, Copy)]
struct Chunk<'a> {
    run: u64,
    seed: u64,
    index: u32,
    id: u64,
    content: &'a [u8],
}
