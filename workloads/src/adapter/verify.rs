//! What the disks say when all is over: the client's audit chain, and the remote's ledger. Pure.
//!
//! The chain is replayed with the machine as it should be, whatever bug the run had planted.

use std::collections::BTreeMap;

use models::adapter::api::{
    Bugs, Chain, Doubt, Entry, Event, Hash, Job, Machine, Mode, Precheck, Reason, Record, State, TRIES_MAX,
    Trouble, content_hash, read_journal,
};

use super::escalation::{
    APPLIED_ONCE, AUDIT_WHOLE, HARDENED_RECHECKS, Judged, NOTHING_PARTIAL, RETRIES_BOUNDED, SEALED_ONCE,
    Violation,
};

/// Reads a client's journal, and judges the chain in it. `audited` is what the client had said to be durable:
/// places and hashes.
///
/// # Errors
/// When the chain is broken, or lacks something; or what it tells is not allowed.
pub fn audit(job: &Job, bytes: &[u8], audited: &[(u64, Hash)], ended: State) -> Result<Chain, Violation> {
    let broken = |message: String| Violation::new(AUDIT_WHOLE, format!("run {}: {message}", job.run));
    let (raw, whole_bytes) = read_journal(bytes);
    if whole_bytes != bytes.len() {
        return Err(broken(format!("the journal is whole in {whole_bytes} of {} bytes", bytes.len())));
    }
    let records: Vec<Record> = raw.iter().filter_map(|bytes| Record::read(bytes)).collect();
    retries(job, &records)?;
    rechecks(job, &records)?;
    let machine = Machine::new(job.mode, Bugs::default());
    let chain = Chain::recover(job.run, machine, raw).map_err(|error| broken(error.to_string()))?;
    let missing = audited
        .iter()
        .find(|(index, hash)| records.get(*index as usize).is_none_or(|record| record.hash() != *hash));
    if let Some((index, _)) = missing {
        return Err(broken(format!("record {index} was durable, and is gone or another")));
    }
    let last = chain.machine().state();
    if last != ended {
        return Err(broken(format!("the client ended in {ended}, its chain in {last}")));
    }
    Ok(chain)
}

fn retries(job: &Job, records: &[Record]) -> Judged {
    match records.iter().find(|record| record.tries > TRIES_MAX + 1) {
        None => Ok(()),
        Some(record) => Err(Violation::new(
            RETRIES_BOUNDED,
            format!("run {}: try {} in a row, {TRIES_MAX} are allowed", job.run, record.tries),
        )),
    }
}

/// In hardened mode, the last thing that was recorded before any word about a chunk is a proof.
fn rechecks(job: &Job, records: &[Record]) -> Judged {
    let is_about_chunk = |event| matches!(event, Event::ChunkDone | Event::ChunkLost | Event::ChunkConflicts);
    let unproved = records
        .windows(2)
        .find(|pair| is_about_chunk(pair[1].event) && pair[0].event != Event::Checked(Precheck::Agrees));
    match unproved {
        Some(pair) if job.mode == Mode::Hardened => Err(Violation::new(
            HARDENED_RECHECKS,
            format!("run {}: chunk {} was sent without a proof before it", job.run, pair[0].cursor),
        )),
        _ => Ok(()),
    }
}

/// Judges the remote's journal against the runs of all clients and how each ended.
///
/// # Errors
/// When something was done twice, or a run is published that should not be, or not whole.
pub fn ledger(bytes: &[u8], runs: &[(Job, State)]) -> Judged {
    let (raw, _) = read_journal(bytes);
    let entries: Vec<Entry> = raw.iter().filter_map(|bytes| Entry::read(bytes)).collect();
    if entries.len() != raw.len() {
        let message = format!("{} of {} records of the ledger are readable", entries.len(), raw.len());
        return Err(Violation::new(NOTHING_PARTIAL, message));
    }
    let mut names: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for entry in &entries {
        if let Entry::Applied { run, id, .. } = entry {
            *names.entry((*run, *id)).or_default() += 1;
        }
    }
    if let Some(((run, id), times)) = names.iter().find(|(_, times)| **times > 1) {
        let message = format!("run {run}: chunk {id:#x} was applied {times} times");
        return Err(Violation::new(APPLIED_ONCE, message));
    }
    runs.iter().try_for_each(|(job, ended)| published(&entries, job, *ended))
}

fn published(entries: &[Entry], job: &Job, ended: State) -> Judged {
    let seals: Vec<(u32, Hash)> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Sealed { run, count, audit } if *run == job.run => Some((*count, *audit)),
            _ => None,
        })
        .collect();
    if seals.len() > 1 {
        let message = format!("run {} was sealed {} times", job.run, seals.len());
        return Err(Violation::new(SEALED_ONCE, message));
    }
    let applied: Vec<Hash> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Applied { run, content, .. } if *run == job.run => Some(content_hash(content)),
            _ => None,
        })
        .collect();
    let wanted: Vec<Hash> = job.chunks.iter().map(|chunk| content_hash(chunk)).collect();
    let partial = |message: String| {
        Err(Violation::new(NOTHING_PARTIAL, format!("run {}, which ended in {ended}: {message}", job.run)))
    };
    if !wanted.starts_with(&applied) {
        return partial("the remote holds something else than was sent".to_string());
    }
    match (seals.first(), ended) {
        (Some(_), _) if applied != wanted => {
            partial(format!("{} of {} chunks are published", applied.len(), wanted.len()))
        }
        // The only failure that a sealed run may have: the seal was there, and nobody could tell the client.
        (Some(_), State::Failed(reason)) if reason != Reason::RetryExhausted => {
            partial("it is published all the same".to_string())
        }
        (None, State::Done) => partial("it is not published".to_string()),
        _ => Ok(()),
    }
}

/// Judges that a chunk that rotted in mid-run ended a hardened run before the next chunk.
///
/// # Errors
/// When chunks were applied after it.
pub fn damage(bytes: &[u8], trouble: &Trouble, runs: &[(Job, State)]) -> Judged {
    let Some(Doubt::Damage { index }) = trouble.doubt else { return Ok(()) };
    let (raw, _) = read_journal(bytes);
    let later = raw.iter().filter_map(|bytes| Entry::read(bytes)).find_map(|entry| match entry {
        Entry::Applied { run, index: applied, .. } if applied > index => {
            runs.iter().find(|(job, _)| job.run == run && job.mode == Mode::Hardened).map(|_| (run, applied))
        }
        _ => None,
    });
    match later {
        None => Ok(()),
        Some((run, applied)) => Err(Violation::new(
            HARDENED_RECHECKS,
            format!("run {run}: chunk {applied} was applied after chunk {index} had rotted"),
        )),
    }
}
