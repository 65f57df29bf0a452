//! `TcpSocket`: a stream or listener before it is one, to say how it is to be.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;

use super::listener::TcpListener;
use super::stream::TcpStream;

/// A socket that neither listens nor is connected yet.
///
/// It is plain data: a port is taken when it listens or connects.
pub struct TcpSocket {
    v6: bool,
    bound: Mutex<Option<SocketAddr>>,
}

impl TcpSocket {
    /// For IPv4.
    ///
    /// # Errors
    /// Never; the signature is tokio's.
    pub fn new_v4() -> Result<TcpSocket> {
        Ok(TcpSocket { v6: false, bound: Mutex::new(None) })
    }

    /// For IPv6.
    ///
    /// # Errors
    /// Never; the signature is tokio's.
    pub fn new_v6() -> Result<TcpSocket> {
        Ok(TcpSocket { v6: true, bound: Mutex::new(None) })
    }

    /// Listeners of the simulation can always take the port of one that is gone.
    ///
    /// # Errors
    /// Never; the signature is tokio's.
    pub fn set_reuseaddr(&self, _reuse: bool) -> Result<()> {
        Ok(())
    }

    /// Says from where it connects or at which address it listens.
    ///
    /// # Errors
    /// When it was bound before or the address is of the other family.
    pub fn bind(&self, addr: SocketAddr) -> Result<()> {
        let mut bound = self.bound.lock().expect("no code panics while it holds this lock");
        if bound.is_some() || addr.is_ipv6() != self.v6 {
            return Err(Error::new(ErrorKind::InvalidInput, format!("the socket cannot be bound to {addr}")));
        }
        *bound = Some(addr);
        Ok(())
    }

    fn address(&self) -> Option<SocketAddr> {
        *self.bound.lock().expect("no code panics while it holds this lock")
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`TcpStream::connect`], and when the port it was bound to is taken.
    pub async fn connect(self, addr: SocketAddr) -> Result<TcpStream> {
        TcpStream::connect_from(self.address(), addr).await
    }

    /// Listens; at most `backlog` connections wait to be accepted.
    ///
    /// # Errors
    /// As [`TcpListener::bind`].
    pub fn listen(self, backlog: u32) -> Result<TcpListener> {
        let any = if self.v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        TcpListener::listen(self.address().unwrap_or(SocketAddr::new(any, 0)), Some(backlog))
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpSocket").field("bound", &self.address()).finish()
    }
}
