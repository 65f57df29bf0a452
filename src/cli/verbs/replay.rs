//! `replay`: the exact run of a case, beside what the case says.

use std::path::Path;

use ::replay::ShortDigest;
use ::replay::case::{Case, CaseFile, Replayed};
use ::replay::trace::TraceFile;

use super::run::tell;
use super::{House, Prepared, existing, picture, refusal};
use crate::campaign::{Crew, Ended, Interrupt};
use crate::cli::args::Replay;
use crate::cli::artefacts::{Artefacts, stem};
use crate::cli::select::named;
use crate::cli::{Status, Wrong};

/// Runs the case once more, tells whether it is the same, and keeps its trace.
pub(crate) fn replay(house: &House, args: &Replay) -> Result<Status, Wrong> {
    picture::check(&args.output)?;
    let case = read_case(&args.case.join(" "))?;
    let prepared = Prepared::of(named(&house.scenarios, &case.scenario)?, case.clone())?;
    let artefacts = Artefacts::new("replay", args.output.out.as_deref())?;
    let setup = house.setup(None, args.output.wall_limit.0)?;
    let mut order = prepared.order(house, case.seed);
    let trace = artefacts.path(&format!("{}.trace", stem(&case.scenario, case.seed)));
    let trace = args.output.trace.clone().unwrap_or(trace);
    order.trace = Some(trace.clone());
    order.codec = args.output.codec;
    order.until = args.until;
    if let Some(moved) = case.algorithm_moved() {
        println!("note: {moved}");
    }
    let mut crew = Crew::new(&setup, &Interrupt::on_signals()?, 0);
    let ended = if args.verify { crew.verify(&order, true) } else { crew.run(&order, true) };
    if let Some(wrong) = refusal(&ended) {
        return Err(wrong);
    }
    println!("{}: {}", case, tell(&ended));
    let Ended::Ran(ran) = ended else {
        return Ok(if matches!(ended, Ended::Parted(_)) { Status::Moved } else { Status::Lost });
    };
    println!("trace: {}", trace.display());
    if let Some(excerpt) = &ran.excerpt {
        print!("\n{excerpt}");
    }
    if let Some(page) = &ran.page {
        println!("\n{}", page.trim_end());
    }
    picture::draw(&args.output, &trace, ran.page.as_deref())?;
    let signature = ran.failed.as_ref().and_then(|failed| failed.signature.clone());
    let replayed = case.replayed(signature.as_ref(), ShortDigest::from(ran.digests.trace));
    println!("\nreplay: {replayed}");
    Ok(match replayed {
        Replayed::SameFailure { .. } | Replayed::OtherFailure { .. } => Status::Failed,
        Replayed::Holds { failed_before: false, same_digest: Some(false) } => Status::Moved,
        Replayed::Holds { .. } => Status::Held,
    })
}

/// A case's line, a case file, or the case of a trace file.
pub(super) fn read_case(text: &str) -> Result<Case, Wrong> {
    if let Some(path) = existing(text) {
        if is_trace(path) {
            return Ok(TraceFile::open(path)?.case()?);
        }
        return Ok(CaseFile::read(path)?.case);
    }
    let looks_like_a_file =
        !text.contains(' ') && Path::new(text).extension().is_some() && !text.contains('=');
    if looks_like_a_file {
        return Err(Wrong(format!(
            "{text}: there is no such file; name a case file, a trace file, or a case's line"
        )));
    }
    text.parse().map_err(|error| Wrong(format!("`{text}` is no case: {error}")))
}

/// Whether a file begins like a trace; what is wrong further on is for its reader to say.
pub(super) fn is_trace(path: &Path) -> bool {
    use std::io::Read as _;
    let mut magic = [0; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == b"\x89TBL"
}
