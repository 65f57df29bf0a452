//! The remote's judgements: idempotent, in order, one name one content; and trouble in the order of the states.

use super::super::content::{checksum, chunk_id, content_hash};
use super::super::ledger::Entry;
use super::super::machine::Mode;
use super::super::message::{Reply, Request};
use super::super::remote::{Answer, Bugs, Outcome, Remote};
use super::super::state::Reason;
use super::super::trouble::{Doubt, Trouble};

const RUN: u64 = 3;
const SEED: u64 = 8;

fn commit(index: u32, content: &[u8]) -> Request {
    Request::Commit { run: RUN, seed: SEED, index, id: chunk_id(RUN, index), content: content.to_vec() }
}

fn complete(contents: &[&[u8]]) -> Request {
    let hashes: Vec<_> = contents.iter().map(|content| content_hash(content)).collect();
    let (count, checksum) = (contents.len() as u32, checksum(RUN, 0, &hashes));
    Request::Complete { run: RUN, seed: SEED, count, checksum, audit: [1; 32] }
}

/// Carries a request out, and answers what the remote said and whether it did anything.
fn ask(remote: &mut Remote, request: &Request) -> (Answer, bool) {
    let Outcome { entry, answer, .. } = remote.handle(request);
    if let Some(entry) = &entry {
        remote.apply(entry);
    }
    (answer, entry.is_some())
}

fn holding(trouble: Trouble, contents: &[&[u8]]) -> Remote {
    let mut remote = Remote::new(trouble, Bugs::default());
    for (index, content) in (0..).zip(contents) {
        let committed = Answer::Now(Reply::Committed { index });
        assert_eq!(ask(&mut remote, &commit(index, content)), (committed, true));
    }
    remote
}

#[test]
fn a_chunk_is_applied_once_and_in_order() {
    let mut remote = holding(Trouble::default(), &[b"a", b"b"]);
    assert_eq!(ask(&mut remote, &commit(0, b"a")), (Answer::Now(Reply::Committed { index: 0 }), false));
    assert_eq!(ask(&mut remote, &commit(3, b"d")), (Answer::Now(Reply::Refused), false));
    assert_eq!(ask(&mut remote, &commit(1, b"x")), (Answer::Now(Reply::Conflict { index: 1 }), false));
    assert_eq!(remote.held(RUN), 2);
}

#[test]
fn a_run_is_sealed_once_and_only_whole() {
    let mut remote = holding(Trouble::default(), &[b"a", b"b"]);
    assert_eq!(ask(&mut remote, &complete(&[b"a"])), (Answer::Now(Reply::Unsealed), false), "there is more");
    assert_eq!(ask(&mut remote, &complete(&[b"a", b"x"])), (Answer::Now(Reply::Unsealed), false));
    assert_eq!(ask(&mut remote, &complete(&[b"a", b"b"])), (Answer::Now(Reply::Sealed), true));
    assert_eq!(ask(&mut remote, &complete(&[b"a", b"b"])), (Answer::Now(Reply::Sealed), false));
}

#[test]
fn another_seed_commits_and_seals_nothing() {
    let mut remote = holding(Trouble { other_seed_from: Some(1), ..Trouble::default() }, &[b"a"]);
    assert_eq!(ask(&mut remote, &commit(1, b"b")), (Answer::Now(Reply::Refused), false));
    assert_eq!(ask(&mut remote, &complete(&[b"a"])), (Answer::Now(Reply::Refused), false));
    let stands = Reply::Stands { seed: Some(!SEED), acknowledged: 1 };
    assert_eq!(ask(&mut remote, &Request::Resume { run: RUN }).0, Answer::Now(stands));
}

/// A name that another run took is a conflict, whatever else begins at the same chunk.
#[test]
fn a_conflict_is_met_before_silence_and_silence_before_another_seed() {
    let rival = Entry::Applied { run: 99, seed: 0, index: 0, id: chunk_id(RUN, 1), content: b"r".to_vec() };
    let both = Trouble { silent_from: Some(1), other_seed_from: Some(1), ..Trouble::default() };
    let mut remote = Remote::new(both.clone(), Bugs::default());
    remote.apply(&rival);
    assert_eq!(ask(&mut remote, &commit(0, b"a")), (Answer::Now(Reply::Committed { index: 0 }), true));
    assert_eq!(ask(&mut remote, &commit(0, b"a")), (Answer::Now(Reply::Committed { index: 0 }), false));
    let stands = Reply::Stands { seed: Some(SEED), acknowledged: 1 };
    assert_eq!(ask(&mut remote, &Request::Resume { run: RUN }).0, Answer::Now(stands));
    assert_eq!(ask(&mut remote, &commit(1, b"b")).0, Answer::Now(Reply::Conflict { index: 1 }));
    let mut remote = holding(both, &[b"a"]);
    assert_eq!(ask(&mut remote, &Request::Resume { run: RUN }).0, Answer::Never);
}

#[test]
fn damage_shows_in_the_proof_and_keeps_the_run_from_being_sealed() {
    let doubt = Some(Doubt::Damage { index: 1 });
    let mut remote = holding(Trouble { doubt, ..Trouble::default() }, &[b"a", b"b"]);
    let hashes = [content_hash(b"a"), content_hash(b"b")];
    let proof = |remote: &mut Remote, count| ask(remote, &Request::Precheck { run: RUN, nonce: 4, count }).0;
    let expected = |count: usize| Answer::Now(Reply::Proof(checksum(RUN, 4, &hashes[..count]).to_vec()));
    assert_eq!(proof(&mut remote, 1), expected(1));
    assert_ne!(proof(&mut remote, 2), expected(2));
    assert_eq!(ask(&mut remote, &complete(&[b"a", b"b"])), (Answer::Now(Reply::Unsealed), false));
}

#[test]
fn the_first_reason_is_that_of_the_earlier_chunk_then_of_the_earlier_state() {
    let mid_run = |conflict, silent, other| Trouble {
        conflict_at: conflict,
        silent_from: silent,
        other_seed_from: other,
        ..Trouble::default()
    };
    let first = |trouble: Trouble| trouble.first(Mode::Strict);
    assert_eq!(first(Trouble::default()), None);
    assert_eq!(first(mid_run(Some(2), Some(2), Some(2))), Some(Reason::ConflictDetected));
    assert_eq!(first(mid_run(Some(3), Some(2), Some(2))), Some(Reason::RetryExhausted));
    assert_eq!(first(mid_run(Some(3), Some(3), Some(2))), Some(Reason::ResumeSeedMismatch));
    let doubted = Trouble { doubt: Some(Doubt::Absent), ..mid_run(Some(0), None, None) };
    assert_eq!(first(doubted), Some(Reason::IntegrityPrecheckFailed));
    let damaged = Trouble { doubt: Some(Doubt::Damage { index: 1 }), ..mid_run(Some(5), None, None) };
    assert_eq!(
        first(damaged.clone()),
        Some(Reason::ConflictDetected),
        "strict mode meets damage at the seal"
    );
    assert_eq!(damaged.first(Mode::Hardened), Some(Reason::IntegrityPrecheckFailed));
}
