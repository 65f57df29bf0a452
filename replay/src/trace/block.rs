//! A window of records as a block that packs well: column by column, times as differences.
//!
//! Neighboring records differ in few bytes. Laid out by byte position, with each time as the distance to
//! the one before, most columns are runs of one value, which is what LZ4 is good at.

use sim::trace::{RECORD_BYTES, Record};

/// Bytes of a record's time.
const TIME_BYTES: usize = 8;
/// A record is three words of eight bytes, and eight records are three squares of 64 bytes.
const WORDS: usize = RECORD_BYTES / 8;
const SQUARE_RECORDS: usize = 8;
const _: () = assert!(RECORD_BYTES.is_multiple_of(8) && TIME_BYTES == 8);

/// Encoded records as columns; the inverse of [`from_columns`].
pub(crate) fn to_columns(records: &[u8], columns: &mut Vec<u8>) {
    assert!(records.len().is_multiple_of(RECORD_BYTES), "a block is made of whole records");
    let count = records.len() / RECORD_BYTES;
    columns.clear();
    columns.resize(records.len(), 0);
    let mut before = 0u64;
    let squares = records.chunks_exact(SQUARE_RECORDS * RECORD_BYTES);
    let rest = squares.remainder();
    for (square, records) in squares.enumerate() {
        let mut words = [[0u64; SQUARE_RECORDS]; WORDS];
        for (index, record) in records.chunks_exact(RECORD_BYTES).enumerate() {
            let [at, head, tail] = words_of(record);
            words[0][index] = at.wrapping_sub(before);
            words[1][index] = head;
            words[2][index] = tail;
            before = at;
        }
        for (word, square_words) in words.into_iter().enumerate() {
            for (byte, column) in transposed(square_words).into_iter().enumerate() {
                let at = (word * 8 + byte) * count + square * SQUARE_RECORDS;
                columns[at..at + SQUARE_RECORDS].copy_from_slice(&column.to_le_bytes());
            }
        }
    }
    for (index, record) in rest.chunks_exact(RECORD_BYTES).enumerate() {
        let [at, head, tail] = words_of(record);
        let words = [at.wrapping_sub(before), head, tail];
        before = at;
        for (byte, value) in words.iter().flat_map(|word| word.to_le_bytes()).enumerate() {
            columns[byte * count + count / SQUARE_RECORDS * SQUARE_RECORDS + index] = value;
        }
    }
}

/// Columns as encoded records; `None` when they are not columns of whole records.
pub(crate) fn from_columns(columns: &[u8]) -> Option<Vec<u8>> {
    if !columns.len().is_multiple_of(RECORD_BYTES) {
        return None;
    }
    let count = columns.len() / RECORD_BYTES;
    let mut records = Vec::with_capacity(columns.len());
    let mut before = 0u64;
    let mut push = |records: &mut Vec<u8>, [by, head, tail]: [u64; WORDS]| {
        before = before.wrapping_add(by);
        [before, head, tail].iter().for_each(|word| records.extend_from_slice(&word.to_le_bytes()));
    };
    for square in 0..count / SQUARE_RECORDS {
        let words: [[u64; SQUARE_RECORDS]; WORDS] = std::array::from_fn(|word| {
            transposed(std::array::from_fn(|byte| {
                word_at(&columns[(word * 8 + byte) * count + square * SQUARE_RECORDS..])
            }))
        });
        for index in 0..SQUARE_RECORDS {
            push(&mut records, words.map(|word| word[index]));
        }
    }
    for index in count / SQUARE_RECORDS * SQUARE_RECORDS..count {
        let word = |word: usize| {
            u64::from_le_bytes(std::array::from_fn(|byte| columns[(word * 8 + byte) * count + index]))
        };
        push(&mut records, std::array::from_fn(word));
    }
    Some(records)
}

/// Eight words of eight bytes, turned on the diagonal: byte `i` of word `k` becomes byte `k` of word `i`.
fn transposed(mut words: [u64; 8]) -> [u64; 8] {
    for (distance, mask) in
        [(1, 0x00ff_00ff_00ff_00ff), (2, 0x0000_ffff_0000_ffff), (4, 0x0000_0000_ffff_ffff)]
    {
        let shift = 8 * distance;
        for upper in (0..8).filter(|index| index & distance == 0) {
            let lower = upper + distance;
            let swapped = ((words[upper] >> shift) ^ words[lower]) & mask;
            words[lower] ^= swapped;
            words[upper] ^= swapped << shift;
        }
    }
    words
}

fn words_of(record: &[u8]) -> [u64; WORDS] {
    std::array::from_fn(|word| word_at(&record[word * 8..]))
}

fn word_at(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("a word has eight bytes"))
}

/// Decodes records; the number of the first unknown one otherwise.
pub(crate) fn decode(records: &[u8]) -> Result<Vec<Record>, (usize, u8)> {
    let mut decoded = Vec::with_capacity(records.len() / RECORD_BYTES);
    for (index, bytes) in records.chunks_exact(RECORD_BYTES).enumerate() {
        let bytes = bytes.try_into().expect("a chunk is one record");
        decoded.push(Record::decode(bytes).ok_or((index, bytes[TIME_BYTES]))?);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_column_is_one_byte_of_every_record() {
        for count in [1, 7, 8, 9, 16, 19] {
            let records: Vec<u8> = (0..count).flat_map(|index| [index as u8; RECORD_BYTES]).collect();
            let mut columns = Vec::new();
            to_columns(&records, &mut columns);
            let bytes: Vec<u8> = (0..count).map(|index| index as u8).collect();
            for column in columns.chunks_exact(count).skip(TIME_BYTES) {
                assert_eq!(column, bytes);
            }
        }
    }

    proptest! {
        #[test]
        fn columns_and_records_are_inverse(words in prop::collection::vec(any::<[u64; 3]>(), 0..50)) {
            let records: Vec<u8> = words.iter().flatten().flat_map(|word| word.to_le_bytes()).collect();
            let mut columns = Vec::new();
            to_columns(&records, &mut columns);
            prop_assert_eq!(from_columns(&columns), Some(records));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Some(records) = from_columns(&bytes) {
                let _ = decode(&records);
            }
        }
    }
}
