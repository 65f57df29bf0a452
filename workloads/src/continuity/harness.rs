//! The process: it reads its log, does what is left of the work, and logs what is done, slice by slice.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use models::journal::Journal;
use models::regions::api::{
    Budget, Config, Event, OnMachine, Outcome, Runtime, Status, What, Witness, on_machine,
};
use models::regions::shell;

use super::entry::{Done, Entry};
use super::points::{FORGETS_PROMISES, LOGS_AHEAD, STARTS_OVER};
use super::work::Region;
use crate::regions::job::Job;

/// Where the log lies.
pub const LOG: &str = "/continuity/log";
/// Polls between two looks at the log.
const SLICE_POLLS: u64 = 6;
/// The last line: nothing is left to do.
const FINISHED: &[u8] = b"finished";

/// What was told since the log was last written.
#[derive(Default)]
struct Told {
    entries: RefCell<Vec<Entry>>,
    /// Of the planted bug: what was logged ahead.
    ahead: RefCell<BTreeSet<Done>>,
}

impl Witness for Told {
    fn told(&self, event: &Event) {
        let entry = if LOGS_AHEAD.is_planted() { self.ahead(event) } else { Entry::of(event) };
        self.entries.borrow_mut().extend(entry);
    }
}

impl Told {
    /// The line that the planted bug writes: a task is done when it first runs.
    fn ahead(&self, event: &Event) -> Option<Entry> {
        let (region, task) = (event.subject.region?, event.subject.task?);
        let done = Done { region, task, promise: None };
        match event.what {
            What::Polled if self.ahead.borrow_mut().insert(done) => {
                Some(Entry { done, outcome: Outcome::Ok as u8 })
            }
            What::Completed { .. } => None,
            _ => Entry::of(event),
        }
    }
}

/// The records of a log, and whether it was finished; `None` where a record is no line.
pub fn read(records: &[Vec<u8>]) -> Option<(Vec<Entry>, bool)> {
    let is_finished = records.last().is_some_and(|record| record == FINISHED);
    let lines = &records[..records.len() - usize::from(is_finished)];
    let entries = lines.iter().map(|record| Entry::read(record)).collect::<Option<Vec<_>>>()?;
    Some((entries, is_finished))
}

/// Does all that the log does not have, and ends when the log is finished. After each slice it rests for `pace`.
///
/// # Errors
/// When the disk fails, which no plan of these scenarios lets it.
///
/// # Panics
/// When the log holds what no harness wrote.
pub async fn run(work: &[Region], config: Config, pace: Duration) -> io::Result<()> {
    let (mut journal, records) = Journal::open(LOG).await?;
    let (entries, is_finished) = read(&records).expect("the log holds what a harness wrote");
    if is_finished {
        return Ok(());
    }
    if !entries.is_empty() {
        points::reachable!("continuity.resumed");
    }
    let mut done: BTreeSet<Done> = entries.iter().map(|entry| entry.done).collect();
    if STARTS_OVER.is_planted() {
        done.clear();
    }
    let told = Rc::new(Told::default());
    let mut runtime: Runtime<OnMachine, Job> = Runtime::new(config, on_machine(told.clone()));
    let mut regions = Vec::new();
    for region in work {
        let handle = runtime.open(None, region.name, Budget::UNLIMITED).expect("the load fits");
        regions.push(handle);
        for task in &region.tasks {
            if done.contains(&Done { region: region.name, task: task.name, promise: None }) {
                continue;
            }
            let resolved = if FORGETS_PROMISES.is_planted() { &BTreeSet::new() } else { &done };
            let job = task.job(region.name, resolved);
            let spawned = runtime.spawn(handle, task.name, Budget::UNLIMITED, job).expect("the load fits");
            if let Some(kind) = task.cancelled {
                runtime.cancel(spawned, kind).expect("it was just spawned");
            }
        }
    }
    loop {
        let status = runtime.run(Budget::polls(SLICE_POLLS));
        log(&mut journal, &told).await?;
        match status {
            Status::PollBudgetExhausted => sim::time::sleep(pace).await,
            Status::WouldBlock if runtime.next_deadline().is_some() => shell::wait(&mut runtime).await,
            _ => break,
        }
    }
    for region in regions {
        let status = shell::drain(&mut runtime, region, shell::SLICE_POLLS).await;
        assert_eq!(status, Status::Ok, "a region without tasks drains");
    }
    let finished = runtime.node_mut().finish();
    assert!(finished.is_ok(), "{finished:?}");
    journal.append(FINISHED).await?;
    journal.sync().await
}

/// Makes durable what was told.
async fn log(journal: &mut Journal, told: &Told) -> io::Result<()> {
    let entries = std::mem::take(&mut *told.entries.borrow_mut());
    if entries.is_empty() {
        return Ok(());
    }
    for entry in entries {
        journal.append(&entry.to_bytes()).await?;
    }
    points::site!("continuity.appended_not_synced").await;
    journal.sync().await?;
    points::site!("continuity.synced").await;
    Ok(())
}
