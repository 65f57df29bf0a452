//! `mutants`: every planted bug against the sweep. A checker that never barked is not known to bark.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ::replay::case::Case;
use faults::scenario::Scenario;

use super::sweep::{Manifest, canary_sings, check_reports, jobs};
use super::{House, Prepared, refusal};
use crate::campaign::{CANARY, Catch, Caught, Crew, Ended, Hunt, Hunted, Interrupt, Job, Outcome, Pool, Try};
use crate::cli::args::{Common, Mutants};
use crate::cli::artefacts::{Artefacts, write};
use crate::cli::json::Json;
use crate::cli::select::select;
use crate::cli::subject::Subject;
use crate::cli::words::{counted, grouped, short_time, table};
use crate::cli::{Status, Wrong};
use crate::seeds::Seeds;

/// Seeds that each bug is given when nothing was said.
const SEEDS: u64 = 1000;
/// More are no hunt, and would only take memory.
const SEEDS_MAX: u128 = 1 << 24;

/// A planted bug, and the scenarios that plant it: they take turns, seed by seed.
struct Bug<'a> {
    /// Its name, behind its pack where another bug has the same.
    label: String,
    name: &'static str,
    about: &'static str,
    scenarios: Vec<Prepared<'a>>,
}

/// Hunts each bug, tells the table, and what was not caught.
pub(crate) fn mutants(house: &House, args: &Mutants) -> Result<Status, Wrong> {
    check_reports(&None, &args.json)?;
    let bugs = bugs(select(&house.scenarios, &args.prefix)?)?;
    let seeds = args.seeds.clone().unwrap_or_else(|| Seeds::first(SEEDS));
    if seeds.count() > SEEDS_MAX {
        return Err(Wrong(format!("--seeds {seeds}: expected {SEEDS_MAX} seeds or fewer for each bug")));
    }
    let seeds: Vec<u64> = seeds.iter().collect();
    let artefacts = Artefacts::new("mutants", args.out.as_deref())?;
    let began_at = Instant::now();
    let interrupt = Interrupt::on_signals()?;
    let setup = house.setup(Some(artefacts.folder.clone()), args.wall_limit.0)?;
    let jobs = jobs(args.jobs);
    let alive = canary_sings(&mut Crew::new(&setup, &interrupt, jobs));
    let hunt = Mutex::new(Hunt::new(bugs.len(), seeds.len() as u64, args.catches.get()));
    let pool = Pool { setup, jobs, interrupt: interrupt.clone() };
    let wrong = hunt_all(house, &bugs, &seeds, &hunt, &pool)?;
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let hunted = hunt.into_inner().unwrap_or_else(PoisonError::into_inner).into_hunted();

    let mut status = Status::Held;
    let mut text = overview(&bugs, &hunted);
    for (bug, hunted) in bugs.iter().zip(&hunted) {
        if hunted.catches.is_empty() {
            status = status.max(Status::Failed);
            text += &uncaught(bug, hunted);
        }
    }
    if !alive {
        text += &format!("the canary `{CANARY}` did not fail: these runs see no failures\n");
    }
    if interrupt.is_set() {
        text += "left out: interrupted: what was still to come\n";
    }
    if !alive || interrupt.is_set() {
        // What was not seen says nothing about the bugs.
        status = Status::Lost;
    }
    print!("{text}");
    artefacts.write("mutants.txt", &text)?;
    keep_cases(&bugs, &hunted, &artefacts)?;
    let listed: Vec<Json> = bugs.iter().zip(&hunted).map(|(bug, hunted)| bug_json(bug, hunted)).collect();
    let report = Json::object([
        ("version", Json::number(1u64)),
        ("canary_failed", Json::Bool(alive)),
        ("interrupted", Json::Bool(interrupt.is_set())),
        ("catches_wanted", Json::number(args.catches.get() as u64)),
        ("bugs", Json::List(listed)),
    ]);
    let report = report.to_string();
    artefacts.write("mutants.json", &report)?;
    if let Some(path) = &args.json {
        write(path, &report)?;
    }
    let more = vec![("jobs".to_string(), Json::number(jobs as u64))];
    Manifest { verb: "mutants", artefacts: &artefacts, scenarios: Vec::new(), more }.write(status)?;
    let caught = hunted.iter().filter(|hunted| !hunted.catches.is_empty()).count();
    println!(
        "{caught} of {} caught, in {} in {}; {}",
        counted(bugs.len() as u64, "planted bug"),
        counted(hunted.iter().map(|hunted| hunted.seeds).sum(), "run"),
        short_time(began_at.elapsed().as_nanos()),
        artefacts.path("mutants.json").display()
    );
    Ok(status)
}

/// The bugs of the scenarios, in the order in which they are first met.
fn bugs(scenarios: Vec<&Scenario>) -> Result<Vec<Bug<'_>>, Wrong> {
    let mut bugs: Vec<Bug<'_>> = Vec::new();
    let mut packs: Vec<&str> = Vec::new();
    for scenario in scenarios {
        for quirk in scenario.all_quirks() {
            let common = Common { quirk: Some(quirk.name().to_string()), ..Common::default() };
            let prepared = Prepared::new(Subject { scenario, class: None }, &common)?;
            // Two models may each have a bug of one name; what is wrong then tells them apart.
            let is_it = |bug: &&mut Bug<'_>| bug.name == quirk.name() && bug.about == quirk.about();
            match bugs.iter_mut().find(is_it) {
                Some(bug) => bug.scenarios.push(prepared),
                None => {
                    let (name, about) = (quirk.name(), quirk.about());
                    packs.push(scenario.pack());
                    bugs.push(Bug { label: name.to_string(), name, about, scenarios: vec![prepared] });
                }
            }
        }
    }
    if bugs.is_empty() {
        return Err(Wrong(
            "none of the chosen scenarios plants a bug: `list --points` names those that do".to_string(),
        ));
    }
    let names: Vec<&str> = bugs.iter().map(|bug| bug.name).collect();
    for (bug, pack) in bugs.iter_mut().zip(packs) {
        if names.iter().filter(|name| **name == bug.name).count() > 1 {
            bug.label = format!("{pack}/{}", bug.name);
        }
    }
    Ok(bugs)
}

fn hunt_all(
    house: &House,
    bugs: &[Bug<'_>],
    seeds: &[u64],
    hunt: &Mutex<Hunt>,
    pool: &Pool,
) -> Result<Option<Wrong>, Wrong> {
    let board = || hunt.lock().unwrap_or_else(PoisonError::into_inner);
    let mut wrong = None;
    let next = || {
        let (bug, position) = board().next()?;
        let prepared = at(&bugs[bug], position);
        let seed = seeds[usize::try_from(position).expect("seeds are counted in memory")];
        let (order, fresh) = (prepared.order(house, seed), prepared.scenario.has_guests());
        Some(Job { scenario: bug, position, seed, order, fresh, ..Job::default() })
    };
    let mut progress = Progress { said_at: Instant::now() };
    pool.run(&mut || next().into(), &mut |ended| {
        progress.tell(&board());
        let Some((job, ended)) = ended else { return };
        wrong = wrong.take().or(refusal(&ended));
        if wrong.is_some() {
            pool.interrupt.set();
        }
        let prepared = at(&bugs[job.scenario], job.position);
        if let Some(tried) = tried(prepared, &job, ended) {
            board().hear(job.scenario, job.position, tried);
        }
    })?;
    Ok(wrong)
}

/// The scenario whose turn it is.
fn at<'a, 'b>(bug: &'b Bug<'a>, position: u64) -> &'b Prepared<'a> {
    let turn = position % bug.scenarios.len() as u64;
    &bug.scenarios[usize::try_from(turn).expect("it is less than a length")]
}

fn tried(prepared: &Prepared<'_>, job: &Job, ended: Ended) -> Option<Try> {
    let mut cpu_ns = 0;
    let outcome = match ended {
        Ended::Ran(ran) => {
            cpu_ns = ran.wall_ns;
            match ran.failed {
                None => Outcome::Unseen,
                Some(failed) => {
                    let mut case: Case = prepared.shown(job.seed);
                    case.fails = failed.signature;
                    case.digest = Some(ran.digests.trace.into());
                    Outcome::Caught(Catch {
                        position: job.position,
                        property: failed.property,
                        scenario: prepared.label.clone(),
                        case: case.to_string(),
                    })
                }
            }
        }
        Ended::Aborted(how) | Ended::Hung(how) | Ended::Parted(how) => Outcome::Lost(how),
        Ended::Refused(_) | Ended::Interrupted => return None,
    };
    Some(Try { outcome, cpu_ns })
}

/// The table: a row for each bug; what caught it stands behind, most often first.
fn overview(bugs: &[Bug<'_>], hunted: &[Hunted]) -> String {
    let head = ["planted bug", "scenarios", "seeds to first", "caught", "CPU time"];
    let mut rows = vec![head.map(str::to_string).to_vec()];
    let mut behind = vec!["by".to_string()];
    for (bug, hunted) in bugs.iter().zip(hunted) {
        rows.push(vec![
            bug.label.clone(),
            grouped(bug.scenarios.len() as u64),
            hunted.seeds_to_first().map_or("-".to_string(), grouped),
            format!("{} of {}", grouped(hunted.catches.len() as u64), grouped(hunted.seeds)),
            short_time(hunted.cpu_ns),
        ]);
        let by: Vec<String> = hunted.by_property().iter().map(told).collect();
        behind.push(if by.is_empty() { "-".to_string() } else { by.join(", ") });
    }
    let lines = table(&rows);
    let lines = lines.lines().zip(&behind).map(|(line, behind)| format!("{line}  {behind}\n"));
    lines.collect::<String>()
        + "seeds to first: until the first catch, its scenarios in turns; caught: catches of seeds that were tried;\n\
           CPU time: of the workers; by: the properties that failed, how often, and in which scenario\n"
}

/// `kv.logs_agree 2 in kv/crash-loop and 1 more`
fn told(caught: &Caught<'_>) -> String {
    let Caught { property, count, scenarios } = caught;
    let more = match scenarios.len() {
        0 | 1 => String::new(),
        length => format!(" and {} more", length - 1),
    };
    format!("{property} {count} in {}{more}", scenarios.first().unwrap_or(&"-"))
}

fn uncaught(bug: &Bug<'_>, hunted: &Hunted) -> String {
    let seeds = counted(hunted.seeds, "seed");
    let mut text = format!("\n`{}` was not caught in {seeds}: {}\n", bug.label, bug.about);
    if let Some(first) = &hunted.lost_first {
        text +=
            &format!("  {} ended in no verdict, the first of them: {first}\n", counted(hunted.lost, "run"));
    }
    text + "  try more seeds; or the checks do not see it, or nothing leads there\n"
}

/// The first catch of each bug, to be replayed.
fn keep_cases(bugs: &[Bug<'_>], hunted: &[Hunted], artefacts: &Artefacts) -> Result<(), Wrong> {
    for (bug, hunted) in bugs.iter().zip(hunted) {
        if let Some(catch) = hunted.catches.first() {
            let name = format!("{}.case", bug.label.replace('/', "-"));
            artefacts.write(&name, &format!("# {}\n{}\n", bug.about, catch.case))?;
        }
    }
    Ok(())
}

fn bug_json(bug: &Bug<'_>, hunted: &Hunted) -> Json {
    let by = hunted.by_property().into_iter().map(|caught| {
        Json::object([
            ("property", Json::text(caught.property)),
            ("count", Json::number(caught.count)),
            ("scenarios", Json::texts(caught.scenarios)),
        ])
    });
    let by = by.collect();
    Json::object([
        ("name", Json::text(&*bug.label)),
        ("about", Json::text(bug.about)),
        ("scenarios", Json::texts(bug.scenarios.iter().map(|prepared| &*prepared.label))),
        ("caught", Json::Bool(!hunted.catches.is_empty())),
        ("seeds", Json::number(hunted.seeds)),
        ("seeds_to_first", hunted.seeds_to_first().map_or(Json::Null, Json::number)),
        ("catches", Json::number(hunted.catches.len() as u64)),
        ("lost", Json::number(hunted.lost)),
        ("by", Json::List(by)),
        ("cases", Json::texts(hunted.catches.iter().map(|catch| &*catch.case))),
        ("cpu_ms", Json::number(hunted.cpu_ns / 1_000_000)),
    ])
}

/// Says now and then how far it is.
struct Progress {
    said_at: Instant,
}

impl Progress {
    fn tell(&mut self, hunt: &Hunt) {
        if self.said_at.elapsed() >= super::sweep::SAY_EVERY {
            self.said_at = Instant::now();
            let (runs, caught) = hunt.progress();
            eprintln!("{}, {} caught", counted(runs, "run"), counted(caught, "bug"));
        }
    }
}
