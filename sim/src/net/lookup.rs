//! Whatever can name the other end of a socket.

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use super::handle::here;
use crate::time::sleep;

/// What can be turned into socket addresses: an address, several, or a name and a port, as in tokio.
///
/// Every machine's name resolves, so `"ledger-0:7000"` and `("ledger-0", 7000)` do.
pub trait ToSocketAddrs: private::Wanted {}

impl<T: private::Wanted + ?Sized> ToSocketAddrs for T {}

/// Looks a name up, as the current machine knows it.
///
/// # Errors
/// When no machine has the name, the text is no address, or a fault says so.
pub async fn lookup_host<T: ToSocketAddrs>(host: T) -> Result<impl Iterator<Item = SocketAddr>> {
    resolve(host).await.map(Vec::into_iter)
}

/// What was asked for, before any name is looked up.
#[derive(Debug)]
pub enum Wanted {
    /// One address.
    Address(SocketAddr),
    /// Several, to be tried in order.
    Addresses(Vec<SocketAddr>),
    /// A name that has to be looked up.
    Name(String, u16),
}

pub(super) async fn resolve(host: impl ToSocketAddrs) -> Result<Vec<SocketAddr>> {
    match host.wanted()? {
        Wanted::Address(address) => Ok(vec![address]),
        Wanted::Addresses(addresses) => Ok(addresses),
        Wanted::Name(name, port) => {
            let delay = here("looking up a name", |net, kernel| Ok(net.name_delay(kernel)))?;
            if delay > 0 {
                sleep(Duration::from_nanos(delay)).await;
            }
            let ips = here("looking up a name", |net, kernel| net.look_up(kernel, &name))?;
            Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
        }
    }
}

fn parse(text: &str) -> Result<Wanted> {
    if let Ok(address) = text.parse() {
        return Ok(Wanted::Address(address));
    }
    let invalid = |what: &str| Error::new(ErrorKind::InvalidInput, format!("invalid {what} in `{text}`"));
    let (name, port) = text.rsplit_once(':').ok_or_else(|| invalid("socket address"))?;
    let port = port.parse().map_err(|_| invalid("port value"))?;
    Ok(named(name, port))
}

fn named(name: &str, port: u16) -> Wanted {
    match name.parse::<IpAddr>() {
        Ok(ip) => Wanted::Address(SocketAddr::new(ip, port)),
        Err(_) => Wanted::Name(name.to_string(), port),
    }
}

mod private {
    pub use super::Wanted as What;

    /// Seals the trait.
    pub trait Wanted {
        /// What is asked for.
        fn wanted(&self) -> std::io::Result<What>;

        /// The address itself, where it needs no look.
        #[inline]
        fn address(&self) -> Option<&std::net::SocketAddr> {
            None
        }
    }
}

macro_rules! addresses {
    ($($type:ty: $self:ident => $address:expr;)*) => {
        $(impl private::Wanted for $type {
            #[inline]
            fn wanted(&$self) -> Result<Wanted> {
                Ok(Wanted::Address($address))
            }
        })*
    };
}

impl private::Wanted for SocketAddr {
    #[inline]
    fn wanted(&self) -> Result<Wanted> {
        Ok(Wanted::Address(*self))
    }

    #[inline]
    fn address(&self) -> Option<&SocketAddr> {
        Some(self)
    }
}

addresses! {
    SocketAddrV4: self => SocketAddr::V4(*self);
    SocketAddrV6: self => SocketAddr::V6(*self);
    (IpAddr, u16): self => SocketAddr::new(self.0, self.1);
    (Ipv4Addr, u16): self => SocketAddr::new(IpAddr::V4(self.0), self.1);
    (Ipv6Addr, u16): self => SocketAddr::new(IpAddr::V6(self.0), self.1);
}

impl private::Wanted for [SocketAddr] {
    fn wanted(&self) -> Result<Wanted> {
        Ok(Wanted::Addresses(self.to_vec()))
    }
}

impl private::Wanted for str {
    fn wanted(&self) -> Result<Wanted> {
        parse(self)
    }
}

impl private::Wanted for String {
    fn wanted(&self) -> Result<Wanted> {
        parse(self)
    }
}

impl private::Wanted for (&str, u16) {
    fn wanted(&self) -> Result<Wanted> {
        Ok(named(self.0, self.1))
    }
}

impl private::Wanted for (String, u16) {
    fn wanted(&self) -> Result<Wanted> {
        Ok(named(&self.0, self.1))
    }
}

impl<T: private::Wanted + ?Sized> private::Wanted for &T {
    #[inline]
    fn wanted(&self) -> Result<Wanted> {
        (**self).wanted()
    }

    #[inline]
    fn address(&self) -> Option<&SocketAddr> {
        (**self).address()
    }
}

#[cfg(test)]
mod tests {
    use super::private::Wanted as _;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        let told = |wanted: Result<Wanted>| match wanted {
            Ok(Wanted::Address(address)) => format!("address {address}"),
            Ok(Wanted::Addresses(addresses)) => format!("addresses {addresses:?}"),
            Ok(Wanted::Name(name, port)) => format!("name {name} port {port}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(told("10.0.0.1:80".wanted()), "address 10.0.0.1:80");
        assert_eq!(told("[::1]:80".wanted()), "address [::1]:80");
        assert_eq!(told("ledger-0:7000".wanted()), "name ledger-0 port 7000");
        assert_eq!(told(("ledger-0", 7000).wanted()), "name ledger-0 port 7000");
        assert_eq!(told(("10.0.0.1", 7000).wanted()), "address 10.0.0.1:7000");
        assert_eq!(told("ledger-0".wanted()), "invalid socket address in `ledger-0`");
        assert_eq!(told("ledger-0:x".wanted()), "invalid port value in `ledger-0:x`");
        assert_eq!(told("ledger-0:65536".wanted()), "invalid port value in `ledger-0:65536`");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            let _ = text.wanted();
        }
    }
}
