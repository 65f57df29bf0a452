//! `UdpSocket`: the handle of a datagram socket, as tokio's.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::datagram::{Peer, SocketKey};
use super::handle::{Home, here};
use super::lookup::{ToSocketAddrs, resolve};

/// A datagram socket.
///
/// What is sent may be lost, arrive twice or out of order, but each datagram arrives whole. When the
/// reader is slow, what does not fit into the socket's buffer is lost.
pub struct UdpSocket {
    home: Home,
    key: SocketKey,
}

/// Somebody who waits for a datagram; dropped, it waits no longer.
struct Receive<'a> {
    socket: &'a UdpSocket,
    buf: &'a mut [u8],
    peek: bool,
    ticket: u32,
}

impl Future for Receive<'_> {
    type Output = Result<(usize, Peer)>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Receive { socket, buf, peek, ticket } = self.get_mut();
        let answer = socket.home.poll(cx, |net, _, waker| {
            *ticket = net.ticket(*ticket);
            net.receive_datagram(socket.key, *peek, Some((*ticket, waker)), |payload| copy(payload, buf))
        });
        if answer.is_ready() {
            *ticket = 0;
        }
        answer
    }
}

impl Drop for Receive<'_> {
    fn drop(&mut self) {
        if self.ticket != 0 {
            let left = self.socket.home.drop(|net, _| net.leave_datagram(self.socket.key, self.ticket));
            drop(left);
        }
    }
}

/// The same, for who wants to know the peer.
struct ReceiveFrom<'a>(Receive<'a>);

impl Future for ReceiveFrom<'_> {
    type Output = Result<(usize, SocketAddr)>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.0).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok((count, peer))) => Poll::Ready(Ok((count, self.0.socket.address(peer)))),
        }
    }
}

/// What does not fit is cut off, as ever.
#[inline]
fn copy(payload: &[u8], buf: &mut [u8]) -> usize {
    let count = payload.len().min(buf.len());
    buf[..count].copy_from_slice(&payload[..count]);
    count
}

fn put(payload: &[u8], buf: &mut ReadBuf<'_>) {
    buf.put_slice(&payload[..payload.len().min(buf.remaining())]);
}

impl UdpSocket {
    /// Binds a socket; port 0 takes any that is free.
    ///
    /// # Errors
    /// `AddrInUse` when the port is taken, `AddrNotAvailable` when the address is another machine's.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> Result<UdpSocket> {
        let mut last = Error::new(ErrorKind::InvalidInput, "no address to bind to");
        for address in resolve(addr).await? {
            let bound = here("UdpSocket::bind", |net, kernel| {
                let key = net.bind_datagram(kernel, address)?;
                Ok(UdpSocket { home: Home::of(kernel), key })
            });
            match bound {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Talks to one peer from now on: only its datagrams are received, and `send` sends to it.
    ///
    /// # Errors
    /// When the name cannot be looked up or no machine ever had the address.
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> Result<()> {
        let mut last = Error::new(ErrorKind::InvalidInput, "no address to connect to");
        for address in resolve(addr).await? {
            match self.home.call(|net, kernel| net.connect_datagram(kernel, self.key, address)) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends a datagram to the connected peer.
    ///
    /// # Errors
    /// `NotConnected` without one, `ConnectionRefused` when it had not bound its port for an earlier datagram.
    pub async fn send(&self, buf: &[u8]) -> Result<usize> {
        self.try_send(buf)
    }

    /// As [`send`](UdpSocket::send).
    ///
    /// # Errors
    /// The same.
    pub fn try_send(&self, buf: &[u8]) -> Result<usize> {
        self.send_now(buf, None)
    }

    /// As [`send`](UdpSocket::send): there is always room to send.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.home.poll(cx, |net, kernel, _| net.send_datagram(kernel, self.key, None, buf).map(Some))
    }

    /// Sends a datagram to `target`.
    ///
    /// # Errors
    /// When a name cannot be looked up. That nobody is there is no error.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` moves its arguments once more at the first poll"
    )]
    pub fn send_to<'a, A: ToSocketAddrs>(
        &'a self,
        buf: &'a [u8],
        target: A,
    ) -> impl Future<Output = Result<usize>> + use<'a, A> {
        async move {
            if let Some(target) = target.address() {
                return self.send_now(buf, Some(target));
            }
            let first = resolve(target).await?.into_iter().next();
            let target = first.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "no address to send to"))?;
            self.send_now(buf, Some(&target))
        }
    }

    /// As [`send_to`](UdpSocket::send_to).
    ///
    /// # Errors
    /// The same.
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> Result<usize> {
        self.send_now(buf, Some(&target))
    }

    #[inline]
    fn send_now(&self, buf: &[u8], target: Option<&SocketAddr>) -> Result<usize> {
        self.home.call(|net, kernel| net.send_datagram(kernel, self.key, target, buf))
    }

    /// As [`send_to`](UdpSocket::send_to): there is always room to send.
    pub fn poll_send_to(&self, cx: &mut Context<'_>, buf: &[u8], target: SocketAddr) -> Poll<Result<usize>> {
        self.home.poll(cx, |net, kernel, _| net.send_datagram(kernel, self.key, Some(&target), buf).map(Some))
    }

    fn poll_for<R>(
        &self,
        cx: &Context<'_>,
        peek: bool,
        take: impl FnOnce(&[u8]) -> R,
    ) -> Poll<Result<(R, Peer)>> {
        self.home.poll(cx, |net, _, waker| net.receive_datagram(self.key, peek, Some((0, waker)), take))
    }

    fn try_for<R>(&self, peek: bool, take: impl FnOnce(&[u8]) -> R) -> Result<(R, Peer)> {
        let answer = self.home.call(|net, _| net.receive_datagram(self.key, peek, None, take))?;
        answer.ok_or_else(|| ErrorKind::WouldBlock.into())
    }

    /// The address of whoever a datagram came from.
    #[inline]
    fn address(&self, peer: Peer) -> SocketAddr {
        peer.address_v4().unwrap_or_else(|| {
            let address = self.home.call(|net, _| Ok(net.address_of(peer)));
            address.expect("the socket has just received in its own world")
        })
    }

    /// Receives a datagram from the connected peer, or from anybody when there is none.
    ///
    /// # Errors
    /// `ConnectionRefused` when the peer had not bound its port for an earlier datagram.
    pub async fn recv(&self, buf: &mut [u8]) -> Result<usize> {
        let answer = Receive { socket: self, buf, peek: false, ticket: 0 }.await;
        answer.map(|(count, _)| count)
    }

    /// As [`recv`](UdpSocket::recv), or `WouldBlock`.
    ///
    /// # Errors
    /// The same.
    pub fn try_recv(&self, buf: &mut [u8]) -> Result<usize> {
        self.try_for(false, |payload| copy(payload, buf)).map(|(count, _)| count)
    }

    /// As [`recv`](UdpSocket::recv). The last task that polled is woken.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.poll_for(cx, false, |payload| put(payload, buf)).map_ok(|_| ())
    }

    /// Receives a datagram and tells who sent it.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    pub fn recv_from<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = Result<(usize, SocketAddr)>> + 'a {
        ReceiveFrom(Receive { socket: self, buf, peek: false, ticket: 0 })
    }

    /// As [`recv_from`](UdpSocket::recv_from), or `WouldBlock`.
    ///
    /// # Errors
    /// The same.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.try_for(false, |payload| copy(payload, buf)).map(|(count, peer)| (count, self.address(peer)))
    }

    /// As [`recv_from`](UdpSocket::recv_from). The last task that polled is woken.
    pub fn poll_recv_from(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<SocketAddr>> {
        self.poll_for(cx, false, |payload| put(payload, buf)).map_ok(|((), peer)| self.address(peer))
    }

    /// As [`recv_from`](UdpSocket::recv_from), and leaves the datagram there.
    ///
    /// # Errors
    /// The same.
    pub fn peek_from<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = Result<(usize, SocketAddr)>> + 'a {
        ReceiveFrom(Receive { socket: self, buf, peek: true, ticket: 0 })
    }

    /// As [`peek_from`](UdpSocket::peek_from), or `WouldBlock`.
    ///
    /// # Errors
    /// The same.
    pub fn try_peek_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.try_for(true, |payload| copy(payload, buf)).map(|(count, peer)| (count, self.address(peer)))
    }

    /// As [`peek_from`](UdpSocket::peek_from). The last task that polled is woken.
    pub fn poll_peek_from(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<SocketAddr>> {
        self.poll_for(cx, true, |payload| put(payload, buf)).map_ok(|((), peer)| self.address(peer))
    }

    /// Waits until there is something to receive.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    pub async fn readable(&self) -> Result<()> {
        Receive { socket: self, buf: &mut [], peek: true, ticket: 0 }.await.map(|_| ())
    }

    /// Returns at once: there is always room to send.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn writable(&self) -> Result<()> {
        self.local_addr().map(|_| ())
    }

    /// As [`readable`](UdpSocket::readable). The last task that polled is woken.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_for(cx, true, |_| ()).map_ok(|_| ())
    }

    /// As [`writable`](UdpSocket::writable).
    pub fn poll_send_ready(&self, _cx: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(self.local_addr().map(|_| ()))
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// When the socket is closed.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.home.call(|net, _| net.datagram_address(self.key))
    }

    /// The peer it is connected to.
    ///
    /// # Errors
    /// `NotConnected` without one.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.home.call(|net, _| net.datagram_peer(self.key))
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.home.drop(|net, kernel| net.close_datagram(kernel, self.key));
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("socket", &self.key.index).finish()
    }
}
