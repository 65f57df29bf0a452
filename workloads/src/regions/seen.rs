//! What was told: the witness of one runtime. Acceptance reads this, and not what calls returned.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use models::regions::api::{Event, Handle, Kind, Name, Operation, Status, Subject, What, Witness};
use sim::time::Instant;

use super::fate::End;

/// How long tasks lived, for the report.
const LATENCY: &str = "regions.task";

/// Each subject's semantic events, in its own order.
pub type Meaning = BTreeMap<Subject, Vec<[u64; 3]>>;

/// All events of one runtime, in order.
#[derive(Debug, Default)]
pub struct Seen {
    events: RefCell<Vec<Event>>,
    spawned_at: RefCell<BTreeMap<Handle, Instant>>,
}

impl Witness for Seen {
    fn told(&self, event: &Event) {
        self.events.borrow_mut().push(*event);
        match event.what {
            What::Spawned { .. } => {
                self.spawned_at.borrow_mut().insert(event.object, Instant::now());
            }
            What::Completed { .. } => {
                if let Some(spawned_at) = self.spawned_at.borrow_mut().remove(&event.object) {
                    sim::latency(LATENCY, spawned_at.elapsed());
                }
            }
            _ => {}
        }
    }
}

impl Seen {
    /// All events so far.
    pub fn events(&self) -> Ref<'_, Vec<Event>> {
        self.events.borrow()
    }

    /// How many events there are so far: a place to look on from.
    pub fn place(&self) -> usize {
        self.events.borrow().len()
    }

    /// How many events are so.
    pub fn count(&self, is: impl Fn(&What) -> bool) -> usize {
        self.events().iter().filter(|event| is(&event.what)).count()
    }

    /// How many events from a place on are so.
    pub fn count_since(&self, place: usize, is: impl Fn(&Event) -> bool) -> usize {
        self.events()[place..].iter().filter(|event| is(event)).count()
    }

    /// How often an operation was refused with this word.
    pub fn refused(&self, operation: Operation, status: Status) -> usize {
        let is = |what: &What| matches!(*what, What::Refused { operation: asked, status: word, .. } if (asked, word) == (operation, status));
        self.count(is)
    }

    /// How each task ended, by handle; `None` of one that did not.
    pub fn ends(&self) -> BTreeMap<Handle, Option<End>> {
        let mut ends: BTreeMap<Handle, Option<End>> = BTreeMap::new();
        let (mut asked, mut shed) = (BTreeSet::new(), BTreeSet::new());
        for event in self.events().iter() {
            let task = event.object;
            match event.what {
                What::Spawned { .. } => {
                    ends.insert(task, None);
                }
                What::CancelRequested { .. } => {
                    asked.insert(task);
                }
                What::Shed => {
                    shed.insert(task);
                }
                What::Completed { outcome, forced } => {
                    let (was_asked, was_shed) = (asked.contains(&task), shed.contains(&task));
                    ends.insert(task, Some(End { outcome, forced, was_asked, was_shed }));
                }
                _ => {}
            }
        }
        ends
    }

    /// The subjects of events that are so, each once.
    pub fn subjects(&self, is: impl Fn(&What) -> bool) -> BTreeSet<Subject> {
        self.events().iter().filter(|event| is(&event.what)).map(|event| event.subject).collect()
    }

    /// Regions that were closed, by handle.
    pub fn closed(&self) -> BTreeSet<Handle> {
        let events = self.events();
        let closed = events.iter().filter(|event| matches!(event.what, What::Closed { .. }));
        closed.map(|event| event.object).collect()
    }

    /// The most things of a kind that were alive at once, by what was told.
    pub fn alive_max(&self, kind: Kind) -> usize {
        let (mut alive, mut most) = (0_usize, 0);
        for event in self.events().iter().filter(|event| event.object.kind == kind) {
            match event.what {
                What::Opened { .. }
                | What::Spawned { .. }
                | What::Reserved { .. }
                | What::TimerSet { .. } => {
                    alive += 1;
                    most = most.max(alive);
                }
                What::Closed { .. }
                | What::Completed { .. }
                | What::Committed { .. }
                | What::Aborted { .. }
                | What::Leaked { .. }
                | What::TimerFired { .. }
                | What::TimerCancelled => alive = alive.saturating_sub(1),
                _ => {}
            }
        }
        most
    }

    /// The names of what was leaked.
    pub fn leaked(&self) -> Vec<Name> {
        let events = self.events();
        let leaked = events.iter().filter_map(|event| match event.what {
            What::Leaked { name } => Some(name),
            _ => None,
        });
        leaked.collect()
    }

    /// What it all meant.
    pub fn meaning(&self) -> Meaning {
        let mut meaning = Meaning::new();
        for event in self.events().iter() {
            if let Some(words) = event.meaning() {
                meaning.entry(event.subject).or_default().push(words);
            }
        }
        meaning
    }

    /// What it meant for these subjects.
    pub fn meaning_of(&self, is_meant: impl Fn(&Subject) -> bool) -> Meaning {
        let mut meaning = self.meaning();
        meaning.retain(|subject, _| is_meant(subject));
        meaning
    }
}

/// Where two meanings differ first, in words.
pub fn difference(found: &Meaning, expected: &Meaning) -> Option<String> {
    let subjects: BTreeSet<&Subject> = found.keys().chain(expected.keys()).collect();
    let none = Vec::new();
    subjects.into_iter().find_map(|subject| {
        let found = found.get(subject).unwrap_or(&none);
        let expected = expected.get(subject).unwrap_or(&none);
        let at = (0..found.len().max(expected.len())).find(|&at| found.get(at) != expected.get(at))?;
        let (found, expected) = (found.get(at), expected.get(at));
        Some(format!("event {at} of {subject:?} is {found:?}, and should be {expected:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_where_it_begins() {
        let meaning = |words: &[[u64; 3]]| Meaning::from([(Subject::RUNTIME, words.to_vec())]);
        let (one, two) = (meaning(&[[1, 0, 0]]), meaning(&[[1, 0, 0], [2, 0, 0]]));
        assert_eq!(difference(&one, &one), None);
        for (found, expected) in [(&one, &two), (&two, &one), (&two, &Meaning::new())] {
            let told = difference(found, expected).expect("they differ");
            assert!(told.starts_with(if expected.is_empty() { "event 0" } else { "event 1" }), "{told}");
        }
    }
}
