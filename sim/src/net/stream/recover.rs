//! Recovery: what was lost is sent again, later and later, until somebody gives up.
//!
//! Loss and partitions show on a stream as delay, and after a long time as a timeout. While a way recovers,
//! what is written behind the loss waits with it: the reader would get it no sooner.

use super::super::{Loss, Net};
use super::end::{EndState, StreamError};
use super::flow::way_number;
use super::way::{NO_TIMER, Retry, Stuck};
use super::{Signal, What};
use crate::kernel::Kernel;
use crate::trace::Kind;

impl Net {
    /// What the way from `side` just sent, or tried to, was lost: again later.
    #[cold]
    pub(super) fn recover(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        self.streams.at(index).ways[side].stuck = Stuck::Recovering;
        self.wait_longer(kernel, index, side);
    }

    /// Sets the timer of a way: the first wait, or twice the last.
    pub(super) fn wait_longer(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let (first, give_up_after) = (self.streams.retry_after, self.streams.give_up_after);
        let way = &mut self.streams.at(index).ways[side];
        let retry = match way.retry {
            Some(Retry { since, wait }) => Retry { since, wait: wait.saturating_mul(2) },
            None => Retry { since: kernel.now, wait: first },
        };
        way.retry = Some(retry);
        let give_up_at = retry.since.saturating_add(give_up_after);
        let at = (kernel.now + retry.wait).min(give_up_at.max(kernel.now + 1));
        let seq = self.send_signal(kernel, at, index, side, What::Retry);
        self.streams.at(index).ways[side].retry_seq = seq;
    }

    /// Whether a machine still knows an end of a connection.
    pub(super) fn end_is_known(&self, index: u32, side: usize) -> bool {
        let state = self.streams.connections[index as usize].ends[side].state;
        !matches!(state, EndState::Gone | EndState::Broken)
    }

    /// The peer of the writer at `side` has gone, and may not be able to say so: a writer that waits for
    /// credit does not wait for ever.
    pub(super) fn doubt(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let way = &connection.ways[side];
        let waits = way.unsent() > 0 && way.segments.is_empty() && way.stuck == Stuck::No;
        let lives = matches!(connection.ends[side].state, EndState::Open | EndState::Closed);
        if waits && lives && way.retry_seq == NO_TIMER {
            self.wait_longer(kernel, index, side);
        }
    }

    /// Something left on the way from `side` and will arrive. A sender knows that only if an acknowledgement
    /// comes back: when nothing passes the other way, it waits for it, and gives up in the end.
    #[cold]
    pub(super) fn note_sent(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let back = self.streams.at(index).ways[1 - side].link;
        let blocked_by = if back == super::NONE { None } else { self.links.blocked(back) };
        let way = &mut self.streams.at(index).ways[side];
        match blocked_by {
            None => {
                way.retry = None;
            }
            Some(fault) if way.retry.is_none() => {
                kernel.effect(fault, back);
                self.wait_longer(kernel, index, side);
            }
            Some(_) if way.retry_seq == NO_TIMER => self.wait_longer(kernel, index, side),
            Some(_) => {}
        }
    }

    pub(super) fn retry_is_due(&mut self, kernel: &mut Kernel, index: u32, side: usize, seq: u64) {
        let give_up_after = self.streams.give_up_after;
        let way = &mut self.streams.at(index).ways[side];
        if way.retry_seq != seq {
            self.free_if_over(index);
            return;
        }
        way.retry_seq = NO_TIMER;
        let recovers = way.stuck == Stuck::Recovering;
        let given_up = way.retry.is_some_and(|retry| kernel.now - retry.since >= give_up_after);
        self.enter(kernel, index, side);
        kernel.cause = u64::MAX;
        if given_up {
            self.give_up(kernel, index, side);
            return;
        }
        let way = &mut self.streams.at(index).ways[side];
        if recovers {
            way.stuck = Stuck::No;
        }
        let starves = way.unsent() > 0 && way.segments.is_empty();
        if starves && !self.end_is_known(index, 1 - side) {
            // No credit will ever come. An empty segment finds out why.
            self.streams.at(index).ways[side].greets = true;
        }
        self.flush(kernel, index, side);
        let way = &self.streams.at(index).ways[side];
        if way.retry.is_some() && way.retry_seq == NO_TIMER {
            // Nothing was left to send, only to be acknowledged.
            self.note_sent(kernel, index, side);
        }
    }

    /// The front segment of the way from `side` reached a machine that does not answer.
    #[cold]
    pub(super) fn lose_under_way(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let loss = if connection.unroutable { Loss::NoSuchAddress } else { Loss::PowerOff };
        let machine = connection.ends[1 - side].machine;
        let link = connection.ways[side].link;
        kernel.record(Kind::Lose, loss as u8, machine, link, way_number(index, side));
        self.unsend_and_recover(kernel, index, side);
        self.free_if_over(index);
    }

    /// What is under way from `side` has come to nothing: it is sent again, if there is still somebody to.
    pub(super) fn unsend_and_recover(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let sender_lives = matches!(connection.ends[side].state, EndState::Open | EndState::Closed);
        let way = &mut connection.ways[side];
        way.unsend();
        if !sender_lives {
            way.drop_unsent();
        } else if way.stuck == Stuck::No {
            self.enter(kernel, index, side);
            self.recover(kernel, index, side);
        }
    }

    /// No answer for too long.
    fn give_up(&mut self, kernel: &mut Kernel, index: u32, side: usize) {
        let connection = self.streams.at(index);
        let machine = connection.ends[side].machine;
        kernel.cause = kernel.record(Kind::Close, 2, machine, way_number(index, side), 0);
        match self.streams.at(index).ends[side].state {
            EndState::Open => self.break_end(kernel, index, side, StreamError::TimedOut),
            EndState::Closed => self.leave(kernel, index, side),
            _ => self.free_if_over(index),
        }
    }

    /// The addresses of a machine have changed: connections over an old one no longer carry anything.
    pub(in super::super) fn addresses_changed(&mut self) {
        let Net { addresses, streams, .. } = self;
        for connection in &mut streams.connections {
            connection.unroutable =
                connection.ends.iter().any(|end| !addresses.is_own(end.address, end.machine));
        }
    }

    /// A signal that is held on a clogged link counts as one in the queue.
    pub(super) fn signal_is_held(&mut self, index: u32) {
        self.streams.at(index).outstanding += 1;
    }
}

const _: () = assert!(size_of::<Signal>() == 4, "a signal fits an event");
