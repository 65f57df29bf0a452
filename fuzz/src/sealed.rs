//! Files with checksums, mutated: torn as a disk would tear them, or sealed again so that every checksum fits.
//!
//! A trace file and a recording refuse whatever a checksum does not cover, so a mutation hardly reaches what stands
//! behind it. Here the frames are found again by the format that `replay` documents, changed inside, and given
//! checksums that fit; what reads their content then meets content that no writer writes.

use arbitrary::Arbitrary;

/// Bytes before the first frame, of a frame's head, of that what its checksum covers, and behind the last frame.
const PREAMBLE_BYTES: usize = 16;
const HEAD_BYTES: usize = 20;
const CHECKED_HEAD_BYTES: usize = 12;
const END_BYTES: usize = 16;

/// One change of a file. Places are counted around, so any number is one.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Change {
    /// Some bits of a byte are flipped.
    Flip { at: u16, bits: u8 },
    /// The file ends early.
    Cut { at: u16 },
    /// Bytes follow.
    Append { byte: u8, count: u8 },
    /// A part is copied over another.
    Copy { from: u16, to: u16, count: u8 },
}

impl Change {
    /// Does it to any bytes.
    pub(crate) fn apply(self, bytes: &mut Vec<u8>) {
        let Some(length) = Some(bytes.len()).filter(|length| *length > 0) else { return };
        let place = |at: u16| usize::from(at) % length;
        match self {
            Change::Flip { at, bits } => bytes[place(at)] ^= bits,
            Change::Cut { at } => bytes.truncate(place(at)),
            Change::Append { byte, count } => bytes.extend(std::iter::repeat_n(byte, count.into())),
            Change::Copy { from, to, count } => {
                let (from, to) = (place(from), place(to));
                let count = usize::from(count).min(length - from.max(to));
                bytes.copy_within(from..from + count, to);
            }
        }
    }
}

/// One change within a frame, which is sealed afterwards.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Inner {
    /// Some bits of what it stores are flipped.
    Flip { frame: u8, at: u16, bits: u8 },
    /// Some bits of its head are flipped: its tag, its coding, its lengths.
    Head { frame: u8, at: u8, bits: u8 },
    /// What it stores is called its content, as if it had not been packed.
    Unpacked { frame: u8 },
    /// It stores what the last frame stores, as far as it has room.
    Swap { frame: u8, other: u8 },
}

/// Changes frames of a whole file, each in place, and gives every frame a checksum that fits.
///
/// # Panics
/// When the file is not whole: the format has moved, and so must this.
pub(crate) fn change_within(file: &mut [u8], changes: &[Inner]) {
    let frames = frames(file);
    let of = |frame: u8| frames[usize::from(frame) % frames.len()].clone();
    for change in changes {
        match *change {
            Inner::Flip { frame, at, bits } => {
                let stored = &mut file[of(frame)][HEAD_BYTES..];
                if !stored.is_empty() {
                    stored[usize::from(at) % stored.len()] ^= bits;
                }
            }
            Inner::Head { frame, at, bits } => {
                file[of(frame)][usize::from(at) % CHECKED_HEAD_BYTES] ^= bits;
            }
            Inner::Unpacked { frame } => {
                let head = &mut file[of(frame)];
                head[1] = 0;
                head.copy_within(4..8, 8);
            }
            Inner::Swap { frame, other } => {
                let (target, source) = (of(frame), file[of(other)][HEAD_BYTES..].to_vec());
                let target = &mut file[target][HEAD_BYTES..];
                let count = target.len().min(source.len());
                target[..count].copy_from_slice(&source[..count]);
            }
        }
    }
    for frame in frames {
        seal(file, frame.start);
    }
}

/// Where the frames of a whole file are.
fn frames(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut at, end) = (PREAMBLE_BYTES, file.len() - END_BYTES);
    let mut frames = Vec::new();
    while at < end {
        let stored = u32::from_le_bytes(*file[at + 4..].first_chunk().expect("a frame has a head"));
        let next = at + HEAD_BYTES + stored as usize;
        frames.push(at..next);
        at = next;
    }
    assert_eq!(at, end, "frames fill a file up to its end mark");
    frames
}

/// Gives the frame that begins there a checksum that fits, when it ends within the file.
fn seal(file: &mut [u8], at: usize) {
    let stored = u32::from_le_bytes(*file[at + 4..].first_chunk().expect("a frame has a head")) as usize;
    let Some(content) = file.get(at + HEAD_BYTES..).and_then(|rest| rest.get(..stored)) else { return };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(at as u64).to_le_bytes()).update(&file[at..at + CHECKED_HEAD_BYTES]).update(content);
    let check = hasher.finalize();
    file[at + CHECKED_HEAD_BYTES..at + HEAD_BYTES].copy_from_slice(&check.as_bytes()[..8]);
}

/// Changes from bytes, as many as there are.
pub(crate) fn changes<'a, C: Arbitrary<'a>>(bytes: &'a [u8]) -> Vec<C> {
    let mut input = arbitrary::Unstructured::new(bytes);
    let mut changes = Vec::new();
    while !input.is_empty() && changes.len() < CHANGE_COUNT_MAX {
        changes.extend(C::arbitrary(&mut input));
    }
    changes
}

/// More changes than this leave nothing of a file.
const CHANGE_COUNT_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use replay::case::Case;
    use replay::recording::{load, save};
    use sim::choice::Recording;

    /// The format is read here by what is written of it; this fails when it moves.
    #[test]
    fn a_file_that_is_sealed_again_is_the_same_file() {
        let whole = save(Vec::new(), &Case::new("a/b", 1), &Recording::default()).expect("memory takes all");
        let mut sealed = whole.clone();
        change_within(&mut sealed, &[]);
        assert_eq!(sealed, whole);
        // A seal fits what was changed: the reader gets to read the head, and finds another case in it.
        change_within(&mut sealed, &[Inner::Flip { frame: 0, at: 1, bits: 2 }]);
        assert_ne!(sealed, whole);
        let kept = load("x.draws", std::io::Cursor::new(sealed)).expect("its checksums fit");
        assert!(kept.case.starts_with("c/b"), "{}", kept.case);
    }
}
