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
