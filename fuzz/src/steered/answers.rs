//! An explorer that takes its answers from an input, and from the generator where the input says nothing.

use std::cell::RefCell;
use std::rc::Rc;

use sim::choice::{Draw, Explorer, StreamId};

use super::input::Word;

/// Draws that the generator would have answered in another way, in the order of the run.
pub(super) type Changed = Rc<RefCell<Vec<Draw>>>;

/// Answers the draws of one run.
pub struct Answers {
    words: std::vec::IntoIter<Word>,
    next: Option<Word>,
    changed: Changed,
}

impl Answers {
    /// The explorer, and where it notes what it changes.
    pub(super) fn new(words: Vec<Word>) -> (Answers, Changed) {
        let mut words = words.into_iter();
        let next = words.next();
        let changed = Changed::default();
        (Answers { words, next, changed: changed.clone() }, changed)
    }
}

impl Explorer for Answers {
    fn choose(&mut self, stream: StreamId, index: u64, bound: u64, drawn: u64) -> u64 {
        match &mut self.next {
            None => drawn,
            Some(word) if word.gap > 0 => {
                word.gap -= 1;
                drawn
            }
            Some(word) => {
                let value = word.value(bound);
                self.next = self.words.next();
                if value != drawn {
                    self.changed.borrow_mut().push(Draw { stream, index, bound, value });
                }
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_left_to_the_generator_and_what_it_would_have_said_is_no_change() {
        let word = |gap, answer| Word { gap, answer };
        let (mut answers, changed) = Answers::new(vec![word(1, 255), word(0, 0), word(2, 0)]);
        let stream = StreamId::from_index(3);
        let said: Vec<u64> = (0..7).map(|index| answers.choose(stream, index, 10, 9)).collect();
        assert_eq!(said, [9, 9, 0, 9, 9, 0, 9], "the second is 9 by the bytes");
        let changed: Vec<u64> = changed.borrow().iter().map(|draw| draw.index).collect();
        assert_eq!(changed, [2, 5]);
    }
}
