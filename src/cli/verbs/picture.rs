//! Pictures of runs, drawn from their traces: `--timeline`, and one of each kind of failure of a sweep.

use std::path::Path;

use replay::timeline::{Shown, timeline};
use replay::trace::TraceFile;

use crate::campaign::Codec;
use crate::cli::Wrong;
use crate::cli::args::Output;

/// A picture is drawn from a trace that can be read back; said before anything runs.
pub(super) fn check(output: &Output) -> Result<(), Wrong> {
    if output.timeline.is_some() && output.codec != Codec::Binary {
        return Err(Wrong("--timeline is drawn from a binary trace: leave out `--codec json`".to_string()));
    }
    Ok(())
}

/// The picture of the run that a trace file holds, with its failure page below.
pub(super) fn of(trace: &Path, page: Option<&str>) -> Result<String, Wrong> {
    let shown = Shown { text: page.unwrap_or_default(), ..Shown::default() };
    Ok(timeline(&mut TraceFile::open(trace)?, shown)?)
}

/// Draws the run, when that is asked for, with its failure page below.
pub(super) fn draw(output: &Output, trace: &Path, page: Option<&str>) -> Result<(), Wrong> {
    let Some(path) = &output.timeline else { return Ok(()) };
    let picture = of(trace, page)?;
    std::fs::write(path, picture).map_err(|error| Wrong(format!("{}: {error}", path.display())))?;
    println!("timeline: {}", path.display());
    Ok(())
}
