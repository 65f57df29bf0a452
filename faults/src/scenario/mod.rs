//! Scenarios: all that a test is, in one value, and one run of it.
//!
//! A run is a function of scenario, seed, plan and configuration. A scenario holds what does not change
//! from run to run; a [`Spec`] holds the rest. The command line, the test macro and users' own binaries
//! work on these two alone.
//!
//! ```
//! use std::time::Duration;
//! use tourbillon_faults::budget::{Allowance, Budget};
//! use tourbillon_faults::plan::{Group, Host};
//! use tourbillon_faults::scenario::{Scenario, Spec};
//!
//! async fn body() {
//!     let server = sim::machine("server-0").create();
//!     // … processes on it, a load, checks …
//!     # let _ = server;
//! }
//!
//! let scenario = Scenario::new("demo/steady", "one server and its client", body)
//!     .host(Host::new("server-0"))
//!     .budget(Budget::new(Duration::from_secs(10)).allow(Allowance::new(Group::all()).down_max(1)))
//!     .profile("crash");
//! let run = scenario.run(&Spec::of_seed(42))?;
//! assert!(run.report.passed());
//! # Ok::<(), tourbillon_faults::scenario::SpecError>(())
//! ```

mod deployment;
mod run;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use points::{Kind, Point, Quirk};
use sim::Config;
use sim::machine::Termination;
use sim::time::SystemTime;

use crate::budget::Budget;
use crate::plan::{Call, Catalogue, Group, Host, Knob, Plan};
use crate::swarm::Profile;

pub use deployment::{Deployment, Deployments, UnknownWord};
pub use run::{LineReport, Prepared, Run, Spec, SpecError};

/// The body of a test, erased: run on machine `test`.
type Body =
    Arc<dyn Fn(Option<Deployment>) -> Pin<Box<dyn Future<Output = Result<(), String>>>> + Send + Sync>;

/// Where a scenario's plans come from.
#[derive(Clone, Debug)]
pub enum Weather {
    /// Each seed draws a plan.
    Swarm(Profile),
    /// Every seed has this plan.
    Fixed(Plan),
}

/// A test, with all that is the same in each of its runs; an example is in the room's own words, [above](self).
#[derive(Clone)]
pub struct Scenario {
    name: String,
    about: String,
    body: Body,
    catalogue: Catalogue,
    points: Vec<&'static Point>,
    required: Vec<String>,
    quirks: Vec<&'static Quirk>,
    budget: Budget,
    weather: Weather,
    config: Config,
    confluent: bool,
    guests: bool,
    deployments: Option<Deployments>,
    sizes: Vec<Size>,
}

/// A number by which a scenario's runs are large and that a case may make smaller: replicas, clients, seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// What the body asks for by [`sim::workload::size`].
    pub name: String,
    /// What it is in a plain run, which is also the most.
    pub usual: u64,
    /// With less the body makes no sense.
    pub least: u64,
}

impl Scenario {
    /// A scenario without machines, points or trouble. The name begins with its pack: `kv/steady`.
    ///
    /// # Panics
    /// When the name is not of the form `PACK/NAME`, in letters, digits and `-_.`: it stands in cases,
    /// paths and command lines.
    pub fn new<F, B>(name: &str, about: &str, body: B) -> Scenario
    where
        B: Fn() -> F + Send + Sync + 'static,
        F: Future<Output: Termination> + 'static,
    {
        let body = Arc::new(body);
        let erased: Body = Arc::new(move |_| {
            let future = body();
            Box::pin(async move { future.await.report() })
        });
        Scenario::of_body(name, about, erased)
    }

    /// A scenario whose system is built as the run asks for.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn deployed<F, B>(name: &str, about: &str, deployments: Deployments, body: B) -> Scenario
    where
        B: Fn(Deployment) -> F + Send + Sync + 'static,
        F: Future<Output: Termination> + 'static,
    {
        let (body, usual) = (Arc::new(body), deployments.usual().clone());
        let erased: Body = Arc::new(move |deployment| {
            let future = body(deployment.unwrap_or_else(|| usual.clone()));
            Box::pin(async move { future.await.report() })
        });
        Scenario { deployments: Some(deployments), ..Scenario::of_body(name, about, erased) }
    }

    fn of_body(name: &str, about: &str, body: Body) -> Scenario {
        assert!(is_name(name), "`{name}` is no name of a scenario: expected `PACK/NAME`");
        Scenario {
            name: name.to_string(),
            about: about.to_string(),
            body,
            catalogue: Catalogue::default(),
            points: Vec::new(),
            required: Vec::new(),
            quirks: Vec::new(),
            budget: Budget::new(Duration::from_secs(20)),
            weather: Weather::Fixed(Plan::default()),
            config: Config::default(),
            confluent: false,
            guests: false,
            deployments: None,
            sizes: Vec::new(),
        }
    }

    /// With a machine that plans may name; the body creates it under this name.
    ///
    /// # Panics
    /// When there is a machine of that name already.
    pub fn host(mut self, host: Host) -> Scenario {
        assert!(self.catalogue.host(&host.name).is_none(), "the machine `{}` is there twice", host.name);
        self.catalogue.hosts.push(host);
        self
    }

    /// With some machines.
    ///
    /// # Panics
    /// As [`host`](Self::host).
    pub fn hosts(self, hosts: impl IntoIterator<Item = Host>) -> Scenario {
        hosts.into_iter().fold(self, Scenario::host)
    }

    /// With a model's points, which any machine may hit.
    ///
    /// # Panics
    /// As [`points_on`](Self::points_on).
    pub fn points(self, points: &'static [Point]) -> Scenario {
        self.points_on(Group::all(), points)
    }

    /// With a model's points, which only these machines hit: the swarm then knows whom it strikes there.
    ///
    /// # Panics
    /// When there is a point of one of these names already.
    pub fn points_on(mut self, hit_on: Group, points: &'static [Point]) -> Scenario {
        for point in points {
            let known = self.points.iter().any(|other| other.name() == point.name());
            assert!(!known, "the point `{}` is there twice", point.name());
            self.points.push(point);
            if point.kind() != Kind::Quirk {
                let name = point.name().to_string();
                self.catalogue.points.push(crate::plan::Point { name, hit_on: hit_on.clone() });
            }
        }
        self
    }

    /// With points that are known by name alone: plans may strike them, and no report lists them.
    pub fn strikable(mut self, points: impl IntoIterator<Item = crate::plan::Point>) -> Scenario {
        self.catalogue.points.extend(points);
        self
    }

    /// With points that a campaign must reach.
    ///
    /// # Panics
    /// When one is not among the points given before.
    pub fn required<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Scenario {
        for name in names {
            let known = self.points.iter().any(|point| point.name() == name);
            assert!(known, "the required point `{name}` is not among the points of `{}`", self.name);
            self.required.push(name.to_string());
        }
        self
    }

    /// With planted bugs that a run may switch on.
    pub fn quirks(mut self, quirks: &[&'static Quirk]) -> Scenario {
        self.quirks.extend(quirks);
        self
    }

    /// With a fault that a model registers in the run.
    pub fn call(mut self, call: Call) -> Scenario {
        self.catalogue.calls.push(call);
        self
    }

    /// With a number that plans may turn.
    pub fn knob(mut self, knob: Knob) -> Scenario {
        self.catalogue.knobs.push(knob);
        self
    }

    /// With a number by which its runs are large, which the body asks for by [`sim::workload::size`]; a case may
    /// make it smaller, down to `least`.
    ///
    /// # Panics
    /// When there is one of that name already, or `least` is more than `usual`.
    pub fn size(mut self, name: &str, usual: u64, least: u64) -> Scenario {
        assert!(least <= usual, "the size `{name}` is usually {usual}, which is less than {least}");
        assert!(self.sizes.iter().all(|size| size.name != name), "the size `{name}` is there twice");
        self.sizes.push(Size { name: name.to_string(), usual, least });
        self
    }

    /// With what the system must survive.
    pub fn budget(self, budget: Budget) -> Scenario {
        Scenario { budget, ..self }
    }

    /// With plans drawn from the seed by a profile of the house.
    ///
    /// # Panics
    /// When there is no such profile.
    pub fn profile(self, name: &str) -> Scenario {
        let profile = Profile::named(name).unwrap_or_else(|error| panic!("{error}"));
        self.weather(Weather::Swarm(profile))
    }

    /// With one plan for every seed.
    ///
    /// # Panics
    /// When it is no plan.
    pub fn plan(self, text: &str) -> Scenario {
        let plan = text.parse().unwrap_or_else(|error| panic!("the plan of `{}`: {error}", self.name));
        self.weather(Weather::Fixed(plan))
    }

    /// With plans from there.
    pub fn weather(self, weather: Weather) -> Scenario {
        Scenario { weather, ..self }
    }

    /// With this configuration; the seed and what a [`Spec`] sets are replaced in each run.
    pub fn config(self, config: Config) -> Scenario {
        Scenario { config, ..self }
    }

    /// With worlds that start at this time of the wall clock.
    pub fn epoch(mut self, epoch: SystemTime) -> Scenario {
        self.config.epoch = epoch;
        self
    }

    /// The same plan and operations give the same semantic digest under any schedule.
    pub fn confluent(self) -> Scenario {
        Scenario { confluent: true, ..self }
    }

    /// With third-party code that keeps state in the process: each run gets a fresh one.
    pub fn guests(self) -> Scenario {
        Scenario { guests: true, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first part of its name.
    pub fn pack(&self) -> &str {
        self.name.split('/').next().expect("a name has a pack")
    }

    /// One sentence.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// What its plans may name.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Its points.
    pub fn all_points(&self) -> &[&'static Point] {
        &self.points
    }

    /// The names of the points that a campaign must reach.
    pub fn required_points(&self) -> &[String] {
        &self.required
    }

    /// The numbers by which its runs are large.
    pub fn sizes(&self) -> &[Size] {
        &self.sizes
    }

    /// Its planted bugs.
    pub fn all_quirks(&self) -> &[&'static Quirk] {
        &self.quirks
    }

    /// What the system must survive.
    pub fn survives(&self) -> &Budget {
        &self.budget
    }

    /// Where its plans come from.
    pub fn plans_from(&self) -> &Weather {
        &self.weather
    }

    /// Whether its golden pins the semantic digest.
    pub fn is_confluent(&self) -> bool {
        self.confluent
    }

    /// What its system can be built as, where there is a choice.
    pub fn deployments(&self) -> Option<&Deployments> {
        self.deployments.as_ref()
    }

    /// Whether each run needs a process of its own.
    pub fn has_guests(&self) -> bool {
        self.guests
    }

    /// Reads a plan of this scenario; the file's name is for messages.
    ///
    /// # Errors
    /// As [`Plan::load`].
    pub fn load_plan(&self, file: &str, text: &str) -> Result<Plan, crate::plan::PlanError> {
        Plan::load(file, text, &self.catalogue)
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scenario").field(&self.name).finish()
    }
}

/// `PACK/NAME`; packs of operators have names with dots: `router-storm-001.region_churn` is within one.
fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    name.split_once('/').is_some_and(|(pack, rest)| part(pack) && rest.split('/').all(part))
}
