//! Recordings as files: the case's line, blocks of draws, the names of the streams.

use std::io::{self, Read, Seek, Write};

use sim::choice::{Draw, Recording, StreamId};

use crate::case::Case;
use crate::trace::frame::{FrameReader, FrameWriter, Offset, Shape, Tag};
use crate::trace::{FileError, FileProblem, Names, Space};
use crate::wire::{Put, Take};

const SHAPE: Shape = Shape { magic: *b"\x89TBLdrw\n", name: "recording", format: 1 };

/// Draws a block: about 100 KiB before packing.
const BLOCK_DRAWS: usize = 16_384;

/// A recording as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The line of the case that was run.
    pub case: String,
    /// The algorithm of choice that the draws were made with.
    pub algorithm: u32,
    /// The draws.
    pub recording: Recording,
}

/// Writes a recording, and gives the output back.
///
/// # Errors
/// When the output cannot be written, or the recording names a stream that it does not have.
pub fn save<W: Write>(out: W, case: &Case, recording: &Recording) -> io::Result<W> {
    let mut frames = FrameWriter::begin(out, &SHAPE)?;
    let mut block = Vec::new();
    block.put_text(&case.to_string());
    frames.frame(Tag::Head, &block)?;
    let mut next = vec![0u64; recording.streams.len()];
    for draws in recording.draws.chunks(BLOCK_DRAWS) {
        block.clear();
        for draw in draws {
            let unknown = || io::Error::new(io::ErrorKind::InvalidInput, "a draw is of an unknown stream");
            let next = next.get_mut(draw.stream.index()).ok_or_else(unknown)?;
            block.put_varint(draw.stream.index() as u64);
            // In a whole recording each stream counts on, so this is one zero byte.
            block.put_varint(draw.index.wrapping_sub(*next));
            block.put_varint(draw.bound);
            block.put_varint(draw.value);
            *next = draw.index.wrapping_add(1);
        }
        frames.frame(Tag::Draws, &block)?;
    }
    let mut names = Names::new();
    names.set_all(Space::Stream, recording.streams.iter().map(String::as_str));
    let Offset(names) = frames.frame(Tag::Names, &names.encode())?;
    block.clear();
    block.put_u64(names);
    block.put_varint(recording.draws.len() as u64);
    frames.end(&block)
}

/// Reads a recording; `name` is the file's name in messages.
///
/// # Errors
/// When it cannot be read, is cut, or is damaged.
pub fn load<R: Read + Seek>(name: &str, input: R) -> Result<Kept, FileError> {
    read(input).map_err(|problem| problem.of(name))
}

fn read<R: Read + Seek>(input: R) -> Result<Kept, FileProblem> {
    let (mut frames, last) = FrameReader::open(input, &SHAPE)?;
    let unreadable = |Offset(offset): Offset, tag: Tag| {
        FileProblem::damaged(offset, tag.part(), "it holds what no recording holds")
    };
    let mut take = Take(&last);
    let (names_at, count) = match (take.u64(), take.varint(), take.is_empty()) {
        (Some(names_at), Some(count), true) => (Offset(names_at), count),
        _ => return Err(unreadable(Offset(0), Tag::Last)),
    };
    let (names, _) = frames.frame(Tag::Names, names_at)?;
    let names = Names::decode(&names).ok_or_else(|| unreadable(names_at, Tag::Names))?;
    let streams: Vec<String> = names.all(Space::Stream).map(|(_, name)| name.to_string()).collect();

    let head_at = frames.first();
    let (head, mut at) = frames.frame(Tag::Head, head_at)?;
    let case = Take(&head).text().ok_or_else(|| unreadable(head_at, Tag::Head))?;
    let mut draws = Vec::new();
    let mut next = vec![0u64; streams.len()];
    while at != names_at {
        let (block, behind) = frames.frame(Tag::Draws, at)?;
        draws_of(&block, &mut next, &mut draws).ok_or_else(|| unreadable(at, Tag::Draws))?;
        at = behind;
    }
    if draws.len() as u64 != count {
        let message = format!("{count} draws are announced and {} came", draws.len());
        return Err(FileProblem::damaged(names_at.0, "the draws", message));
    }
    Ok(Kept { case, algorithm: frames.algorithm, recording: Recording { streams, draws } })
}

fn draws_of(block: &[u8], next: &mut [u64], draws: &mut Vec<Draw>) -> Option<()> {
    let mut take = Take(block);
    while !take.is_empty() {
        let stream = u32::try_from(take.varint()?).ok()?;
        let next = next.get_mut(stream as usize)?;
        let index = next.wrapping_add(take.varint()?);
        let (bound, value) = (take.varint()?, take.varint()?);
        *next = index.wrapping_add(1);
        draws.push(Draw { stream: StreamId::from_index(stream), index, bound, value });
    }
    Some(())
}
