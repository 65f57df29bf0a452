//! Streams: connections as a state machine, without a future in sight.
//!
//! A connection has two ends and two ways. An end belongs to a machine and says what its code may do; a
//! way carries bytes from one end to the other, in one ring. What travels is a *signal*: eight bytes in
//! the event queue that name a connection, a side and what arrives. There are no acknowledgements on the
//! wire: whether something arrives is known when it leaves, so a sender knows without being told, and
//! only what it could not know otherwise (room to send, a reset, an answer) travels back.

mod close;
mod end;
mod flow;
mod handshake;
mod options;
mod recover;
mod ring;
#[cfg(test)]
mod tests;
mod way;

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use self::end::{End, EndState};
pub use self::handshake::Handshake;
use self::handshake::Listener;
pub(crate) use self::handshake::ListenerKey;
use self::way::Way;
use super::Net;
use super::link::NONE;
use super::settings::Settings;
use super::waiters::Waiters;
use crate::kernel::{Context, Event, Kernel};
use crate::task::{self, TaskKey};

/// Names one end of a connection; a key of a connection that is gone is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
    /// 0 for the end that connected, 1 for the one that accepted.
    pub(crate) side: u8,
}

/// What arrives, as the event queue has it: connection, side and kind in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(pub(crate) u32);

/// What a signal tells. `side` is the side that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The front segment of the way from `side` arrives.
    Segment,
    /// The reader at `side` has made room.
    Credit,
    /// A request to connect.
    Ask,
    /// The consent to it.
    Answer,
    /// Nobody listens.
    Refuse,
    /// The end at `side` knows no such connection any more.
    Reset,
    /// A timer of `side`: to send again, or to give up.
    Retry,
    /// A timer of the connecting side: to ask again, or to give up.
    AskAgain,
}

const CONNECTION_COUNT_MAX: usize = 1 << 28;

impl Signal {
    #[inline]
    fn new(index: u32, side: usize, what: What) -> Signal {
        Signal(index << 4 | (side as u32) << 3 | what as u32)
    }

    fn index(self) -> u32 {
        self.0 >> 4
    }

    fn side(self) -> usize {
        (self.0 >> 3 & 1) as usize
    }

    fn what(self) -> What {
        match self.0 & 7 {
            0 => What::Segment,
            1 => What::Credit,
            2 => What::Ask,
            3 => What::Answer,
            4 => What::Refuse,
            5 => What::Reset,
            6 => What::Retry,
            _ => What::AskAgain,
        }
    }
}

/// One connection, from the first request until both ends have forgotten it.
struct Connection {
    /// `ways[0]` leads from `ends[0]` to `ends[1]`, `ways[1]` back.
    ways: [Way; 2],
    ends: [End; 2],
    generation: u32,
    /// Whether the slot is taken.
    live: bool,
    /// Signals of it in the event queue or on clogged links. The slot is free when it has none and both
    /// ends are gone, so no signal reaches another connection.
    outstanding: u32,
    /// The listener that has not given it away yet; [`NONE`] before and after.
    listener: u32,
    /// One of the ends no longer has its address.
    unroutable: bool,
    asking: handshake::Asking,
}

pub(crate) struct Streams {
    connections: Vec<Connection>,
    free: Vec<u32>,
    listeners: Vec<Listener>,
    listeners_free: Vec<u32>,
    settings: Settings,
    window: u64,
    send_buffer: u64,
    retry_after: u64,
    give_up_after: u64,
}

impl Streams {
    pub(super) fn new(settings: &Settings) -> Streams {
        Streams {
            connections: Vec::new(),
            free: Vec::new(),
            listeners: Vec::new(),
            listeners_free: Vec::new(),
            settings: settings.clone(),
            window: u64::from(settings.window_bytes.max(1)),
            send_buffer: u64::from(settings.send_buffer_bytes.max(1)),
            retry_after: super::latency::nanos(settings.retry_after).max(1),
            give_up_after: super::latency::nanos(settings.give_up_after),
        }
    }

    #[inline]
    fn at(&mut self, index: u32) -> &mut Connection {
        &mut self.connections[index as usize]
    }

    /// The connection of a key whose end still belongs to somebody.
    #[inline]
    fn get(&mut self, key: StreamKey) -> Result<&mut Connection> {
        match self.connections.get_mut(key.index as usize) {
            Some(connection)
                if connection.generation == key.generation
                    && !matches!(
                        connection.ends[usize::from(key.side)].state,
                        EndState::Gone | EndState::Closed
                    ) =>
            {
                Ok(connection)
            }
            _ => Err(gone()),
        }
    }

    /// Everybody who waits, at the end of a run.
    pub(super) fn all_waiters(&mut self) -> impl Iterator<Item = &mut Waiters> {
        let ends = self.connections.iter_mut().flat_map(|connection| &mut connection.ends);
        let waiters = ends.flat_map(|end| [&mut end.readers, &mut end.writers]);
        waiters.chain(self.listeners.iter_mut().map(Listener::all_waiters))
    }

    /// Who waits for a stream or a listener, for the report of a stall.
    pub(super) fn waits(&self) -> impl Iterator<Item = (TaskKey, &'static str, u16)> {
        let ends = self.connections.iter().flat_map(|connection| &connection.ends).flat_map(|end| {
            let readers = end.readers.keys().map(|key| (key, "bytes on a stream"));
            let writers = end.writers.keys().map(|key| (key, "room on a stream"));
            readers.chain(writers).map(|(key, what)| (key, what, end.port))
        });
        let listeners = self.listeners.iter().flat_map(|listener| {
            listener.waiters().map(|key| (key, "a connection to a listener", listener.port()))
        });
        ends.chain(listeners)
    }
}

/// The process or machine that had it is gone, and the stream with it.
fn gone() -> Error {
    Error::new(ErrorKind::NotConnected, "the stream is closed: the process or machine that had it is gone")
}

impl Net {
    /// A signal has arrived.
    #[inline]
    pub(crate) fn signal_arrives(&mut self, kernel: &mut Kernel, signal: u32, seq: u64) {
        let signal = Signal(signal);
        let (index, side) = (signal.index(), signal.side());
        self.streams.at(index).outstanding -= 1;
        match signal.what() {
            What::Segment => self.segment_arrives(kernel, index, side),
            What::Credit => self.credit_arrives(kernel, index, side),
            What::Retry => self.retry_is_due(kernel, index, side, seq),
            What::Ask => self.ask_arrives(kernel, index),
            What::Answer => self.answer_arrives(kernel, index),
            What::Refuse => self.refusal_of_stream_arrives(kernel, index),
            What::Reset => self.reset_arrives(kernel, index, side),
            What::AskAgain => self.ask_again_is_due(kernel, index, seq),
        }
    }

    /// Puts a signal into the event queue.
    #[inline]
    fn send_signal(&mut self, kernel: &mut Kernel, at: u64, index: u32, side: usize, what: What) -> u64 {
        self.streams.at(index).outstanding += 1;
        kernel.schedule(at, Event::Stream(Signal::new(index, side, what).0))
    }

    /// A signal that was held on a clogged link goes on, not before `after`; the answer is when it arrives.
    pub(super) fn release_signal(
        &mut self,
        kernel: &mut Kernel,
        link: u32,
        signal: Signal,
        after: u64,
    ) -> u64 {
        let (index, side) = (signal.index(), signal.side());
        if signal.what() == What::Segment {
            let connection = self.streams.at(index);
            connection.outstanding -= 1;
            let way = &mut connection.ways[side];
            way.stuck = way::Stuck::No;
            way.arrives_latest = way.arrives_latest.max(after);
            self.flush(kernel, index, side);
            self.free_if_over(index);
            return after;
        }
        let at = (kernel.now + self.links.latency(kernel, link)).max(after);
        let way = &mut self.streams.at(index).ways[side];
        if signal.what() == What::Reset {
            way.arrives_latest = way.arrives_latest.max(at);
        }
        kernel.schedule(at, Event::Stream(signal.0));
        at
    }

    /// What happens from here on happens at an end.
    #[inline]
    fn enter(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let end = &self.streams.at(index).ends[side];
        kernel.current =
            Context { machine: end.machine, process: end.process, task: task::NONE, dead: false };
    }

    /// The addresses of a stream: its own and its peer's.
    pub(crate) fn stream_addresses(&mut self, key: StreamKey) -> Result<(SocketAddr, SocketAddr)> {
        let connection = self.streams.get(key)?;
        let side = usize::from(key.side);
        let [own, peer] =
            [&connection.ends[side], &connection.ends[1 - side]].map(|end| (end.address, end.port));
        Ok((
            SocketAddr::new(self.addresses.ip(own.0), own.1),
            SocketAddr::new(self.addresses.ip(peer.0), peer.1),
        ))
    }

    /// Gives the slot of a connection back when nothing refers to it any more.
    #[inline]
    fn free_if_over(&mut self, index: u32) {
        let connection = self.streams.at(index);
        let over = connection.ends.iter().all(|end| end.state == EndState::Gone);
        if over && connection.outstanding == 0 && connection.live {
            connection.live = false;
            connection.generation = connection.generation.wrapping_add(1);
            connection.listener = NONE;
            connection.ways.iter_mut().for_each(Way::clear);
            self.streams.free.push(index);
        }
    }
}
