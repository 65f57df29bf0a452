//! `UdpSocket`: the handle of a datagram socket, as tokio's.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::datagram::SocketKey;
use super::handle::{Home, here};
use super::lookup::{ToSocketAddrs, Wanted, resolve};

/// A datagram socket.
///
/// What is sent may be lost, arrive twice or out of order, but each datagram arrives whole. When the
/// reader is slow, what does not fit into the socket's buffer is lost.
pub struct UdpSocket {
    home: Home,
    key: SocketKey,
}

/// Somebody who waits for a datagram; dropped, it waits no longer.
struct Waiting<'a> {
    socket: &'a UdpSocket,
    ticket: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.ticket != 0 {
            let left = self.socket.home.drop(|net, _| net.leave_datagram(self.socket.key, self.ticket));
            drop(left);
        }
    }
}

fn copy_to(buf: &mut [u8]) -> impl FnOnce(&[u8]) -> usize {
    |payload| {
        // What does not fit is cut off, as ever.
        let count = payload.len().min(buf.len());
        buf[..count].copy_from_slice(&payload[..count]);
        count
    }
}

fn put_into(buf: &mut ReadBuf<'_>) -> impl FnOnce(&[u8]) {
    |payload| buf.put_slice(&payload[..payload.len().min(buf.remaining())])
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
        self.home.call(|net, kernel| net.send_datagram(kernel, self.key, None, buf))
    }

    /// As [`send`](UdpSocket::send): there is always room to send.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.home.poll(cx, |net, kernel, _| net.send_datagram(kernel, self.key, None, buf).map(Some))
    }

    /// Sends a datagram to `target`.
    ///
    /// # Errors
    /// When a name cannot be looked up. That nobody is there is no error.
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> Result<usize> {
        let target = match target.wanted()? {
            Wanted::Address(address) => address,
            _ => {
                let first = resolve(target).await?.into_iter().next();
                first.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "no address to send to"))?
            }
        };
        self.try_send_to(buf, target)
    }

    /// As [`send_to`](UdpSocket::send_to).
    ///
    /// # Errors
    /// The same.
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> Result<usize> {
        self.home.call(|net, kernel| net.send_datagram(kernel, self.key, Some(target), buf))
    }

    /// As [`send_to`](UdpSocket::send_to): there is always room to send.
    pub fn poll_send_to(&self, cx: &mut Context<'_>, buf: &[u8], target: SocketAddr) -> Poll<Result<usize>> {
        self.home.poll(cx, |net, kernel, _| net.send_datagram(kernel, self.key, Some(target), buf).map(Some))
    }

    async fn wait_for<R>(&self, peek: bool, mut take: impl FnMut(&[u8]) -> R) -> Result<(R, SocketAddr)> {
        let mut waiting = Waiting { socket: self, ticket: 0 };
        let answer = std::future::poll_fn(|cx| {
            self.home.poll(cx, |net, _, waker| {
                waiting.ticket = net.ticket(waiting.ticket);
                net.receive_datagram(self.key, peek, Some((waiting.ticket, waker)), &mut take)
            })
        })
        .await;
        waiting.ticket = 0;
        answer
    }

    fn poll_for<R>(
        &self,
        cx: &Context<'_>,
        peek: bool,
        take: impl FnOnce(&[u8]) -> R,
    ) -> Poll<Result<(R, SocketAddr)>> {
        self.home.poll(cx, |net, _, waker| net.receive_datagram(self.key, peek, Some((0, waker)), take))
    }

    fn try_for<R>(&self, peek: bool, take: impl FnOnce(&[u8]) -> R) -> Result<(R, SocketAddr)> {
        let answer = self.home.call(|net, _| net.receive_datagram(self.key, peek, None, take))?;
        answer.ok_or_else(|| ErrorKind::WouldBlock.into())
    }

    /// Receives a datagram from the connected peer, or from anybody when there is none.
    ///
    /// # Errors
    /// `ConnectionRefused` when the peer had not bound its port for an earlier datagram.
    pub async fn recv(&self, buf: &mut [u8]) -> Result<usize> {
        self.recv_from(buf).await.map(|(count, _)| count)
    }

    /// As [`recv`](UdpSocket::recv), or `WouldBlock`.
    ///
    /// # Errors
    /// The same.
    pub fn try_recv(&self, buf: &mut [u8]) -> Result<usize> {
        self.try_recv_from(buf).map(|(count, _)| count)
    }

    /// As [`recv`](UdpSocket::recv). The last task that polled is woken.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.poll_recv_from(cx, buf).map_ok(|_| ())
    }

    /// Receives a datagram and tells who sent it.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    pub async fn recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.wait_for(false, |payload| copy_to(&mut *buf)(payload)).await
    }

    /// As [`recv_from`](UdpSocket::recv_from), or `WouldBlock`.
    ///
    /// # Errors
    /// The same.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.try_for(false, copy_to(buf))
    }

    /// As [`recv_from`](UdpSocket::recv_from). The last task that polled is woken.
    pub fn poll_recv_from(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<SocketAddr>> {
        self.poll_for(cx, false, put_into(buf)).map_ok(|((), peer)| peer)
    }

    /// As [`recv_from`](UdpSocket::recv_from), and leaves the datagram there.
    ///
    /// # Errors
    /// The same.
    pub async fn peek_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.wait_for(true, |payload| copy_to(&mut *buf)(payload)).await
    }

    /// As [`peek_from`](UdpSocket::peek_from), or `WouldBlock`.
    ///
    /// # Errors
    /// The same.
    pub fn try_peek_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.try_for(true, copy_to(buf))
    }

    /// As [`peek_from`](UdpSocket::peek_from). The last task that polled is woken.
    pub fn poll_peek_from(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<SocketAddr>> {
        self.poll_for(cx, true, put_into(buf)).map_ok(|((), peer)| peer)
    }

    /// Waits until there is something to receive.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    pub async fn readable(&self) -> Result<()> {
        self.wait_for(true, |_| ()).await.map(|_| ())
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
