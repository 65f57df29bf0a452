//! Frames over a byte stream, in as few reads and writes as there are.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frame::{Frame, HEADER_BYTES, read_body, read_header};

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 4096;

/// A stream of frames.
#[derive(Debug)]
pub struct FrameStream<S> {
    stream: S,
    /// What was read and not taken yet is `input[taken..]`.
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> FrameStream<S> {
    /// Frames over `stream`.
    pub fn new(stream: S) -> FrameStream<S> {
        FrameStream { stream, input: Vec::new(), taken: 0, output: Vec::new() }
    }

    /// The next frame; `None` when the other side closed. Damage is an error: it ends the connection.
    /// Safe to drop in mid-wait: what was read stays.
    pub async fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            let needed = match self.input[self.taken..].split_first_chunk::<HEADER_BYTES>() {
                None => HEADER_BYTES,
                Some((header, rest)) => {
                    let (length, sum) = read_header(*header).ok_or(io::ErrorKind::InvalidData)?;
                    if let Some(body) = rest.get(..length) {
                        let frame = read_body(body, sum).ok_or(io::ErrorKind::InvalidData)?;
                        self.taken += HEADER_BYTES + length;
                        return Ok(Some(frame));
                    }
                    HEADER_BYTES + length
                }
            };
            self.make_room(needed);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return if self.taken == self.input.len() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// Writes one frame.
    pub async fn write(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.output.clear();
        append(&mut self.output);
        self.stream.write_all(&self.output).await
    }

    /// Makes room for so many bytes from the next frame on, and for more than that.
    fn make_room(&mut self, needed: usize) {
        if self.taken == self.input.len() {
            self.input.clear();
            self.taken = 0;
        }
        if self.taken + needed > self.input.capacity() {
            self.input.drain(..self.taken);
            self.taken = 0;
            self.input.reserve_exact(needed.max(CHUNK_BYTES) - self.input.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use proptest::prelude::*;
    use tokio::io::ReadBuf;

    use super::super::frame::{Reply, append_reply};
    use super::*;

    /// Gives its bytes in pieces of the given sizes.
    struct Pieces {
        bytes: Vec<u8>,
        sizes: Vec<usize>,
        given: usize,
        reads: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            out: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let size = self.sizes[self.reads % self.sizes.len()].min(out.remaining());
            let end = (self.given + size).min(self.bytes.len());
            out.put_slice(&self.bytes[self.given..end]);
            (self.given, self.reads) = (end, self.reads + 1);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Pieces {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn at_once<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    proptest! {
        #[test]
        fn frames_come_out_of_any_pieces(
            sessions in prop::collection::vec(any::<u64>(), 0..40),
            sizes in prop::collection::vec(1usize..6000, 1..5),
            cut in prop::option::of(1usize..16),
        ) {
            let mut bytes = Vec::new();
            for session in &sessions {
                append_reply(&mut bytes, &Reply::Opened(*session));
            }
            let whole = bytes.len();
            if let Some(cut) = cut {
                append_reply(&mut bytes, &Reply::Opened(0));
                bytes.truncate(whole + cut);
            }
            let mut frames = FrameStream::new(Pieces { bytes, sizes, given: 0, reads: 0 });
            for session in sessions {
                let frame = at_once(frames.next()).expect("whole frames");
                prop_assert_eq!(frame, Some(Frame::Reply(Reply::Opened(session))));
            }
            match at_once(frames.next()) {
                Ok(end) => prop_assert!(end.is_none() && cut.is_none()),
                Err(error) => {
                    prop_assert!(cut.is_some());
                    prop_assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
                }
            }
        }
    }
}
