//! `merge`: the shards of a sweep as one report, the same that the whole sweep would have written.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{keep_failures, keep_report, sweep};
use crate::campaign::{Joined, Tally, join};
use crate::cli::args::Merge;
use crate::cli::artefacts::{Artefacts, write};
use crate::cli::words::counted;
use crate::cli::{Status, Wrong, report, tell_wrong};

/// How the names of tallies end.
const EXTENSION: &str = "tally";

/// Joins what can be joined, tells what cannot, writes the report.
pub(crate) fn merge(args: &Merge) -> Result<Status, Wrong> {
    sweep::check_reports(&args.junit, &args.json)?;
    let (mut paths, mut problems) = (Vec::new(), Vec::new());
    for path in &args.tallies {
        if let Err(problem) = find(path, &mut paths) {
            problems.push(problem);
        }
    }
    let mut named = Vec::new();
    for (path, read) in paths.iter().zip(read_all(&paths)) {
        match read {
            Ok(tally) => named.push((path.display().to_string(), tally)),
            Err(problem) => problems.push(format!("{}: {problem}", path.display())),
        }
    }
    let Joined { tally, count, problems: misfits } = join(named);
    problems.extend(misfits);
    let mut status = match tally {
        Some(tally) => tell(args, &tally, count)?,
        None => Status::Held,
    };
    for problem in problems {
        tell_wrong(&Wrong(problem));
        status = Status::Wrong;
    }
    Ok(status)
}

fn tell(args: &Merge, tally: &Tally, count: usize) -> Result<Status, Wrong> {
    let artefacts = Artefacts::new("merge", args.out.as_deref())?;
    print!("{}", keep_report(tally, &artefacts)?);
    keep_failures(&tally.summary, &artefacts)?;
    if let Some(path) = &args.json {
        write(path, &report::runs(&tally.summary))?;
    }
    if let Some(path) = &args.junit {
        write(path, &report::junit(tally))?;
    }
    let (runs, shards) = (counted(tally.summary.runs(), "run"), counted(count as u64, "shard"));
    println!("{runs} of {shards}; {}", artefacts.path("report.json").display());
    Ok(report::status(tally))
}

/// The tallies that a path names: itself, or all below it, in the order of their names.
fn find(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    if !path.is_dir() {
        // Whether it is there at all is said by who reads it.
        found.push(path.to_path_buf());
        return Ok(());
    }
    let before = found.len();
    below(path, found).map_err(|error| format!("{}: the folder cannot be read: {error}", path.display()))?;
    if found.len() == before {
        return Err(format!(
            "{}: there is no tally below this folder: name a folder that a sweep's `--out` named",
            path.display()
        ));
    }
    Ok(())
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link is not followed to a folder: it might lead up.
        if entry.file_type()?.is_dir() {
            below(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads them all, on every core; the answers are in the order of the paths.
fn read_all(paths: &[PathBuf]) -> Vec<Result<Tally, String>> {
    let next = AtomicUsize::new(0);
    let read: Mutex<Vec<(usize, Result<Tally, String>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..sweep::jobs(None).min(paths.len()) {
            scope.spawn(|| {
                while let Some((index, path)) = claim(&next, paths) {
                    let tally = read_one(path);
                    read.lock().expect("no reader panics while it holds the list").push((index, tally));
                }
            });
        }
    });
    let mut read = read.into_inner().expect("every reader has ended");
    read.sort_by_key(|(index, _)| *index);
    read.into_iter().map(|(_, tally)| tally).collect()
}

fn claim<'a>(next: &AtomicUsize, paths: &'a [PathBuf]) -> Option<(usize, &'a PathBuf)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    paths.get(index).map(|path| (index, path))
}

fn read_one(path: &Path) -> Result<Tally, String> {
    let bytes = std::fs::read(path).map_err(|error| {
        format!("it cannot be read: {error}; name a tally, which a sweep leaves among its artefacts")
    })?;
    Tally::decode(&bytes).map_err(|problem| problem.to_string())
}
