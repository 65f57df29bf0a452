//! The workers of a shrink: candidates are tried side by side, and the first of them that fails in the same way
//! counts, however many workers there are.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use replay::case::{Case, Signature};
use search::shrink::{Best, Extent, Judge, Recorded};

use super::crew::{Crew, Ended, Setup};
use super::pool::Interrupt;
use super::ran::Ran;
use super::wire::Order;

/// Workers that try candidates.
pub(crate) struct Jury<'a> {
    crews: Vec<Mutex<Crew>>,
    interrupt: Interrupt,
    /// The failure that is looked for.
    wanted: Signature,
    /// Whether each run needs a process of its own.
    fresh: bool,
    /// Whether a candidate must not fail so without its planted bugs: a case that has some is about them. Known from
    /// the first case that is recorded, of which it holds or not.
    blames_quirks: Option<bool>,
    /// Candidates that may still be tried. Those behind the first that fails do not count, so the number of workers
    /// has no say in when it is over.
    runs_left: u64,
    /// Candidates that were tried.
    pub(crate) tried: u64,
    deadline: Option<Instant>,
    told: &'a mut dyn FnMut(&'static str, u64, &Best),
}

/// How long a shrink may go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// So many candidates are tried.
    pub(crate) runs: u64,
    /// Until then.
    pub(crate) deadline: Option<Instant>,
}

impl<'a> Jury<'a> {
    /// Starts as many workers. `told` hears what a pass came to, and after how many candidates.
    pub(crate) fn new(
        setup: &Setup,
        interrupt: &Interrupt,
        jobs: usize,
        (wanted, fresh): (Signature, bool),
        patience: Patience,
        told: &'a mut dyn FnMut(&'static str, u64, &Best),
    ) -> io::Result<Jury<'a>> {
        let mut crews = Vec::new();
        for index in 0..jobs {
            let mut crew = Crew::new(setup, interrupt, index);
            crew.start()?;
            crews.push(Mutex::new(crew));
        }
        let (interrupt, runs_left, deadline) = (interrupt.clone(), patience.runs, patience.deadline);
        Ok(Jury { crews, interrupt, wanted, fresh, blames_quirks: None, runs_left, tried: 0, deadline, told })
    }

    fn stop(&self) -> Stop {
        Stop { interrupt: self.interrupt.clone(), runs_left: self.runs_left, deadline: self.deadline }
    }

    /// Why it is over, if it is.
    pub(crate) fn why_over(&self) -> Option<&'static str> {
        self.stop().why()
    }
}

/// When to stop.
struct Stop {
    interrupt: Interrupt,
    runs_left: u64,
    deadline: Option<Instant>,
}

impl Stop {
    fn why(&self) -> Option<&'static str> {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        match (self.interrupt.is_set(), self.runs_left, is_late) {
            (true, ..) => Some("interrupted"),
            (false, 0, _) => Some("the runs are used up"),
            (false, _, true) => Some("the time is up"),
            (false, _, false) => None,
        }
    }
}

/// What a run came to, if it failed in the wanted way.
fn judged(wanted: &Signature, ended: Ended) -> Option<Box<Ran>> {
    let Ended::Ran(ran) = ended else { return None };
    let signature = ran.failed.as_ref()?.signature.as_ref()?;
    wanted.is_same_failure(signature).then_some(ran)
}

/// Whether a case fails in the wanted way without its planted bugs as well.
fn fails_anyway(crew: &mut Crew, wanted: &Signature, case: &Case, fresh: bool) -> bool {
    let sound = Case { quirks: Vec::new(), ..case.clone() };
    judged(wanted, crew.run(&order(&sound, false), fresh)).is_some()
}

fn order(case: &Case, record: bool) -> Order {
    let line = case.to_string();
    Order { shown: line.clone(), case: line, record, ..Order::default() }
}

fn extent(ran: &Ran) -> Extent {
    Extent { records: ran.records, failed_at_ns: ran.failed.as_ref().map_or(0, |failed| failed.at_ns) }
}

impl Judge for Jury<'_> {
    fn first(&mut self, candidates: &[Case], records_max: u64) -> Option<(usize, Extent)> {
        let affordable = candidates.len().min(usize::try_from(self.runs_left).unwrap_or(usize::MAX));
        let candidates = &candidates[..affordable];
        let next = AtomicUsize::new(0);
        let first_failed = AtomicUsize::new(usize::MAX);
        let found: Mutex<Vec<(usize, Extent)>> = Mutex::default();
        let (wanted, fresh, stop) = (&self.wanted, self.fresh, self.stop());
        let blames_quirks = self.blames_quirks == Some(true);
        let try_some = |crew: &Mutex<Crew>| {
            let mut crew = crew.lock().expect("no worker's thread panics");
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                // Candidates behind one that fails do not matter; all before it do.
                let matters = index < candidates.len() && index < first_failed.load(Ordering::Relaxed);
                if !matters || stop.why().is_some() {
                    return;
                }
                let ran = judged(wanted, crew.run(&order(&candidates[index], false), fresh));
                let ran = ran.filter(|ran| ran.records <= records_max);
                // A case with a planted bug is to stay about that bug.
                let is_it = ran.is_some()
                    && (!blames_quirks || !fails_anyway(&mut crew, wanted, &candidates[index], fresh));
                if let Some(ran) = ran.filter(|_| is_it) {
                    first_failed.fetch_min(index, Ordering::Relaxed);
                    found.lock().expect("no worker's thread panics").push((index, extent(&ran)));
                }
            }
        };
        match &self.crews[..] {
            [only] => try_some(only),
            crews => thread::scope(|scope| {
                for crew in crews.iter().take(candidates.len()) {
                    scope.spawn(|| try_some(crew));
                }
            }),
        }
        let found = found
            .into_inner()
            .expect("no worker's thread panics")
            .into_iter()
            .min_by_key(|(index, _)| *index);
        let counted = found.map_or(candidates.len(), |(index, _)| index + 1) as u64;
        self.tried += counted;
        self.runs_left -= counted;
        found
    }

    fn record(&mut self, case: &Case) -> Option<Recorded> {
        let ended =
            self.crews[0].lock().expect("no worker's thread panics").run(&order(case, true), self.fresh);
        let ran = judged(&self.wanted, ended)?;
        if self.blames_quirks.is_none() {
            let crew = self.crews[0].get_mut().expect("no worker's thread panics");
            let fails_anyway = fails_anyway(crew, &self.wanted, case, self.fresh);
            self.blames_quirks = Some(!case.quirks.is_empty() && !fails_anyway);
        }
        let extent = extent(&ran);
        let drawn = ran.recorded?;
        Some(Recorded {
            plan: drawn.plan.parse().ok()?,
            operations: drawn.operations.parse().ok()?,
            streams: drawn.recording.streams,
            draws: drawn.recording.draws,
            extent,
        })
    }

    fn is_over(&self) -> bool {
        self.why_over().is_some()
    }

    fn tell(&mut self, pass: &'static str, best: &Best) {
        (self.told)(pass, self.tried, best);
    }
}

/// The sizes of a scenario, as a shrink wants them.
pub(crate) fn sizes(scenario: &faults::scenario::Scenario) -> Vec<search::shrink::Size> {
    let size = |size: &faults::scenario::Size| search::shrink::Size {
        name: size.name.clone(),
        usual: size.usual,
        least: size.least,
    };
    scenario.sizes().iter().map(size).collect()
}
