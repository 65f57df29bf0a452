//! The service's own order, and what must hold of it.
//!
//! Every write of the service has a place in its log, and every answer names one. So no search is needed: the
//! first replica that applies a place says what stands there, and everything else that is ever seen is held
//! against it as it happens, in constant time. Pure: what is wrong comes back as a [`Violation`].

use std::collections::BTreeMap;
use std::rc::Rc;

use models::kv::api::{Answer, Applied, Command, Key, Operation, Outcome, Status, Value};

/// A property that does not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The property's name.
    pub property: &'static str,
    /// What was seen.
    pub message: String,
}

/// At most one replica is primary in a term.
pub const ONE_PRIMARY: &str = "kv.one_primary_a_term";
/// All replicas apply the same entries.
pub const LOGS_AGREE: &str = "kv.logs_agree";
/// What a client was told stays.
pub const WRITES_STAY: &str = "kv.acknowledged_writes_stay";
/// A write takes effect at most once, however often it is sent.
pub const ONCE: &str = "kv.retries_apply_once";
/// Outcomes are what a single copy would give at that place.
pub const OUTCOMES: &str = "kv.outcomes_follow_the_order";
/// An answer reflects all that anybody had been told when it was asked for.
pub const CURRENT: &str = "kv.reads_are_current";
/// In calm, every replica comes to hold the same.
pub const CONVERGE: &str = "kv.replicas_converge";

type Judged = Result<(), Violation>;

fn broken(property: &'static str, message: String) -> Judged {
    Err(Violation { property, message })
}

struct Place {
    term: u64,
    command: Rc<Command>,
    effect: Option<Outcome>,
    is_acknowledged: bool,
}

/// The order so far.
#[derive(Default)]
pub struct Order {
    /// What stands at place 1 and after.
    places: Vec<Place>,
    /// The values of each key, each with the place from which it holds.
    versions: BTreeMap<Key, Vec<(u64, Option<Value>)>>,
    /// The last write of each session that took effect.
    taken: BTreeMap<u64, u64>,
    /// Who was primary in each term.
    primaries: BTreeMap<u64, u8>,
    /// The last place that each replica applied since it came up.
    applied: BTreeMap<u8, u64>,
    /// The last place that any client was told of.
    told: u64,
}

impl Order {
    /// The last place that any client was told of: whoever asks from now on must see it.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// The last place that any replica applied.
    pub fn last(&self) -> u64 {
        self.places.len() as u64
    }

    /// A replica came up.
    pub fn booted(&mut self, replica: u8) {
        self.applied.insert(replica, 0);
    }

    /// A replica became primary.
    pub fn led(&mut self, replica: u8, term: u64) -> Judged {
        match self.primaries.insert(term, replica) {
            Some(other) if other != replica => {
                broken(ONE_PRIMARY, format!("replicas {other} and {replica} are both primary of term {term}"))
            }
            _ => Ok(()),
        }
    }

    /// A replica applied an entry. Returns whether it was the first to apply this place.
    pub fn applied(&mut self, replica: u8, applied: &Applied) -> Result<bool, Violation> {
        self.applied.insert(replica, applied.index);
        let Some(place) = self.places.get(applied.index as usize - 1) else {
            return self.extend(applied).map(|()| true);
        };
        if place.term != applied.term || place.command != applied.command {
            let property = if place.is_acknowledged { WRITES_STAY } else { LOGS_AGREE };
            broken(
                property,
                format!(
                    "replica {replica} applied {:?} of term {} at place {}, where {:?} of term {} stood",
                    applied.command, applied.term, applied.index, place.command, place.term
                ),
            )?;
        }
        if place.effect != applied.effect {
            let property = if place.effect.is_none() { ONCE } else { OUTCOMES };
            broken(
                property,
                format!(
                    "place {} gave {:?} on replica {replica} and {:?} before",
                    applied.index, applied.effect, place.effect
                ),
            )?;
        }
        Ok(false)
    }

    fn extend(&mut self, applied: &Applied) -> Judged {
        assert_eq!(applied.index, self.last() + 1, "a replica applies places in order");
        if let (Command::Write { session, seq, operation }, Some(outcome)) =
            (&*applied.command, &applied.effect)
        {
            let taken = self.taken.entry(*session).or_insert(0);
            if *seq <= *taken {
                let index = applied.index;
                broken(ONCE, format!("write {seq} of session {session} took effect again at place {index}"))?;
            }
            *taken = *seq;
            let expected = self.take_effect(applied.index, operation);
            if expected != *outcome {
                let index = applied.index;
                broken(OUTCOMES, format!("place {index}: {operation:?} gave {outcome:?}, not {expected:?}"))?;
            }
        }
        self.places.push(Place {
            term: applied.term,
            command: applied.command.clone(),
            effect: applied.effect.clone(),
            is_acknowledged: false,
        });
        Ok(())
    }

    /// What a single copy does.
    fn take_effect(&mut self, index: u64, operation: &Operation) -> Outcome {
        let versions = self.versions.entry(operation.key().clone()).or_default();
        let held = versions.last().and_then(|(_, value)| value.as_ref());
        let (after, outcome) = match operation {
            Operation::Get(_) => return Outcome::Found(held.cloned()),
            Operation::Put(_, value) => (Some(value.clone()), Outcome::Done),
            Operation::Remove(_) => (None, Outcome::Done),
            Operation::CompareAndSet { expected, value, .. } => {
                if held != expected.as_ref() {
                    return Outcome::Swapped(false);
                }
                (Some(value.clone()), Outcome::Swapped(true))
            }
        };
        versions.push((index, after));
        outcome
    }

    /// A client whose call began when `told` was known got an answer.
    pub fn answered(&mut self, operation: &Operation, told: u64, answer: &Answer) -> Judged {
        let index = answer.index;
        if index > self.last() {
            broken(
                WRITES_STAY,
                format!("{operation:?} was answered at place {index}, which no replica applied"),
            )?;
        }
        // A write comes after all that was told; a read may see just that.
        if index < told || (operation.is_write() && index == told) {
            broken(
                CURRENT,
                format!("{operation:?} was answered at place {index}, but {told} had been told"),
            )?;
        }
        if operation.is_write() {
            self.check_write(operation, answer)?;
        } else {
            let versions = self.versions.get(operation.key()).map_or(&[][..], |versions| &versions[..]);
            let known = versions.partition_point(|(from, _)| *from <= index);
            let held = known.checked_sub(1).and_then(|last| versions[last].1.clone());
            if answer.outcome != Outcome::Found(held.clone()) {
                let seen = &answer.outcome;
                broken(OUTCOMES, format!("{operation:?} at place {index} gave {seen:?}, not {held:?}"))?;
            }
        }
        self.told = self.told.max(index);
        Ok(())
    }

    fn check_write(&mut self, operation: &Operation, answer: &Answer) -> Judged {
        let index = answer.index;
        let place = match index.checked_sub(1).and_then(|at| self.places.get_mut(at as usize)) {
            Some(place) => place,
            None => return broken(WRITES_STAY, format!("{operation:?} was answered at no place")),
        };
        match &*place.command {
            Command::Write { operation: written, .. } if written == operation => {}
            other => broken(
                WRITES_STAY,
                format!("{operation:?} was answered at {index}, but {other:?} stands there"),
            )?,
        }
        if place.effect.as_ref() != Some(&answer.outcome) {
            let (seen, effect) = (&answer.outcome, &place.effect);
            broken(OUTCOMES, format!("{operation:?} at place {index} gave {seen:?}, but did {effect:?}"))?;
        }
        place.is_acknowledged = true;
        Ok(())
    }

    /// What is still awaited before all replicas hold the same; `statuses` are their own words.
    pub fn pending(&self, statuses: &[Option<Status>]) -> Option<String> {
        let mut common: Option<&Status> = None;
        for (replica, status) in statuses.iter().enumerate() {
            let Some(status) = status else { return Some(format!("replica {replica} does not answer")) };
            if status.applied < self.last() {
                return Some(format!("replica {replica} applied {} of {}", status.applied, self.last()));
            }
            if common.is_some_and(|common| status.applied != common.applied) {
                return Some(format!("replica {replica} applied {}, another more or less", status.applied));
            }
            common = Some(status);
        }
        match statuses.iter().flatten().filter(|status| status.is_primary).count() {
            1 => None,
            count => Some(format!("{count} replicas hold themselves for the primary")),
        }
    }

    /// Replicas that applied the same places hold the same.
    pub fn equal(&self, statuses: &[Option<Status>]) -> Judged {
        let mut statuses = statuses.iter().flatten();
        let Some(first) = statuses.next() else { return Ok(()) };
        for status in statuses {
            if status.applied == first.applied && status.checksum != first.checksum {
                broken(CONVERGE, format!("two replicas differ after place {}", status.applied))?;
            }
        }
        Ok(())
    }
}
