//! hyper in a run, unmodified: its reads, writes, tasks and time are the simulation's.
//!
//! hyper brings its own traits for what a runtime gives it. These three types give it ours: [`Io`] wraps any
//! stream with tokio's traits, [`Executor`] spawns in the current process, [`Timer`] sleeps by the machine's
//! monotonic clock. The same three carry tonic's generated code, which is a service over hyper.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use sim::time::{Instant, Sleep, sleep, sleep_until};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream with tokio's traits, as hyper wants it.
#[derive(Debug)]
pub struct Io<T> {
    stream: T,
}

impl<T> Io<T> {
    /// Wraps a stream.
    pub fn new(stream: T) -> Io<T> {
        Io { stream }
    }

    /// The stream inside.
    pub fn into_inner(self) -> T {
        self.stream
    }
}

/// The most bytes that one read hands over.
const READ_BYTES_MAX: usize = 8192;

impl<T: AsyncRead + Unpin> Read for Io<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        // Through a buffer of our own: hyper's cursor can be filled in place by `unsafe` code alone.
        let mut bytes = [0; READ_BYTES_MAX];
        let length = cursor.remaining().min(READ_BYTES_MAX);
        let mut buffer = ReadBuf::new(&mut bytes[..length]);
        ready!(pin!(&mut self.stream).poll_read(cx, &mut buffer))?;
        cursor.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> Write for Io<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        pin!(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        pin!(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        pin!(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        pin!(&mut self.stream).poll_write_vectored(cx, slices)
    }
}

/// Spawns hyper's tasks in the current process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        drop(sim::task::spawn(future));
    }
}

/// Sleeps by the current machine's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

impl hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Waiting(sleep(duration)))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let nanos = deadline.saturating_duration_since(zero());
        let deadline = Instant::now() + nanos.saturating_sub(Duration::from_nanos(sim::now().as_nanos()));
        Box::pin(Waiting(sleep_until(deadline)))
    }

    fn now(&self) -> std::time::Instant {
        zero() + Duration::from_nanos(sim::now().as_nanos())
    }
}

struct Waiting(Sleep);

impl Future for Waiting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl hyper::rt::Sleep for Waiting {}

/// What stands for a machine's zero among the host's instants, which have no other constructor. Only
/// differences to it are ever taken, so the host's clock decides nothing.
#[allow(clippy::disallowed_methods)]
fn zero() -> std::time::Instant {
    static ZERO: OnceLock<std::time::Instant> = OnceLock::new();
    *ZERO.get_or_init(std::time::Instant::now)
}
