//! Ports: which socket of a machine answers to which port.

use super::address::AddressId;

/// Where ephemeral ports begin and end, as on Linux.
const EPHEMERAL_MIN: u16 = 32_768;
const EPHEMERAL_MAX: u16 = 60_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    port: u16,
    address: AddressId,
    socket: u32,
}

/// The bound ports of one machine and protocol.
pub(crate) struct Ports {
    /// Invariant: sorted by port and address; on one port either one socket answers to every address, or
    /// each to its own.
    bound: Vec<Bound>,
    next_ephemeral: u16,
}

/// Why a port could not be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortError {
    InUse,
    NoneFree,
}

impl Ports {
    pub(crate) fn new() -> Ports {
        Ports { bound: Vec::new(), next_ephemeral: EPHEMERAL_MIN }
    }

    /// Binds a port, any free one for 0, and answers which.
    pub(crate) fn bind(&mut self, port: u16, address: AddressId, socket: u32) -> Result<u16, PortError> {
        let port = if port == 0 { self.ephemeral()? } else { port };
        let mut taken = self.of_port(port).iter().map(|bound| bound.address);
        if taken.any(|other| other == address || other == AddressId::ANY || address == AddressId::ANY) {
            return Err(PortError::InUse);
        }
        let index = self.bound.partition_point(|bound| (bound.port, bound.address) < (port, address));
        self.bound.insert(index, Bound { port, address, socket });
        Ok(port)
    }

    /// The next port that nobody has, in turn: a port that was given back is not used again soon.
    fn ephemeral(&mut self) -> Result<u16, PortError> {
        for _ in EPHEMERAL_MIN..=EPHEMERAL_MAX {
            let port = self.next_ephemeral;
            self.next_ephemeral = if port == EPHEMERAL_MAX { EPHEMERAL_MIN } else { port + 1 };
            if self.of_port(port).is_empty() {
                return Ok(port);
            }
        }
        Err(PortError::NoneFree)
    }

    /// The socket that answers to a port at an address.
    #[inline]
    pub(crate) fn find(&self, port: u16, address: AddressId) -> Option<u32> {
        let begin = self.bound.partition_point(|bound| bound.port < port);
        let same = self.bound[begin..].iter().take_while(|bound| bound.port == port);
        let mut fits = same.filter(|bound| bound.address == address || bound.address == AddressId::ANY);
        fits.next().map(|bound| bound.socket)
    }

    pub(crate) fn release(&mut self, port: u16, socket: u32) {
        let begin = self.bound.partition_point(|bound| bound.port < port);
        let same = self.bound[begin..].iter().take_while(|bound| bound.port == port);
        let index = same.into_iter().position(|bound| bound.socket == socket);
        self.bound.remove(begin + index.expect("a bound socket stands in its machine's ports"));
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.bound.is_empty()
    }

    fn of_port(&self, port: u16) -> &[Bound] {
        let begin = self.bound.partition_point(|bound| bound.port < port);
        let end = self.bound.partition_point(|bound| bound.port <= port);
        &self.bound[begin..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_port_has_one_socket_at_an_address() {
        let mut ports = Ports::new();
        assert_eq!(ports.bind(80, AddressId::LOCAL, 1), Ok(80));
        assert_eq!(ports.bind(80, AddressId::LOCAL, 2), Err(PortError::InUse));
        assert_eq!(ports.bind(80, AddressId::ANY, 2), Err(PortError::InUse));
        assert_eq!(ports.bind(80, AddressId::LOCAL_V6, 2), Ok(80));
        assert_eq!(ports.find(80, AddressId::LOCAL), Some(1));
        assert_eq!(ports.find(80, AddressId::LOCAL_V6), Some(2));
        assert_eq!(ports.find(81, AddressId::LOCAL), None);
        ports.release(80, 1);
        ports.release(80, 2);
        assert_eq!(ports.bind(80, AddressId::ANY, 3), Ok(80));
        assert_eq!(ports.bind(80, AddressId::LOCAL, 4), Err(PortError::InUse));
        assert_eq!(ports.find(80, AddressId::LOCAL), Some(3));
    }

    #[test]
    fn ephemeral_ports_go_round_and_run_out() {
        let mut ports = Ports::new();
        let count = EPHEMERAL_MAX - EPHEMERAL_MIN + 1;
        for index in 0..count {
            assert_eq!(ports.bind(0, AddressId::ANY, u32::from(index)), Ok(EPHEMERAL_MIN + index));
        }
        assert_eq!(ports.bind(0, AddressId::ANY, 0), Err(PortError::NoneFree));
        ports.release(EPHEMERAL_MIN + 7, 7);
        assert_eq!(ports.bind(0, AddressId::ANY, 0), Ok(EPHEMERAL_MIN + 7));
    }
}
