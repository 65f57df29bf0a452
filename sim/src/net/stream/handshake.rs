//! The handshake: listening, asking, answering, refusing, giving up.
//!
//! The connecting end is 0, the accepting end 1. A request that is lost, or that finds the backlog full,
//! is made again; one that finds nobody is refused. The listener gives a connection away when the last
//! word of the handshake has arrived, which is the first segment of the connecting end.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};

use super::super::address::AddressId;
use super::super::datagram::port_error;
use super::super::link::{Fate, NONE};
use super::super::waiters::{Waiter, Waiters};
use super::super::{Loss, Net};
use super::end::{End, EndState, StreamError};
use super::way::{NO_TIMER, Way};
use super::{CONNECTION_COUNT_MAX, Connection, Signal, StreamKey, What, gone};
use crate::fault::{Condition, FaultId};
use crate::kernel::{Context, Kernel};
use crate::task::{TaskKey, WakerSlot};
use crate::trace::Kind;

/// A step of a handshake; the flag of a [`Kind::Connect`] record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Handshake {
    /// A request leaves.
    Asked = 0,
    /// It has arrived, and the answer leaves.
    Answered = 1,
    /// The answer has arrived: the connecting end is open.
    Connected = 2,
    /// The last word has arrived: the connection waits to be accepted.
    Ready = 3,
    /// The accepting end has it.
    Accepted = 4,
    /// The request has arrived where nobody listens.
    Refused = 5,
    /// The connecting end has given up.
    TimedOut = 6,
}

impl Handshake {
    const ALL: [Handshake; 7] = [
        Handshake::Asked,
        Handshake::Answered,
        Handshake::Connected,
        Handshake::Ready,
        Handshake::Accepted,
        Handshake::Refused,
        Handshake::TimedOut,
    ];

    /// The word in printed traces.
    pub const fn label(self) -> &'static str {
        match self {
            Handshake::Asked => "asked",
            Handshake::Answered => "answered",
            Handshake::Connected => "connected",
            Handshake::Ready => "ready",
            Handshake::Accepted => "accepted",
            Handshake::Refused => "refused",
            Handshake::TimedOut => "timed out",
        }
    }

    /// The step of that number, when there is one.
    pub fn from_number(number: u8) -> Option<Handshake> {
        Handshake::ALL.into_iter().find(|step| *step as u8 == number)
    }
}

/// Names a listener; a key of a closed one is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListenerKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

pub(super) struct Listener {
    generation: u32,
    process: u32,
    machine: u16,
    port: u16,
    open: bool,
    shown: IpAddr,
    backlog: usize,
    /// Connections that have been answered and not yet heard of again.
    answered: Vec<u32>,
    /// Connections that wait to be accepted.
    ready: VecDeque<u32>,
    accepters: Waiters,
}

/// How far the asking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    since: u64,
    /// When the last request left.
    asked_at: u64,
    wait: u64,
    /// The queue's entry of the timer that counts.
    seq: u64,
    /// The fault that refuses the request under way.
    refused_by: Option<FaultId>,
}

/// Among the sockets of a machine's ports: a connecting end, not a listener.
const CONNECTING: u32 = 1 << 31;

impl Listener {
    pub(super) fn waiters(&self) -> impl Iterator<Item = TaskKey> {
        self.accepters.keys()
    }

    pub(super) fn all_waiters(&mut self) -> &mut Waiters {
        &mut self.accepters
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Net {
    fn listener(&mut self, key: ListenerKey) -> Result<&mut Listener> {
        match self.streams.listeners.get_mut(key.index as usize) {
            Some(listener) if listener.generation == key.generation && listener.open => Ok(listener),
            _ => Err(gone()),
        }
    }

    /// Listens for the current process.
    pub(crate) fn listen(
        &mut self,
        kernel: &mut Kernel,
        to: SocketAddr,
        backlog: Option<u32>,
    ) -> Result<ListenerKey> {
        self.admit(kernel);
        let Context { machine, process, .. } = kernel.current;
        let address = self.own_address(machine, to.ip())?;
        let streams = &mut self.streams;
        let index = streams.listeners_free.last().copied().unwrap_or(streams.listeners.len() as u32);
        let ports = &mut self.hosts[machine as usize].stream_ports;
        let port = ports.bind(to.port(), address, index).map_err(|error| port_error(error, to))?;
        kernel.record(Kind::Bind, 1, machine, u32::from(port), 1);
        let generation = streams.listeners.get(index as usize).map_or(0, |listener| listener.generation);
        let listener = Listener {
            generation,
            process,
            machine,
            port,
            open: true,
            shown: to.ip(),
            backlog: backlog.unwrap_or(streams.settings.backlog).max(1) as usize,
            answered: Vec::new(),
            ready: VecDeque::new(),
            accepters: Waiters::default(),
        };
        if streams.listeners_free.pop().is_some() {
            streams.listeners[index as usize] = listener;
        } else {
            streams.listeners.push(listener);
        }
        Ok(ListenerKey { index, generation })
    }

    /// The address of a listener.
    pub(crate) fn listener_address(&mut self, key: ListenerKey) -> Result<SocketAddr> {
        self.listener(key).map(|listener| SocketAddr::new(listener.shown, listener.port))
    }

    /// Takes the next connection, or waits for one.
    pub(crate) fn accept(
        &mut self,
        kernel: &mut Kernel,
        key: ListenerKey,
        waiter: Option<Waiter<'_>>,
    ) -> Result<Option<(StreamKey, SocketAddr)>> {
        let listener = self.listener(key)?;
        let Some(index) = listener.ready.pop_front() else {
            if let Some((ticket, waker)) = waiter {
                listener.accepters.park(ticket, waker);
            }
            return Ok(None);
        };
        let connection = self.streams.at(index);
        connection.listener = NONE;
        connection.ends[1].process = kernel.current.process;
        let (machine, link) = (connection.ends[1].machine, connection.ways[1].link);
        let peer = (connection.ends[0].address, connection.ends[0].port);
        let key = StreamKey { index, generation: connection.generation, side: 1 };
        kernel.record(Kind::Connect, Handshake::Accepted as u8, machine, index, link);
        Ok(Some((key, SocketAddr::new(self.addresses.ip(peer.0), peer.1))))
    }

    /// A future that waited for a connection is dropped.
    pub(crate) fn leave_listener(&mut self, key: ListenerKey, ticket: u32) -> WakerSlot {
        self.listener(key).map_or(WakerSlot::Empty, |listener| listener.accepters.leave(ticket))
    }

    /// Closes a listener. Connections that nobody accepted are reset.
    pub(crate) fn close_listener(&mut self, kernel: &mut Kernel, key: ListenerKey) {
        if self.listener(key).is_err() {
            return;
        }
        for index in self.take_listener(kernel, key.index) {
            if self.streams.at(index).ends[1].state != EndState::Gone {
                self.abort(kernel, index, 1);
            }
        }
    }

    /// Frees a listener's slot and port; the answer is what waited in it.
    fn take_listener(&mut self, kernel: &mut Kernel, index: u32) -> Vec<u32> {
        let listener = &mut self.streams.listeners[index as usize];
        listener.open = false;
        listener.generation = listener.generation.wrapping_add(1);
        listener.accepters.forget(kernel);
        let mut waiting = std::mem::take(&mut listener.answered);
        waiting.extend(std::mem::take(&mut listener.ready));
        let (machine, port) = (listener.machine, listener.port);
        kernel.record(Kind::Bind, 0, machine, u32::from(port), 1);
        self.hosts[machine as usize].stream_ports.release(port, index);
        self.streams.listeners_free.push(index);
        for &connection in &waiting {
            self.streams.at(connection).listener = NONE;
        }
        waiting
    }

    pub(super) fn close_listeners_of(&mut self, kernel: &mut Kernel, process: u32) {
        for index in 0..self.streams.listeners.len() as u32 {
            let listener = &self.streams.listeners[index as usize];
            if listener.open && listener.process == process {
                let key = ListenerKey { index, generation: listener.generation };
                self.close_listener(kernel, key);
            }
        }
    }

    /// The machine has lost its power; its connections are forgotten already.
    pub(super) fn forget_listeners_of(&mut self, kernel: &mut Kernel, machine: u16) {
        for index in 0..self.streams.listeners.len() as u32 {
            let listener = &self.streams.listeners[index as usize];
            if listener.open && listener.machine == machine {
                self.take_listener(kernel, index);
            }
        }
    }

    pub(super) fn forget_answered(&mut self, listener: u32, index: u32) {
        self.streams.at(index).listener = NONE;
        self.streams.listeners[listener as usize].answered.retain(|&other| other != index);
    }

    pub(super) fn release_stream_port(&mut self, machine: u16, port: u16, index: u32) {
        self.hosts[machine as usize].stream_ports.release(port, index | CONNECTING);
    }

    /// Begins to connect. `from` is what the end was bound to before, if it was.
    pub(crate) fn connect_stream(
        &mut self,
        kernel: &mut Kernel,
        from: Option<SocketAddr>,
        to: SocketAddr,
    ) -> Result<StreamKey> {
        let Context { machine, process, .. } = kernel.current;
        let target = match self.find_address(kernel, to.ip()) {
            Some(AddressId::ANY) => AddressId::LOCAL,
            Some(target) => target,
            None => return Err(unreachable(to)),
        };
        let target_machine = self.addresses.machine(target, machine);
        if usize::from(target_machine) >= self.hosts.len() {
            return Err(unreachable(to));
        }
        let bound = match from {
            Some(from) => self.own_address(machine, from.ip())?,
            None => AddressId::ANY,
        };
        let source = if bound == AddressId::ANY { self.addresses.source(machine, target) } else { bound };
        let index = self.streams.free.last().copied().unwrap_or(self.streams.connections.len() as u32);
        assert!(
            (index as usize) < CONNECTION_COUNT_MAX,
            "more than {CONNECTION_COUNT_MAX} connections at once"
        );
        let wanted_port = from.map_or(0, |from| from.port());
        let ports = &mut self.hosts[machine as usize].stream_ports;
        let port =
            ports.bind(wanted_port, source, index | CONNECTING).map_err(|error| match wanted_port {
                0 => Error::new(ErrorKind::AddrNotAvailable, "no ephemeral port is free"),
                port => port_error(error, SocketAddr::new(to.ip(), port)),
            })?;
        let mut near = End::new(EndState::Connecting, machine, process, source, port);
        near.owns_port = true;
        let far = End::new(EndState::Gone, target_machine, u32::MAX, target, to.port());
        let asking = Asking {
            since: kernel.now,
            asked_at: kernel.now,
            wait: super::super::latency::nanos(self.streams.settings.connect_retry_after).max(1),
            seq: NO_TIMER,
            refused_by: None,
        };
        let link = self.links.between(kernel, machine, target_machine);
        if self.streams.free.pop().is_some() {
            let connection = self.streams.at(index);
            connection.ends = [near, far];
            connection.live = true;
            connection.unroutable = false;
            connection.asking = asking;
        } else {
            self.streams.connections.push(Connection {
                ways: [Way::new(), Way::new()],
                ends: [near, far],
                generation: 0,
                live: true,
                outstanding: 0,
                listener: NONE,
                unroutable: false,
                asking,
            });
        }
        let connection = self.streams.at(index);
        connection.ways[0].link = link;
        let key = StreamKey { index, generation: connection.generation, side: 0 };
        self.ask(kernel, index);
        Ok(key)
    }

    fn ask(&mut self, kernel: &mut Kernel, index: u32) {
        let connection = self.streams.at(index);
        connection.asking.asked_at = kernel.now;
        connection.asking.refused_by = None;
        let (machine, link) = (connection.ends[0].machine, connection.ways[0].link);
        let unroutable = connection.unroutable;
        let cause = kernel.record(Kind::Connect, Handshake::Asked as u8, machine, index, link);
        self.streams.at(index).ways[0].cause = cause;
        let mut fate = if unroutable {
            Fate::Lost(Loss::NoSuchAddress)
        } else {
            self.links.carry(kernel, link, 0, Signal::new(index, 0, What::Ask))
        };
        match self.links.connect_trouble(link) {
            Some((fault, Condition::HangConnect)) if matches!(fate, Fate::Arrives(_)) => {
                kernel.effect(fault, link);
                fate = Fate::Lost(Loss::Hanging);
            }
            Some((fault, Condition::RefuseConnect)) => {
                self.streams.at(index).asking.refused_by = Some(fault);
            }
            _ => {}
        }
        match fate {
            Fate::Arrives(at) => {
                self.send_signal(kernel, at, index, 0, What::Ask);
            }
            Fate::Held => self.signal_is_held(index),
            Fate::Lost(loss) => {
                kernel.record(Kind::Lose, loss as u8, machine, link, index);
                self.ask_again_later(kernel, index);
            }
        }
    }

    /// The request, or the answer to it, was lost: the connecting end waits and asks again.
    fn ask_again_later(&mut self, kernel: &mut Kernel, index: u32) {
        let give_up_after = self.streams.give_up_after;
        let asking = &mut self.streams.at(index).asking;
        let give_up_at = asking.since.saturating_add(give_up_after);
        let at = (asking.asked_at + asking.wait).min(give_up_at).max(kernel.now + 1);
        asking.wait = asking.wait.saturating_mul(2);
        let seq = self.send_signal(kernel, at, index, 0, What::AskAgain);
        self.streams.at(index).asking.seq = seq;
    }

    pub(super) fn ask_again_is_due(&mut self, kernel: &mut Kernel, index: u32, seq: u64) {
        let give_up_after = self.streams.give_up_after;
        let connection = self.streams.at(index);
        if connection.asking.seq != seq || connection.ends[0].state != EndState::Connecting {
            self.free_if_over(index);
            return;
        }
        connection.asking.seq = NO_TIMER;
        let given_up = kernel.now - connection.asking.since >= give_up_after;
        let (machine, link) = (connection.ends[0].machine, connection.ways[0].link);
        self.enter(kernel, index, 0);
        kernel.cause = u64::MAX;
        if given_up {
            kernel.cause = kernel.record(Kind::Connect, Handshake::TimedOut as u8, machine, index, link);
            self.break_end(kernel, index, 0, StreamError::TimedOut);
        } else {
            self.ask(kernel, index);
        }
    }

    pub(super) fn ask_arrives(&mut self, kernel: &mut Kernel, index: u32) {
        let connection = self.streams.at(index);
        let (machine, target, port) =
            (connection.ends[1].machine, connection.ends[1].address, connection.ends[1].port);
        let (forth, unroutable) = (connection.ways[0].link, connection.unroutable);
        kernel.cause = connection.ways[0].cause;
        self.enter(kernel, index, 1);
        let connection = self.streams.at(index);
        if connection.ends[0].state != EndState::Connecting {
            // Whoever asked does not want it any more, or has its answer already.
            self.free_if_over(index);
            return;
        }
        if !kernel.hosts[machine as usize].up || unroutable {
            let loss = if unroutable { Loss::NoSuchAddress } else { Loss::PowerOff };
            kernel.record(Kind::Lose, loss as u8, machine, forth, index);
            self.ask_again_later(kernel, index);
            return;
        }
        let source_machine = connection.ends[0].machine;
        let back = self.links.between(kernel, machine, source_machine);
        let connection = self.streams.at(index);
        connection.ways[1].link = back;
        if connection.ends[1].state == EndState::Answered {
            self.answer(kernel, index);
            return;
        }
        if let Some(fault) = connection.asking.refused_by {
            kernel.effect(fault, forth);
            self.refuse(kernel, index);
            return;
        }
        let found = self.hosts[machine as usize].stream_ports.find(port, target);
        let Some(number) = found.filter(|number| number & CONNECTING == 0) else {
            self.refuse(kernel, index);
            return;
        };
        let listener = &mut self.streams.listeners[number as usize];
        if listener.answered.len() + listener.ready.len() >= listener.backlog {
            kernel.record(Kind::Lose, Loss::BacklogFull as u8, machine, forth, index);
            self.ask_again_later(kernel, index);
            return;
        }
        listener.answered.push(index);
        let process = listener.process;
        let connection = self.streams.at(index);
        connection.listener = number;
        connection.ends[1] = End::new(EndState::Answered, machine, process, target, port);
        self.answer(kernel, index);
    }

    fn answer(&mut self, kernel: &mut Kernel, index: u32) {
        let connection = self.streams.at(index);
        let (machine, link) = (connection.ends[1].machine, connection.ways[1].link);
        kernel.cause = kernel.record(Kind::Connect, Handshake::Answered as u8, machine, index, link);
        self.send_back(kernel, index, What::Answer);
    }

    fn refuse(&mut self, kernel: &mut Kernel, index: u32) {
        let connection = self.streams.at(index);
        let (machine, link) = (connection.ends[1].machine, connection.ways[1].link);
        kernel.cause = kernel.record(Kind::Connect, Handshake::Refused as u8, machine, index, link);
        self.send_back(kernel, index, What::Refuse);
    }

    fn send_back(&mut self, kernel: &mut Kernel, index: u32, what: What) {
        let connection = self.streams.at(index);
        connection.ways[1].cause = kernel.cause;
        let (machine, link) = (connection.ends[1].machine, connection.ways[1].link);
        match self.links.carry(kernel, link, 0, Signal::new(index, 1, what)) {
            Fate::Arrives(at) => {
                self.send_signal(kernel, at, index, 1, what);
            }
            Fate::Held => self.signal_is_held(index),
            Fate::Lost(loss) => {
                kernel.record(Kind::Lose, loss as u8, machine, link, index);
                self.ask_again_later(kernel, index);
            }
        }
    }

    pub(super) fn answer_arrives(&mut self, kernel: &mut Kernel, index: u32) {
        self.enter(kernel, index, 0);
        let connection = self.streams.at(index);
        let (machine, link) = (connection.ends[0].machine, connection.ways[0].link);
        let (state, unroutable) = (connection.ends[0].state, connection.unroutable);
        kernel.cause = connection.ways[1].cause;
        if !kernel.hosts[machine as usize].up || unroutable {
            self.free_if_over(index);
            return;
        }
        match state {
            EndState::Connecting => {
                kernel.cause = kernel.record(Kind::Connect, Handshake::Connected as u8, machine, index, link);
                let connection = self.streams.at(index);
                connection.ends[0].state = EndState::Open;
                connection.ways[0].greets = true;
                connection.ends[0].writers.wake(kernel);
                connection.ends[0].readers.wake(kernel);
                self.flush(kernel, index, 0);
            }
            // Whoever asked has gone away meanwhile.
            EndState::Gone | EndState::Broken => {
                self.send_reset(kernel, index, 0);
                self.free_if_over(index);
            }
            EndState::Open | EndState::Closed | EndState::Answered => {}
        }
    }

    pub(super) fn refusal_of_stream_arrives(&mut self, kernel: &mut Kernel, index: u32) {
        self.enter(kernel, index, 0);
        let connection = self.streams.at(index);
        let machine = connection.ends[0].machine;
        kernel.cause = connection.ways[1].cause;
        if kernel.hosts[machine as usize].up && connection.ends[0].state == EndState::Connecting {
            self.break_end(kernel, index, 0, StreamError::Refused);
        } else {
            self.free_if_over(index);
        }
    }

    /// The last word of a handshake has arrived: the connection waits to be accepted.
    #[cold]
    pub(super) fn handshake_ends(&mut self, kernel: &mut Kernel, index: u32) {
        let connection = self.streams.at(index);
        let (listener, machine, link) =
            (connection.listener, connection.ends[1].machine, connection.ways[0].link);
        connection.ends[1].state = EndState::Open;
        kernel.cause = kernel.record(Kind::Connect, Handshake::Ready as u8, machine, index, link);
        let listener = &mut self.streams.listeners[listener as usize];
        listener.answered.retain(|&other| other != index);
        listener.ready.push_back(index);
        listener.accepters.wake(kernel);
    }

    /// How far a connecting end has come: open, an error, or not yet.
    pub(crate) fn poll_connected(&mut self, key: StreamKey, waker: &mut WakerSlot) -> Result<bool> {
        let connection = self.streams.get(key)?;
        let end = &mut connection.ends[usize::from(key.side)];
        match end.state {
            EndState::Connecting => {
                end.writers.park(0, waker);
                Ok(false)
            }
            EndState::Broken => {
                Err(end.write_error.take().map_or_else(|| ErrorKind::NotConnected.into(), Error::from))
            }
            _ => Ok(true),
        }
    }
}

fn unreachable(to: SocketAddr) -> Error {
    Error::new(ErrorKind::HostUnreachable, format!("no machine has the address {}", to.ip()))
}
