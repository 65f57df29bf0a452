//! The container of trace files and recordings: a preamble, frames with a checksum each, an end mark.
//!
//! ```text
//! preamble  | magic 8 | format 2 | trace version 2 | choice algorithm 4 |
//! frame     | tag 1 | coding 1 | 0 2 | stored bytes 4 | plain bytes 4 | check 8 | stored bytes … |
//! end       | offset of the last frame 8 | end mark 8 |
//! ```
//! All little-endian. A frame is coded 0 as it is, or 1 with LZ4. Its check is the first 8 bytes of the
//! BLAKE3 over its offset, its first 12 bytes and what is stored, so a frame that was moved is found as
//! well as a flipped bit. The last frame begins with a copy of the preamble. A file without its end mark
//! is refused before anything of it is believed.

use std::io::{self, Read, Seek, SeekFrom, Write};

use sim::choice::ALGORITHM;
use sim::trace::TRACE_VERSION;

use super::error::FileProblem;
use crate::wire::Take;

const PREAMBLE_BYTES: usize = 16;
const HEAD_BYTES: usize = 20;
const CHECKED_HEAD_BYTES: usize = 12;
const END_BYTES: usize = 16;
/// No LZ4 block unpacks to more; what announces more would only take memory.
const LZ4_RATIO_MAX: u64 = 256;
const END_MARK: [u8; 8] = *b"TBL-end\n";

/// What a file is.
pub(crate) struct Shape {
    /// The first bytes; none is text, and a transfer that changes line ends changes them.
    pub(crate) magic: [u8; 8],
    /// The name in messages.
    pub(crate) name: &'static str,
    pub(crate) format: u16,
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Head = 1,
    Records = 2,
    Names = 3,
    Draws = 4,
    Last = 5,
}

impl Tag {
    /// The part of the file, in messages.
    pub(crate) fn part(self) -> &'static str {
        match self {
            Tag::Head => "the head",
            Tag::Records => "a block of records",
            Tag::Names => "the names",
            Tag::Draws => "a block of draws",
            Tag::Last => "the summary",
        }
    }
}

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset(pub(crate) u64);

/// Writes a file from front to back.
pub(crate) struct FrameWriter<W> {
    out: W,
    offset: u64,
    preamble: [u8; PREAMBLE_BYTES],
    /// Kept from frame to frame.
    compressed: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    pub(crate) fn begin(mut out: W, shape: &Shape) -> io::Result<FrameWriter<W>> {
        let mut preamble = [0; PREAMBLE_BYTES];
        preamble[..8].copy_from_slice(&shape.magic);
        preamble[8..10].copy_from_slice(&shape.format.to_le_bytes());
        preamble[10..12].copy_from_slice(&TRACE_VERSION.to_le_bytes());
        preamble[12..].copy_from_slice(&ALGORITHM.to_le_bytes());
        out.write_all(&preamble)?;
        Ok(FrameWriter { out, offset: PREAMBLE_BYTES as u64, preamble, compressed: Vec::new() })
    }

    /// Appends a frame and answers where it begins.
    pub(crate) fn frame(&mut self, tag: Tag, plain: &[u8]) -> io::Result<Offset> {
        self.compressed.resize(lz4_flex::block::get_maximum_output_size(plain.len()), 0);
        let compressed = lz4_flex::block::compress_into(plain, &mut self.compressed).unwrap_or(usize::MAX);
        let (coding, stored) =
            if compressed < plain.len() { (1, &self.compressed[..compressed]) } else { (0, plain) };
        let length = |bytes: &[u8]| {
            let too_long = |_| io::Error::new(io::ErrorKind::InvalidInput, "a frame holds less than 4 GiB");
            u32::try_from(bytes.len()).map_err(too_long)
        };
        let mut head = [0; HEAD_BYTES];
        head[0] = tag as u8;
        head[1] = coding;
        head[4..8].copy_from_slice(&length(stored)?.to_le_bytes());
        head[8..12].copy_from_slice(&length(plain)?.to_le_bytes());
        let check = check(self.offset, &head, stored);
        head[CHECKED_HEAD_BYTES..].copy_from_slice(&check);
        self.out.write_all(&head)?;
        self.out.write_all(stored)?;
        let begun = Offset(self.offset);
        self.offset += (HEAD_BYTES + stored.len()) as u64;
        Ok(begun)
    }

    /// Appends the last frame and the end mark.
    pub(crate) fn end(mut self, plain: &[u8]) -> io::Result<W> {
        let last = [&self.preamble[..], plain].concat();
        let Offset(last) = self.frame(Tag::Last, &last)?;
        self.out.write_all(&last.to_le_bytes())?;
        self.out.write_all(&END_MARK)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn check(offset: u64, head: &[u8; HEAD_BYTES], stored: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&offset.to_le_bytes()).update(&head[..CHECKED_HEAD_BYTES]).update(stored);
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

/// Reads a file's frames, each on its own.
pub(crate) struct FrameReader<R> {
    input: R,
    /// Where the frames end: the offset of the end mark.
    frames_end: u64,
    /// The algorithm of choice of the build that wrote it.
    pub(crate) algorithm: u32,
}

impl<R: Read + Seek> FrameReader<R> {
    /// Opens a file that is whole; answers its last frame too.
    pub(crate) fn open(mut input: R, shape: &Shape) -> Result<(FrameReader<R>, Vec<u8>), FileProblem> {
        let length = input.seek(SeekFrom::End(0))?;
        let preamble = preamble(&mut input, length, shape)?;
        let truncated = FileProblem::Truncated { expected: shape.name, length };
        let Some(frames_end) =
            length.checked_sub(END_BYTES as u64).filter(|end| *end >= PREAMBLE_BYTES as u64)
        else {
            return Err(truncated);
        };
        let mut end = [0; END_BYTES];
        input.seek(SeekFrom::Start(frames_end))?;
        input.read_exact(&mut end)?;
        if end[8..] != END_MARK {
            return Err(truncated);
        }
        let last = u64::from_le_bytes(*end.first_chunk().expect("the end has 16 bytes"));
        let algorithm = u32::from_le_bytes(*preamble.last_chunk().expect("the preamble has 16 bytes"));
        let mut frames = FrameReader { input, frames_end, algorithm };
        let (plain, behind) = frames.frame(Tag::Last, Offset(last))?;
        if behind != Offset(frames_end) {
            let message = format!("the summary at byte {last} ends at byte {} and not here", behind.0);
            return Err(FileProblem::damaged(frames_end, "the end mark", message));
        }
        match plain.strip_prefix(&preamble) {
            Some(rest) => Ok((frames, rest.to_vec())),
            None => {
                let message = "the summary holds another copy of these bytes";
                Err(FileProblem::damaged(0, "the preamble", message))
            }
        }
    }

    /// Where the first frame begins.
    pub(crate) fn first(&self) -> Offset {
        Offset(PREAMBLE_BYTES as u64)
    }

    /// Reads the frame at an offset, and where the next one begins.
    pub(crate) fn frame(&mut self, tag: Tag, at: Offset) -> Result<(Vec<u8>, Offset), FileProblem> {
        let Offset(offset) = at;
        let damaged = |message: String| FileProblem::damaged(offset, tag.part(), message);
        let room = self.frames_end.checked_sub(offset).filter(|_| offset >= PREAMBLE_BYTES as u64);
        let room = room.and_then(|room| room.checked_sub(HEAD_BYTES as u64));
        let room = room.ok_or_else(|| damaged("it would lie outside of the file".into()))?;
        let mut head = [0; HEAD_BYTES];
        self.input.seek(SeekFrom::Start(offset))?;
        self.input.read_exact(&mut head)?;
        let word = |at: usize| u32::from_le_bytes(*head[at..].first_chunk().expect("the head has 20 bytes"));
        let (stored_bytes, plain_bytes) = (word(4), word(8));
        if u64::from(stored_bytes) > room {
            return Err(damaged(format!("{stored_bytes} bytes are announced and {room} are left")));
        }
        let mut stored = vec![0; stored_bytes as usize];
        self.input.read_exact(&mut stored)?;
        if check(offset, &head, &stored) != head[CHECKED_HEAD_BYTES..] {
            return Err(damaged("the checksum does not fit".into()));
        }
        // From here on it is what a writer wrote, though perhaps not what was asked for.
        if head[0] != tag as u8 {
            return Err(damaged(format!("a part with tag {} stands in its place", head[0])));
        }
        let next = Offset(offset + HEAD_BYTES as u64 + u64::from(stored_bytes));
        let plain = match head[1] {
            0 => stored,
            1 if u64::from(plain_bytes) > u64::from(stored_bytes) * LZ4_RATIO_MAX => {
                return Err(damaged(format!("{stored_bytes} bytes cannot unpack to {plain_bytes}")));
            }
            1 => lz4_flex::block::decompress(&stored, plain_bytes as usize)
                .map_err(|error| damaged(format!("it cannot be unpacked: {error}")))?,
            coding => return Err(damaged(format!("coding {coding} is unknown"))),
        };
        if plain.len() != plain_bytes as usize {
            return Err(damaged(format!("{plain_bytes} bytes are announced and {} came", plain.len())));
        }
        Ok((plain, next))
    }
}

/// Reads the preamble of a file that can be read by this build.
fn preamble<R: Read + Seek>(
    input: &mut R,
    length: u64,
    shape: &Shape,
) -> Result<[u8; PREAMBLE_BYTES], FileProblem> {
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(0))?;
    input.by_ref().take(64).read_to_end(&mut bytes)?;
    let magic = &bytes[..bytes.len().min(8)];
    if !shape.magic.starts_with(magic) || bytes.is_empty() {
        return Err(FileProblem::Foreign { expected: shape.name, found: bytes });
    }
    let preamble: [u8; PREAMBLE_BYTES] = match Take(&bytes).array() {
        Some(preamble) => preamble,
        None => return Err(FileProblem::Truncated { expected: shape.name, length }),
    };
    let word = |at: usize| u16::from_le_bytes([preamble[at], preamble[at + 1]]);
    for (what, found, known) in
        [("file format", word(8), shape.format), ("trace version", word(10), TRACE_VERSION)]
    {
        if found != known {
            return Err(FileProblem::Version { what, found, known });
        }
    }
    Ok(preamble)
}
