//! Addresses and names: which machine an address leads to, and which addresses a name has.
//!
//! An address that some machine has or had is a dense number; an address that nobody ever had has none.
//! The numbers 10.0.0.0/16, which machines get unless they say otherwise, are found without a search.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::trace::NO_MACHINE;

/// The number of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AddressId(u16);

impl AddressId {
    /// Any address of one's own, of either family.
    pub(crate) const ANY: AddressId = AddressId(0);
    /// One's own machine, as 127.0.0.1.
    pub(crate) const LOCAL: AddressId = AddressId(1);
    /// One's own machine, as ::1.
    pub(crate) const LOCAL_V6: AddressId = AddressId(2);
}

struct Known {
    ip: IpAddr,
    /// Whose it is; [`NO_MACHINE`] for nobody's.
    machine: u16,
}

pub(crate) struct Addresses {
    known: Vec<Known>,
    /// For 10.0.x.y the number of the address, by x and y; 0 where there is none.
    dense: Vec<u16>,
    sparse: BTreeMap<IpAddr, AddressId>,
    /// The addresses of each machine, the one it sends from first.
    own: Vec<Vec<AddressId>>,
    names: BTreeMap<String, u16>,
}

impl Addresses {
    pub(crate) fn new() -> Addresses {
        let ips = [
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        Addresses {
            known: ips.into_iter().map(|ip| Known { ip, machine: NO_MACHINE }).collect(),
            dense: Vec::new(),
            sparse: BTreeMap::new(),
            own: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    /// How many machines are known here.
    #[inline]
    pub(crate) fn machine_count(&self) -> usize {
        self.own.len()
    }

    /// The next machine, by its name.
    pub(crate) fn add_machine(&mut self, name: &str, ips: &[IpAddr]) {
        let machine = self.own.len() as u16;
        self.own.push(Vec::new());
        self.names.insert(name.to_string(), machine);
        self.set(machine, name, ips);
    }

    /// From now on these addresses, and no others, are the machine's.
    ///
    /// # Panics
    /// When another machine has one of them, or there are none.
    pub(crate) fn set(&mut self, machine: u16, name: &str, ips: &[IpAddr]) {
        assert!(!ips.is_empty(), "machine `{name}` needs an address");
        for id in std::mem::take(&mut self.own[machine as usize]) {
            self.known[usize::from(id.0)].machine = NO_MACHINE;
        }
        for &ip in ips {
            assert!(
                !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast(),
                "machine `{name}` cannot have the address {ip}"
            );
            let id = self.intern(ip.to_canonical());
            let known = &mut self.known[usize::from(id.0)];
            assert!(
                known.machine == NO_MACHINE || known.machine == machine,
                "machine `{name}` cannot have the address {ip}: another machine has it"
            );
            if known.machine == NO_MACHINE {
                known.machine = machine;
                self.own[machine as usize].push(id);
            }
        }
    }

    fn intern(&mut self, ip: IpAddr) -> AddressId {
        if let Some(id) = self.find(ip) {
            return id;
        }
        let id = u16::try_from(self.known.len()).expect("at most 65,536 addresses in one run");
        self.known.push(Known { ip, machine: NO_MACHINE });
        if let Some(place) = dense_place(ip) {
            if self.dense.len() <= place {
                self.dense.resize(place + 1, 0);
            }
            self.dense[place] = id;
        } else {
            self.sparse.insert(ip, AddressId(id));
        }
        AddressId(id)
    }

    /// The number of an address, if any machine has or had it.
    #[inline]
    pub(crate) fn find(&self, ip: IpAddr) -> Option<AddressId> {
        if let Some(place) = dense_place(ip) {
            let id = *self.dense.get(place)?;
            return (id != 0).then_some(AddressId(id));
        }
        self.find_sparse(ip)
    }

    /// The number of an address and its port.
    #[inline]
    pub(crate) fn find_socket(&self, socket: &SocketAddr) -> Option<(AddressId, u16)> {
        if let SocketAddr::V4(socket) = socket {
            let bits = socket.ip().to_bits();
            if bits >> 16 == DENSE_PREFIX {
                let id = *self.dense.get(bits as usize & 0xffff)?;
                return (id != 0).then_some((AddressId(id), socket.port()));
            }
        }
        Some((self.find_sparse(socket.ip())?, socket.port()))
    }

    #[inline(never)]
    fn find_sparse(&self, ip: IpAddr) -> Option<AddressId> {
        match ip.to_canonical() {
            ip if ip.is_unspecified() => Some(AddressId::ANY),
            IpAddr::V4(ip) if ip.is_loopback() => Some(AddressId::LOCAL),
            IpAddr::V6(ip) if ip.is_loopback() => Some(AddressId::LOCAL_V6),
            ip if dense_place(ip).is_some() => self.find(ip),
            ip => self.sparse.get(&ip).copied(),
        }
    }

    #[inline]
    pub(crate) fn ip(&self, id: AddressId) -> IpAddr {
        self.known[usize::from(id.0)].ip
    }

    /// The machine an address leads to from `from`; [`NO_MACHINE`] for none.
    #[inline]
    pub(crate) fn machine(&self, id: AddressId, from: u16) -> u16 {
        if id <= AddressId::LOCAL_V6 { from } else { self.known[usize::from(id.0)].machine }
    }

    /// Whether a machine answers to an address.
    #[inline]
    pub(crate) fn is_own(&self, id: AddressId, machine: u16) -> bool {
        self.machine(id, machine) == machine
    }

    /// The address from which a machine sends to `target`.
    #[inline]
    pub(crate) fn source(&self, machine: u16, target: AddressId) -> AddressId {
        if target <= AddressId::LOCAL_V6 {
            return if target == AddressId::ANY { AddressId::LOCAL } else { target };
        }
        let own = &self.own[machine as usize];
        if own.len() == 1 {
            return own[0];
        }
        let wanted = self.ip(target).is_ipv4();
        own.iter().copied().find(|&id| self.ip(id).is_ipv4() == wanted).unwrap_or(own[0])
    }

    /// The addresses of the machine of that name.
    pub(crate) fn of_name(&self, name: &str) -> Option<Vec<IpAddr>> {
        if name.eq_ignore_ascii_case("localhost") {
            return Some(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        }
        let machine = *self.names.get(name)?;
        Some(self.own[machine as usize].iter().map(|&id| self.ip(id)).collect())
    }
}

/// For 10.0.x.y: x and y.
#[inline]
fn dense_place(ip: IpAddr) -> Option<usize> {
    let IpAddr::V4(ip) = ip else { return None };
    let bits = ip.to_bits();
    (bits >> 16 == DENSE_PREFIX).then_some(bits as usize & 0xffff)
}

/// 10.0.
const DENSE_PREFIX: u32 = 10 << 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn addresses_lead_to_machines_in_every_family_and_form() {
        let mut addresses = Addresses::new();
        addresses.add_machine("a", &[ip("10.0.0.1")]);
        addresses.add_machine("b", &[ip("10.0.1.2"), ip("192.168.7.1"), ip("fd00::2")]);
        for (text, machine) in [
            ("10.0.0.1", 0),
            ("::ffff:10.0.0.1", 0),
            ("10.0.1.2", 1),
            ("192.168.7.1", 1),
            ("::ffff:192.168.7.1", 1),
            ("fd00::2", 1),
            ("127.0.0.1", 7),
            ("127.3.2.1", 7),
            ("::1", 7),
        ] {
            let id = addresses.find(ip(text)).expect(text);
            assert_eq!(addresses.machine(id, 7), machine, "{text}");
        }
        for text in ["10.0.0.2", "10.0.200.1", "10.1.0.1", "fd00::3", "8.8.8.8"] {
            assert_eq!(addresses.find(ip(text)), None, "{text}");
        }
    }

    #[test]
    fn a_machine_sends_from_an_address_of_the_targets_family() {
        let mut addresses = Addresses::new();
        addresses.add_machine("a", &[ip("10.0.0.1"), ip("fd00::1")]);
        addresses.add_machine("b", &[ip("10.0.0.2"), ip("fd00::2")]);
        let source = |text: &str| {
            let target = addresses.find(ip(text)).expect(text);
            addresses.ip(addresses.source(0, target)).to_string()
        };
        assert_eq!(source("10.0.0.2"), "10.0.0.1");
        assert_eq!(source("fd00::2"), "fd00::1");
        assert_eq!(source("127.0.0.1"), "127.0.0.1");
        assert_eq!(source("0.0.0.0"), "127.0.0.1");
    }

    #[test]
    fn a_machine_that_moved_is_found_at_its_new_address_only() {
        let mut addresses = Addresses::new();
        addresses.add_machine("a", &[ip("10.0.0.1")]);
        let old = addresses.find(ip("10.0.0.1")).expect("it was given");
        addresses.set(0, "a", &[ip("10.0.9.9")]);
        assert_eq!(addresses.machine(old, 5), NO_MACHINE);
        assert_eq!(addresses.of_name("a"), Some(vec![ip("10.0.9.9")]));
        addresses.set(0, "a", &[ip("10.0.0.1")]);
        assert!(addresses.is_own(old, 0));
    }
}
