//! The keys and their values. What applies an operation; whether it may be applied is decided elsewhere.

use std::collections::BTreeMap;

use super::api::{Key, Operation, Outcome, Value};

/// All keys that are present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    values: BTreeMap<Key, Value>,
}

impl Store {
    /// Applies an operation and says what came of it.
    pub fn apply(&mut self, operation: &Operation) -> Outcome {
        match operation {
            Operation::Get(key) => Outcome::Found(self.values.get(key).cloned()),
            Operation::Put(key, value) => {
                self.set(key, value);
                Outcome::Done
            }
            Operation::Remove(key) => {
                self.values.remove(key);
                Outcome::Done
            }
            Operation::CompareAndSet { key, expected, value } => {
                let holds = self.values.get(key) == expected.as_ref();
                if holds {
                    self.set(key, value);
                }
                Outcome::Swapped(holds)
            }
        }
    }

    fn set(&mut self, key: &Key, value: &Value) {
        match self.values.get_mut(key) {
            Some(held) => *held = value.clone(),
            None => {
                self.values.insert(key.clone(), value.clone());
            }
        }
    }

    /// Folds keys and values into a checksum.
    pub fn fold(&self, hasher: &mut crc32fast::Hasher) {
        for (key, value) in &self.values {
            hasher.update(&(key.len() as u32).to_le_bytes());
            hasher.update(key.as_bytes());
            hasher.update(&(value.len() as u32).to_le_bytes());
            hasher.update(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::rc::Rc;

    fn operation() -> impl Strategy<Value = (u8, u8, Option<u8>, u8)> {
        (0u8..4, 0u8..3, prop::option::of(0u8..3), 0u8..3)
    }

    proptest! {
        /// Against a list of every write ever made, read from the back.
        #[test]
        fn the_last_write_counts(operations in prop::collection::vec(operation(), 0..60)) {
            let mut store = Store::default();
            let mut writes: Vec<(u8, Option<u8>)> = Vec::new();
            let bytes = |value: u8| -> Value { Rc::from([value].as_slice()) };
            for (kind, key, expected, value) in operations {
                let name: Key = key.to_string().into();
                let held = writes.iter().rev().find(|(other, _)| *other == key).and_then(|(_, held)| *held);
                let (operation, outcome) = match kind {
                    0 => (Operation::Get(name), Outcome::Found(held.map(bytes))),
                    1 => (Operation::Put(name, bytes(value)), Outcome::Done),
                    2 => (Operation::Remove(name), Outcome::Done),
                    _ => (
                        Operation::CompareAndSet { key: name, expected: expected.map(bytes), value: bytes(value) },
                        Outcome::Swapped(held == expected),
                    ),
                };
                match kind {
                    1 => writes.push((key, Some(value))),
                    2 => writes.push((key, None)),
                    3 if held == expected => writes.push((key, Some(value))),
                    _ => {}
                }
                prop_assert_eq!(store.apply(&operation), outcome);
            }
        }
    }
}
