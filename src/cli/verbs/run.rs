//! `run`: one seed of each chosen scenario, with artefacts.

use ::replay::trace::convert_to_json;

use super::pack::{self, Packs};
use super::{House, Prepared, picture, refusal, status_of};
use crate::campaign::{Codec, Crew, Ended, Interrupt, Job, Ran, Summary};
use crate::cli::args::Run;
use crate::cli::artefacts::{Artefacts, stem};
use crate::cli::select::select;
use crate::cli::words::{counted, short_time};
use crate::cli::{Status, Wrong};

/// Runs, tells each in a line, keeps trace, page and case.
pub(crate) fn run(house: &House, args: &Run) -> Result<Status, Wrong> {
    let chosen = select(&house.scenarios, &args.prefix)?;
    let chosen = Prepared::all(chosen, &args.common)?;
    let of_one = [("--trace", &args.output.trace), ("--timeline", &args.output.timeline)];
    if let Some((flag, _)) = of_one.iter().find(|(_, file)| file.is_some() && chosen.len() > 1) {
        let names: Vec<&str> = chosen.iter().map(|prepared| &*prepared.label).collect();
        let names = names.join(", ");
        return Err(Wrong(format!("{flag} is of one run, and {} were chosen: {names}", chosen.len())));
    }
    picture::check(&args.output)?;
    #[cfg(feature = "adapter")]
    if args.checklist {
        let all = house.scenarios.iter().filter(|scenario| scenario.pack() == "adapter").count();
        super::checklist::check(&chosen, all)?;
    }
    let artefacts = Artefacts::new("run", args.output.out.as_deref())?;
    let interrupt = Interrupt::on_signals()?;
    let setup = house.setup(None, args.output.wall_limit.0)?;
    let mut summary = Summary::new(chosen.iter().map(Prepared::labelled));
    let seed = args.seed.0;
    let mut packs = Packs::new(house, &artefacts, seed);
    for (index, prepared) in chosen.iter().enumerate() {
        let stem = stem(&prepared.label, seed);
        let mut order = prepared.order(house, seed);
        let trace = args.output.trace.clone().unwrap_or_else(|| artefacts.path(&format!("{stem}.trace")));
        order.trace = Some(trace.clone());
        // A process of its own for each, so that one says nothing to the next.
        let mut crew = Crew::new(&setup, &interrupt, index);
        let job = Job {
            scenario: index,
            position: 0,
            seed,
            order: order.clone(),
            fresh: true,
            verify: args.verify,
            ..Job::default()
        };
        let ended = if args.verify { crew.verify(&order, true) } else { crew.run(&order, true) };
        if let Some(wrong) = refusal(&ended) {
            return Err(wrong);
        }
        println!("{}: {}", prepared.shown(seed), tell(&ended));
        if let Ended::Ran(ran) = &ended {
            for warning in &ran.warnings {
                println!("  warning: {warning}");
            }
            println!("  trace: {}", trace.display());
            if let Some(page) = &ran.page {
                let page = artefacts.write(&format!("{stem}.page.txt"), page).map(|_| page)?;
                println!("\n{}", page.trim_end());
            }
            picture::draw(&args.output, &trace, ran.page.as_deref())?;
            if args.verbose > 0 {
                print!("{}", checks(ran));
            }
        }
        summary.add(&job, ended.clone(), prepared.shown(seed));
        packs.add(prepared, &ended, &trace, &summary.scenarios[index])?;
        if matches!(ended, Ended::Ran(_)) && args.output.codec == Codec::Json {
            convert_to_json(&trace)?;
        }
        for kept in summary.scenarios[index].failing.values().flat_map(|failing| failing.first.values()) {
            artefacts.write(&format!("{stem}.case"), &format!("{}\n", kept.case))?;
        }
    }
    let more = pack::manifest(&artefacts, seed, args, packs.finish()?, &summary);
    let scenarios = summary.scenarios.iter().map(crate::cli::report::timed_scenario_json).collect();
    super::sweep::Manifest { verb: "run", artefacts: &artefacts, scenarios, more }
        .write(status_of(&summary))?;
    let status = status_of(&summary);
    #[cfg(feature = "adapter")]
    let status = match args.checklist {
        true => status.max(super::checklist::fill_in(&artefacts, &summary, seed)?),
        false => status,
    };
    println!("artefacts: {}", artefacts.folder.display());
    Ok(status)
}

/// The points that a run passed, and how often.
fn checks(ran: &Ran) -> String {
    let mut text = String::new();
    for point in &ran.points {
        text += &format!("  {}: {}, held {}\n", point.name, counted(point.hits, "hit"), point.held);
    }
    text
}

/// How a run ended, in a line.
pub(super) fn tell(ended: &Ended) -> String {
    match ended {
        Ended::Ran(ran) => {
            let verdict = match &ran.failed {
                None => "passed".to_string(),
                Some(failed) => format!("`{}` failed", failed.property),
            };
            format!(
                "{verdict}, {} in {} of virtual time, {}, digests trace {} faults {} semantic {}",
                counted(ran.records, "record"),
                short_time(u128::from(ran.virtual_ns)),
                counted(ran.effects, "fault effect"),
                ran.digests.trace,
                ran.digests.faults,
                ran.digests.semantic
            )
        }
        Ended::Refused(message) => message.clone(),
        Ended::Aborted(message) => format!("aborted: {message}"),
        Ended::Hung(message) => format!("hung: {message}"),
        Ended::Parted(message) => message.trim_end().to_string(),
        Ended::Interrupted => "interrupted".to_string(),
    }
}
