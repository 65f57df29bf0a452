//! The way to one peer: messages go out in order over one stream, which is made anew when it fails.
//!
//! Whoever sends writes at once; only what the stream does not take waits, for a task that also connects. A
//! message may be lost with its stream: agreement asks for no more. Answers come over the peer's own link, and
//! say whether this one is heard: a stream to an address that the peer has left may stay open for long.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use sim::net::TcpStream;
use sim::time::{Instant, sleep, timeout};

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

#[derive(Clone, Debug, Default)]
enum Stream {
    /// There is none, or it is being made.
    #[default]
    None,
    /// Takes what is sent.
    Open(Rc<TcpStream>),
    /// Did not take everything: what is sent waits.
    Full,
    /// Failed, and is to be made anew.
    Lost,
}

/// One direction between two replicas.
#[derive(Debug)]
pub struct Link {
    machine: String,
    waiting: RefCell<Vec<u8>>,
    stream: RefCell<Stream>,
    /// Who carries what waits, when there is nothing to carry.
    carrier: RefCell<Option<Waker>>,
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
            stream: RefCell::default(),
            carrier: RefCell::default(),
            heard_at: Cell::default(),
            unheard_since: Cell::default(),
        }
    }

    /// Sends a message, or queues it.
    pub fn send(&self, from: u8, message: &Message) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() > WAITING_BYTES_MAX {
            waiting.clear();
        }
        let heard_lately = self.heard_at.get().is_some_and(|at| at.elapsed() < HEARD_LATELY);
        append_peer(&mut waiting, from, heard_lately, message);
        drop(waiting);
        let stream = self.stream.borrow().clone();
        if let Stream::Open(stream) = stream {
            match self.write(&stream) {
                Ok(true) => {}
                Ok(false) => self.call_carrier(Stream::Full),
                Err(_) => self.call_carrier(Stream::Lost),
            }
        }
    }

    fn call_carrier(&self, stream: Stream) {
        self.stream.replace(stream);
        let carrier = self.carrier.take();
        if let Some(waker) = carrier {
            waker.wake();
        }
    }

    /// Writes what waits, and answers whether the stream took all of it.
    fn write(&self, stream: &TcpStream) -> io::Result<bool> {
        let now = Instant::now();
        let since = self.unheard_since.get().unwrap_or(now);
        if now.duration_since(since) > SILENCE_MAX {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.unheard_since.set(Some(since));
        let mut waiting = self.waiting.borrow_mut();
        match stream.try_write(&waiting) {
            Ok(count) => {
                waiting.drain(..count);
                Ok(waiting.is_empty())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
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
            self.stream.replace(Stream::None);
            // What waits is old by now: the peer is sent what it lacks when it answers again.
            self.waiting.borrow_mut().clear();
            sleep(RECONNECT_AFTER).await;
        }
    }

    async fn carry(&self) -> io::Result<()> {
        let connecting = TcpStream::connect((self.machine.as_str(), PORT));
        let stream = timeout(CONNECT_PATIENCE, connecting).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let stream = Rc::new(stream);
        self.unheard_since.set(None);
        loop {
            timeout(WRITE_PATIENCE, self.empty(&stream)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            self.stream.replace(Stream::Open(stream.clone()));
            self.called().await?;
        }
    }

    /// Writes all that waits, as the stream takes it.
    async fn empty(&self, stream: &TcpStream) -> io::Result<()> {
        while !self.waiting.borrow().is_empty() && !self.write(stream)? {
            stream.writable().await?;
        }
        Ok(())
    }

    /// Waits until a sender finds the stream full, or lost.
    async fn called(&self) -> io::Result<()> {
        poll_fn(|cx| match *self.stream.borrow() {
            Stream::Open(_) | Stream::None => {
                self.carrier.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
            Stream::Full => Poll::Ready(Ok(())),
            Stream::Lost => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        })
        .await
    }
}
