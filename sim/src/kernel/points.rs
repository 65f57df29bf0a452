//! Points in a run: counting hits, watching for plans, planting bugs. The listener of this process.

use std::collections::BTreeMap;

use points::{Kind as PointKind, Listener, Point, Strike, Value};

use super::strikes::OFFICE;
use super::{Context, Kernel, current};
use crate::machine::Process;
use crate::report::PointReport;
use crate::task::NONE;
use crate::trace::Kind;

pub(crate) struct Points {
    /// By the point's slot, which is a number of this process: used to look up, never to order.
    by_slot: Vec<Option<usize>>,
    hits: Vec<Hits>,
    watches: BTreeMap<String, Vec<Watch>>,
    planted: Vec<String>,
}

struct Hits {
    point: &'static Point,
    hits: u64,
    held: u64,
    numeric_max: u64,
    /// Whether a plan watches it or the name is planted; looked up when the point is first seen.
    watched: bool,
    planted: bool,
}

/// A strike at a point, told which process hit it.
type PointStrike = Box<dyn FnOnce(Process)>;

struct Watch {
    hits_left: u64,
    strike: PointStrike,
}

impl Points {
    pub(super) fn new(planted: &[String]) -> Points {
        Points { by_slot: Vec::new(), hits: Vec::new(), watches: BTreeMap::new(), planted: planted.to_vec() }
    }

    fn index(&mut self, point: &'static Point) -> usize {
        let slot = point.slot() as usize;
        if let Some(Some(index)) = self.by_slot.get(slot) {
            return *index;
        }
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, None);
        }
        // Several statics may bear one name: a macro in a generic function makes one each.
        let index = match self.hits.iter().position(|hits| hits.point.name() == point.name()) {
            Some(index) => index,
            None => {
                self.hits.push(Hits {
                    point,
                    hits: 0,
                    held: 0,
                    numeric_max: 0,
                    watched: self.watches.contains_key(point.name()),
                    planted: self.planted.iter().any(|name| name == point.name()),
                });
                self.hits.len() - 1
            }
        };
        self.by_slot[slot] = Some(index);
        index
    }

    /// Counts a hit.
    pub(crate) fn count(&mut self, point: &'static Point) -> usize {
        let index = self.index(point);
        self.hits[index].hits += 1;
        index
    }

    fn watch(&mut self, name: &str, hit: u64, strike: PointStrike) {
        self.watches.entry(name.to_string()).or_default().push(Watch { hits_left: hit, strike });
        for hits in &mut self.hits {
            hits.watched |= hits.point.name() == name;
        }
    }

    /// The strikes that this hit of the point sets off.
    fn strikes(&mut self, index: usize) -> Vec<PointStrike> {
        let mut due = Vec::new();
        if let Some(watches) = self.watches.get_mut(self.hits[index].point.name()) {
            for mut watch in std::mem::take(watches) {
                watch.hits_left -= 1;
                if watch.hits_left == 0 {
                    due.push(watch.strike);
                } else {
                    watches.push(watch);
                }
            }
        }
        due
    }

    /// Takes what plans still watch for, so that it can be dropped when nothing is borrowed.
    pub(crate) fn take_watches(&mut self) -> Vec<PointStrike> {
        std::mem::take(&mut self.watches).into_values().flatten().map(|watch| watch.strike).collect()
    }

    pub(crate) fn report(&self) -> Vec<PointReport> {
        let mut report: Vec<PointReport> = self
            .hits
            .iter()
            .map(|hits| PointReport {
                name: hits.point.name(),
                kind: hits.point.kind(),
                hits: hits.hits,
                held: hits.held,
                numeric_max: hits.numeric_max,
            })
            .collect();
        report.sort_by_key(|point| point.name);
        report
    }
}

/// The kernel's ear. One for the process; hits on a thread without a run are nobody's.
struct Ear;

/// Makes the points of this process heard by its runs.
pub(crate) fn install_listener() {
    points::listen(&Ear);
}

impl Kernel {
    /// Keeps a strike for a hit; the strike of a dead process comes back.
    pub(crate) fn watch_point(&mut self, name: &str, hit: u64, strike: PointStrike) -> Option<PointStrike> {
        if self.current.dead {
            return Some(strike);
        }
        self.points.watch(name, hit, strike);
        None
    }

    /// Counts and tells a hit. The answer is the point's index, and what the hit sets off.
    fn point_hit(&mut self, point: &'static Point) -> (usize, Vec<PointStrike>) {
        let hash = point.hash();
        let cause = self.cause;
        let sequence = self.record(
            Kind::Point,
            point.kind() as u8,
            self.current.machine,
            hash as u32,
            (hash >> 32) as u32,
        );
        self.cause = sequence;
        let index = self.points.count(point);
        let due = if self.points.hits[index].watched { self.points.strikes(index) } else { Vec::new() };
        self.cause = cause;
        (index, due)
    }
}

/// Carries out strikes. They run in the midst of the poll that hit the point, and yet in nobody's name: a
/// strike that kills that process may go on to others.
fn strike(due: Vec<PointStrike>) {
    if due.is_empty() {
        return;
    }
    let Some(hit) = current::with(|core| core.kernel.begin_strikes()) else { return };
    for strike in due {
        strike(Process::of(hit.nonce, hit.context.process));
    }
}

/// Who hit a point, for the time that strikes act in his stead: the span of this value, also when one panics.
struct Hitter {
    context: Context,
    nonce: u32,
    incarnation: u32,
    cause: u64,
}

impl Drop for Hitter {
    fn drop(&mut self) {
        current::with(|core| {
            core.kernel.end_strikes(self);
            if std::thread::panicking() {
                // The task is not to blame for what a plan does in its midst.
                core.strike_panicked();
            }
        });
    }
}

impl Kernel {
    fn begin_strikes(&mut self) -> Hitter {
        let context = std::mem::replace(&mut self.current, OFFICE);
        let incarnation = self.programs[context.process as usize].next.incarnation;
        Hitter { context, nonce: self.nonce, incarnation, cause: self.cause }
    }

    /// The task that hit the point goes on, if its process was neither ended nor ended and booted again.
    fn end_strikes(&mut self, hit: &Hitter) {
        let program = &self.programs[hit.context.process as usize];
        let ended = !program.is_running() || program.next.incarnation != hit.incarnation;
        self.current = Context { dead: hit.context.dead || ended, ..hit.context };
        self.cause = hit.cause;
    }
}

impl Listener for Ear {
    fn site(&self, point: &'static Point) -> Strike {
        let due = current::with(|core| {
            let kernel = &mut core.kernel;
            if kernel.current.dead { None } else { Some(kernel.point_hit(point).1) }
        });
        match due {
            None => return Strike::Pass,
            Some(None) => return Strike::Halt,
            Some(Some(due)) => strike(due),
        }
        let after = current::with(|core| {
            let kernel = &mut core.kernel;
            if kernel.current.dead {
                Strike::Halt
            } else if kernel.current.task != NONE && kernel.forced_yield() {
                Strike::Yield
            } else {
                Strike::Pass
            }
        });
        after.unwrap_or(Strike::Pass)
    }

    fn verdict(&self, point: &'static Point, holds: bool) {
        let due = current::with(|core| {
            let kernel = &mut core.kernel;
            if kernel.current.dead {
                return Vec::new();
            }
            let (index, due) = kernel.point_hit(point);
            kernel.points.hits[index].held += u64::from(holds);
            if !holds && matches!(point.kind(), PointKind::Always | PointKind::Unreachable) {
                let message = match point.kind() {
                    PointKind::Always => "a condition that must always hold did not",
                    _ => "a place that must not be reached was reached",
                };
                kernel.fail(point.name(), point.name().to_string(), message.to_string());
            }
            due
        });
        strike(due.unwrap_or_default());
    }

    fn numeric(&self, point: &'static Point, value: u64) {
        let due = current::with(|core| {
            let kernel = &mut core.kernel;
            if kernel.current.dead {
                return Vec::new();
            }
            let (index, due) = kernel.point_hit(point);
            let hits = &mut kernel.points.hits[index];
            hits.numeric_max = hits.numeric_max.max(value);
            due
        });
        strike(due.unwrap_or_default());
    }

    fn mark(&self, point: &'static Point, subject: Value<'_>, values: &[Value<'_>]) {
        let due = current::with(|core| {
            let kernel = &mut core.kernel;
            if kernel.current.dead {
                return Vec::new();
            }
            let (_, due) = kernel.point_hit(point);
            let folded = kernel.semantic.mark(point.hash(), subject, values);
            kernel.record(Kind::Mark, 0, kernel.current.machine, folded as u32, (folded >> 32) as u32);
            due
        });
        strike(due.unwrap_or_default());
    }

    fn planted(&self, point: &'static Point) -> bool {
        current::with(|core| {
            let dead = core.kernel.current.dead;
            let points = &mut core.kernel.points;
            if dead {
                return points.planted.iter().any(|name| name == point.name());
            }
            let index = points.count(point);
            points.hits[index].planted
        })
        .unwrap_or(false)
    }
}
