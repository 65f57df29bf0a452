//! `TcpListener`, as tokio's.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::super::handle::{Home, here};
use super::super::lookup::{ToSocketAddrs, resolve};
use super::super::stream::ListenerKey;
use super::stream::TcpStream;

/// Accepts connections.
pub struct TcpListener {
    home: Home,
    key: ListenerKey,
}

/// Somebody who waits for a connection; dropped, it waits no longer.
struct Waiting<'a> {
    listener: &'a TcpListener,
    ticket: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.ticket != 0 {
            let listener = self.listener;
            let left = listener.home.drop(|net, _| net.leave_listener(listener.key, self.ticket));
            drop(left);
        }
    }
}

impl TcpListener {
    /// Listens at an address; port 0 takes any that is free.
    ///
    /// # Errors
    /// `AddrInUse` when somebody listens there, `AddrNotAvailable` when the address is another machine's.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> Result<TcpListener> {
        let mut last = Error::new(ErrorKind::InvalidInput, "no address to listen at");
        for address in resolve(addr).await? {
            match TcpListener::listen(address, None) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) fn listen(address: SocketAddr, backlog: Option<u32>) -> Result<TcpListener> {
        here("TcpListener::bind", |net, kernel| {
            let key = net.listen(kernel, address, backlog)?;
            Ok(TcpListener { home: Home::of(kernel), key })
        })
    }

    /// Takes the next connection.
    ///
    /// # Errors
    /// When the listener is closed.
    pub async fn accept(&self) -> Result<(TcpStream, SocketAddr)> {
        let mut waiting = Waiting { listener: self, ticket: 0 };
        let accepted = std::future::poll_fn(|cx| {
            self.home.poll(cx, |net, kernel, waker| {
                waiting.ticket = net.ticket(waiting.ticket);
                net.accept(kernel, self.key, Some((waiting.ticket, waker)))
            })
        })
        .await;
        waiting.ticket = 0;
        accepted.map(|(key, peer)| (TcpStream::new(self.home, key), peer))
    }

    /// As [`accept`](TcpListener::accept). The last task that polled is woken.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<(TcpStream, SocketAddr)>> {
        let accepted =
            self.home.poll(cx, |net, kernel, waker| net.accept(kernel, self.key, Some((0, waker))));
        accepted.map_ok(|(key, peer)| (TcpStream::new(self.home, key), peer))
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// When the listener is closed.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.home.call(|net, _| net.listener_address(self.key))
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        self.home.drop(|net, kernel| net.close_listener(kernel, self.key));
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("listener", &self.key.index).finish()
    }
}
