//! `TcpStream`, as tokio's.

use std::fmt;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::handle::{Home, here};
use super::super::lookup::{ToSocketAddrs, resolve};
use super::super::stream::StreamKey;
use super::split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf, split_owned};

/// One end of a connection.
///
/// Bytes arrive in order, each once. Loss and partitions show as delay, and in the end as `TimedOut`; a
/// peer that is killed shows as `ConnectionReset`; a peer without power does not show at all. What is
/// written leaves without a flush.
pub struct TcpStream {
    home: Home,
    key: StreamKey,
}

/// How long it takes to learn that an address leads nowhere.
const UNREACHABLE_AFTER: Duration = Duration::from_secs(3);

/// Somebody who waits for a stream; dropped, it waits no longer.
struct Waiting<'a> {
    stream: &'a TcpStream,
    reading: bool,
    ticket: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.ticket != 0 {
            let stream = self.stream;
            let left = stream.home.drop(|net, _| net.leave_stream(stream.key, self.reading, self.ticket));
            drop(left);
        }
    }
}

fn copy_to(buf: &mut [u8]) -> impl FnOnce(&[u8], &[u8]) -> usize {
    |first, second| {
        buf[..first.len()].copy_from_slice(first);
        buf[first.len()..first.len() + second.len()].copy_from_slice(second);
        first.len() + second.len()
    }
}

fn put_into(buf: &mut ReadBuf<'_>) -> impl FnOnce(&[u8], &[u8]) -> usize {
    |first, second| {
        buf.put_slice(first);
        buf.put_slice(second);
        first.len() + second.len()
    }
}

impl TcpStream {
    pub(super) fn new(home: Home, key: StreamKey) -> TcpStream {
        TcpStream { home, key }
    }

    /// Connects to an address, or to the first of several that answers.
    ///
    /// # Errors
    /// `ConnectionRefused` when nobody listens there, `TimedOut` when nobody answers, `HostUnreachable` when
    /// no machine has the address.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> Result<TcpStream> {
        let mut last = None;
        for address in resolve(addr).await? {
            match TcpStream::connect_from(None, address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::new(ErrorKind::InvalidInput, "no address to connect to")))
    }

    pub(super) async fn connect_from(from: Option<SocketAddr>, to: SocketAddr) -> Result<TcpStream> {
        let begun = here("TcpStream::connect", |net, kernel| {
            let key = net.connect_stream(kernel, from, to)?;
            Ok(TcpStream { home: Home::of(kernel), key })
        });
        let stream = match begun {
            Err(error) if error.kind() == ErrorKind::HostUnreachable => {
                // The answer that there is no such machine takes its time.
                crate::time::sleep(UNREACHABLE_AFTER).await;
                return Err(error);
            }
            begun => begun?,
        };
        std::future::poll_fn(|cx| {
            stream.home.poll(cx, |net, _, waker| {
                net.poll_connected(stream.key, waker).map(|connected| connected.then_some(()))
            })
        })
        .await?;
        Ok(stream)
    }

    #[inline]
    pub(super) fn poll_read_into<R>(
        &self,
        cx: &Context<'_>,
        wanted: usize,
        peek: bool,
        take: impl FnOnce(&[u8], &[u8]) -> R,
    ) -> Poll<Result<R>> {
        self.home.poll(cx, |net, kernel, waker| {
            net.read_stream(kernel, self.key, wanted, peek, Some((0, waker)), take)
        })
    }

    #[inline]
    pub(super) fn poll_write_from(&self, cx: &Context<'_>, parts: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        self.home.poll(cx, |net, kernel, waker| net.write_stream(kernel, self.key, parts, Some((0, waker))))
    }

    pub(super) fn finish(&self) -> Result<()> {
        self.home.call(|net, kernel| net.finish_stream(kernel, self.key))
    }

    /// As [`finish`](TcpStream::finish), from a destructor.
    pub(super) fn finish_on_drop(&self) {
        self.home.drop(|net, kernel| {
            // Of a stream that is broken there is nothing to finish.
            let _ = net.finish_stream(kernel, self.key);
        });
    }

    /// Reads what is there without taking it.
    ///
    /// # Errors
    /// `ConnectionReset` and `TimedOut` when the connection broke.
    pub async fn peek(&self, buf: &mut [u8]) -> Result<usize> {
        self.wait_to_read(buf.len(), |first, second| copy_to(&mut *buf)(first, second)).await
    }

    /// As [`peek`](TcpStream::peek). The last task that polled is woken.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<usize>> {
        self.poll_read_into(cx, buf.remaining(), true, put_into(buf))
    }

    async fn wait_to_read<R>(&self, wanted: usize, mut take: impl FnMut(&[u8], &[u8]) -> R) -> Result<R> {
        let mut waiting = Waiting { stream: self, reading: true, ticket: 0 };
        let answer = std::future::poll_fn(|cx| {
            self.home.poll(cx, |net, kernel, waker| {
                waiting.ticket = net.ticket(waiting.ticket);
                net.read_stream(kernel, self.key, wanted, true, Some((waiting.ticket, waker)), &mut take)
            })
        })
        .await;
        waiting.ticket = 0;
        answer
    }

    /// Waits until a read would not wait: there are bytes, their end, or an error.
    ///
    /// # Errors
    /// When the stream is closed.
    pub async fn readable(&self) -> Result<()> {
        let mut waiting = Waiting { stream: self, reading: true, ticket: 0 };
        let answer = std::future::poll_fn(|cx| {
            self.home.poll(cx, |net, _, waker| {
                waiting.ticket = net.ticket(waiting.ticket);
                net.stream_ready(self.key, true, Some((waiting.ticket, waker)))
            })
        })
        .await;
        waiting.ticket = 0;
        answer
    }

    /// Waits until a write would not wait: there is room, or an error.
    ///
    /// # Errors
    /// When the stream is closed.
    pub async fn writable(&self) -> Result<()> {
        let mut waiting = Waiting { stream: self, reading: false, ticket: 0 };
        let answer = std::future::poll_fn(|cx| {
            self.home.poll(cx, |net, _, waker| {
                waiting.ticket = net.ticket(waiting.ticket);
                net.stream_ready(self.key, false, Some((waiting.ticket, waker)))
            })
        })
        .await;
        waiting.ticket = 0;
        answer
    }

    /// As [`readable`](TcpStream::readable). The last task that polled is woken.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.home.poll(cx, |net, _, waker| net.stream_ready(self.key, true, Some((0, waker))))
    }

    /// As [`writable`](TcpStream::writable). The last task that polled is woken.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.home.poll(cx, |net, _, waker| net.stream_ready(self.key, false, Some((0, waker))))
    }

    /// Reads what is there, or `WouldBlock`.
    ///
    /// # Errors
    /// `ConnectionReset` and `TimedOut` when the connection broke.
    pub fn try_read(&self, buf: &mut [u8]) -> Result<usize> {
        let wanted = buf.len();
        let read = self
            .home
            .call(|net, kernel| net.read_stream(kernel, self.key, wanted, false, None, copy_to(buf)))?;
        read.ok_or_else(|| ErrorKind::WouldBlock.into())
    }

    /// Writes what there is room for, or `WouldBlock`.
    ///
    /// # Errors
    /// `BrokenPipe` after a shutdown, `ConnectionReset` and `TimedOut` when the connection broke.
    pub fn try_write(&self, buf: &[u8]) -> Result<usize> {
        self.try_write_vectored(&[IoSlice::new(buf)])
    }

    /// As [`try_write`](TcpStream::try_write).
    ///
    /// # Errors
    /// The same.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let written = self.home.call(|net, kernel| net.write_stream(kernel, self.key, bufs, None))?;
        written.ok_or_else(|| ErrorKind::WouldBlock.into())
    }

    /// Its own address.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.home.call(|net, _| net.stream_addresses(self.key)).map(|(own, _)| own)
    }

    /// Its peer's address.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.home.call(|net, _| net.stream_addresses(self.key)).map(|(_, peer)| peer)
    }

    /// What broke the connection, if something did; whoever asks takes it.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn take_error(&self) -> Result<Option<Error>> {
        self.home.call(|net, _| net.take_stream_error(self.key))
    }

    /// Whether small writes wait for company. They never do here, but the answer is what was set.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn nodelay(&self) -> Result<bool> {
        self.home.call(|net, _| net.nodelay(self.key))
    }

    /// See [`nodelay`](TcpStream::nodelay).
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn set_nodelay(&self, nodelay: bool) -> Result<()> {
        self.home.call(|net, _| net.set_nodelay(self.key, nodelay))
    }

    /// With `Some(Duration::ZERO)` dropping the stream resets the connection; other values change nothing,
    /// as dropping never waits.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<()> {
        self.home.call(|net, _| net.set_resets_on_drop(self.key, linger == Some(Duration::ZERO)))
    }

    /// As [`set_linger`](TcpStream::set_linger) with zero.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn set_zero_linger(&self) -> Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// A half that reads and a half that writes, for the span of a borrow.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf { stream: self }, WriteHalf { stream: self })
    }

    /// A half that reads and a half that writes. Dropping the one that writes shuts the writing down.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.home.drop(|net, kernel| net.close_stream(kernel, self.key));
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("connection", &self.key.index)
            .field("side", &self.key.side)
            .finish()
    }
}

/// The traits for the stream and for its halves, which all end in the same calls.
macro_rules! reads {
    ($type:ty) => {
        impl AsyncRead for $type {
            #[inline]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<Result<()>> {
                let wanted = buf.remaining();
                self.stream_ref().poll_read_into(cx, wanted, false, put_into(buf)).map_ok(|_| ())
            }
        }
    };
}

macro_rules! writes {
    ($type:ty) => {
        impl AsyncWrite for $type {
            #[inline]
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
                self.stream_ref().poll_write_from(cx, &[IoSlice::new(buf)])
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<Result<usize>> {
                self.stream_ref().poll_write_from(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<()>> {
                Poll::Ready(self.shut_down())
            }
        }
    };
}

reads!(TcpStream);
writes!(TcpStream);
reads!(ReadHalf<'_>);
writes!(WriteHalf<'_>);
reads!(OwnedReadHalf);
writes!(OwnedWriteHalf);

impl TcpStream {
    fn stream_ref(&self) -> &TcpStream {
        self
    }

    fn shut_down(&self) -> Result<()> {
        self.finish()
    }
}
