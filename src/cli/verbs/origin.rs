//! `origin`: when a failure was baked in. The run is kept up to a moment, and from there given many other futures: as
//! long as few of them fail, the failure was not yet decided.

use ::replay::case::{Case, Signature};
use sim::choice::Reseed;

use super::replay::read_case;
use super::run::tell;
use super::sweep::jobs;
use super::{House, Prepared, refusal};
use crate::campaign::{Crew, Ended, Interrupt, Job, Order, Pool, Setup, Stand};
use crate::cli::args::Origin;
use crate::cli::artefacts::Artefacts;
use crate::cli::json::Json;
use crate::cli::select::named;
use crate::cli::words::{counted, grouped, short_time, table};
use crate::cli::{Status, Wrong};

/// A moment of the run and what became of its futures.
struct Moment {
    stand: Stand,
    failed: u64,
    futures: u64,
}

/// Tells how many futures fail from moments of a failing run on.
pub(crate) fn origin(house: &House, args: &Origin) -> Result<Status, Wrong> {
    let case = read_case(&args.case.join(" "))?;
    let prepared = Prepared::of(named(&house.scenarios, &case.scenario)?, case.clone())?;
    let artefacts = Artefacts::new("origin", args.out.as_deref())?;
    let setup = house.setup(Some(artefacts.folder.clone()), args.wall_limit.0)?;
    let interrupt = Interrupt::on_signals()?;
    let fresh = prepared.scenario.has_guests();
    let mut crew = Crew::new(&setup, &interrupt, 0);
    let ended = crew.run(&prepared.order(house, case.seed), fresh);
    if let Some(wrong) = refusal(&ended) {
        return Err(wrong);
    }
    let Ended::Ran(ran) = ended else {
        println!("{case}: {}", tell(&ended));
        return Ok(Status::Lost);
    };
    let Some(failed) = ran.failed.clone() else {
        println!("{case}: it does not fail: {}; it has no origin to look for", tell(&Ended::Ran(ran)));
        return Ok(Status::Held);
    };
    let wanted = failed.signature.clone().unwrap_or_default().bucket();
    let search = Search { house, prepared: &prepared, setup: &setup, interrupt: &interrupt, args, wanted };

    let even = |from: u64, to: u64, parts: u64| -> Vec<u64> {
        (0..parts)
            .map(|part| {
                from + u64::try_from(u128::from(to - from) * u128::from(part) / u128::from(parts))
                    .unwrap_or(0)
            })
            .collect()
    };
    let parts = u64::from(args.moments.get());
    let mut moments = search.look(&mut crew, &even(0, failed.at_ns, parts))?;
    // Once more between the two moments with the greatest rise.
    if let Some((before, behind)) = greatest_rise(&moments) {
        let (from, to) = (moments[before].stand.at_ns, moments[behind].stand.at_ns);
        let between: Vec<u64> = even(from, to, parts).into_iter().skip(1).collect();
        moments.extend(search.look(&mut crew, &between)?);
        moments.sort_by_key(|moment| moment.stand.at_ns);
    }
    if interrupt.is_set() {
        println!("interrupted: moments that are missing were not looked at");
    }
    println!(
        "`{}` fails at +{}, at record {}",
        failed.property,
        short_time(u128::from(failed.at_ns)),
        grouped(ran.records)
    );
    print!("{}", told(&moments));
    let baked = baked_in(&moments);
    println!(
        "{}",
        baked.as_deref().unwrap_or("it was in the plan or the code: no moment decides it by chance")
    );
    let rows = moments.iter().map(|moment| {
        Json::object([
            ("at_ns", Json::number(moment.stand.at_ns)),
            ("record", Json::number(moment.stand.records)),
            ("draw", Json::number(moment.stand.draws)),
            ("futures", Json::number(moment.futures)),
            ("failed", Json::number(moment.failed)),
        ])
    });
    let json = Json::object([
        ("version", Json::number(1u64)),
        ("case", Json::text(case.to_string())),
        ("property", Json::text(&*failed.property)),
        ("baked_in", Json::option(baked)),
        ("moments", Json::List(rows.collect())),
    ]);
    let path = artefacts.write("origin.json", &json.to_string())?;
    println!("{}", path.display());
    Ok(if interrupt.is_set() { Status::Lost } else { Status::Failed })
}

struct Search<'a> {
    house: &'a House,
    prepared: &'a Prepared<'a>,
    setup: &'a Setup,
    interrupt: &'a Interrupt,
    args: &'a Origin,
    wanted: Signature,
}

impl Search<'_> {
    /// Runs the futures of some times.
    fn look(&self, crew: &mut Crew, times: &[u64]) -> Result<Vec<Moment>, Wrong> {
        let (case, fresh) = (&self.prepared.sent, self.prepared.scenario.has_guests());
        let order = Order { times: times.to_vec(), ..self.prepared.order(self.house, case.seed) };
        let Ended::Ran(ran) = crew.run(&order, fresh) else { return Ok(Vec::new()) };
        let mut moments: Vec<Moment> =
            ran.stands.iter().map(|&stand| Moment { stand, failed: 0, futures: 0 }).collect();
        let futures = u64::from(self.args.futures.get());
        let mut jobs_to_do =
            (0..moments.len()).flat_map(|moment| (0..futures).map(move |future| (moment, future)));
        let stands: Vec<Stand> = moments.iter().map(|moment| moment.stand).collect();
        let mut next = || {
            let (moment, future) = jobs_to_do.next()?;
            let line = self.future(case, stands[moment].draws, future).to_string();
            let order = Order { case: line.clone(), shown: line, ..Order::default() };
            Some(Job { scenario: moment, position: future, order, fresh, ..Job::default() })
        };
        let jobs = jobs(self.args.jobs);
        let pool = Pool { setup: self.setup.clone(), jobs, interrupt: self.interrupt.clone() };
        pool.run(&mut || next().into(), &mut |ended| {
            let Some((job, Ended::Ran(ran))) = ended else { return };
            let signature = ran.failed.as_ref().and_then(|failed| failed.signature.as_ref());
            let moment = &mut moments[job.scenario];
            moment.futures += 1;
            moment.failed += u64::from(signature.is_some_and(|signature| signature.bucket() == self.wanted));
        })?;
        Ok(moments)
    }

    /// Another future from a draw on. What the case changes behind it is of no future any more.
    fn future(&self, case: &Case, draw: u64, future: u64) -> Case {
        let mut case = case.clone();
        case.reseeds.retain(|reseed| reseed.draw < draw);
        case.reseeds.push(Reseed { draw, seed: future + 1 });
        case
    }
}

/// Of how many in a hundred.
fn percent(moment: &Moment) -> u64 {
    (moment.failed * 100).checked_div(moment.futures).unwrap_or_default()
}

/// The two moments between which most was decided, if anything was.
fn greatest_rise(moments: &[Moment]) -> Option<(usize, usize)> {
    let rise = |behind: &usize| percent(&moments[*behind]).saturating_sub(percent(&moments[behind - 1]));
    // Of equals the earliest.
    let behind = (1..moments.len()).rev().max_by_key(rise)?;
    (rise(&behind) > 0).then_some((behind - 1, behind))
}

fn baked_in(moments: &[Moment]) -> Option<String> {
    let (before, behind) = greatest_rise(moments)?;
    let at = |moment: &Moment| {
        format!("+{} (record {})", short_time(u128::from(moment.stand.at_ns)), grouped(moment.stand.records))
    };
    let (before, behind) = (&moments[before], &moments[behind]);
    Some(format!(
        "baked in between {} and {}: of the futures {} % failed before, and {} % behind",
        at(before),
        at(behind),
        percent(before),
        percent(behind)
    ))
}

fn told(moments: &[Moment]) -> String {
    let head = ["kept up to", "record", "draw", "futures", "fail"].map(str::to_string).to_vec();
    let mut rows = vec![head];
    for moment in moments {
        let Moment { stand, failed, futures } = moment;
        let bar = "#".repeat(usize::try_from(percent(moment) / 5).unwrap_or_default());
        rows.push(vec![
            format!("+{}", short_time(u128::from(stand.at_ns))),
            grouped(stand.records),
            grouped(stand.draws),
            counted(*futures, "run"),
            format!("{failed:>4}  {bar:<20}"),
        ]);
    }
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at_ns: u64, failed: u64) -> Moment {
        Moment { stand: Stand { at_ns, draws: at_ns, records: at_ns }, failed, futures: 20 }
    }

    #[test]
    fn it_is_baked_in_where_most_was_decided() {
        let moments = [moment(0, 1), moment(10, 2), moment(20, 19), moment(30, 20)];
        let told = baked_in(&moments).expect("it rises");
        assert_eq!(
            told,
            "baked in between +10ns (record 10) and +20ns (record 20): of the futures 10 % failed before, and 95 % behind"
        );
        assert_eq!(baked_in(&[moment(0, 20), moment(10, 20)]), None);
        assert_eq!(baked_in(&[]), None);
    }
}
