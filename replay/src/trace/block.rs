//! A window of records as a block that packs well: column by column, times as differences.
//!
//! Neighboring records differ in few bytes. Laid out by byte position, with each time as the distance to
//! the one before, most columns are runs of one value, which is what LZ4 is good at.

use sim::trace::{RECORD_BYTES, Record};

/// Bytes of a record's time.
const TIME_BYTES: usize = 8;

/// Encoded records as columns; the inverse of [`from_columns`].
pub(crate) fn to_columns(records: &[u8], columns: &mut Vec<u8>) {
    assert!(records.len().is_multiple_of(RECORD_BYTES), "a block is made of whole records");
    let count = records.len() / RECORD_BYTES;
    columns.clear();
    columns.resize(records.len(), 0);
    let mut before = 0u64;
    for (index, record) in records.chunks_exact(RECORD_BYTES).enumerate() {
        let at = time(record);
        let by = at.wrapping_sub(before).to_le_bytes();
        before = at;
        for (column, byte) in by.iter().chain(&record[TIME_BYTES..]).enumerate() {
            columns[column * count + index] = *byte;
        }
    }
}

/// Columns as encoded records; `None` when they are not columns of whole records.
pub(crate) fn from_columns(columns: &[u8]) -> Option<Vec<u8>> {
    if !columns.len().is_multiple_of(RECORD_BYTES) {
        return None;
    }
    let count = columns.len() / RECORD_BYTES;
    let mut records = vec![0; columns.len()];
    let mut before = 0u64;
    for (index, record) in records.chunks_exact_mut(RECORD_BYTES).enumerate() {
        for (column, byte) in record.iter_mut().enumerate() {
            *byte = columns[column * count + index];
        }
        before = before.wrapping_add(time(record));
        record[..TIME_BYTES].copy_from_slice(&before.to_le_bytes());
    }
    Some(records)
}

fn time(record: &[u8]) -> u64 {
    u64::from_le_bytes(*record.first_chunk().expect("a record begins with its time"))
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
