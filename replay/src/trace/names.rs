//! The names behind a trace's numbers: machines, processes, spawn places, streams, points, faults.

use std::collections::BTreeMap;

use crate::wire::{Put, Take};

macro_rules! spaces {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $label:literal;)*) => {
        /// What a number of a record counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Space {
            $($(#[doc = $doc])+ $name = $number,)*
        }

        impl Space {
            /// Every space, in order of number.
            pub const ALL: &'static [Space] = &[$(Space::$name,)*];

            /// The word before a number without a name.
            pub const fn label(self) -> &'static str {
                match self { $(Space::$name => $label,)* }
            }

            fn from_number(number: u8) -> Option<Space> {
                match number { $($number => Some(Space::$name),)* _ => None }
            }
        }
    };
}

spaces! {
    /// Machines, by index.
    Machine = 1, "machine";
    /// Processes, by index.
    Process = 2, "process";
    /// Places in the sources where tasks are spawned, by index.
    Place = 3, "place";
    /// Named streams of chance, by index.
    Stream = 4, "stream";
    /// Points, by the hash of their name.
    Point = 5, "point";
    /// Faults, by index: the lines of the plan.
    Fault = 6, "fault";
    /// Tasks, by number, as the place where the last one of that number was spawned.
    Task = 8, "task";
    /// Links of the network, by index, as `source>target`.
    Link = 7, "link";
}

/// Names by what they name and by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    names: BTreeMap<(Space, u64), String>,
}

impl Names {
    /// No names.
    pub fn new() -> Names {
        Names::default()
    }

    /// Gives a number its name.
    pub fn set(&mut self, space: Space, number: u64, name: impl Into<String>) {
        self.names.insert((space, number), name.into());
    }

    /// Gives the numbers from 0 their names.
    pub fn set_all<N: Into<String>>(&mut self, space: Space, names: impl IntoIterator<Item = N>) {
        for (number, name) in (0..).zip(names) {
            self.set(space, number, name);
        }
    }

    /// The name of a number, when it has one.
    pub fn get(&self, space: Space, number: impl Into<u64>) -> Option<&str> {
        self.names.get(&(space, number.into())).map(String::as_str)
    }

    /// Where [`Kind::Reserve`](sim::trace::Kind::Reserve) gives 32 bits only: the point whose hash folds to them.
    pub(crate) fn point_folded(&self, folded: u32) -> Option<&str> {
        let folds = |hash: u64| (hash ^ hash >> 32) as u32 == folded;
        self.all(Space::Point).find(|(hash, _)| folds(*hash)).map(|(_, name)| name)
    }

    /// All names of a space, in order of number.
    pub fn all(&self, space: Space) -> impl Iterator<Item = (u64, &str)> {
        let range = (space, 0)..=(space, u64::MAX);
        self.names.range(range).map(|((_, number), name)| (*number, name.as_str()))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for ((space, number), name) in &self.names {
            bytes.push(*space as u8);
            bytes.put_varint(*number);
            bytes.put_text(name);
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Names> {
        let mut names = Names::new();
        let mut take = Take(bytes);
        while !take.is_empty() {
            let space = Space::from_number(take.u8()?)?;
            let number = take.varint()?;
            names.set(space, number, take.text()?);
        }
        Some(names)
    }
}

/// The names that a run's report brings.
impl From<&sim::Names> for Names {
    fn from(run: &sim::Names) -> Names {
        let mut names = Names::new();
        names.set_all(Space::Machine, run.machines.iter().map(String::as_str));
        names.set_all(Space::Process, run.processes.iter().map(|(name, _)| name.as_str()));
        names.set_all(Space::Place, run.places.iter().map(String::as_str));
        for (task, place) in (0..).zip(&run.tasks) {
            if let Some(place) = run.places.get(usize::from(*place)) {
                names.set(Space::Task, task, place.as_str());
            }
        }
        names.set_all(Space::Stream, run.streams.iter().map(String::as_str));
        names.set_all(Space::Fault, run.faults.iter().map(String::as_str));
        let machine = |index: u16| run.machines.get(usize::from(index)).map_or("?", String::as_str);
        let link = |(source, target): &(u16, u16)| format!("{}>{}", machine(*source), machine(*target));
        names.set_all(Space::Link, run.links.iter().map(link));
        for (hash, name) in &run.points {
            names.set(Space::Point, *hash, name.as_str());
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encode_and_decode_are_inverse(
            entries in prop::collection::vec((0..Space::ALL.len(), any::<u64>(), any::<String>()), 0..20),
        ) {
            let mut names = Names::new();
            for (space, number, name) in entries {
                names.set(Space::ALL[space], number, name);
            }
            prop_assert_eq!(Names::decode(&names.encode()), Some(names));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Names::decode(&bytes);
        }
    }
}
