//! Flow: writing, sending, arriving, reading, and the window that bounds it.

use std::io::{Error, ErrorKind, IoSlice, Result};

use super::super::link::{Fate, NONE};
use super::super::waiters::Waiter;
use super::super::{Loss, Net};
use super::end::EndState;
use super::way::{Finish, NO_TIMER, Segment, Stuck};
use super::{Signal, StreamKey, What};
use crate::checksum::checksum;
use crate::config::Payloads;
use crate::kernel::Kernel;
use crate::trace::Kind;

/// How records name a way: connection and side.
#[inline]
pub(super) fn way_number(index: u32, side: usize) -> u32 {
    index << 1 | side as u32
}

impl Net {
    /// Takes bytes in and sends what may be sent. `None` when there is no room.
    #[inline]
    pub(crate) fn write_stream(
        &mut self,
        kernel: &mut Kernel,
        key: StreamKey,
        parts: &[IoSlice<'_>],
        waiter: Option<Waiter<'_>>,
    ) -> Result<Option<usize>> {
        let send_buffer = self.streams.send_buffer;
        let side = usize::from(key.side);
        let connection = self.streams.get(key)?;
        let (way, end) = (&mut connection.ways[side], &mut connection.ends[side]);
        if end.state != EndState::Open {
            return match end.state {
                EndState::Broken => {
                    Err(end.write_error.take().map_or(ErrorKind::BrokenPipe.into(), Error::from))
                }
                _ => {
                    if let Some((ticket, waker)) = waiter {
                        end.writers.park(ticket, waker);
                    }
                    Ok(None)
                }
            };
        }
        if way.finish != Finish::No {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let mut room = send_buffer.saturating_sub(way.unsent()) as usize;
        if room == 0 && parts.iter().any(|part| !part.is_empty()) {
            if let Some((ticket, waker)) = waiter {
                end.writers.park(ticket, waker);
            }
            return Ok(None);
        }
        let link = way.link;
        if self.links.links[link as usize].trouble != NONE {
            if let Some(fault) = self.links.reset_strikes(kernel, link) {
                kernel.effect(fault, link);
                return Err(self.reset_by_fault(kernel, key.index, side));
            }
            if let Some(fault) = self.links.half_close_strikes(kernel, link) {
                kernel.effect(fault, link);
                self.finish_stream(kernel, key)?;
                return Err(ErrorKind::BrokenPipe.into());
            }
            if let Some((bytes_max, fault)) = self.links.chop(link)
                && parts.iter().map(|part| part.len()).sum::<usize>().min(room) > bytes_max
            {
                kernel.effect(fault, link);
                room = bytes_max;
            }
        }
        let way = &mut self.streams.at(key.index).ways[side];
        let mut taken = 0;
        for part in parts {
            let count = part.len().min(room - taken);
            let end = way.written + count as u64;
            way.ring.reserve(way.read, way.written, end);
            way.ring.write(way.written, &part[..count]);
            way.written = end;
            taken += count;
        }
        if taken > 0 {
            self.flush(kernel, key.index, side);
        }
        Ok(Some(taken))
    }

    /// Sends what the window and the link let through.
    #[inline]
    pub(super) fn flush(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let usual_window = self.streams.window;
        let connection = &mut self.streams.connections[index as usize];
        let way = &mut connection.ways[side];
        if way.stuck != Stuck::No {
            return;
        }
        let unsent = way.unsent();
        let under_way = way.sent - way.credited;
        let mut bytes = unsent.min(usual_window.saturating_sub(under_way));
        let link = way.link;
        let troubled = self.links.links[link as usize].trouble != NONE;
        if troubled && bytes > 0 {
            bytes = self.bytes_in_trouble(kernel, index, side, bytes);
        }
        if bytes < unsent {
            self.ask_for_credit(kernel, index, side);
        }
        let connection = &mut self.streams.connections[index as usize];
        let way = &mut connection.ways[side];
        let last = way.finish == Finish::Queued && bytes == unsent;
        if bytes == 0 && !last && !way.greets || way.stuck != Stuck::No {
            return;
        }
        let machine = connection.ends[side].machine;
        let sum = match kernel.payloads {
            Payloads::Digested => {
                let (first, second) = way.ring.slices(way.sent, way.sent + bytes);
                let sum = checksum(way_number(index, side), first);
                if second.is_empty() { sum } else { checksum(sum, second) }
            }
            Payloads::Opaque => 0,
        };
        let number = way_number(index, side);
        let cause = kernel.record(Kind::Segment, u8::from(last), machine, number, sum);
        let fate = if connection.unroutable {
            Fate::Lost(Loss::NoSuchAddress)
        } else {
            self.links.carry(kernel, link, bytes as usize, Signal::new(index, side, What::Segment))
        };
        let send_buffer = self.streams.send_buffer;
        let connection = &mut self.streams.connections[index as usize];
        let way = &mut connection.ways[side];
        match fate {
            Fate::Arrives(at) => {
                way.sent += bytes;
                way.greets = false;
                if last {
                    way.finish = Finish::Sent;
                }
                let at = at.max(way.arrives_latest);
                way.arrives_latest = at;
                let roomy = way.unsent() * 2 <= send_buffer;
                match way.segments.back_mut() {
                    // It catches up with the one before and arrives with it.
                    Some(before) if before.arrives_at == at && !before.void => {
                        before.end = way.sent;
                        before.last |= last;
                    }
                    _ => {
                        let end = way.sent;
                        way.segments.push_back(Segment { end, arrives_at: at, cause, last, void: false });
                        connection.outstanding += 1;
                        let signal = Signal::new(index, side, What::Segment);
                        kernel.schedule(at, crate::kernel::Event::Stream(signal.0));
                    }
                }
                if roomy {
                    connection.ends[side].writers.wake(kernel);
                }
                let back = connection.ways[1 - side].link;
                let unanswered = back != NONE && self.links.links[back as usize].trouble != NONE;
                if unanswered || connection.ways[side].retry.is_some() {
                    self.note_sent(kernel, index, side);
                }
            }
            Fate::Lost(loss) => {
                kernel.record(Kind::Lose, loss as u8, machine, link, sum);
                self.recover(kernel, index, side);
            }
            Fate::Held => {
                way.stuck = Stuck::Clogged;
                connection.outstanding += 1;
            }
        }
    }

    /// How many of so many bytes a link with trouble lets through at once.
    #[cold]
    fn bytes_in_trouble(&mut self, kernel: &mut Kernel, index: u32, side: usize, bytes: u64) -> u64 {
        let usual = self.streams.window;
        let way = &self.streams.at(index).ways[side];
        let (link, under_way) = (way.link, way.sent - way.credited);
        let (window, bounded_by) = self.links.window(link, usual);
        let mut let_through = bytes.min(window.saturating_sub(under_way));
        if let Some(fault) = bounded_by
            && let_through < bytes
        {
            kernel.effect(fault, link);
        }
        if let Some((room, ask_at)) = self.links.room(link, kernel.now)
            && room < let_through
        {
            let_through = room;
            self.streams.at(index).ways[side].retry_seq =
                self.send_signal(kernel, ask_at, index, side, What::Retry);
        }
        let_through
    }

    /// The front segment of a way has arrived.
    #[inline]
    pub(super) fn segment_arrives(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let to = 1 - side;
        let connection = &mut self.streams.connections[index as usize];
        let way = &mut connection.ways[side];
        let segment = way.segments.pop_front().expect("a signal for each segment");
        if segment.void {
            self.free_if_over(index);
            return;
        }
        kernel.cause = segment.cause;
        let end = &mut connection.ends[to];
        let machine = end.machine;
        kernel.current =
            crate::kernel::Context { machine, process: end.process, task: crate::task::NONE, dead: false };
        if !kernel.hosts[machine as usize].up || connection.unroutable {
            self.lose_under_way(kernel, index, side);
            return;
        }
        if end.state == EndState::Answered {
            self.handshake_ends(kernel, index);
        }
        let connection = &mut self.streams.connections[index as usize];
        let (way, end) = (&mut connection.ways[side], &mut connection.ends[to]);
        if end.state != EndState::Open {
            self.arrives_at_closed(kernel, index, side, segment);
            return;
        }
        let bytes = segment.end - way.arrived;
        way.arrived = segment.end;
        let told = if kernel.payloads == Payloads::Digested { bytes as u32 } else { 0 };
        kernel.cause = kernel.record(Kind::Arrive, 0, machine, way_number(index, side), told);
        if segment.last {
            way.finish = Finish::Arrived;
            kernel.record(Kind::Close, 0, machine, way_number(index, side), 0);
        }
        if bytes > 0 || segment.last {
            end.readers.wake(kernel);
        }
        way.check();
        if segment.last {
            self.settle(kernel, index);
        }
    }

    /// Reads into `take`, which is given at most `wanted` bytes in two parts. `None` when there are none
    /// yet; nothing at the end of the stream.
    #[inline]
    pub(crate) fn read_stream<R>(
        &mut self,
        kernel: &mut Kernel,
        key: StreamKey,
        wanted: usize,
        peek: bool,
        waiter: Option<Waiter<'_>>,
        take: impl FnOnce(&[u8], &[u8]) -> R,
    ) -> Result<Option<R>> {
        let side = usize::from(key.side);
        let connection = self.streams.get(key)?;
        let (way, end) = (&mut connection.ways[1 - side], &mut connection.ends[side]);
        let readable = way.readable();
        if readable == 0 {
            return match end.state {
                EndState::Broken => match end.read_error.take() {
                    Some(error) => Err(error.into()),
                    None => Ok(Some(take(&[], &[]))),
                },
                _ if way.finish == Finish::Arrived || wanted == 0 => Ok(Some(take(&[], &[]))),
                _ => {
                    if let Some((ticket, waker)) = waiter {
                        end.readers.park(ticket, waker);
                    }
                    Ok(None)
                }
            };
        }
        let mut count = readable.min(wanted as u64);
        let link = way.link;
        if self.links.links[link as usize].trouble != NONE
            && let Some((bytes_max, fault)) = self.links.chop(link)
            && bytes_max < count as usize
        {
            kernel.effect(fault, link);
            count = bytes_max as u64;
        }
        let way = &mut self.streams.at(key.index).ways[1 - side];
        let (first, second) = way.ring.slices(way.read, way.read + count);
        let answer = take(first, second);
        if !peek {
            way.read += count;
            self.offer_credit(kernel, key.index, side);
        }
        Ok(Some(answer))
    }

    /// The reader at `side` has read: when it has made enough room, its peer is told.
    #[inline]
    fn offer_credit(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let mut window = self.streams.window;
        let way = &self.streams.connections[index as usize].ways[1 - side];
        if way.credit_under_way || way.finish >= Finish::Sent {
            return;
        }
        let made = way.read - way.credited;
        if self.links.links[way.link as usize].trouble != NONE {
            window = self.links.window(way.link, window).0;
        }
        if made >= window.div_ceil(2) {
            self.send_credit(kernel, index, side);
        }
    }

    #[inline(never)]
    fn send_credit(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let link = connection.ways[side].link;
        let fate = if connection.unroutable {
            Fate::Lost(Loss::NoSuchAddress)
        } else {
            self.links.carry(kernel, link, 0, Signal::new(index, side, What::Credit))
        };
        let writer = 1 - side;
        let way = &mut self.streams.at(index).ways[writer];
        way.credit_under_way = !matches!(fate, Fate::Lost(_));
        way.promised = way.read;
        match fate {
            Fate::Arrives(at) => {
                self.send_signal(kernel, at, index, side, What::Credit);
            }
            Fate::Held => self.signal_is_held(index),
            // A writer that has more to send asks from time to time, and gives up in the end.
            Fate::Lost(_) if way.unsent() > 0 && way.retry_seq == NO_TIMER => {
                self.wait_longer(kernel, index, writer);
            }
            Fate::Lost(_) => {}
        }
    }

    /// The writer learns how far its peer has read.
    pub(super) fn credit_arrives(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let writer = 1 - side;
        self.enter(kernel, index, writer);
        let connection = self.streams.at(index);
        let reader_is_open = connection.ends[side].state == EndState::Open;
        let up = kernel.hosts[connection.ends[writer].machine as usize].up;
        let writer_lives = matches!(connection.ends[writer].state, EndState::Open | EndState::Closed);
        let way = &mut connection.ways[writer];
        way.credit_under_way = false;
        if up && writer_lives {
            // What was dropped unread since then is no room that the reader has told of.
            way.credited = way.promised;
            way.check();
            if way.stuck == Stuck::No {
                way.retry = None;
                way.retry_seq = NO_TIMER;
            }
            self.flush(kernel, index, writer);
            if reader_is_open {
                self.offer_credit(kernel, index, side);
            }
        }
        self.free_if_over(index);
    }

    /// The writer at `side` would send more than it has credit for. As long as the reader still has bytes,
    /// it will say so by itself; but its word may have been lost, or the usual step be too large for a
    /// smaller window: then it is asked.
    #[inline]
    pub(super) fn ask_for_credit(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let way = &connection.ways[side];
        let reader = connection.ends[1 - side].state;
        if matches!(reader, EndState::Gone | EndState::Broken) {
            self.doubt(kernel, index, side);
            return;
        }
        if way.credited == way.read || way.credit_under_way {
            return;
        }
        if way.read == way.sent || reader == EndState::Closed {
            self.send_credit(kernel, index, 1 - side);
        } else {
            self.offer_credit(kernel, index, 1 - side);
        }
    }

    /// The window of some links has changed: whoever waits for room looks again.
    pub(in super::super) fn windows_changed(&mut self, kernel: &mut Kernel, links: &[u32]) {
        for index in 0..self.streams.connections.len() as u32 {
            for side in 0..2 {
                let connection = self.streams.at(index);
                let concerned = links.contains(&connection.ways[side].link);
                if concerned && matches!(connection.ends[side].state, EndState::Open | EndState::Closed) {
                    self.flush(kernel, index, side);
                }
            }
        }
    }
}
