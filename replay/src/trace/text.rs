//! Records as sentences: `#182113 [+1.204s] core-0: poll task 12 (woken by timer), one of 3 ready`.

use std::collections::BTreeMap;
use std::fmt;

use sim::machine::Ending;
use sim::net::{Handshake, Loss};
use sim::points;
use sim::task::Why;
use sim::trace::{FsCall, Kind, NO_MACHINE, Record, errno_symbol};

use super::names::{Names, Space};
use crate::words::Seconds;

/// Tells records in words, with the names of a run.
///
/// Task numbers are used again, so it keeps in mind which task was spawned where as it goes.
pub struct Describer<'a> {
    names: &'a Names,
    /// Where the living tasks were spawned, as far as it is known.
    spawned: BTreeMap<u32, &'a str>,
    /// The links that connections were asked for over, as far as their records were seen.
    asked: BTreeMap<u32, u32>,
}

/// A record in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its sequence number.
    pub sequence: u64,
    /// The sequence number of its cause.
    pub cause: Option<u64>,
    /// When it happened, in nanoseconds since the run began.
    pub at: u64,
    /// The machine, when it happened on one.
    pub machine: Option<String>,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} [+{}] ", self.sequence, Seconds(self.at))?;
        if let Some(machine) = &self.machine {
            write!(f, "{machine}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl<'a> Describer<'a> {
    /// Knows the names, and no record yet.
    pub fn new(names: &'a Names) -> Describer<'a> {
        Describer { names, spawned: BTreeMap::new(), asked: BTreeMap::new() }
    }

    /// Knows the names, and is about to be shown the last records of a run. A number that no task gets in
    /// them belongs to the run's last task of that number all the while.
    pub fn of_tail(names: &'a Names, records: &[Record]) -> Describer<'a> {
        let task = |(task, place): (u64, &'a str)| Some((u32::try_from(task).ok()?, place));
        let mut spawned: BTreeMap<u32, &str> = names.all(Space::Task).filter_map(task).collect();
        for record in records.iter().filter(|record| record.kind == Kind::Spawn) {
            spawned.remove(&record.a);
        }
        Describer { names, spawned, asked: BTreeMap::new() }
    }

    /// Tells a record; to be called in order of the records, as far as they are at hand.
    pub fn describe(&mut self, sequence: u64, record: &Record) -> Described {
        let cause = u64::from(record.cause);
        let machine = (record.machine != NO_MACHINE).then(|| self.name(Space::Machine, record.machine));
        if record.kind == Kind::Spawn {
            match self.names.get(Space::Place, record.b >> 16) {
                Some(place) => self.spawned.insert(record.a, place),
                None => self.spawned.remove(&record.a),
            };
        }
        if record.kind == Kind::Connect && record.flag == Handshake::Asked as u8 {
            self.asked.insert(record.a, record.b);
        }
        Described {
            sequence,
            cause: (cause > 0).then(|| sequence.checked_sub(cause)).flatten(),
            at: record.at,
            machine,
            what: self.what(record),
        }
    }

    fn what(&self, record: &Record) -> String {
        let &Record { kind, flag, a, b, .. } = record;
        let process = |number| self.name(Space::Process, number);
        let fault = || self.name(Space::Fault, a);
        let link = || self.name(Space::Link, a);
        let on_off = |on: &'static str, off: &'static str| if flag == 1 { on } else { off };
        match kind {
            Kind::Machine => format!("the machine comes to be, number {a}"),
            Kind::Process => format!("process {} is declared", process(a)),
            Kind::Boot => format!("boot {}, incarnation {b}", process(a)),
            Kind::End => format!("{} ends, incarnation {b}: {}", process(a), ending(flag)),
            Kind::Power => format!("power {}", on_off("on", "off")),
            Kind::Pause if a == u32::MAX => format!("{} the machine", on_off("pause", "resume")),
            Kind::Pause => format!("{} {}", on_off("pause", "resume"), process(a)),
            // The upper half of `b` is the place, which is told with the task.
            Kind::Spawn => format!("spawn {} of {}", self.task(a), process(b & 0xffff)),
            Kind::Poll => format!("poll {} (woken by {}){}", self.task(a), why(flag), ready(b)),
            Kind::Panic => format!("{} of {} panics{}", self.task(a), process(b), panic_place(flag)),
            Kind::Draw => format!("draw {b:#x} from {}", self.name(Space::Stream, a)),
            Kind::Clock => format!("the {} clock is changed by {}", on_off("wall", "monotonic"), fault()),
            Kind::Send => format!("send over {} (checksum {b:08x})", link()),
            Kind::Deliver => format!("deliver over {} (checksum {b:08x})", link()),
            Kind::Lose => format!("lose over {}: {} ({b:08x})", link(), loss(flag)),
            Kind::Connect => {
                format!("connection {a} over {}: {}", self.name(Space::Link, b), handshake(flag))
            }
            Kind::Segment => {
                let last = on_off(", the last", "");
                format!("bytes leave on {}{last} (checksum {b:08x})", self.way(a))
            }
            Kind::Arrive if flag == 1 => format!("bytes arrive on {}, which nobody reads", self.way(a)),
            Kind::Arrive => format!("{b} bytes arrive on {}", self.way(a)),
            Kind::Close => format!("{} is {}", self.way(a), closing(flag, b)),
            Kind::Bind => {
                let what = if b == 1 { "stream" } else { "datagram" };
                format!("{} {what} port {a}", on_off("bind", "release"))
            }
            Kind::Disk => format!("{}{} (checksum {b:08x})", fs_call(flag), file(a)),
            Kind::DiskDone if flag == 0 => format!("the disk is done{}: {b} bytes", file(a)),
            Kind::DiskDone => format!("the disk fails{}: {}", file(a), errno(flag)),
            Kind::DiskLoss => format!("the disk keeps {a} sectors, and drops or tears {b}"),
            Kind::Point => {
                let name = self.name(Space::Point, u64::from(a) | u64::from(b) << 32);
                format!("pass {}{name}", point_kind(flag))
            }
            Kind::Mark => format!("mark {:016x}", u64::from(a) | u64::from(b) << 32),
            Kind::Fault => format!("fault begins: {}", fault()),
            Kind::Effect => format!("fault takes effect ({b}): {}", fault()),
            Kind::Heal => format!("fault ends: {}", fault()),
            Kind::Reserve => {
                let point = self.names.point_folded(a).map_or(format!("point {a:08x}"), str::to_string);
                format!("{point}: {b} bytes are {}", on_off("refused", "granted"))
            }
            Kind::Finish => format!("the run ends: {}", on_off("failed", "passed")),
        }
    }

    /// Whether a number has a name.
    pub(super) fn has_name(&self, space: Space, number: impl Into<u64>) -> bool {
        self.names.get(space, number).is_some()
    }

    fn name(&self, space: Space, number: impl Into<u64>) -> String {
        let number = number.into();
        match self.names.get(space, number) {
            Some(name) => name.to_string(),
            None if space == Space::Point => format!("{} {number:016x}", space.label()),
            None => format!("{} {number}", space.label()),
        }
    }

    /// One direction of a connection, as records number it.
    fn way(&self, number: u32) -> String {
        let (connection, back) = (number >> 1, number & 1 == 1);
        let link = self.asked.get(&connection).and_then(|link| self.names.get(Space::Link, *link));
        match link.and_then(|link| link.split_once('>')) {
            Some((asking, asked)) if back => format!("connection {connection} ({asked}>{asking})"),
            Some((asking, asked)) => format!("connection {connection} ({asking}>{asked})"),
            None => format!("connection {connection}, {}", if back { "back" } else { "forth" }),
        }
    }

    fn task(&self, number: u32) -> String {
        match self.spawned.get(&number) {
            Some(place) => format!("task {number} ({place})"),
            None if number == u32::MAX => "code".to_string(),
            None => format!("task {number}"),
        }
    }
}

/// An open file by its number; a call on names has none.
fn file(number: u32) -> String {
    if number == u32::MAX { String::new() } else { format!(" on file {number}") }
}

fn fs_call(flag: u8) -> String {
    FsCall::of(flag).map_or(format!("file system call {flag}"), |call| call.word().to_string())
}

fn errno(number: u8) -> String {
    errno_symbol(number).map_or(format!("error {number}"), str::to_string)
}

fn ready(count: u32) -> String {
    if count > 1 { format!(", one of {count} ready") } else { String::new() }
}

fn why(flag: u8) -> String {
    Why::from_number(flag).map_or(format!("reason {flag}"), |why| why.label().to_string())
}

fn ending(flag: u8) -> String {
    Ending::from_number(flag).map_or(format!("way {flag}"), |ending| ending.label().to_string())
}

fn panic_place(flag: u8) -> &'static str {
    match flag {
        1 => ", and its process crashes",
        2 => " in a destructor",
        3 => " in a waker",
        _ => "",
    }
}

/// What a point is for, with a blank behind it.
fn point_kind(flag: u8) -> String {
    use points::Kind;
    let kinds = [
        Kind::Site,
        Kind::Always,
        Kind::Sometimes,
        Kind::Reachable,
        Kind::Unreachable,
        Kind::Numeric,
        Kind::Mark,
        Kind::Quirk,
    ];
    let kind = kinds.into_iter().find(|kind| *kind as u8 == flag);
    kind.map_or(String::new(), |kind| format!("{} ", kind.label()))
}

fn loss(flag: u8) -> String {
    Loss::from_number(flag).map_or(format!("reason {flag}"), |loss| loss.label().to_string())
}

fn handshake(flag: u8) -> String {
    Handshake::from_number(flag).map_or(format!("step {flag}"), |step| step.label().to_string())
}

fn closing(flag: u8, heard: u32) -> &'static str {
    match (flag, heard) {
        (0, _) => "finished",
        (1, 0) => "reset",
        (1, _) => "reset, and that is heard",
        (2, _) => "timed out",
        _ => "closed",
    }
}
