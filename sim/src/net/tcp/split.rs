//! The halves of a stream, borrowed and owned.

use std::fmt;
use std::io::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::stream::TcpStream;

/// The reading half of a borrowed stream.
#[derive(Debug)]
pub struct ReadHalf<'a> {
    pub(super) stream: &'a TcpStream,
}

/// The writing half of a borrowed stream.
#[derive(Debug)]
pub struct WriteHalf<'a> {
    pub(super) stream: &'a TcpStream,
}

/// The reading half of a stream. The stream is closed when both halves are dropped.
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: Arc<TcpStream>,
}

/// The writing half of a stream. Dropping it shuts the writing down.
#[derive(Debug)]
pub struct OwnedWriteHalf {
    stream: Arc<TcpStream>,
    /// Whether dropping it still has something to shut down.
    shuts_down: AtomicBool,
}

/// Two halves that are not of one stream, given back.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried to reunite halves that are not from the same socket")
    }
}

impl std::error::Error for ReuniteError {}

pub(super) fn split_owned(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Arc::new(stream);
    let reads = OwnedReadHalf { stream: stream.clone() };
    (reads, OwnedWriteHalf { stream, shuts_down: AtomicBool::new(true) })
}

fn reunite(reads: OwnedReadHalf, writes: OwnedWriteHalf) -> std::result::Result<TcpStream, ReuniteError> {
    if !Arc::ptr_eq(&reads.stream, &writes.stream) {
        return Err(ReuniteError(reads, writes));
    }
    writes.forget();
    Ok(Arc::try_unwrap(reads.stream).expect("there were two halves, and one is gone"))
}

macro_rules! reading {
    ($type:ty) => {
        impl $type {
            pub(super) fn stream_ref(&self) -> &TcpStream {
                &self.stream
            }

            /// As [`TcpStream::peek`].
            ///
            /// # Errors
            /// The same.
            pub async fn peek(&mut self, buf: &mut [u8]) -> Result<usize> {
                self.stream.peek(buf).await
            }

            /// As [`TcpStream::poll_peek`].
            pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<usize>> {
                self.stream.poll_peek(cx, buf)
            }

            /// As [`TcpStream::readable`].
            ///
            /// # Errors
            /// The same.
            pub async fn readable(&self) -> Result<()> {
                self.stream.readable().await
            }

            /// As [`TcpStream::try_read`].
            ///
            /// # Errors
            /// The same.
            pub fn try_read(&self, buf: &mut [u8]) -> Result<usize> {
                self.stream.try_read(buf)
            }

            /// As [`TcpStream::peer_addr`].
            ///
            /// # Errors
            /// The same.
            pub fn peer_addr(&self) -> Result<SocketAddr> {
                self.stream.peer_addr()
            }

            /// As [`TcpStream::local_addr`].
            ///
            /// # Errors
            /// The same.
            pub fn local_addr(&self) -> Result<SocketAddr> {
                self.stream.local_addr()
            }
        }
    };
}

macro_rules! writing {
    ($type:ty) => {
        impl $type {
            pub(super) fn stream_ref(&self) -> &TcpStream {
                &self.stream
            }

            /// As [`TcpStream::writable`].
            ///
            /// # Errors
            /// The same.
            pub async fn writable(&self) -> Result<()> {
                self.stream.writable().await
            }

            /// As [`TcpStream::try_write`].
            ///
            /// # Errors
            /// The same.
            pub fn try_write(&self, buf: &[u8]) -> Result<usize> {
                self.stream.try_write(buf)
            }

            /// As [`TcpStream::try_write_vectored`].
            ///
            /// # Errors
            /// The same.
            pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> Result<usize> {
                self.stream.try_write_vectored(bufs)
            }

            /// As [`TcpStream::peer_addr`].
            ///
            /// # Errors
            /// The same.
            pub fn peer_addr(&self) -> Result<SocketAddr> {
                self.stream.peer_addr()
            }

            /// As [`TcpStream::local_addr`].
            ///
            /// # Errors
            /// The same.
            pub fn local_addr(&self) -> Result<SocketAddr> {
                self.stream.local_addr()
            }
        }
    };
}

reading!(ReadHalf<'_>);
reading!(OwnedReadHalf);
writing!(WriteHalf<'_>);
writing!(OwnedWriteHalf);

impl WriteHalf<'_> {
    pub(super) fn shut_down(&self) -> Result<()> {
        self.stream.finish()
    }
}

impl OwnedReadHalf {
    /// Puts the two halves of one stream together again.
    ///
    /// # Errors
    /// When they are not of one stream.
    pub fn reunite(self, other: OwnedWriteHalf) -> std::result::Result<TcpStream, ReuniteError> {
        reunite(self, other)
    }
}

impl OwnedWriteHalf {
    pub(super) fn shut_down(&self) -> Result<()> {
        let finished = self.stream.finish();
        if finished.is_ok() {
            self.shuts_down.store(false, Ordering::Relaxed);
        }
        finished
    }

    /// Puts the two halves of one stream together again.
    ///
    /// # Errors
    /// When they are not of one stream.
    pub fn reunite(self, other: OwnedReadHalf) -> std::result::Result<TcpStream, ReuniteError> {
        reunite(other, self)
    }

    /// Drops the half without shutting anything down.
    pub fn forget(self) {
        self.shuts_down.store(false, Ordering::Relaxed);
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.shuts_down.load(Ordering::Relaxed) {
            self.stream.finish_on_drop();
        }
    }
}
