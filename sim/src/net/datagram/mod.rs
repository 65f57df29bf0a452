//! Datagrams: what is sent arrives once, twice or never, whole, and in any order.
//!
//! The heart of UDP: sockets as ids, messages in a slab, one event a message. It knows no future and no
//! waker beyond the slot that keeps it.

mod free;
mod message;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use self::message::{CONNECTED, Ends, MARKED, Messages, NONE, REFUSAL};
use super::address::AddressId;
use super::ports::PortError;
use super::trouble::{Held, Mark, Passage, Troubled};
use super::waiters::{Waiter, Waiters};
use super::{Loss, Net};
use crate::checksum::checksum;
use crate::kernel::{Context, Event, Kernel};
use crate::task::{self, WakerSlot};
use crate::trace::Kind;

/// The longest payload of a datagram, as in IPv4.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 65_507;

/// What a waiting datagram takes of its socket's room beside its payload.
const OVERHEAD_BYTES: u32 = 64;

/// Names a socket; a key of a closed socket is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SocketKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// Who sent a datagram, small enough to travel in registers: a `SocketAddr` that is moved about costs more
/// than all the rest of receiving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    V4 { bits: u32, port: u16 },
    V6 { address: AddressId, port: u16 },
}

impl Peer {
    #[inline]
    pub(crate) fn address_v4(self) -> Option<SocketAddr> {
        match self {
            Peer::V4 { bits, port } => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(bits)), port)),
            Peer::V6 { .. } => None,
        }
    }
}

struct Socket {
    generation: u32,
    machine: u16,
    port: u16,
    address: AddressId,
    open: bool,
    /// A peer refused what was sent to it: the next call says so.
    refused: bool,
    process: u32,
    /// The only peer, if it is connected to one.
    peer: Option<(AddressId, u16)>,
    /// First and last of the datagrams that wait to be received.
    head: u32,
    tail: u32,
    queued_bytes: u32,
    readers: Waiters,
    /// The address as it was bound.
    shown: IpAddr,
}

pub(crate) struct Datagrams {
    sockets: Vec<Socket>,
    free: Vec<u32>,
    messages: Messages,
    /// The faults that changed a message under way, by its number.
    marks: BTreeMap<u32, Vec<Mark>>,
    room_bytes: u32,
}

impl Datagrams {
    pub(super) fn new(room_bytes: u32) -> Datagrams {
        Datagrams {
            sockets: Vec::new(),
            free: Vec::new(),
            messages: Messages::new(),
            marks: BTreeMap::new(),
            room_bytes,
        }
    }

    #[inline]
    fn get(&mut self, key: SocketKey) -> Result<&mut Socket> {
        match self.sockets.get_mut(key.index as usize) {
            Some(socket) if socket.generation == key.generation && socket.open => Ok(socket),
            _ => Err(closed()),
        }
    }

    /// See [`Messages::warm`].
    #[inline]
    pub(crate) fn warm(&self, message: u32) -> u8 {
        self.messages.warm(message)
    }

    /// Everybody who waits, at the end of a run.
    pub(super) fn all_waiters(&mut self) -> impl Iterator<Item = &mut Waiters> {
        self.sockets.iter_mut().map(|socket| &mut socket.readers)
    }

    /// Open sockets and who waits for them, for the report of a stall.
    pub(super) fn waits(&self) -> impl Iterator<Item = (crate::task::TaskKey, u16)> {
        let open = self.sockets.iter().filter(|socket| socket.open);
        open.flat_map(|socket| socket.readers.keys().map(|key| (key, socket.port)))
    }
}

/// The process that had it is gone, and the socket with it.
fn closed() -> Error {
    Error::new(ErrorKind::NotConnected, "the socket is closed: the process or machine that had it is gone")
}

pub(super) fn no_such_address(ip: IpAddr) -> Error {
    Error::new(ErrorKind::AddrNotAvailable, format!("{ip} is no address of this machine"))
}

pub(super) fn port_error(error: PortError, address: SocketAddr) -> Error {
    match error {
        PortError::InUse => Error::new(ErrorKind::AddrInUse, format!("{address} is in use")),
        PortError::NoneFree => Error::new(ErrorKind::AddrInUse, "no ephemeral port is free"),
    }
}

impl Net {
    /// Opens a socket for the current process.
    pub(crate) fn bind_datagram(&mut self, kernel: &mut Kernel, to: SocketAddr) -> Result<SocketKey> {
        self.admit(kernel);
        let Context { machine, process, .. } = kernel.current;
        let address = self.own_address(machine, to.ip())?;
        let index = self.datagrams.free.last().copied().unwrap_or(self.datagrams.sockets.len() as u32);
        let port = self.hosts[machine as usize]
            .datagram_ports
            .bind(to.port(), address, index)
            .map_err(|error| port_error(error, to))?;
        kernel.record(Kind::Bind, 1, machine, u32::from(port), 0);
        let generation = self.datagrams.sockets.get(index as usize).map_or(0, |socket| socket.generation);
        let socket = Socket {
            generation,
            machine,
            port,
            address,
            open: true,
            refused: false,
            process,
            peer: None,
            head: NONE,
            tail: NONE,
            queued_bytes: 0,
            readers: Waiters::default(),
            shown: to.ip(),
        };
        if self.datagrams.free.pop().is_some() {
            self.datagrams.sockets[index as usize] = socket;
        } else {
            self.datagrams.sockets.push(socket);
        }
        Ok(SocketKey { index, generation })
    }

    /// Talks to one peer from now on.
    pub(crate) fn connect_datagram(
        &mut self,
        kernel: &mut Kernel,
        key: SocketKey,
        peer: SocketAddr,
    ) -> Result<()> {
        self.admit(kernel);
        let peer_address = self.addresses.find(peer.ip());
        let socket = self.datagrams.get(key)?;
        // Somebody's address that nobody has: what is sent there is lost.
        let Some(address) = peer_address else {
            return Err(Error::new(
                ErrorKind::NetworkUnreachable,
                format!("no machine ever had {}", peer.ip()),
            ));
        };
        let address = if address == AddressId::ANY { AddressId::LOCAL } else { address };
        socket.peer = Some((address, peer.port()));
        Ok(())
    }

    /// Sends a datagram; it has left when this returns, whatever becomes of it.
    #[inline]
    pub(crate) fn send_datagram(
        &mut self,
        kernel: &mut Kernel,
        key: SocketKey,
        to: Option<&SocketAddr>,
        bytes: &[u8],
    ) -> Result<usize> {
        let socket = self.datagrams.get(key)?;
        if socket.refused {
            socket.refused = false;
            return Err(ErrorKind::ConnectionRefused.into());
        }
        if bytes.len() > PAYLOAD_BYTES_MAX {
            return Err(too_long(bytes.len()));
        }
        let (machine, source_port, bound) = (socket.machine, socket.port, socket.address);
        let connected = socket.peer.is_some() && to.is_none();
        let (target, target_port) = match to {
            Some(to) => match self.find_socket(kernel, to) {
                Some(found) => found,
                None => return Ok(self.lose_at_once(kernel, machine, bytes)),
            },
            None => socket.peer.ok_or_else(not_connected)?,
        };
        let source = if bound == AddressId::ANY { self.addresses.source(machine, target) } else { bound };
        let target_machine = self.addresses.machine(target, machine);
        if usize::from(target_machine) >= self.hosts.len() || !self.addresses.is_own(source, machine) {
            return Ok(self.lose_at_once(kernel, machine, bytes));
        }
        let link = self.links.between(kernel, machine, target_machine);
        let ports = u32::from(source_port) << 16 | u32::from(target_port);
        let sum = checksum(ports, bytes);
        let sent = kernel.record(Kind::Send, 0, machine, link, sum);
        let ends = Ends { source, source_port, target, target_port, machine: target_machine };
        match self.links.pass(kernel, link, bytes.len()) {
            Passage::Arrives(at) => {
                let message = self.datagrams.messages.add(ends, link, sent, sum, bytes);
                if connected {
                    self.datagrams.messages.at(message).flags |= CONNECTED;
                }
                kernel.schedule(at, Event::Datagram(message));
            }
            Passage::Lost(loss) => {
                kernel.record(Kind::Lose, loss as u8, machine, link, sum);
            }
            Passage::Troubled(troubled) => {
                let message = self.datagrams.messages.add(ends, link, sent, sum, bytes);
                if connected {
                    self.datagrams.messages.at(message).flags |= CONNECTED;
                }
                self.send_through_trouble(kernel, message, *troubled);
            }
        }
        Ok(bytes.len())
    }

    /// To an address that leads nowhere: no link knows of it.
    #[cold]
    fn lose_at_once(&mut self, kernel: &mut Kernel, machine: u16, bytes: &[u8]) -> usize {
        kernel.record(Kind::Lose, Loss::NoSuchAddress as u8, machine, NONE, checksum(0, bytes));
        bytes.len()
    }

    #[cold]
    fn send_through_trouble(&mut self, kernel: &mut Kernel, message: u32, troubled: Troubled) {
        let Troubled { arrives_at, held, again, flip, marks } = troubled;
        let datagrams = &mut self.datagrams;
        let link = datagrams.messages.at(message).link;
        if let Some(word) = flip {
            datagrams.messages.flip(message, word);
        }
        let copy = again.map(|(at, fault)| {
            let copy = datagrams.messages.copy(message);
            let mut copied = marks.clone();
            copied.push(Mark::Changed(fault));
            datagrams.mark(copy, copied);
            (at, copy)
        });
        if !marks.is_empty() {
            datagrams.mark(message, marks);
        }
        for (at, message) in std::iter::once((arrives_at, message)).chain(copy) {
            if held {
                self.links.hold(link, Held::Datagram(message));
            } else {
                kernel.schedule(at, Event::Datagram(message));
            }
        }
    }

    /// A datagram that was held on a clogged link goes on, not before `after`; the answer is when it arrives.
    pub(super) fn release_datagram(&mut self, kernel: &mut Kernel, message: u32, after: u64) -> u64 {
        let link = self.datagrams.messages.at(message).link;
        let at = (kernel.now + self.links.latency(kernel, link)).max(after);
        kernel.schedule(at, Event::Datagram(message));
        at
    }

    /// A datagram has arrived at its machine.
    #[inline]
    pub(crate) fn datagram_arrives(&mut self, kernel: &mut Kernel, index: u32) {
        let message = *self.datagrams.messages.at(index);
        let sequence = kernel.log.sequence();
        // The record of sending is less than 2^32 records back.
        kernel.cause = sequence - u64::from((sequence as u32).wrapping_sub(message.sent));
        if message.flags & REFUSAL != 0 {
            self.refusal_arrives(kernel, index);
            return;
        }
        let machine = message.machine;
        kernel.current = Context { machine, process: u32::MAX, task: task::NONE, dead: false };
        if !kernel.hosts[machine as usize].up {
            self.lose_arrived(kernel, index, Loss::PowerOff);
            return;
        }
        if !self.addresses.is_own(message.target, machine) {
            self.lose_arrived(kernel, index, Loss::NoSuchAddress);
            return;
        }
        let found = self.hosts[machine as usize].datagram_ports.find(message.target_port, message.target);
        let Some(found) = found else {
            self.lose_arrived(kernel, index, Loss::NoSocket);
            return;
        };
        let room_bytes = self.datagrams.room_bytes;
        let socket = &mut self.datagrams.sockets[found as usize];
        if socket.peer.is_some_and(|peer| peer != (message.source, message.source_port)) {
            self.lose_arrived(kernel, index, Loss::NoSocket);
            return;
        }
        let bytes = message.length() as u32 + OVERHEAD_BYTES;
        // One datagram always finds room: a socket that can hold none would be no socket.
        if socket.queued_bytes > 0 && socket.queued_bytes + bytes > room_bytes {
            self.lose_arrived(kernel, index, Loss::SocketFull);
            return;
        }
        kernel.current.process = socket.process;
        kernel.cause = kernel.record(Kind::Deliver, 0, machine, message.link, message.checksum);
        socket.queued_bytes += bytes;
        let tail = std::mem::replace(&mut socket.tail, index);
        if tail == NONE {
            socket.head = index;
        }
        socket.readers.wake(kernel);
        if tail != NONE {
            self.datagrams.messages.at(tail).next = index;
        }
        if message.flags & MARKED != 0 || self.links.reorders {
            self.count_marks(kernel, index);
        }
    }

    /// The datagram was taken in: what faults did to it has taken effect.
    #[cold]
    fn count_marks(&mut self, kernel: &mut Kernel, index: u32) {
        let message = *self.datagrams.messages.at(index);
        let overtaken = self.links.note_delivery(message.link, message.sent);
        if message.flags & MARKED == 0 {
            return;
        }
        self.datagrams.messages.at(index).flags &= !MARKED;
        for mark in self.datagrams.marks.remove(&index).unwrap_or_default() {
            match mark {
                Mark::Changed(fault) => kernel.effect(fault, message.link),
                Mark::HeldBack(fault) if overtaken => kernel.effect(fault, message.link),
                Mark::HeldBack(_) => {}
            }
        }
    }

    #[cold]
    fn lose_arrived(&mut self, kernel: &mut Kernel, index: u32, loss: Loss) {
        let message = *self.datagrams.messages.at(index);
        let machine = message.machine;
        kernel.cause = kernel.record(Kind::Lose, loss as u8, machine, message.link, message.checksum);
        let source = self.addresses.machine(message.source, machine);
        if loss != Loss::NoSocket || message.flags & CONNECTED == 0 || usize::from(source) >= self.hosts.len()
        {
            self.datagrams.discard(index);
            return;
        }
        // A connected sender hears of it: the message turns back as the news.
        let sent = kernel.cause as u32;
        let link = self.links.between(kernel, machine, source);
        let Passage::Arrives(at) = self.links.pass(kernel, link, 0) else {
            self.datagrams.discard(index);
            return;
        };
        self.datagrams.unmark(index);
        let message = self.datagrams.messages.at(index);
        message.flags |= REFUSAL;
        message.machine = source;
        message.sent = sent;
        kernel.schedule(at, Event::Datagram(index));
    }

    #[cold]
    fn refusal_arrives(&mut self, kernel: &mut Kernel, index: u32) {
        let message = *self.datagrams.messages.at(index);
        self.datagrams.discard(index);
        let machine = message.machine;
        kernel.current = Context { machine, process: u32::MAX, task: task::NONE, dead: false };
        if !kernel.hosts[machine as usize].up {
            return;
        }
        let ports = &self.hosts[machine as usize].datagram_ports;
        let Some(found) = ports.find(message.source_port, message.source) else { return };
        let socket = &mut self.datagrams.sockets[found as usize];
        if socket.peer == Some((message.target, message.target_port)) {
            socket.refused = true;
            socket.readers.wake(kernel);
        }
    }

    /// Takes the next datagram out of a socket, or leaves it for a `peek`, or waits for one.
    #[inline]
    pub(crate) fn receive_datagram<R>(
        &mut self,
        key: SocketKey,
        peek: bool,
        waiter: Option<Waiter<'_>>,
        take: impl FnOnce(&[u8]) -> R,
    ) -> Result<Option<(R, Peer)>> {
        let datagrams = &mut self.datagrams;
        let socket = datagrams.get(key)?;
        if socket.refused {
            socket.refused = false;
            return Err(ErrorKind::ConnectionRefused.into());
        }
        let index = socket.head;
        if index == NONE {
            if let Some((ticket, waker)) = waiter {
                socket.readers.park(ticket, waker);
            }
            return Ok(None);
        }
        let message = datagrams.messages.at(index);
        let (next, bytes) = (message.next, message.length() as u32 + OVERHEAD_BYTES);
        let (source, source_port) = (message.source, message.source_port);
        if !peek {
            let socket = &mut datagrams.sockets[key.index as usize];
            socket.head = next;
            if next == NONE {
                socket.tail = NONE;
            }
            socket.queued_bytes -= bytes;
        }
        let answer = take(datagrams.messages.payload(index));
        if !peek {
            datagrams.messages.free(index);
        }
        let peer = match self.addresses.ip(source) {
            IpAddr::V4(ip) => Peer::V4 { bits: ip.to_bits(), port: source_port },
            IpAddr::V6(_) => Peer::V6 { address: source, port: source_port },
        };
        Ok(Some((answer, peer)))
    }

    #[cold]
    pub(crate) fn address_of(&self, peer: Peer) -> SocketAddr {
        match peer {
            Peer::V4 { bits, port } => SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(bits)), port),
            Peer::V6 { address, port } => SocketAddr::new(self.addresses.ip(address), port),
        }
    }

    /// A future that waited for a datagram is dropped.
    pub(crate) fn leave_datagram(&mut self, key: SocketKey, ticket: u32) -> WakerSlot {
        self.datagrams.get(key).map_or(WakerSlot::Empty, |socket| socket.readers.leave(ticket))
    }

    /// The address a socket is bound to.
    pub(crate) fn datagram_address(&mut self, key: SocketKey) -> Result<SocketAddr> {
        self.datagrams.get(key).map(|socket| SocketAddr::new(socket.shown, socket.port))
    }

    /// The only peer of a socket.
    pub(crate) fn datagram_peer(&mut self, key: SocketKey) -> Result<SocketAddr> {
        let (address, port) = self.datagrams.get(key)?.peer.ok_or_else(not_connected)?;
        Ok(SocketAddr::new(self.addresses.ip(address), port))
    }

    /// Closes a socket: its port is free, and what waited in it is gone.
    pub(crate) fn close_datagram(&mut self, kernel: &mut Kernel, key: SocketKey) {
        if self.datagrams.get(key).is_err() {
            return;
        }
        let socket = &mut self.datagrams.sockets[key.index as usize];
        kernel.record(Kind::Bind, 0, socket.machine, u32::from(socket.port), 0);
        socket.open = false;
        socket.generation = socket.generation.wrapping_add(1);
        socket.readers.forget(kernel);
        let mut index = socket.head;
        let (machine, port) = (socket.machine, socket.port);
        self.hosts[machine as usize].datagram_ports.release(port, key.index);
        while index != NONE {
            let next = self.datagrams.messages.at(index).next;
            self.datagrams.messages.free(index);
            index = next;
        }
        self.datagrams.free.push(key.index);
    }

    /// Closes the sockets of a process that has ended.
    pub(super) fn close_datagrams_of(&mut self, kernel: &mut Kernel, process: u32) {
        for index in 0..self.datagrams.sockets.len() {
            let socket = &self.datagrams.sockets[index];
            if socket.open && socket.process == process {
                let key = SocketKey { index: index as u32, generation: socket.generation };
                self.close_datagram(kernel, key);
            }
        }
    }
}

impl Datagrams {
    fn mark(&mut self, message: u32, marks: Vec<Mark>) {
        self.messages.at(message).flags |= MARKED;
        self.marks.insert(message, marks);
    }

    fn unmark(&mut self, message: u32) {
        if self.messages.at(message).flags & MARKED != 0 {
            self.marks.remove(&message);
            self.messages.at(message).flags &= !MARKED;
        }
    }

    fn discard(&mut self, message: u32) {
        self.unmark(message);
        self.messages.free(message);
    }
}

fn not_connected() -> Error {
    Error::new(ErrorKind::NotConnected, "the socket is connected to no peer")
}

#[cold]
fn too_long(bytes: usize) -> Error {
    let text = format!("a datagram of {bytes} bytes is too long: at most {PAYLOAD_BYTES_MAX}");
    Error::new(ErrorKind::InvalidInput, text)
}
