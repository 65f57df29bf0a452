//! What a scenario provokes, drawn from the seed: which trouble, where, and of which kind.

use std::time::Duration;

use models::adapter::api::{Capability, Doubt, Entry, PROOF_DEADLINE, Reason, Trouble, chunk_id};
use sim::Ratio;
use sim::choice::Rng;

/// The run that had taken a name before.
const RIVAL: u64 = 0xffff;

/// How a reason is provoked, beyond its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubts {
    /// Of any kind, also a chunk that rots in mid-run.
    Any,
    /// From the beginning: then both modes meet it at the same time as everything else.
    FromTheBeginning,
}

/// Draws the trouble that provokes these reasons. Every reason takes its draws, provoked or not, so that the
/// trouble of one does not move that of another.
///
/// Trouble in mid-run begins at a chunk, never at the first: before that there is no run to resume.
pub fn draw(rng: &mut Rng, reasons: &[Reason], runs: &[u64], chunk_count: u32, doubts: Doubts) -> Trouble {
    let lacks = *rng.pick(&Capability::ALL);
    let differs = *rng.pick(&Capability::ALL);
    let doubt = doubt(rng, chunk_count, doubts);
    // A run that was given one chunk or none has no middle: its trouble never begins.
    let count = u64::from(chunk_count).max(2);
    let (conflict_at, other_seed_from) = (rng.range(1..count) as u32, rng.range(1..count) as u32);
    // Every fourth silence begins when all chunks are there and only the seal is missing.
    let (silent_from, at_the_seal) = (rng.range(1..count) as u32, rng.chance(Ratio::of(1, 4)));
    let silent_from = if at_the_seal { chunk_count } else { silent_from };
    let is = |reason| reasons.contains(&reason);
    Trouble {
        lacks: is(Reason::UnsupportedCapability).then_some(lacks),
        differs: is(Reason::CapabilityMismatch).then_some(differs),
        doubt: is(Reason::IntegrityPrecheckFailed).then_some(doubt),
        conflict_at: is(Reason::ConflictDetected).then_some(conflict_at),
        held_before: if is(Reason::ConflictDetected) { rival(runs, conflict_at) } else { Vec::new() },
        silent_from: is(Reason::RetryExhausted).then_some(silent_from),
        other_seed_from: is(Reason::ResumeSeedMismatch).then_some(other_seed_from),
        slowness: None,
    }
}

fn doubt(rng: &mut Rng, chunk_count: u32, doubts: Doubts) -> Doubt {
    let kinds = if doubts == Doubts::Any { 5 } else { 4 };
    let (kind, index) = (rng.choose(kinds), rng.choose(u64::from(chunk_count.max(1))) as u32);
    match kind {
        0 => Doubt::Differs,
        1 => Doubt::Late { by: PROOF_DEADLINE + Duration::from_millis(300) },
        2 => Doubt::Absent,
        3 => Doubt::Malformed,
        _ => Doubt::Damage { index },
    }
}

/// Another run that has committed, under the name of one chunk of each run, something else.
fn rival(runs: &[u64], index: u32) -> Vec<Entry> {
    let entry = |(place, run): (u32, &u64)| Entry::Applied {
        run: RIVAL,
        seed: RIVAL,
        index: place,
        id: chunk_id(*run, index),
        content: b"not yours".to_vec(),
    };
    (0..).zip(runs).map(entry).collect()
}
