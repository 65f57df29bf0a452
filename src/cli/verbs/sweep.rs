//! `sweep`: many seeds of the chosen scenarios, in workers.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::replay::case::{Case, CaseFile};
use faults::scenario::Scenario;
use indicatif::{ProgressBar, ProgressStyle};
use search::explore::Explore;
use search::guided::Told;

use super::past::{self, Past};
use super::shrink::{self, Shrinker};
use super::{House, Prepared, TALLY, keep, keep_failures, keep_report, picture, refusal};
use crate::campaign::{
    self, CANARY, Codec, Crew, Ended, Handed, Interrupt, Job, Order, PLATEAU_RUNS, Parts, Patience, Pool,
    Setup, Strategy, Summary, Tally, Turn, Verdict,
};
use crate::cli::args::Sweep;
use crate::cli::artefacts::{Artefacts, stem, write};
use crate::cli::json::Json;
use crate::cli::report;
use crate::cli::select::select;
use crate::cli::shard::Shard;
use crate::cli::words::{counted, grouped, short_time};
use crate::cli::{Status, Wrong, tell_wrong};

/// What a sweep without seeds and without a time takes.
const BUDGET: Duration = Duration::from_secs(90);
/// How much longer it takes on a slow machine, for packs that had few runs.
const BUDGET_MAX: Duration = Duration::from_secs(108);
/// Runs that each pack of pure scenarios should have.
const PACK_RUNS_MIN: u64 = 1000;
/// How often a sweep that is not on a terminal says how far it is.
pub(super) const SAY_EVERY: Duration = Duration::from_secs(10);

/// Sweeps, tells the table, the failures and what was left out, and writes the artefacts.
pub(crate) fn sweep(house: &House, args: &Sweep) -> Result<Status, Wrong> {
    if args.output.timeline.is_some() {
        return Err(Wrong(
            "--timeline is of one run: use `run` or `replay`; a sweep draws the first of each kind of failure by itself"
                .to_string(),
        ));
    }
    let shard = shard_of(args)?;
    let (chosen, mut left_out) = choose(house, args)?;
    let mut past = past_of(house, args, &chosen)?;
    let asked = asked(args, &chosen, &past);
    left_out.extend(past.left_out.clone());
    past.keep_part(shard.index, shard.count);
    check_reports(&args.junit, &args.json)?;
    let artefacts = Artefacts::new("sweep", args.output.out.as_deref())?;
    let began_at = Instant::now();
    let interrupt = Interrupt::on_signals()?;
    let setup = house.setup(Some(artefacts.folder.clone()), args.output.wall_limit.0)?;
    let queue = Queue::new(house, &chosen, args, shard, began_at)?;
    let jobs = jobs(args.jobs);
    let total = queue.total();
    let jobs = total.map_or(jobs, |total| jobs.min(usize::try_from(total).unwrap_or(jobs)));

    let mut canary = Crew::new(&setup, &interrupt, jobs);
    let alive = canary_sings(&mut canary);
    drop(canary);

    let past_cases = past.run(house, &setup, jobs, &interrupt)?;
    let mut summary = Summary::new(chosen.iter().map(Prepared::labelled));
    let mut progress = Progress::new(total, began_at, queue.deadline);
    let mut wrong: Option<Wrong> = None;
    let pool = Pool { setup: setup.clone(), jobs, interrupt: interrupt.clone() };
    // Workers ask it for runs, and it is told what those came to that a search has planned.
    let queue = Mutex::new(queue);
    let board = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    pool.run(&mut || board().next(), &mut |ended| {
        if let Some((job, ended)) = ended {
            wrong = wrong.take().or(refusal(&ended));
            if wrong.is_some() {
                interrupt.set();
            }
            board().told(&job, &ended);
            let case = case_of(&chosen[job.scenario], &job);
            summary.add(&job, ended, case);
        }
        progress.show(&summary);
    })?;
    progress.end();
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(wrong) = wrong {
        return Err(wrong);
    }

    let elapsed = began_at.elapsed();
    let more_left_out = queue.left_out(&summary);
    let tally = Tally {
        sweep: campaign::Sweep {
            asked,
            program: house.program.clone(),
            planted: is_planted(args, &chosen),
            left_out,
        },
        parts: Parts::one(shard.index, shard.count),
        canary_failed: alive,
        interrupted: interrupt.is_set(),
        past: past_cases,
        summary,
    };
    let mut status = report::status(&tally);
    for problem in past.problems {
        tell_wrong(&Wrong(problem));
        status = Status::Wrong;
    }
    print!("{}", report::told(&tally, Some(elapsed), &more_left_out));
    let summary = &tally.summary;
    keep_failures(summary, &artefacts)?;
    let mut crew = Crew::new(&setup, &interrupt, jobs + 1);
    draw_first(house, &chosen, summary, &mut crew, &artefacts)?;
    drop(crew);
    if !args.no_shrink && !interrupt.is_set() {
        shrink_each(house, &chosen, summary, &setup, (&interrupt, jobs), &artefacts)?;
    }
    keep_report(&tally, &artefacts)?;
    keep(&artefacts.path(TALLY), &tally.encode())?;
    let runs = report::runs(summary);
    artefacts.write("runs.json", &runs)?;
    if let Some(path) = &args.json {
        write(path, &runs)?;
    }
    if let Some(path) = &args.junit {
        write(path, &report::junit(&tally))?;
    }
    let scenarios = summary.scenarios.iter().map(report::timed_scenario_json).collect();
    let millis = |time: Duration| Json::number(time.as_millis());
    let more = vec![
        ("elapsed_ms".to_string(), millis(elapsed)),
        ("jobs".to_string(), Json::number(jobs as u64)),
        ("seeds".to_string(), Json::option(args.seeds.as_ref().map(ToString::to_string))),
        ("shard".to_string(), Json::option(args.shard.map(|_| shard.to_string()))),
        ("verify".to_string(), Json::Bool(args.verify)),
        ("canary_failed".to_string(), Json::Bool(alive)),
        ("left_out".to_string(), Json::texts(report::left_out(&tally).into_iter().chain(more_left_out))),
    ];
    let manifest = Manifest { verb: "sweep", artefacts: &artefacts, scenarios, more }.write(status)?;
    println!(
        "{} in {}; {}",
        counted(summary.runs(), "run"),
        short_time(elapsed.as_nanos()),
        manifest.display()
    );
    Ok(status)
}

/// A report is a file: said before anything runs.
pub(super) fn check_reports(junit: &Option<PathBuf>, json: &Option<PathBuf>) -> Result<(), Wrong> {
    for (flag, path) in [("--junit", junit), ("--json", json)] {
        if let Some(path) = path.as_ref().filter(|path| path.is_dir()) {
            return Err(Wrong(format!("{flag}: `{}` is a folder: name a file", path.display())));
        }
    }
    Ok(())
}

/// Which part of the sweep this is; all of it is one of one.
fn shard_of(args: &Sweep) -> Result<Shard, Wrong> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    args.shard.map_or(Ok(Shard { index: 0, count: 1 }), |asked| asked.resolve(&variable))
}

/// The past failures of the chosen scenarios, which run first.
fn past_of<'a>(house: &'a House, args: &Sweep, chosen: &[Prepared<'_>]) -> Result<Past<'a>, Wrong> {
    // A trace is of one run.
    if args.no_corpus || args.output.trace.is_some() {
        return Ok(Past::none());
    }
    let is_chosen = |name: &str| chosen.iter().any(|prepared| prepared.scenario.name() == name);
    match past::folder(&args.corpus) {
        Some((folder, of)) => Past::read(house, &folder, of, is_chosen),
        None => Ok(Past::none()),
    }
}

/// All in which shards of one sweep agree: the build, as far as runs depend on it, and what was asked for.
fn asked(args: &Sweep, chosen: &[Prepared<'_>], past: &Past<'_>) -> Vec<(String, String)> {
    let named = |name: &str, value: String| (name.to_string(), value);
    let mut asked = vec![
        named("the version", env!("CARGO_PKG_VERSION").to_string()),
        named("the choice algorithm", sim::choice::ALGORITHM.to_string()),
        named("the trace version", sim::trace::TRACE_VERSION.to_string()),
        named("--seeds", args.seeds.as_ref().map_or_else(String::new, ToString::to_string)),
        named("--for", args.time.map_or_else(String::new, |time| format!("{:?}", time.0))),
        named("--verify", args.verify.to_string()),
        named("--explore", args.explore.map_or_else(String::new, |way| way.to_string())),
        named("the corpus", past.word()),
    ];
    let cases =
        chosen.iter().map(|one| named(&format!("the case of {}", one.label), one.shown(0).to_string()));
    asked.extend(cases);
    asked
}

/// How the seeds are used: as they are where they were said, and else some in every way.
fn way(args: &Sweep) -> Result<Explore, Wrong> {
    let way = args.explore.unwrap_or(match args.seeds {
        Some(_) => Explore::Swarm,
        None => Explore::Portfolio,
    });
    if way == Explore::Dfs && args.verify {
        return Err(Wrong(
            "--explore dfs: one worker searches all schedules of a seed: leave out `--verify`".to_string(),
        ));
    }
    Ok(way)
}

/// The case of a run, as people are shown it.
fn case_of(prepared: &Prepared<'_>, job: &Job) -> Case {
    let varied = job.is_varied.then(|| job.order.shown.parse().ok()).flatten();
    varied.unwrap_or_else(|| prepared.shown(job.seed))
}

/// Whether points may be out of reach for what was asked.
fn is_planted(args: &Sweep, chosen: &[Prepared<'_>]) -> bool {
    args.common.quirk.is_some()
        || args.common.plan.is_some()
        || chosen.iter().any(|prepared| prepared.has_other_faults)
}

/// The chosen scenarios. A planted bug or a plan leaves out those that do not know it, unless none does.
fn choose<'a>(house: &'a House, args: &Sweep) -> Result<(Vec<Prepared<'a>>, Vec<String>), Wrong> {
    let chosen = select(&house.scenarios, &args.prefix)?;
    if args.output.trace.is_some() {
        let one = chosen.len() == 1 && args.seeds.as_ref().is_some_and(|seeds| seeds.count() == 1);
        if !one {
            return Err(Wrong(
                "--trace keeps one run: choose one scenario and one seed, or use `run`".to_string(),
            ));
        }
    }
    let plants = |scenario: &&Scenario| match &args.common.quirk {
        Some(quirk) => scenario.all_quirks().iter().any(|known| known.name() == quirk),
        None => true,
    };
    // Where none of them knows the planted bug, each says so.
    let any = chosen.iter().any(plants);
    let (kept, left): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|scenario| !any || plants(scenario));
    let left_out = left.iter().map(|scenario| format!("{}, which does not plant that bug", scenario.name()));
    let left_out = left_out.collect();
    Ok((Prepared::all(kept, &args.common)?, left_out))
}

/// Whether the scenario that must fail does.
pub(super) fn canary_sings(crew: &mut Crew) -> bool {
    let case = Case::new(CANARY, 0).to_string();
    let order = Order { case: case.clone(), shown: case, ..Order::default() };
    let ended = crew.run(&order, true);
    matches!(ended, Ended::Ran(ran) if ran.failed.as_ref().is_some_and(|failed| failed.property == "canary"))
}

/// Draws the first run of each kind of failure: it is run once more, for a trace. What does not fail again has
/// no picture; that it is not deterministic is for `--verify` and `replay` to say.
fn draw_first(
    house: &House,
    chosen: &[Prepared<'_>],
    summary: &Summary,
    crew: &mut Crew,
    artefacts: &Artefacts,
) -> Result<(), Wrong> {
    for (scenario, _, failing) in summary.failing() {
        let first = failing.first.values().next().filter(|_| failing.verdict == Verdict::Failed);
        let prepared = chosen.iter().find(|prepared| prepared.label == scenario.name);
        let (Some(first), Some(prepared)) = (first, prepared) else { continue };
        let stem = stem(&scenario.name, first.case.seed);
        let trace = artefacts.path(&format!("{stem}.timeline.trace"));
        let order = Order {
            trace: Some(trace.clone()),
            codec: Codec::Binary,
            ..prepared.order_of(house, &first.case)
        };
        if let Ended::Ran(ran) = crew.run(&order, true)
            && let Some(page) = &ran.page
        {
            artefacts.write(&format!("{stem}.timeline.html"), &picture::of(&trace, Some(page))?)?;
        }
        // A replay writes it again; a run that was lost may have left none.
        let _ = std::fs::remove_file(&trace);
    }
    Ok(())
}

/// So many kinds of failure are shrunk, each for so many candidates and so long at most.
const SHRUNK_MAX: usize = 6;
const SHRINK_BRIEFLY: (u64, Duration) = (3_000, Duration::from_secs(8));

/// Makes the shortest case of each kind of failure small.
fn shrink_each(
    house: &House,
    chosen: &[Prepared<'_>],
    summary: &Summary,
    setup: &Setup,
    (interrupt, jobs): (&Interrupt, usize),
    artefacts: &Artefacts,
) -> Result<(), Wrong> {
    let failed: Vec<_> =
        summary.failing().filter(|(_, _, failing)| failing.verdict == Verdict::Failed).collect();
    for (scenario, _, failing) in failed.iter().take(SHRUNK_MAX) {
        let prepared = chosen.iter().find(|prepared| prepared.label == scenario.name);
        let (Some((_, kept)), Some(prepared)) = (failing.shortest(), prepared) else { continue };
        let Some(wanted) = kept.case.fails.clone() else { continue };
        let patience = Patience { runs: SHRINK_BRIEFLY.0, deadline: Some(Instant::now() + SHRINK_BRIEFLY.1) };
        let shrinker = Shrinker { house, setup, interrupt, jobs };
        let sent = prepared.sent_of(&kept.case);
        let mut silent = |_: &'static str, _: u64, _: &_| {};
        let Some(shrunk) = shrinker.shrink(prepared.scenario, &sent, wanted, patience, &mut silent)? else {
            continue;
        };
        let stem = stem(&scenario.name, kept.case.seed);
        let why = shrink::why(&kept.case, kept.records, &shrunk.ran);
        let file = CaseFile { why, case: shrunk.case.clone() };
        artefacts.write(&format!("{stem}.shrunk.case"), &file.to_string())?;
        if let Some(page) = &shrunk.ran.page {
            artefacts.write(&format!("{stem}.shrunk.page.txt"), page)?;
        }
        println!(
            "\n{}: shrunk to {} of the plan and {} (from {}){}\n  {} replay '{}'",
            scenario.name,
            counted(shrunk.best.lines() as u64, "line"),
            counted(shrunk.ran.records, "record"),
            grouped(kept.records),
            shrunk.cut_short.map_or(String::new(), |why| format!("; {why}, so `shrink` may go on")),
            house.program,
            shrunk.case
        );
    }
    if let Some(more) = failed.len().checked_sub(SHRUNK_MAX).filter(|more| *more > 0) {
        println!("\nleft out: shrinking {} more; by `shrink CASE`", counted(more as u64, "kind of failure"));
    }
    Ok(())
}

/// How many workers.
pub(super) fn jobs(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// Hands out runs, a seed of each scenario in turn, so that a sweep that is ended early has been fair.
struct Queue<'a> {
    house: &'a House,
    chosen: &'a [Prepared<'a>],
    args: &'a Sweep,
    began_at: Instant,
    /// When to stop handing out, and when to do so even to packs that had few.
    deadline: Option<Instant>,
    deadline_max: Option<Instant>,
    /// Seeds of this shard, each behind its place among the seeds of all.
    seeds: Box<dyn Iterator<Item = (u64, u64)> + Send + 'a>,
    /// The position of the current turn, its seed, and the next scenario.
    turn: Option<(u64, u64, usize)>,
    handed: Vec<u64>,
    shard: Shard,
    /// What is made of the seeds of each scenario, and whether nothing new is to be expected.
    strategies: Vec<(Strategy, bool)>,
}

impl<'a> Queue<'a> {
    fn new(
        house: &'a House,
        chosen: &'a [Prepared<'a>],
        args: &'a Sweep,
        shard: Shard,
        began_at: Instant,
    ) -> Result<Queue<'a>, Wrong> {
        let (time, time_max) = match (&args.time, &args.seeds) {
            (Some(time), _) => (Some(time.0), Some(time.0)),
            (None, Some(_)) => (None, None),
            (None, None) => (Some(BUDGET), Some(BUDGET_MAX)),
        };
        let seeds: Box<dyn Iterator<Item = u64> + Send> = match &args.seeds {
            Some(seeds) => Box::new(seeds.iter()),
            None => Box::new(0..u64::MAX),
        };
        let mine = move |position: u64| position % shard.count == shard.index;
        let seeds = Box::new((0..).zip(seeds).filter(move |(position, _)| mine(*position)));
        let way = way(args)?;
        let first = args.seeds.as_ref().and_then(|seeds| seeds.iter().next()).unwrap_or_default();
        // A shard is a search of its own.
        let seed = first.wrapping_add(shard.index);
        Ok(Queue {
            house,
            chosen,
            args,
            began_at,
            deadline: time.map(|time| began_at + time),
            deadline_max: time_max.map(|time| began_at + time),
            seeds,
            turn: None,
            handed: vec![0; chosen.len()],
            shard,
            strategies: chosen.iter().map(|_| (Strategy::new(way, seed), false)).collect(),
        })
    }

    /// How many runs there will be, when that is known.
    fn total(&self) -> Option<u64> {
        let seeds = u64::try_from(self.args.seeds.as_ref()?.count()).ok()?;
        let Shard { index, count } = self.shard;
        let mine = seeds / count + u64::from(index < seeds % count);
        mine.checked_mul(self.chosen.len() as u64).filter(|_| self.args.time.is_none())
    }

    fn next(&mut self) -> Handed {
        loop {
            let (position, seed, scenario) = match self.turn.take() {
                Some(turn) => turn,
                None => match self.seeds.next() {
                    Some((position, seed)) => (position, seed, 0),
                    None => return Handed::Done,
                },
            };
            let behind = (scenario + 1 < self.chosen.len()).then_some((position, seed, scenario + 1));
            if !self.may_hand(scenario) {
                if self.is_over() {
                    return Handed::Done;
                }
                self.turn = behind;
                continue;
            }
            let (strategy, exhausted) = &mut self.strategies[scenario];
            let variation = match strategy.next(position, seed) {
                Turn::Run(variation) => variation,
                Turn::Wait => {
                    self.turn = Some((position, seed, scenario));
                    return Handed::Wait;
                }
                Turn::Exhausted => {
                    *exhausted = true;
                    self.turn = behind;
                    continue;
                }
            };
            self.turn = behind;
            self.handed[scenario] += 1;
            let prepared = &self.chosen[scenario];
            let mut order = prepared.varied(self.house, &variation);
            order.trace.clone_from(&self.args.output.trace);
            order.codec = self.args.output.codec;
            order.learn = variation.slot.is_some();
            return Handed::Job(Box::new(Job {
                scenario,
                position,
                seed: variation.seed,
                order,
                fresh: prepared.scenario.has_guests(),
                verify: self.args.verify,
                slot: variation.slot,
                is_varied: variation.is_varied(),
            }));
        }
    }

    /// What became of a run that a search has planned. One that was lost shows nothing.
    fn told(&mut self, job: &Job, ended: &Ended) {
        let Some(slot) = job.slot else { return };
        let told = match ended {
            Ended::Ran(ran) => ran.told.clone().unwrap_or_default(),
            _ => Told::default(),
        };
        self.strategies[job.scenario].0.told(slot, told);
    }

    /// Whether there is time for a run of that scenario.
    fn may_hand(&self, scenario: usize) -> bool {
        if self.strategies[scenario].1 {
            return false;
        }
        let now = Instant::now();
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return true;
        }
        let pack = self.chosen[scenario].scenario.pack();
        let in_pack = |index: &usize| self.chosen[*index].scenario.pack() == pack;
        let handed: u64 = (0..self.chosen.len()).filter(in_pack).map(|index| self.handed[index]).sum();
        let is_short = handed < PACK_RUNS_MIN && !self.chosen[scenario].scenario.has_guests();
        is_short && self.deadline_max.is_none_or(|deadline| now < deadline)
    }

    fn is_over(&self) -> bool {
        (0..self.chosen.len()).all(|scenario| !self.may_hand(scenario))
    }

    /// What a reader of the table might take for done.
    fn left_out(&self, summary: &Summary) -> Vec<String> {
        let mut left_out = Vec::new();
        if self.deadline.is_some() {
            let counts: Vec<usize> = summary.scenarios.iter().map(|scenario| scenario.rows.len()).collect();
            let (least, most) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
            let time = short_time(self.began_at.elapsed().as_nanos());
            left_out.push(match least == most {
                true => format!("after {time}, the seeds from {most} on; more by `--for 10m` or `--seeds 0..10000`"),
                false => format!(
                    "after {time}, the seeds from {least} to {most} on, by scenario; more by `--for 10m` or `--seeds 0..10000`"
                ),
            });
        }
        let exhausted = self.strategies.iter().zip(self.chosen).filter(|((_, exhausted), _)| *exhausted);
        for (_, prepared) in exhausted {
            left_out.push(format!("{}, after {} runs that showed nothing new", prepared.label, PLATEAU_RUNS));
        }
        if !self.args.verify {
            left_out.push("running every seed twice; by `--verify`".to_string());
        }
        left_out
    }
}

/// How far a sweep is: a bar on a terminal, a line now and then elsewhere.
struct Progress {
    bar: ProgressBar,
    began_at: Instant,
    said_at: Instant,
    by_time: Option<Duration>,
    plain: bool,
}

impl Progress {
    fn new(total: Option<u64>, began_at: Instant, deadline: Option<Instant>) -> Progress {
        let plain = !std::io::stderr().is_terminal();
        let by_time = deadline.filter(|_| total.is_none()).map(|deadline| deadline - began_at);
        let length = by_time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).or(total);
        let bar = if plain { ProgressBar::hidden() } else { ProgressBar::new(length.unwrap_or(0)) };
        let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {msg}");
        let bar = bar.with_style(style.expect("the template is well formed"));
        Progress { bar, began_at, said_at: began_at, by_time, plain }
    }

    fn show(&mut self, summary: &Summary) {
        if self.plain {
            if self.said_at.elapsed() >= SAY_EVERY {
                self.said_at = Instant::now();
                eprintln!("{}: {}", short_time(self.began_at.elapsed().as_nanos()), tell(summary));
            }
            return;
        }
        let position = match self.by_time {
            Some(_) => u64::try_from(self.began_at.elapsed().as_millis()).unwrap_or(u64::MAX),
            None => summary.runs(),
        };
        self.bar.set_position(position);
        self.bar.set_message(tell(summary));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn tell(summary: &Summary) -> String {
    let failures: u64 = summary.scenarios.iter().map(|scenario| scenario.failures()).sum();
    format!("{}, {}", counted(summary.runs(), "run"), counted(failures, "failure"))
}

/// `run_manifest.json`: what was run, with what, and what came of it.
pub(super) struct Manifest<'a> {
    pub(super) verb: &'static str,
    pub(super) artefacts: &'a Artefacts,
    pub(super) scenarios: Vec<Json>,
    pub(super) more: Vec<(String, Json)>,
}

impl Manifest<'_> {
    pub(super) fn write(self, status: Status) -> Result<PathBuf, Wrong> {
        let arguments = std::env::args().skip(1);
        let mut fields = vec![
            ("version".to_string(), Json::number(1u64)),
            ("tourbillon".to_string(), Json::text(env!("CARGO_PKG_VERSION"))),
            ("verb".to_string(), Json::text(self.verb)),
            ("arguments".to_string(), Json::texts(arguments)),
            ("began_at".to_string(), Json::text(&*self.artefacts.began_at)),
            ("build".to_string(), Json::text(if cfg!(debug_assertions) { "debug" } else { "release" })),
            ("choice_algorithm".to_string(), Json::number(sim::choice::ALGORITHM)),
            ("trace_version".to_string(), Json::number(sim::trace::TRACE_VERSION)),
            ("exit_status".to_string(), Json::number(status.code())),
        ];
        fields.extend(self.more);
        fields.push(("scenarios".to_string(), Json::List(self.scenarios)));
        self.artefacts.write("run_manifest.json", &Json::Object(fields).to_string())
    }
}
