//! The way to one peer: messages go out in order over one stream, which is made anew when it fails.
//!
//! A message may be lost with its stream: agreement asks for no more. Answers come over the peer's own link,
//! and say whether this one is heard: a stream to an address that the peer has left may stay open for long.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::task::{Poll, Waker};
use std::time::Duration;

use sim::net::TcpStream;
use sim::time::{Instant, sleep, timeout};
use tokio::io::AsyncWriteExt;

use super::api::PORT;
use super::frame::append_peer;
use super::message::Message;

/// What waits to be sent at most; beyond it the peer is as good as gone, and what waits is dropped.
const WAITING_BYTES_MAX: usize = 1 << 20;
const CONNECT_PATIENCE: Duration = Duration::from_millis(500);
const WRITE_PATIENCE: Duration = Duration::from_secs(1);
const RECONNECT_AFTER: Duration = Duration::from_millis(50);
/// A peer that does not hear what it was told for so long is at the end of a dead stream.
const SILENCE_MAX: Duration = Duration::from_secs(1);
/// Who was heard so lately is told so.
const HEARD_LATELY: Duration = Duration::from_millis(500);

/// One direction between two replicas.
#[derive(Debug)]
pub struct Link {
    machine: String,
    waiting: RefCell<Vec<u8>>,
    writer: RefCell<Option<Waker>>,
    /// When the peer was last heard, over its own link.
    heard_at: Cell<Option<Instant>>,
    /// Since when the peer was sent something and did not say that it hears.
    unheard_since: Cell<Option<Instant>>,
}

impl Link {
    /// A link to the replica on that machine. Nothing is sent until [`Link::run`] runs.
    pub fn new(machine: &str) -> Link {
        Link {
            machine: machine.to_string(),
            waiting: RefCell::default(),
            writer: RefCell::default(),
            heard_at: Cell::default(),
            unheard_since: Cell::default(),
        }
    }

    /// Queues a message.
    pub fn send(&self, from: u8, message: &Message) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() > WAITING_BYTES_MAX {
            waiting.clear();
        }
        let heard_lately = self.heard_at.get().is_some_and(|at| at.elapsed() < HEARD_LATELY);
        append_peer(&mut waiting, from, heard_lately, message);
        drop(waiting);
        let writer = self.writer.take();
        if let Some(waker) = writer {
            waker.wake();
        }
    }

    /// The peer was heard; `hears` when it says that it hears this replica.
    pub fn heard(&self, hears: bool) {
        self.heard_at.set(Some(Instant::now()));
        if hears {
            self.unheard_since.set(None);
        }
    }

    /// Keeps the link up, for ever.
    pub async fn run(&self) {
        loop {
            if self.carry().await.is_err() {
                points::reachable!("kv.link_lost");
            }
            // What waits is old by now: the peer is sent what it lacks when it answers again.
            self.waiting.borrow_mut().clear();
            sleep(RECONNECT_AFTER).await;
        }
    }

    async fn carry(&self) -> io::Result<()> {
        let connecting = TcpStream::connect((self.machine.as_str(), PORT));
        let mut stream =
            timeout(CONNECT_PATIENCE, connecting).await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.unheard_since.set(None);
        loop {
            let bytes = self.waiting_bytes().await;
            let now = Instant::now();
            let since = self.unheard_since.get().unwrap_or(now);
            if now.duration_since(since) > SILENCE_MAX {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.unheard_since.set(Some(since));
            timeout(WRITE_PATIENCE, stream.write_all(&bytes))
                .await
                .map_err(|_| io::ErrorKind::TimedOut)??;
            self.give_back(bytes);
        }
    }

    /// Waits for something to send and takes all of it.
    async fn waiting_bytes(&self) -> Vec<u8> {
        poll_fn(|cx| {
            let mut waiting = self.waiting.borrow_mut();
            if waiting.is_empty() {
                self.writer.replace(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(std::mem::take(&mut *waiting))
        })
        .await
    }

    /// The buffer is used again if nothing came meanwhile.
    fn give_back(&self, mut bytes: Vec<u8>) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.capacity() == 0 {
            bytes.clear();
            *waiting = bytes;
        }
    }
}
