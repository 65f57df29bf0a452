//! What a plan may name: the machines, points, knobs and calls of one scenario, known before the run.

use super::select::{Group, TEST_MACHINE};

/// Everything that a scenario's plans may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The machines, in the order in which they were declared. `test` need not be declared.
    pub hosts: Vec<Host>,
    /// Points that a plan may strike.
    pub points: Vec<Point>,
    /// Knobs that a plan may turn.
    pub knobs: Vec<Knob>,
    /// Faults that models bring.
    pub calls: Vec<Call>,
}

/// A place in the code that a plan may strike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// The machines whose tasks may hit it.
    pub hit_on: Group,
}

impl Point {
    /// A point that any machine may hit.
    pub fn new(name: impl Into<String>) -> Point {
        Point { name: name.into(), hit_on: Group::all() }
    }

    /// The same point, hit by these machines only.
    pub fn hit_on(self, hit_on: Group) -> Point {
        Point { hit_on, ..self }
    }
}

/// A machine, as far as a plan is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name, unique in the world.
    pub name: String,
    /// The zone it stands in.
    pub zone: Option<String>,
    /// The roles it may take while the run goes on.
    pub roles: Vec<String>,
    /// The processes it runs; empty when nobody told.
    pub processes: Vec<String>,
}

impl Host {
    /// A machine without a zone.
    pub fn new(name: impl Into<String>) -> Host {
        Host { name: name.into(), zone: None, roles: Vec::new(), processes: Vec::new() }
    }

    /// The same machine in a zone.
    pub fn zone(mut self, zone: impl Into<String>) -> Host {
        self.zone = Some(zone.into());
        self
    }

    /// The same machine with a role that it may take.
    pub fn role(mut self, role: impl Into<String>) -> Host {
        self.roles.push(role.into());
        self
    }

    /// The same machine with a process on it.
    pub fn process(mut self, process: impl Into<String>) -> Host {
        self.processes.push(process.into());
        self
    }
}

/// A number of the system that a plan may turn to an extreme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// Its name.
    pub name: String,
    /// The least value that the system must survive.
    pub least: u64,
    /// The greatest.
    pub most: u64,
}

/// A fault that a model brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name, such as `db.failover`.
    pub name: String,
    /// Its arguments.
    pub parameters: Vec<CallParameter>,
}

impl Call {
    /// A fault without arguments.
    pub fn new(name: impl Into<String>) -> Call {
        Call { name: name.into(), parameters: Vec::new() }
    }

    /// The same fault with an argument that every line must give.
    pub fn with(mut self, name: impl Into<String>, kind: ArgumentKind) -> Call {
        self.parameters.push(CallParameter { name: name.into(), kind, required: true });
        self
    }

    /// The same fault with an argument that a line may leave out.
    pub fn with_optional(mut self, name: impl Into<String>, kind: ArgumentKind) -> Call {
        self.parameters.push(CallParameter { name: name.into(), kind, required: false });
        self
    }
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallParameter {
    /// Its key.
    pub name: String,
    /// What it is.
    pub kind: ArgumentKind,
    /// Whether a line must give it.
    pub required: bool,
}

/// What an argument of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// A whole number in a range.
    Whole {
        /// The least.
        least: i64,
        /// The greatest.
        most: i64,
    },
    /// `true` or `false`.
    Truth,
    /// Any text.
    Text,
    /// A duration, written as text.
    Duration,
    /// A chance, written as text.
    Chance,
    /// The name of a machine.
    Machine,
}

impl Catalogue {
    /// Machines by name, and nothing else.
    pub fn of_machines<'a>(names: impl IntoIterator<Item = &'a str>) -> Catalogue {
        Catalogue { hosts: names.into_iter().map(Host::new).collect(), ..Catalogue::default() }
    }

    /// The machine of that name.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == name)
    }

    /// Whether there is a machine of that name; `test` always exists.
    pub fn has_machine(&self, name: &str) -> bool {
        name == TEST_MACHINE || self.host(name).is_some()
    }

    /// The point of that name.
    pub fn point(&self, name: &str) -> Option<&Point> {
        self.points.iter().find(|point| point.name == name)
    }

    /// The call of that name.
    pub fn call(&self, name: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.name == name)
    }

    pub(crate) fn zones(&self) -> Vec<String> {
        distinct(self.hosts.iter().filter_map(|host| host.zone.as_ref()))
    }

    pub(crate) fn roles(&self) -> Vec<String> {
        distinct(self.hosts.iter().flat_map(|host| &host.roles))
    }

    pub(crate) fn machine_names(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.name.clone()).collect()
    }
}

fn distinct<'a>(words: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut words: Vec<String> = words.cloned().collect();
    words.sort();
    words.dedup();
    words
}
