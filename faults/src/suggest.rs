//! "Did you mean …?": the known word nearest to an unknown one.

/// Longer words are never near anything; it bounds the work on garbage.
const WORD_CHARS_MAX: usize = 48;

/// The candidate nearest to `word`, when one is near enough to be what was meant.
///
/// ```
/// use tourbillon_faults::suggest::nearest;
/// assert_eq!(nearest("partiton", ["power", "partition"]), Some("partition"));
/// assert_eq!(nearest("zebra", ["power", "partition"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = |text: &str| -> Vec<char> {
        text.chars().take(WORD_CHARS_MAX + 1).flat_map(char::to_lowercase).collect()
    };
    let word = lower(word);
    if word.is_empty() || word.len() > WORD_CHARS_MAX {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &lower(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= word.len().max(candidate.chars().count()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits (insert, remove, replace, swap of neighbors) between two words.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(l != r);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["kill", "power", "pause", "partition", "crash_loop"];
        for (word, meant) in [("kil", Some("kill")), ("pwoer", Some("power")), ("Pause", Some("pause"))] {
            assert_eq!(nearest(word, known), meant);
        }
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", known), None);
        assert_eq!(nearest(&"k".repeat(10_000), known), None);
    }
}
