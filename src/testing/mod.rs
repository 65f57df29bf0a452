//! What `#[tourbillon::test]` expands to: a sweep in the test process, and what is told when a seed fails.
//!
//! A failing seed is run once more in a child of the same binary: when the digests agree, the failure is told
//! with one line that repeats it; when they do not, that is told instead, because nothing else can be believed.
//! A test marked `guests` runs each seed in two children. Environment of a test run:
//!
//! | variable | does |
//! |---|---|
//! | `TOURBILLON_CASE` | the test of that case runs it alone |
//! | `TOURBILLON_SEED` | every test runs that seed alone |
//! | `TOURBILLON_SEEDS` | every test runs those seeds |
//! | `TOURBILLON_BLESS` | tests with a golden write it |

mod child;
mod corpus;
mod golden;

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use faults::budget::{Allowance, Budget};
use faults::plan::{Group, Host};
use faults::scenario::{Run, Scenario, Weather};
use faults::swarm::Profile;
use replay::case::{Case, PlanSource};
use replay::page::Page;
use sim::machine::Termination;
use sim::trace::Digests;

pub use corpus::corpus;

use crate::execute::{execute, load_plan};
use crate::seeds::{Seeds, parse_seed};

/// The variable that holds a case to run.
pub const CASE: &str = "TOURBILLON_CASE";
/// The variable that makes tests write their goldens.
pub const BLESS: &str = "TOURBILLON_BLESS";
const SEED: &str = "TOURBILLON_SEED";
const SEEDS: &str = "TOURBILLON_SEEDS";

/// A test as the attribute describes it. Its methods are the attribute's arguments.
pub struct Test {
    scenario: Scenario,
    /// The test's path within its binary, as the test runner knows it.
    path: String,
    package: &'static str,
    seeds: Seeds,
    plan: Option<&'static str>,
    golden: Option<PathBuf>,
}

impl Test {
    /// A test of one seed, number zero, in calm.
    ///
    /// # Panics
    /// When `name` is no scenario's name.
    pub fn new<F, B>(package: &'static str, module: &str, function: &str, name: Option<&str>, body: B) -> Test
    where
        B: Fn() -> F + Send + Sync + 'static,
        F: Future<Output: Termination> + 'static,
    {
        let (krate, within) = module.split_once("::").unwrap_or((module, ""));
        let path = if within.is_empty() { function.to_string() } else { format!("{within}::{function}") };
        // A test's path keeps the `r#` of a name that is a keyword; a scenario's name has no need of it.
        let own = format!("{krate}/{}", path.replace("::", "/").replace("r#", ""));
        let scenario = Scenario::new(name.unwrap_or(&own), "", body);
        Test { scenario, path, package, seeds: Seeds::first(1), plan: None, golden: None }
    }

    /// `seeds = 200`: the seeds from zero.
    pub fn seeds(self, count: u64) -> Test {
        Test { seeds: Seeds::first(count), ..self }
    }

    /// `seed = 0x2a`: that seed alone.
    pub fn seed(self, seed: u64) -> Test {
        let seeds = format!("{seed:#x}").parse().expect("a number names a seed");
        Test { seeds, ..self }
    }

    /// `machines = ["ledger-0", "ledger-1"]`: machines that plans may name; one of them may be down at a time.
    pub fn machines(mut self, names: &[&str]) -> Test {
        let hosts = names.iter().map(|name| Host::new(*name));
        let budget = Budget::new(Duration::from_secs(20));
        let budget = budget.allow(Allowance::new(Group::all()).down_max(1));
        self.scenario = self.scenario.hosts(hosts).budget(budget);
        self
    }

    /// `plan = "plans/torn-wal.toml"`: the plan in that file, in every run.
    pub fn plan(self, path: &'static str) -> Test {
        Test { plan: Some(path), ..self }
    }

    /// `profile = "crash"`: each seed draws a plan by that profile.
    ///
    /// # Panics
    /// When there is no such profile.
    pub fn profile(mut self, name: &str) -> Test {
        let profile = Profile::named(name).unwrap_or_else(|error| panic!("#[tourbillon::test]: {error}"));
        self.scenario = self.scenario.weather(Weather::Swarm(profile));
        self
    }

    /// `golden = "goldens"`: what the seeds do is pinned in a file below that folder.
    pub fn golden(self, folder: &str) -> Test {
        Test { golden: Some(PathBuf::from(folder)), ..self }
    }

    /// `guests`: each seed runs in a process of its own, twice.
    pub fn guests(mut self) -> Test {
        self.scenario = self.scenario.guests();
        self
    }

    /// Runs the seeds.
    ///
    /// # Panics
    /// When one fails, or is not the same twice; the test's output tells.
    pub fn check(self) {
        if let Some(child) = child::asked(self.package, &self.path) {
            child.answer(&self.scenario);
            return;
        }
        if let Err(told) = self.try_check() {
            eprintln!("{told}");
            // The page has said everything; the panic is for the test runner.
            std::panic::resume_unwind(Box::new(told));
        }
    }

    fn try_check(&self) -> Result<(), String> {
        let mut base = Case::new(self.scenario.name(), 0);
        if let Some(path) = self.plan {
            let source = PlanSource::File { path: path.to_string(), hash: None };
            let plan = load_plan(&self.scenario, &source).map_err(|refused| refused.to_string())?;
            base.plan = Some(PlanSource::file(path, &plan));
        }
        if let Some(case) = self.wanted_case()? {
            println!("{CASE}: {case}");
            return self.one(&case).map(drop);
        }
        let (seeds, all) = self.wanted_seeds()?;
        let mut golden = golden::Runs::new(&self.scenario, self.golden.as_deref().filter(|_| all));
        for (index, seed) in seeds.iter().enumerate() {
            let case = Case { seed, ..base.clone() };
            let (digests, records, time) = self.one(&case)?;
            golden.add(seed, &digests, records, time);
            if index == 0 && !self.scenario.has_guests() {
                self.again(&case, &digests)?;
            }
        }
        golden.compare()
    }

    /// The case in the environment, when it is this test's.
    fn wanted_case(&self) -> Result<Option<Case>, String> {
        let Some(line) = variable(CASE)? else { return Ok(None) };
        let case: Case = line.parse().map_err(|error| format!("{CASE}: {error}"))?;
        Ok((case.scenario == self.scenario.name()).then_some(case))
    }

    /// The seeds to run, and whether they are the test's own.
    fn wanted_seeds(&self) -> Result<(Seeds, bool), String> {
        if let Some(word) = variable(SEED)? {
            let refuse = || format!("{SEED}: `{word}` is no seed: expected a number such as `7` or `0x2a`");
            let seed = parse_seed(&word).ok_or_else(refuse)?;
            return Ok((format!("{seed:#x}").parse().expect("a number names a seed"), false));
        }
        match variable(SEEDS)? {
            Some(word) => Ok((word.parse().map_err(|error| format!("{SEEDS}: {error}"))?, false)),
            None => Ok((self.seeds.clone(), true)),
        }
    }

    /// Runs a case; an error tells how it failed.
    fn one(&self, case: &Case) -> Result<(Digests, u64, Duration), String> {
        if self.scenario.has_guests() {
            return self.guest(case);
        }
        let run = execute(&self.scenario, case, false, Vec::new()).map_err(|refused| refused.to_string())?;
        if run.report.passed() {
            return Ok((run.report.digests, run.report.records, run.report.virtual_time));
        }
        let again = child::run(&self.path, case);
        Err(self.tell(case, &run, again))
    }

    /// What a failing run comes to, after a child has run it too.
    fn tell(&self, case: &Case, run: &Run, again: Result<child::Answer, String>) -> String {
        let page = Page::new(case, run, repeat(self.package, &self.path));
        let page = page.map(|page| page.to_string()).unwrap_or_default();
        let confirmed = match again {
            Err(error) => format!("it was not confirmed: {error}"),
            Ok(answer) if answer.digests == run.report.digests => {
                "a second process fails in the same way, with the same digests".to_string()
            }
            Ok(answer) => format!(
                "NOT DETERMINISTIC: in a second process the same case gave other digests, trace {} here and {} there \
                 ({}). Something from outside the run decides in it: a hash map, the wall clock, a static, an address. \
                 Look for it before anything else.",
                run.report.digests.trace, answer.digests.trace, answer.verdict
            ),
        };
        format!("{}\n\n{confirmed}", page.trim_end())
    }

    /// Runs a case in two children: third-party code may count across runs of one process.
    fn guest(&self, case: &Case) -> Result<(Digests, u64, Duration), String> {
        let first = child::run(&self.path, case)?;
        let second = child::run(&self.path, case)?;
        if first.digests != second.digests {
            return Err(format!(
                "NOT DETERMINISTIC: {case}\ntwo fresh processes gave other digests, trace {} and {}\nrepeat it by\n    {}",
                first.digests.trace,
                second.digests.trace,
                self.line(case)
            ));
        }
        match first.page {
            None => Ok((first.digests, first.records, first.time)),
            Some(page) => Err(format!(
                "{}\n\na second process fails in the same way, with the same digests",
                page.trim_end()
            )),
        }
    }

    /// The first seed once more, in this process: a run must not depend on those before it.
    fn again(&self, case: &Case, digests: &Digests) -> Result<(), String> {
        let run = execute(&self.scenario, case, false, Vec::new()).map_err(|refused| refused.to_string())?;
        if run.report.digests == *digests {
            return Ok(());
        }
        Err(format!(
            "NOT DETERMINISTIC: {case}\nrun twice in one process it gave other digests, trace {} and {}: something \
             from outside the run decides in it, such as a hash map, the wall clock or a static\nrepeat it by\n    {}",
            digests.trace,
            run.report.digests.trace,
            self.line(case)
        ))
    }

    /// The line that repeats a case.
    fn line(&self, case: &Case) -> String {
        repeat(self.package, &self.path).replace("{case}", &format!("'{case}'"))
    }
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Test").field(&self.scenario.name()).finish()
    }
}

/// What is typed to repeat a case of a test.
fn repeat(package: &str, path: &str) -> String {
    format!("{CASE}={{case}} cargo test -p {package} -- --exact {path}")
}

/// A variable of the environment.
fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name}: it is no text")),
    }
}
