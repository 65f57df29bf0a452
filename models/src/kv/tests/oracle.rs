//! What must hold of any cluster, judged as it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::api::{Answer, Applied, Command, Operation, Outcome};
use super::super::store::Store;

/// The order of the service so far.
#[derive(Default)]
pub struct Oracle {
    canonical: Vec<Entry>,
    reference: Store,
    primaries: BTreeMap<u64, u8>,
    taken: BTreeSet<(u64, u64)>,
    /// The last place that any client was told of.
    pub floor: u64,
}

struct Entry {
    term: u64,
    command: Rc<Command>,
    state: Store,
}

impl Oracle {
    pub fn led(&mut self, replica: u8, term: u64) -> Result<(), String> {
        match self.primaries.insert(term, replica) {
            Some(other) if other != replica => Err(format!("{replica} and {other} led term {term}")),
            _ => Ok(()),
        }
    }

    pub fn applied(&mut self, replica: u8, applied: &Applied) -> Result<(), String> {
        let place = applied.index as usize - 1;
        if let Some(entry) = self.canonical.get(place) {
            let same = entry.term == applied.term && entry.command == applied.command;
            return if same {
                Ok(())
            } else {
                Err(format!("{replica} applied another entry at {}", applied.index))
            };
        }
        assert_eq!(place, self.canonical.len(), "places are applied in order");
        if let (Command::Write { session, seq, operation }, Some(outcome)) =
            (&*applied.command, &applied.effect)
        {
            if !self.taken.insert((*session, *seq)) {
                return Err(format!("write {session}/{seq} took effect twice"));
            }
            if self.reference.apply(operation) != *outcome {
                return Err(format!("place {} had another outcome than {outcome:?}", applied.index));
            }
        }
        self.canonical.push(Entry {
            term: applied.term,
            command: applied.command.clone(),
            state: self.reference.clone(),
        });
        Ok(())
    }

    /// A client that began when `floor` was known got this answer.
    pub fn answered(&mut self, operation: &Operation, floor: u64, answer: &Answer) -> Result<(), String> {
        if answer.index < floor || (operation.is_write() && answer.index == floor) {
            return Err(format!("{operation:?} went back to {} before {floor}", answer.index));
        }
        let entry = match answer.index {
            0 => None,
            index => Some(self.canonical.get(index as usize - 1).ok_or("an answer from nowhere")?),
        };
        if operation.is_write() {
            match entry.map(|entry| &*entry.command) {
                Some(Command::Write { operation: written, .. }) if written == operation => {}
                other => return Err(format!("{operation:?} was answered, but {other:?} stands there")),
            }
        } else {
            let mut state = entry.map_or_else(Store::default, |entry| entry.state.clone());
            let expected: Outcome = state.apply(operation);
            if expected != answer.outcome {
                return Err(format!("{operation:?} gave {:?}, not {expected:?}", answer.outcome));
            }
        }
        self.floor = self.floor.max(answer.index);
        Ok(())
    }
}
