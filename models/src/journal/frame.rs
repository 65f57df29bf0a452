//! Records in a file: a length, a checksum and the bytes of each. Pure.
//!
//! A file that was cut or torn is good up to its first record that is not whole; what comes after was never
//! acted upon, because nothing is acted upon before it is synced.

const HEAD_BYTES: usize = 8;

/// Appends a record.
pub fn append(out: &mut Vec<u8>, record: &[u8]) {
    let length = (record.len() as u32).to_le_bytes();
    // The length is checked as well: a run of zeros is no row of empty records.
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(record);
    out.extend_from_slice(&length);
    out.extend_from_slice(&hasher.finalize().to_le_bytes());
    out.extend_from_slice(record);
}

/// The whole records at the front of a file, and how many bytes they take.
pub fn read(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some(record) = first(&bytes[at..]) {
        records.push(record);
        at += HEAD_BYTES + record.len();
    }
    (records, at)
}

fn first(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let record = rest.get(..u32::from_le_bytes(*length) as usize)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(record);
    (hasher.finalize() == u32::from_le_bytes(*sum)).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_journal_is_good_up_to_where_it_was_cut(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            cut: prop::sample::Index,
        ) {
            let mut bytes = Vec::new();
            let mut ends = vec![0];
            for record in &records {
                append(&mut bytes, record);
                ends.push(bytes.len());
            }
            let cut = cut.index(bytes.len() + 1);
            let (read, whole_bytes) = read(&bytes[..cut]);
            let expected = ends.iter().filter(|end| **end <= cut).count() - 1;
            prop_assert_eq!(whole_bytes, ends[expected]);
            prop_assert_eq!(read, records[..expected].iter().map(Vec::as_slice).collect::<Vec<_>>());
        }

        #[test]
        fn garbage_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let (records, whole_bytes) = read(&bytes);
            let mut again = Vec::new();
            records.iter().for_each(|record| append(&mut again, record));
            prop_assert_eq!(&again[..], &bytes[..whole_bytes]);
        }
    }

    #[test]
    fn zeros_are_no_records() {
        assert_eq!(read(&[0; 64]), (Vec::new(), 0));
    }
}
