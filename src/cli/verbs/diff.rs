//! `diff`: the first record in which two runs differ.

use std::path::PathBuf;

use ::replay::diff::files;
use ::replay::trace::TraceFile;

use super::replay::{is_trace, read_case};
use super::{House, Prepared, existing, refusal};
use crate::campaign::{Crew, Ended, Interrupt};
use crate::cli::args::Diff;
use crate::cli::artefacts::Artefacts;
use crate::cli::select::named;
use crate::cli::{Status, Wrong};

/// Compares two trace files; a case is run first, each in a process of its own, to have one.
pub(crate) fn diff(house: &House, args: &Diff) -> Result<Status, Wrong> {
    // Both are read before anything runs: the second may be wrong.
    let sides = [Side::read(house, &args.left)?, Side::read(house, &args.right)?];
    let artefacts = Artefacts::new("diff", args.out.as_deref())?;
    let setup = house.setup(None, args.wall_limit.0)?;
    let interrupt = Interrupt::on_signals()?;
    let mut traces = Vec::new();
    for (side, name) in sides.iter().zip(["left", "right"]) {
        let path = match side {
            Side::Trace(path) => path.clone(),
            Side::Case(prepared) => {
                let path = artefacts.path(&format!("{name}.trace"));
                let mut order = prepared.order(house, prepared.shown.seed);
                order.trace = Some(path.clone());
                let ended = Crew::new(&setup, &interrupt, 0).run(&order, true);
                if let Some(wrong) = refusal(&ended) {
                    return Err(wrong);
                }
                if !matches!(ended, Ended::Ran(_)) {
                    println!("{}: {}", prepared.shown, super::run::tell(&ended));
                    return Ok(Status::Lost);
                }
                path
            }
        };
        traces.push(TraceFile::open(&path)?);
    }
    let [left, right] = &mut traces[..] else { unreachable!("there are two sides") };
    let compared = files(left, right, args.context)?;
    print!("{compared}");
    Ok(if compared.is_same() { Status::Held } else { Status::Moved })
}

enum Side<'a> {
    Trace(PathBuf),
    Case(Box<Prepared<'a>>),
}

impl<'a> Side<'a> {
    fn read(house: &'a House, text: &str) -> Result<Side<'a>, Wrong> {
        if let Some(path) = existing(text).filter(|path| is_trace(path)) {
            TraceFile::open(path)?;
            return Ok(Side::Trace(path.to_path_buf()));
        }
        let case = read_case(text)?;
        let prepared = Prepared::of(named(&house.scenarios, &case.scenario)?, case)?;
        Ok(Side::Case(Box::new(prepared)))
    }
}
