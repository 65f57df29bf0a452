//! What is drawn of a run: bars, arrows and marks, gathered from its records in one pass.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Seek};

use sim::trace::{Kind, NO_MACHINE, Record};

use crate::trace::{Describer, FileError, Names, Space, TraceFile};

/// Arrows and marks kept: the last ones, because a run is looked at from its end.
const ARROWS_MAX: usize = 20_000;
const EVENTS_MAX: usize = 10_000;

/// Records among which the cause of an arrow is looked for: about a second of a busy run.
const RECENT_RECORDS: usize = 1 << 18;

/// The lane of the faults, above the machines.
pub(super) const FAULTS: i32 = -1;

/// A bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) lane: i32,
    pub(super) from: u64,
    /// `None` when it lasts to the end.
    pub(super) until: Option<u64>,
    pub(super) what: What,
    pub(super) text: String,
}

/// What a bar shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Process,
    Paused,
    PowerOff,
    Fault,
}

/// Something that went from one machine to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) from: i32,
    pub(super) sent: u64,
    pub(super) to: i32,
    pub(super) came: u64,
    pub(super) text: String,
}

/// Something that happened at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) lane: i32,
    pub(super) at: u64,
    /// Whether it is drawn as trouble.
    pub(super) bad: bool,
    pub(super) text: String,
}

/// All that is drawn.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) machines: Vec<String>,
    pub(super) spans: Vec<Span>,
    pub(super) arrows: VecDeque<Arrow>,
    pub(super) events: VecDeque<Event>,
    /// How many there were, kept or not.
    pub(super) arrows_all: u64,
    pub(super) events_all: u64,
}

impl What {
    pub(super) fn label(self) -> &'static str {
        match self {
            What::Process => "process",
            What::Paused => "paused",
            What::PowerOff => "off",
            What::Fault => "fault",
        }
    }
}

/// What a bar is about, to find it again when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bar {
    Process(u32),
    Paused(u16, u32),
    PowerOff(u16),
    Fault(u32),
}

struct Gathering<'a> {
    names: &'a Names,
    describer: Describer<'a>,
    gathered: Gathered,
    /// The bars that have not ended, by their index.
    open: BTreeMap<Bar, usize>,
    /// Machine and time of the last records, by sequence number modulo [`RECENT_RECORDS`].
    recent: Vec<(u16, u64)>,
}

pub(super) fn gather<R: Read + Seek>(trace: &mut TraceFile<R>) -> Result<Gathered, FileError> {
    let names = trace.names().clone();
    let machines = names.all(Space::Machine).map(|(_, name)| name.to_string()).collect();
    let mut gathering = Gathering {
        names: &names,
        describer: Describer::new(&names),
        gathered: Gathered { machines, ..Gathered::default() },
        open: BTreeMap::new(),
        recent: Vec::new(),
    };
    trace.read_all(|sequence, record| gathering.see(sequence, record))?;
    Ok(gathering.gathered)
}

impl Gathering<'_> {
    fn see(&mut self, sequence: u64, record: &Record) {
        self.arrow(sequence, record);
        let &Record { at, kind, flag, machine, a, .. } = record;
        let name = |space| self.names.get(space, a).map_or(format!("{} {a}", space.label()), str::to_string);
        match kind {
            Kind::Boot => self.begin(Bar::Process(a), lane(machine), at, What::Process, name(Space::Process)),
            Kind::End => self.end(Bar::Process(a), at),
            Kind::Pause if flag == 1 => {
                self.begin(Bar::Paused(machine, a), lane(machine), at, What::Paused, "paused".into());
            }
            Kind::Pause => self.end(Bar::Paused(machine, a), at),
            Kind::Power if flag == 0 => {
                self.begin(Bar::PowerOff(machine), lane(machine), at, What::PowerOff, "power off".into());
            }
            Kind::Power => self.end(Bar::PowerOff(machine), at),
            Kind::Fault => self.begin(Bar::Fault(a), FAULTS, at, What::Fault, name(Space::Fault)),
            Kind::Heal => self.end(Bar::Fault(a), at),
            Kind::Spawn => {
                // Told to nobody, but polls of the task are.
                self.describer.describe(sequence, record);
            }
            _ => {}
        }
        let bad = matches!(kind, Kind::Panic | Kind::Lose | Kind::DiskLoss)
            || (kind == Kind::Reserve || kind == Kind::Finish || kind == Kind::DiskDone) && flag != 0
            || kind == Kind::Close && flag > 0;
        let worth_a_mark =
            bad || matches!(kind, Kind::End | Kind::Effect | Kind::Clock | Kind::Finish | Kind::Connect);
        if worth_a_mark {
            self.gathered.events_all += 1;
            if self.gathered.events.len() == EVENTS_MAX {
                self.gathered.events.pop_front();
            }
            let text = self.describer.describe(sequence, record).to_string();
            self.gathered.events.push_back(Event { lane: lane(machine), at, bad, text });
        }
    }

    /// A cause on another machine is a message.
    fn arrow(&mut self, sequence: u64, record: &Record) {
        let Record { at, machine, cause, .. } = *record;
        let recent = &mut self.recent;
        let index = (sequence % RECENT_RECORDS as u64) as usize;
        let distance = cause as usize;
        let source = (distance > 0 && distance < RECENT_RECORDS && distance as u64 <= sequence)
            .then(|| recent[(index + RECENT_RECORDS - distance) % RECENT_RECORDS]);
        if recent.len() < RECENT_RECORDS {
            recent.push((machine, at));
        } else {
            recent[index] = (machine, at);
        }
        let Some((from, sent)) = source.filter(|(from, _)| *from != machine) else { return };
        // Whoever sets a machine up sends it nothing.
        let set_up = matches!(record.kind, Kind::Machine | Kind::Process | Kind::Boot | Kind::Spawn);
        if from == NO_MACHINE || machine == NO_MACHINE || set_up {
            return;
        }
        self.gathered.arrows_all += 1;
        if self.gathered.arrows.len() == ARROWS_MAX {
            self.gathered.arrows.pop_front();
        }
        let text = self.describer.describe(sequence, record).to_string();
        self.gathered.arrows.push_back(Arrow { from: lane(from), sent, to: lane(machine), came: at, text });
    }

    fn begin(&mut self, bar: Bar, lane: i32, from: u64, what: What, text: String) {
        self.end(bar, from);
        self.open.insert(bar, self.gathered.spans.len());
        self.gathered.spans.push(Span { lane, from, until: None, what, text });
    }

    fn end(&mut self, bar: Bar, at: u64) {
        if let Some(index) = self.open.remove(&bar) {
            self.gathered.spans[index].until = Some(at);
        }
    }
}

fn lane(machine: u16) -> i32 {
    if machine == NO_MACHINE { FAULTS } else { i32::from(machine) }
}
