//! Past failures, run in workers: what `corpus check` and each sweep do with the cases of the corpus.

use std::path::{Path, PathBuf};

use ::replay::ShortDigest;
use ::replay::corpus::{Corpus, Ending, Kept};

use super::{House, Prepared, refusal};
use crate::campaign::{Ended, Interrupt, Job, PastCase, Pool, Setup, Verdict};
use crate::cli::Wrong;
use crate::cli::words::counted;

/// Where the cases of a house lie, seen from where it is built.
pub(super) const FOLDER: &str = "corpus/cases";

/// Cases that can be run, and what is wrong with the others.
pub(super) struct Past<'a> {
    cases: Vec<(Kept, Prepared<'a>)>,
    pub(super) problems: Vec<String>,
    /// What was left out that a reader might take for done.
    pub(super) left_out: Option<String>,
}

/// Whose cases a folder holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// This program's alone.
    ThisProgram,
    /// Perhaps those of other programs that are built in one place: cases of packs that this one does not have.
    AnyProgram,
}

impl<'a> Past<'a> {
    /// None at all.
    pub(super) fn none() -> Past<'a> {
        Past { cases: Vec::new(), problems: Vec::new(), left_out: None }
    }

    /// Reads the corpus; each case must be of a scenario that there is. `is_chosen` picks scenarios by name.
    pub(super) fn read(
        house: &'a House,
        folder: &Path,
        of: Of,
        is_chosen: impl Fn(&str) -> bool,
    ) -> Result<Past<'a>, Wrong> {
        let corpus = read(folder)?;
        let mut past = Past { problems: corpus.problems, ..Past::none() };
        let mut others = 0;
        for kept in corpus.cases {
            let name = kept.case().scenario.clone();
            let Some(scenario) = house.scenarios.iter().find(|scenario| scenario.name() == name) else {
                let pack = name.split('/').next().unwrap_or_default();
                if of == Of::AnyProgram && !house.scenarios.iter().any(|scenario| scenario.pack() == pack) {
                    others += 1;
                    continue;
                }
                past.problems.push(format!(
                    "{}: the scenario `{name}` is gone: if it has another name now, change the case; if what it tested is gone, remove the file",
                    kept.path.display()
                ));
                continue;
            };
            if !is_chosen(&name) {
                continue;
            }
            match Prepared::of(scenario, kept.case().clone()) {
                Ok(prepared) => past.cases.push((kept, prepared)),
                Err(wrong) => past.problems.push(format!("{}: {wrong}", kept.path.display())),
            }
        }
        past.left_out = (others > 0).then(|| {
            format!(
                "{} of {}, of packs that this program does not have",
                counted(others, "case"),
                folder.display()
            )
        });
        Ok(past)
    }

    /// All names and lines, in a word: sweeps with one word ran the same cases.
    pub(super) fn word(&self) -> String {
        let lines: Vec<String> =
            self.cases.iter().map(|(kept, _)| format!("{} {}\n", kept.name, kept.case())).collect();
        if lines.is_empty() {
            String::new()
        } else {
            sim::trace::Digest::of(lines.concat().as_bytes()).to_string()
        }
    }

    /// Keeps one of some equal parts, the cases in turns.
    pub(super) fn keep_part(&mut self, index: u64, count: u64) {
        let mut place = 0;
        self.cases.retain(|_| {
            place += 1;
            (place - 1) % count == index
        });
    }

    /// Runs them all; what came of each is in the order of their names.
    pub(super) fn run(
        &self,
        house: &House,
        setup: &Setup,
        jobs: usize,
        interrupt: &Interrupt,
    ) -> Result<Vec<PastCase>, Wrong> {
        let orders = self.cases.iter().enumerate().map(|(index, (_, prepared))| Job {
            scenario: index,
            position: 0,
            seed: prepared.shown.seed,
            order: prepared.order(house, prepared.shown.seed),
            fresh: prepared.scenario.has_guests(),
            ..Job::default()
        });
        let mut queue: Vec<Job> = orders.collect();
        queue.reverse();
        let mut ended: Vec<(usize, PastCase)> = Vec::new();
        let mut wrong = None;
        let jobs = jobs.max(1).min(queue.len());
        let pool = Pool { setup: setup.clone(), jobs, interrupt: interrupt.clone() };
        pool.run(&mut || queue.pop().into(), &mut |one| {
            let Some((job, how)) = one else { return };
            wrong = wrong.take().or(refusal(&how));
            let (kept, _) = &self.cases[job.scenario];
            ended.extend(judge(kept, how).map(|past| (job.scenario, past)));
        })?;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        ended.sort_by_key(|(index, _)| *index);
        Ok(ended.into_iter().map(|(_, past)| past).collect())
    }
}

/// Reads a corpus that must be there.
pub(super) fn read(folder: &Path) -> Result<Corpus, Wrong> {
    Corpus::read(folder).map_err(|error| {
        Wrong(format!(
            "{}: the corpus cannot be read: {error}; name its folder by `--corpus`",
            folder.display()
        ))
    })
}

/// The corpus of a sweep: the folder that was named, or the usual one where it is.
pub(super) fn folder(named: &Option<PathBuf>) -> Option<(PathBuf, Of)> {
    match named {
        Some(folder) => Some((folder.clone(), Of::ThisProgram)),
        None => Some(PathBuf::from(FOLDER))
            .filter(|folder| folder.is_dir())
            .map(|folder| (folder, Of::AnyProgram)),
    }
}

fn judge(kept: &Kept, ended: Ended) -> Option<PastCase> {
    let (told, verdict) = match ended {
        Ended::Ran(ran) => {
            let signature = ran.failed.as_ref().and_then(|failed| failed.signature.as_ref());
            let ending = Ending::of(kept.case(), signature, ShortDigest::from(ran.digests.trace));
            (ending.to_string(), if ending.is_right() { Verdict::Passed } else { Verdict::Failed })
        }
        Ended::Aborted(how) => (format!("aborted: {how}"), Verdict::Aborted),
        Ended::Hung(how) => (format!("hung: {how}"), Verdict::Hung),
        Ended::Parted(how) => (how.trim_end().to_string(), Verdict::Nondeterministic),
        Ended::Refused(_) | Ended::Interrupted => return None,
    };
    Some(PastCase { name: kept.name.clone(), told, verdict, case: kept.case().to_string() })
}
