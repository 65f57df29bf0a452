//! Machines that can go on at this very time, first come, first served.

use std::collections::VecDeque;

/// A queue whose first place is a word, because most of the time one machine goes on alone.
pub(super) struct Runnable {
    first: Option<u16>,
    /// Those behind the first; or all of them, after the first was taken.
    others: VecDeque<u16>,
}

impl Runnable {
    pub(super) fn new() -> Runnable {
        Runnable { first: None, others: VecDeque::new() }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.is_empty()
    }

    #[inline]
    pub(super) fn push(&mut self, machine: u16) {
        if self.is_empty() {
            self.first = Some(machine);
        } else {
            self.others.push_back(machine);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<u16> {
        self.first.take().or_else(|| self.others.pop_front())
    }

    /// A machine no longer goes on.
    pub(super) fn remove(&mut self, machine: u16) {
        self.first = self.first.filter(|&first| first != machine);
        self.others.retain(|&other| other != machine);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Each step pushes, pops or removes, as a plain queue does.
        #[test]
        fn agrees_with_a_plain_queue(steps in prop::collection::vec((0..3u8, 0..4u16), 0..60)) {
            let mut runnable = Runnable::new();
            let mut plain = VecDeque::new();
            for (step, machine) in steps {
                match step {
                    0 => {
                        runnable.push(machine);
                        plain.push_back(machine);
                    }
                    1 => prop_assert_eq!(runnable.pop(), plain.pop_front()),
                    _ => {
                        runnable.remove(machine);
                        plain.retain(|&other| other != machine);
                    }
                }
                prop_assert_eq!(runnable.is_empty(), plain.is_empty());
            }
        }
    }
}
