//! Sites, marks and planted bugs of this model: the catalogue that plans, sweeps and mutants choose from.

use std::time::Duration;

use points::{Kind, Point, Quirk};

use super::trouble::Slowness;
use super::{machine, remote};

/// Planted: a capability that the remote lacks is no hindrance.
pub static UNSUPPORTED_GOES_ON: Quirk =
    Quirk::new("unsupported-goes-on", "a missing capability does not end the run");
/// Planted: a capability in other versions is no hindrance.
pub static MISMATCH_GOES_ON: Quirk =
    Quirk::new("mismatch-goes-on", "a capability in no common version does not end the run");
/// Planted: a proof that is late, absent or malformed counts as a good one.
pub static DOUBT_GOES_ON: Quirk =
    Quirk::new("doubt-goes-on", "a proof of integrity that is late, absent or malformed is taken as good");
/// Planted: other content under a taken name replaces what was there.
pub static CONFLICT_OVERWRITES: Quirk =
    Quirk::new("conflict-overwrites", "a chunk whose name is taken by other content replaces it");
/// Planted: the client takes a conflict for a commit.
pub static CONFLICT_GOES_ON: Quirk =
    Quirk::new("conflict-goes-on", "the client goes on after a conflict as if the chunk were committed");
/// Planted: tries are not counted against their bound.
pub static RETRIES_UNBOUNDED: Quirk = Quirk::new("retries-unbounded", "the client never stops trying");
/// Planted: the seed of a resumed run is not compared.
pub static RESUMES_OTHER_SEED: Quirk =
    Quirk::new("resumes-other-seed", "a run is resumed whatever its seed is");
/// Planted: a chunk that is sent again is applied again.
pub static APPLIES_TWICE: Quirk = Quirk::new("applies-twice", "a chunk that is sent again is applied again");
/// Planted: after a restart the audit chain is not bound to what was there.
pub static AUDIT_UNLINKED: Quirk =
    Quirk::new("audit-unlinked", "after a restart the audit chain is bound to nothing");
/// Planted: lost chunks are not audited.
pub static AUDIT_SKIPS_LOSSES: Quirk =
    Quirk::new("audit-skips-losses", "the transition from Running to Retrying is not audited");
/// Planted: the cursor moves when a chunk is sent.
pub static CURSOR_RUNS_AHEAD: Quirk =
    Quirk::new("cursor-runs-ahead", "the cursor moves before a chunk is acknowledged");
/// Planted: a run that is completed again is sealed again.
pub static SEALS_TWICE: Quirk = Quirk::new("seals-twice", "a run that is completed again is sealed again");
/// Planted: nothing is compared before the seal.
pub static SEALS_UNCHECKED: Quirk =
    Quirk::new("seals-unchecked", "a run is sealed without a look at what is held");
/// Planted: a seal that nobody confirmed counts as one.
pub static COMPLETES_UNSEALED: Quirk =
    Quirk::new("completes-unsealed", "the client is done although nobody confirmed the seal");
/// Planted: hardened mode checks once.
pub static HARDENED_CHECKS_ONCE: Quirk =
    Quirk::new("hardened-checks-once", "hardened mode skips the check before each chunk");
/// Planted: the two modes give different answers.
pub static HARDENED_RENAMES: Quirk =
    Quirk::new("hardened-renames", "hardened mode names a failed check a conflict");
/// Planted: the remote answers before its journal is written.
pub static ACKNOWLEDGED_NOT_STORED: Quirk =
    Quirk::new("acknowledged-not-stored", "the remote holds chunks in memory and writes every fourth time");
/// Planted: the checksum of a datagram is not looked at.
pub static DAMAGE_BELIEVED: Quirk =
    Quirk::new("damage-believed", "a datagram is believed whatever its checksum says");
/// Planted: a reply is taken whatever it answers.
pub static STALE_REPLY_TAKEN: Quirk =
    Quirk::new("stale-reply-taken", "a reply is taken for the last question, whatever it answers");
/// Planted: the deadline of a proof is measured by the wall clock.
pub static DEADLINE_BY_WALL_CLOCK: Quirk =
    Quirk::new("deadline-by-wall-clock", "how late a proof is, is measured by the wall clock");
/// Planted: nobody is answered.
pub static MUTE: Quirk = Quirk::new("mute", "the remote answers nothing");
/// Planted: a restart begins with nothing.
pub static AMNESIA: Quirk = Quirk::new("amnesia", "the remote forgets everything when it restarts");
/// Planted: the first answer to a commit is given to all.
pub static FROZEN: Quirk = Quirk::new("frozen", "every commit is given the first commit's answer");
/// Planted: every answer is slow.
pub static SLOW_MEDIAN: Quirk = Quirk::new("slow-median", "every commit is answered 8 ms late");
/// Planted: one answer of eight is slow.
pub static SLOW_EIGHTH: Quirk = Quirk::new("slow-eighth", "every eighth commit is answered 60 ms late");
/// Planted: one answer of thirty-two is very slow.
pub static SLOW_TAIL: Quirk = Quirk::new("slow-tail", "every thirty-second commit is answered 180 ms late");

/// All bugs that can be planted.
pub static QUIRKS: &[&Quirk] = &[
    &UNSUPPORTED_GOES_ON,
    &MISMATCH_GOES_ON,
    &DOUBT_GOES_ON,
    &CONFLICT_OVERWRITES,
    &CONFLICT_GOES_ON,
    &RETRIES_UNBOUNDED,
    &RESUMES_OTHER_SEED,
    &APPLIES_TWICE,
    &AUDIT_UNLINKED,
    &AUDIT_SKIPS_LOSSES,
    &CURSOR_RUNS_AHEAD,
    &SEALS_TWICE,
    &SEALS_UNCHECKED,
    &COMPLETES_UNSEALED,
    &HARDENED_CHECKS_ONCE,
    &HARDENED_RENAMES,
    &ACKNOWLEDGED_NOT_STORED,
    &DAMAGE_BELIEVED,
    &STALE_REPLY_TAKEN,
    &DEADLINE_BY_WALL_CLOCK,
    &MUTE,
    &AMNESIA,
    &FROZEN,
    &SLOW_MEDIAN,
    &SLOW_EIGHTH,
    &SLOW_TAIL,
];

/// The bugs of the client's machine that this run plants.
pub(super) fn planted_in_machine() -> machine::Bugs {
    machine::Bugs {
        unsupported_goes_on: UNSUPPORTED_GOES_ON.is_planted(),
        mismatch_goes_on: MISMATCH_GOES_ON.is_planted(),
        doubt_goes_on: DOUBT_GOES_ON.is_planted(),
        conflict_goes_on: CONFLICT_GOES_ON.is_planted(),
        retries_unbounded: RETRIES_UNBOUNDED.is_planted(),
        resumes_other_seed: RESUMES_OTHER_SEED.is_planted(),
        cursor_runs_ahead: CURSOR_RUNS_AHEAD.is_planted(),
        hardened_checks_once: HARDENED_CHECKS_ONCE.is_planted(),
        hardened_renames: HARDENED_RENAMES.is_planted(),
        completes_unsealed: COMPLETES_UNSEALED.is_planted(),
        audit_unlinked: AUDIT_UNLINKED.is_planted(),
        audit_skips_losses: AUDIT_SKIPS_LOSSES.is_planted(),
    }
}

/// The bugs of the remote that this run plants.
pub(super) fn planted_in_remote() -> remote::Bugs {
    remote::Bugs {
        conflict_overwrites: CONFLICT_OVERWRITES.is_planted(),
        applies_twice: APPLIES_TWICE.is_planted(),
        seals_twice: SEALS_TWICE.is_planted(),
        seals_unchecked: SEALS_UNCHECKED.is_planted(),
    }
}

/// The slowness of the remote that this run plants.
pub(super) fn planted_slowness() -> Option<Slowness> {
    let slow = |every, millis| Some(Slowness { every, by: Duration::from_millis(millis) });
    match () {
        () if SLOW_MEDIAN.is_planted() => slow(1, 8),
        () if SLOW_EIGHTH.is_planted() => slow(8, 60),
        () if SLOW_TAIL.is_planted() => slow(32, 180),
        () => None,
    }
}

/// The sites of the client: between each of its awaits and the next.
pub static CLIENT_SITES: [Point; 8] = [
    Point::new("adapter.recovered_not_restarted", Kind::Site),
    Point::new("adapter.decided_not_audited", Kind::Site),
    Point::new("adapter.audited_not_synced", Kind::Site),
    Point::new("adapter.synced_not_acted", Kind::Site),
    Point::new("adapter.asked_not_answered", Kind::Site),
    Point::new("adapter.answered_not_judged", Kind::Site),
    Point::new("adapter.backed_off_not_resumed", Kind::Site),
    Point::new("adapter.ended_not_told", Kind::Site),
];

/// The sites of the remote, likewise.
pub static REMOTE_SITES: [Point; 5] = [
    Point::new("adapter.remote_recovered", Kind::Site),
    Point::new("adapter.judged_not_written", Kind::Site),
    Point::new("adapter.written_not_synced", Kind::Site),
    Point::new("adapter.synced_not_answered", Kind::Site),
    Point::new("adapter.answered_not_listening", Kind::Site),
];

/// All other points but the bugs.
pub static CATALOGUE: [Point; 15] = [
    Point::new("adapter.transition", Kind::Mark),
    Point::new("adapter.applied", Kind::Mark),
    Point::new("adapter.sealed", Kind::Mark),
    Point::new("adapter.unsupported_provoked", Kind::Reachable),
    Point::new("adapter.mismatch_provoked", Kind::Reachable),
    Point::new("adapter.integrity_provoked", Kind::Reachable),
    Point::new("adapter.conflict_provoked", Kind::Reachable),
    Point::new("adapter.silence_provoked", Kind::Reachable),
    Point::new("adapter.other_seed_provoked", Kind::Reachable),
    Point::new("adapter.damaged_datagram_dropped", Kind::Reachable),
    Point::new("adapter.stale_reply_dropped", Kind::Reachable),
    Point::new("adapter.asked_again", Kind::Reachable),
    Point::new("adapter.chunk_lost", Kind::Reachable),
    Point::new("adapter.resumed", Kind::Reachable),
    Point::new("adapter.restarted", Kind::Reachable),
];
