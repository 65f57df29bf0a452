//! Closing: finishing, resetting, dropping, and what becomes of connections when a process or a machine
//! ends.

use std::io::{Error, ErrorKind, Result};

use super::super::Net;
use super::super::link::{Fate, NONE};
use super::end::{EndState, StreamError};
use super::flow::way_number;
use super::way::{Finish, Segment, Stuck};
use super::{Signal, StreamKey, What};
use crate::kernel::Kernel;
use crate::task::WakerSlot;
use crate::trace::Kind;

impl Net {
    /// The writer has finished: its peer reads to the end and then reads nothing.
    pub(crate) fn finish_stream(&mut self, kernel: &mut Kernel, key: StreamKey) -> Result<()> {
        let side = usize::from(key.side);
        let connection = self.streams.get(key)?;
        if connection.ends[side].state != EndState::Open {
            return Err(ErrorKind::NotConnected.into());
        }
        if connection.ways[side].finish == Finish::No {
            connection.ways[side].finish = Finish::Queued;
            self.flush(kernel, key.index, side);
        }
        Ok(())
    }

    /// An end is dropped by its owner. What was written goes out all the same; but who drops what it has
    /// not read resets the connection, as Linux does.
    pub(crate) fn close_stream(&mut self, kernel: &mut Kernel, key: StreamKey) {
        let side = usize::from(key.side);
        if let Ok(connection) = self.streams.get(key) {
            let unread = connection.ways[1 - side].readable() > 0;
            let resets = unread || connection.ends[side].resets_on_drop;
            self.close_end(kernel, key.index, side, resets);
        }
    }

    fn close_end(&mut self, kernel: &mut Kernel, index: u32, side: usize, resets: bool) {
        let connection = self.streams.at(index);
        match connection.ends[side].state {
            EndState::Open if resets => self.abort(kernel, index, side),
            EndState::Open => {
                let end = &mut connection.ends[side];
                end.state = EndState::Closed;
                end.readers.forget(kernel);
                end.writers.forget(kernel);
                if connection.ways[side].finish == Finish::No {
                    connection.ways[side].finish = Finish::Queued;
                    self.flush(kernel, index, side);
                }
                if self.streams.at(index).ways[1 - side].unsent() > 0 {
                    // Who still waits to send is to find out that nobody reads.
                    self.ask_for_credit(kernel, index, 1 - side);
                }
                self.settle(kernel, index);
            }
            EndState::Answered => self.abort(kernel, index, side),
            EndState::Connecting | EndState::Broken => self.leave(kernel, index, side),
            EndState::Closed | EndState::Gone => {}
        }
    }

    /// Ends a connection at once; the peer is told, if the news gets through.
    pub(super) fn abort(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        self.send_reset(kernel, index, side);
        self.leave(kernel, index, side);
    }

    /// Tells the peer that `side` knows no such connection. The answer is whether the news is on its way.
    pub(super) fn send_reset(&mut self, kernel: &mut Kernel, index: u32, side: usize) -> bool {
        let connection = self.streams.at(index);
        let (machine, link) = (connection.ends[side].machine, connection.ways[side].link);
        if connection.ends[1 - side].state == EndState::Gone || connection.unroutable || link == NONE {
            return false;
        }
        let number = way_number(index, side);
        let cause = kernel.record(Kind::Close, 1, machine, number, 0);
        self.streams.at(index).ways[side].cause = cause;
        match self.links.carry(kernel, link, 0, Signal::new(index, side, What::Reset)) {
            Fate::Arrives(at) => {
                let way = &mut self.streams.at(index).ways[side];
                way.arrives_latest = way.arrives_latest.max(at);
                let at = way.arrives_latest;
                self.send_signal(kernel, at, index, side, What::Reset);
                true
            }
            Fate::Lost(loss) => {
                kernel.record(Kind::Lose, loss as u8, machine, link, number);
                false
            }
            Fate::Held => {
                self.signal_is_held(index);
                true
            }
        }
    }

    pub(super) fn reset_arrives(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let to = 1 - side;
        let connection = self.streams.at(index);
        let machine = connection.ends[to].machine;
        let state = connection.ends[to].state;
        let unroutable = connection.unroutable;
        kernel.cause = connection.ways[side].cause;
        self.enter(kernel, index, to);
        if !kernel.hosts[machine as usize].up || unroutable {
            if matches!(state, EndState::Open | EndState::Closed) {
                // Whatever provoked it has had no answer: it is said again, if only as an empty segment.
                self.streams.at(index).ways[to].greets = true;
                if self.streams.at(index).ways[to].stuck == Stuck::No {
                    self.recover(kernel, index, to);
                }
            }
            self.free_if_over(index);
            return;
        }
        kernel.cause = kernel.record(Kind::Close, 1, machine, way_number(index, side), 1);
        match state {
            EndState::Open | EndState::Connecting => {
                self.break_end(kernel, index, to, StreamError::Reset);
            }
            EndState::Answered | EndState::Closed => self.leave(kernel, index, to),
            EndState::Broken | EndState::Gone => self.free_if_over(index),
        }
    }

    /// A fault resets the connection at a write: both ends hear of it, each in its time.
    #[cold]
    pub(super) fn reset_by_fault(&mut self, kernel: &mut Kernel, index: u32, side: usize) -> Error {
        self.send_reset(kernel, index, side);
        self.break_end(kernel, index, side, StreamError::Reset);
        self.streams.at(index).ends[side].write_error = None;
        StreamError::Reset.into()
    }

    /// The connection is no more, and the owner of this end is to hear of it.
    pub(super) fn break_end(&mut self, kernel: &mut Kernel, index: u32, side: usize, error: StreamError) {
        let connection = self.streams.at(index);
        let end = &mut connection.ends[side];
        end.state = EndState::Broken;
        end.read_error = Some(error);
        end.write_error = Some(error);
        connection.ways[1 - side].drop_unread();
        connection.ways[side].drop_unsent();
        end.readers.wake(kernel);
        end.writers.wake(kernel);
        self.doubt(kernel, index, 1 - side);
    }

    /// The machine forgets this end.
    pub(super) fn leave(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let end = &mut connection.ends[side];
        let was = std::mem::replace(&mut end.state, EndState::Gone);
        debug_assert!(was != EndState::Gone);
        end.readers.forget(kernel);
        end.writers.forget(kernel);
        let (machine, port, owns_port) = (end.machine, end.port, std::mem::take(&mut end.owns_port));
        connection.ways[1 - side].drop_unread();
        connection.ways[side].drop_unsent();
        let listener = connection.listener;
        if owns_port {
            self.release_stream_port(machine, port, index);
        }
        if was == EndState::Answered && listener != NONE {
            self.forget_answered(listener, index);
        }
        // A peer that was dropped and has said all that it had to say will never hear of anything again.
        let connection = self.streams.at(index);
        let peer_is_over = connection.ends[1 - side].state == EndState::Closed
            && connection.ways[1 - side].finish == Finish::Arrived;
        if peer_is_over {
            self.leave(kernel, index, 1 - side);
        } else {
            self.doubt(kernel, index, 1 - side);
        }
        self.free_if_over(index);
    }

    /// Bytes, or their end, have arrived where nobody reads any more.
    #[cold]
    pub(super) fn arrives_at_closed(
        &mut self,
        kernel: &mut Kernel,
        index: u32,
        side: usize,
        segment: Segment,
    ) {
        let to = 1 - side;
        let connection = self.streams.at(index);
        let machine = connection.ends[to].machine;
        kernel.cause = kernel.record(Kind::Arrive, 1, machine, way_number(index, side), 0);
        let way = &mut connection.ways[side];
        let bytes = segment.end - way.arrived;
        let state = connection.ends[to].state;
        if state == EndState::Closed && bytes == 0 {
            if segment.last {
                way.finish = Finish::Arrived;
            }
            self.settle(kernel, index);
            return;
        }
        let sender_lives = matches!(connection.ends[side].state, EndState::Open | EndState::Closed);
        if sender_lives && !self.send_reset(kernel, index, to) {
            // The sender has no answer, so it will send this again.
            self.unsend_and_recover(kernel, index, side);
        } else {
            let way = &mut self.streams.at(index).ways[side];
            way.arrived = segment.end;
            way.drop_unread();
        }
        if state == EndState::Closed {
            self.leave(kernel, index, to);
        } else {
            self.free_if_over(index);
        }
    }

    /// An end that was dropped is forgotten when it has said everything and will hear nothing more.
    pub(super) fn settle(&mut self, kernel: &mut Kernel, index: u32) {
        for side in 0..2 {
            let connection = self.streams.at(index);
            let spoken = connection.ways[side].finish == Finish::Arrived;
            let heard = connection.ways[1 - side].finish == Finish::Arrived;
            let closed = connection.ends[side].state == EndState::Closed;
            if closed && spoken && (heard || !self.end_is_known(index, 1 - side)) {
                self.leave(kernel, index, side);
            }
        }
    }

    /// A process has ended. Killed, its machine resets its connections; otherwise they are closed as if it
    /// had dropped them.
    pub(in super::super) fn close_streams_of(&mut self, kernel: &mut Kernel, process: u32, killed: bool) {
        self.close_listeners_of(kernel, process);
        for index in 0..self.streams.connections.len() as u32 {
            for side in 0..2 {
                let connection = self.streams.at(index);
                let end = &connection.ends[side];
                // What a listener has not given away was its own, and is gone with it.
                let given_away = side == 0 || connection.listener == NONE;
                if connection.live && end.process == process && given_away {
                    let resets = killed || end.resets_on_drop || connection.ways[1 - side].readable() > 0;
                    self.close_end(kernel, index, side, resets);
                }
            }
        }
    }

    /// A machine has lost its power: it forgets all its ends, and nobody is told.
    pub(in super::super) fn forget_streams_of(&mut self, kernel: &mut Kernel, machine: u16) {
        for index in 0..self.streams.connections.len() as u32 {
            for side in 0..2 {
                let connection = self.streams.at(index);
                let end = &connection.ends[side];
                if connection.live && end.machine == machine && end.state != EndState::Gone {
                    self.leave(kernel, index, side);
                }
            }
        }
        self.forget_listeners_of(kernel, machine);
    }

    /// A future that waited for a stream is dropped.
    pub(crate) fn leave_stream(&mut self, key: StreamKey, reading: bool, ticket: u32) -> WakerSlot {
        let Ok(connection) = self.streams.get(key) else { return WakerSlot::Empty };
        let end = &mut connection.ends[usize::from(key.side)];
        if reading { end.readers.leave(ticket) } else { end.writers.leave(ticket) }
    }
}
