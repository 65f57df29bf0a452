//! What the bytes of a steered run say.

/// One run: which scenario, which seed, and what is said to its draws.
///
/// ```text
/// | scenario 2 | seed 2 | gap 1 | answer 1 | gap 1 | answer 1 | …
/// ```
/// Little-endian; what is missing is zero, and a last odd byte says nothing. Zeros and few bytes are the simple
/// inputs: no words are the plain run of a small seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The scenario's index.
    pub scenario: usize,
    /// The run's seed.
    pub seed: u64,
    /// What is said, in the order of the draws.
    pub words: Vec<Word>,
}

/// One draw that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// How many draws before it are left to the generator.
    pub gap: u32,
    /// The answer: 0 is the least, 255 the greatest that there is.
    pub answer: u8,
}

/// Gaps up to this are meant as they are; longer ones in steps, so that few bytes reach far into a run.
const GAP_EXACT_MAX: u8 = 127;
/// Draws of such a step.
const GAP_STEP: u32 = 8;

impl Input {
    /// Reads any bytes; `scenario_count` is not zero.
    pub fn decode(bytes: &[u8], scenario_count: usize) -> Input {
        let (head, rest) = bytes.split_at(bytes.len().min(4));
        let at = |index: usize| head.get(index).copied().unwrap_or(0);
        let number = |index: usize| u16::from_le_bytes([at(index), at(index + 1)]);
        let word = |pair: &[u8; 2]| Word { gap: gap(pair[0]), answer: pair[1] };
        Input {
            scenario: usize::from(number(0)) % scenario_count,
            seed: u64::from(number(2)),
            words: rest.as_chunks().0.iter().map(word).collect(),
        }
    }
}

fn gap(byte: u8) -> u32 {
    match byte.checked_sub(GAP_EXACT_MAX) {
        Some(steps) if steps > 0 => u32::from(GAP_EXACT_MAX) + u32::from(steps) * GAP_STEP,
        _ => u32::from(byte),
    }
}

impl Word {
    /// The answer to a draw below `bound`; a bound of 0 stands for 2^64.
    pub fn value(self, bound: u64) -> u64 {
        if self.answer == u8::MAX {
            return bound.wrapping_sub(1);
        }
        let bound = if bound == 0 { 1 << 64 } else { u128::from(bound) };
        ((u128::from(self.answer) * bound) >> 8) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_an_input() {
        let none = Input::decode(&[], 3);
        assert_eq!(none, Input { scenario: 0, seed: 0, words: Vec::new() });
        let some = Input::decode(&[4, 0, 2, 1, 127, 0, 128, 255, 9], 3);
        let words = vec![Word { gap: 127, answer: 0 }, Word { gap: 135, answer: 255 }];
        assert_eq!(some, Input { scenario: 1, seed: 0x102, words });
    }

    #[test]
    fn an_answer_is_below_its_bound_and_reaches_both_ends() {
        for bound in [1, 2, 3, 255, 256, 257, 1_000_000, u64::MAX, 0] {
            let greatest = bound.wrapping_sub(1);
            let answers = (0..=u8::MAX).map(|answer| Word { gap: 0, answer }.value(bound));
            assert!(answers.clone().all(|value| value <= greatest) && answers.clone().is_sorted());
            assert_eq!((answers.clone().min(), answers.max()), (Some(0), Some(greatest)));
        }
        let all: Vec<u64> = (0..=u8::MAX).map(|answer| Word { gap: 0, answer }.value(256)).collect();
        assert_eq!(all, (0..256).collect::<Vec<_>>());
    }
}
