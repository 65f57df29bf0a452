//! The network: names, datagrams and streams between machines, with tokio's names and signatures.
//!
//! ```
//! use tokio::io::{AsyncRead, AsyncWrite};
//! use tourbillon_sim::net::{TcpListener, TcpStream};
//! use tourbillon_sim::{Config, World, machine};
//!
//! World::new(Config::default())
//!     .run(|| async {
//!         let server = machine("server").create();
//!         server.spawn(async {
//!             let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
//!             let (stream, peer) = listener.accept().await.unwrap();
//!             stream.writable().await.unwrap();
//!             stream.try_write(peer.to_string().as_bytes()).unwrap();
//!         });
//!         tourbillon_sim::time::sleep(std::time::Duration::from_millis(1)).await;
//!         let stream = TcpStream::connect("server:7000").await.unwrap();
//!         let mut greeting = [0; 32];
//!         stream.readable().await.unwrap();
//!         let count = stream.try_read(&mut greeting).unwrap();
//!         assert_eq!(&greeting[..count], stream.local_addr().unwrap().to_string().as_bytes());
//!     })
//!     .unwrap();
//! ```
//!
//! The room has two floors. Below are hearts without futures: `link` says when something arrives,
//! `trouble` what faults make of it, `datagram` and `stream` what sockets are. Above is a thin shell
//! of handles, which are ids with their world's nonce: they may be sent and kept anywhere, in another world
//! they are refused, and dropped where no world runs they do nothing.

mod address;
mod datagram;
mod handle;
#[cfg(test)]
mod lab;
mod latency;
mod link;
mod lookup;
mod loss;
mod names;
mod ports;
mod settings;
mod stream;
mod tcp;
mod trouble;
mod udp;
mod waiters;

use std::io::Result;
use std::net::{IpAddr, SocketAddr};

pub use self::latency::Latency;
pub use self::lookup::{ToSocketAddrs, lookup_host};
pub use self::loss::Loss;
pub use self::settings::Settings;
pub use self::stream::Handshake;
pub use self::tcp::{
    OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, TcpListener, TcpSocket, TcpStream, WriteHalf,
};
pub use self::udp::UdpSocket;

use self::address::{AddressId, Addresses};
use self::datagram::Datagrams;
use self::link::Links;
use self::names::NameTrouble;
use self::ports::Ports;
use self::stream::{Signal, Streams};
use self::trouble::Held;
use self::waiters::Waiters;
use crate::fault::{Condition, FaultId};
use crate::kernel::{Kernel, current};
use crate::machine::{Ending, Machine};
use crate::task::{TaskKey, WakerSlot};

/// The network of a run.
pub(crate) struct Net {
    addresses: Addresses,
    hosts: Vec<NetHost>,
    links: Links,
    pub(crate) datagrams: Datagrams,
    streams: Streams,
    /// The last ticket given to somebody who waits.
    ticket: u32,
}

/// The network's side of a machine.
struct NetHost {
    datagram_ports: Ports,
    stream_ports: Ports,
    names: Vec<NameTrouble>,
}

/// From now on the links from each of `sources` to each of `targets` have that latency; the other direction
/// keeps its own. What happens within one machine is not touched.
///
/// # Panics
/// Outside of a simulation, or with machines of another.
pub fn set_latency(sources: &[Machine], targets: &[Machine], latency: Latency) {
    current::need("net::set_latency", |core| {
        if core.kernel.current.dead {
            return;
        }
        let [sources, targets] = [sources, targets]
            .map(|machines| machines.iter().map(|machine| machine.index(&core.kernel)).collect());
        core.net.links.set_latency(sources, targets, latency);
    });
}

impl Net {
    pub(crate) fn new(settings: &Settings) -> Net {
        Net {
            addresses: Addresses::new(),
            hosts: Vec::new(),
            links: Links::new(settings),
            datagrams: Datagrams::new(settings.datagram_buffer_bytes),
            streams: Streams::new(settings),
            ticket: 0,
        }
    }

    /// Takes in the machines that were created meanwhile.
    #[inline]
    fn admit(&mut self, kernel: &Kernel) {
        if self.hosts.len() < kernel.hosts.len() {
            self.admit_new(kernel);
        }
    }

    #[cold]
    fn admit_new(&mut self, kernel: &Kernel) {
        for host in &kernel.hosts[self.addresses.machine_count()..] {
            self.addresses.add_machine(&host.name, &host.addresses);
            self.hosts.push(NetHost {
                datagram_ports: Ports::new(),
                stream_ports: Ports::new(),
                names: Vec::new(),
            });
        }
    }

    /// The number of an address that some machine has or had.
    #[inline]
    fn find_address(&mut self, kernel: &Kernel, ip: IpAddr) -> Option<AddressId> {
        match self.addresses.find(ip) {
            None if self.hosts.len() < kernel.hosts.len() => {
                self.admit_new(kernel);
                self.addresses.find(ip)
            }
            found => found,
        }
    }

    /// As [`Net::find_address`], with the port.
    #[inline]
    fn find_socket(&mut self, kernel: &Kernel, socket: &SocketAddr) -> Option<(AddressId, u16)> {
        match self.addresses.find_socket(socket) {
            None if self.hosts.len() < kernel.hosts.len() => {
                self.admit_new(kernel);
                self.addresses.find_socket(socket)
            }
            found => found,
        }
    }

    /// The number of an address that a socket of this machine may be bound to.
    fn own_address(&self, machine: u16, ip: IpAddr) -> Result<AddressId> {
        let found = self.addresses.find(ip).filter(|&address| self.addresses.is_own(address, machine));
        found.ok_or_else(|| datagram::no_such_address(ip))
    }

    /// A ticket for somebody who waits; `ticket` if it is one already.
    #[inline]
    fn ticket(&mut self, ticket: u32) -> u32 {
        if ticket != 0 {
            return ticket;
        }
        self.ticket = self.ticket.wrapping_add(1).max(1);
        self.ticket
    }

    /// A machine has other addresses from now on.
    pub(crate) fn set_addresses(&mut self, kernel: &Kernel, machine: u16, addresses: &[IpAddr]) {
        self.admit(kernel);
        self.addresses.set(machine, &kernel.hosts[machine as usize].name, addresses);
        self.addresses_changed();
    }

    /// A condition on links, from every source to every target.
    pub(crate) fn impose(
        &mut self,
        kernel: &Kernel,
        fault: FaultId,
        sources: Vec<u16>,
        targets: Vec<u16>,
        condition: Condition,
    ) {
        self.admit(kernel);
        self.links.impose(fault, sources, targets, condition);
    }

    /// Lifts what a fault imposed on links and names; what it held back goes on, in order.
    pub(crate) fn lift(&mut self, kernel: &mut Kernel, fault: FaultId) {
        for host in &mut self.hosts {
            host.names.retain(|trouble| trouble.fault != fault);
        }
        let windows = self.links.bounds_windows(fault);
        let (freed, links) = self.links.lift(fault);
        let current = kernel.current;
        let mut after = (link::NONE, 0);
        for (link, held) in freed {
            if after.0 != link {
                after = (link, 0);
            }
            after.1 = match held {
                Held::Datagram(message) => self.release_datagram(kernel, message, after.1),
                Held::Stream(signal) => self.release_signal(kernel, link, signal, after.1),
            };
        }
        if windows {
            self.windows_changed(kernel, &links);
        }
        kernel.current = current;
    }

    /// A process has ended: its sockets are closed and its ports free.
    pub(crate) fn process_ended(&mut self, kernel: &mut Kernel, process: u32, ending: Ending) {
        self.close_datagrams_of(kernel, process);
        match ending {
            Ending::Exited | Ending::Errored => self.close_streams_of(kernel, process, false),
            Ending::Killed | Ending::Stopped | Ending::Panicked => {
                self.close_streams_of(kernel, process, true);
            }
            // The whole machine forgets, and nobody is told.
            Ending::PowerLost => {}
        }
    }

    /// A machine has lost its power. Its processes have ended already.
    pub(crate) fn power_lost(&mut self, kernel: &mut Kernel, machine: u16) {
        self.forget_streams_of(kernel, machine);
    }

    /// The two machines of each link, by the number that records name.
    pub(crate) fn link_ends(&self) -> Vec<(u16, u16)> {
        self.links.ends().collect()
    }

    /// The wakers of everybody who waits, at the end of a run.
    pub(crate) fn take_wakers(&mut self) -> Vec<WakerSlot> {
        let waiters = self.datagrams.all_waiters().chain(self.streams.all_waiters());
        waiters.flat_map(Waiters::take).collect()
    }

    /// Who waits for the network, for what, on which port: for the report of a stall.
    pub(crate) fn waits(&self) -> Vec<(TaskKey, String)> {
        let datagrams = self.datagrams.waits().map(|(key, port)| (key, format!("a datagram on port {port}")));
        let streams = self.streams.waits().map(|(key, what, port)| (key, format!("{what} of port {port}")));
        datagrams.chain(streams).collect()
    }
}
