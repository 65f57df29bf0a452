//! Sorting a bucket whose time has come, latest first.

use std::cmp::Reverse;

use super::{BUCKET_SHIFT, Entry};

/// From this many entries on a bucket is sorted by digits.
const RADIX_COUNT_MIN: usize = 128;
/// Two digits are what the times of one bucket differ in.
const DIGIT_BITS: u32 = BUCKET_SHIFT / 2;
const _: () = assert!(2 * DIGIT_BITS == BUCKET_SHIFT);

/// Sorts the entries of one bucket, in which of equal times the one that was scheduled first stands first.
#[inline]
pub(super) fn sort(entries: &mut [Entry], spare: &mut Vec<Vec<Entry>>) {
    match entries.len() {
        0 | 1 => {}
        RADIX_COUNT_MIN.. => sort_by_digits(entries, spare),
        _ => entries.sort_unstable_by_key(|entry| Reverse((entry.at, entry.seq))),
    }
}

/// Sorts a full bucket by the two digits in which the times of one bucket differ, a fifth of the cost of
/// comparing. The first pass turns the order of equals round, as latest first wants it; the second keeps it.
#[inline(never)]
fn sort_by_digits(entries: &mut [Entry], spare: &mut Vec<Vec<Entry>>) {
    let mut scratch = spare.pop().unwrap_or_default();
    scratch.clear();
    scratch.extend_from_slice(entries);
    distribute(entries, &mut scratch, 0, true);
    distribute(&scratch, entries, DIGIT_BITS, false);
    scratch.clear();
    spare.push(scratch);
    debug_assert!(entries.is_sorted_by(|a, b| b.is_before(a)));
}

/// One pass: puts every entry of `from` where it belongs by one digit of its time, latest first. Equals keep
/// their order, or with `turned` are put the other way round.
fn distribute(from: &[Entry], to: &mut [Entry], shift: u32, turned: bool) {
    const DIGIT_COUNT: usize = 1 << DIGIT_BITS;
    let digit = |entry: &Entry| (entry.at >> shift) as usize & (DIGIT_COUNT - 1);
    let mut ends = [0u32; DIGIT_COUNT];
    for entry in from {
        ends[digit(entry)] += 1;
    }
    let mut end = 0;
    for count in ends.iter_mut().rev() {
        end += *count;
        *count = end;
    }
    let mut put = |entry: &Entry| {
        let place = &mut ends[digit(entry)];
        *place -= 1;
        to[*place as usize] = *entry;
    };
    if turned { from.iter().for_each(&mut put) } else { from.iter().rev().for_each(&mut put) }
}
