//! The loops. What differs between simulators comes in as an argument: a sleep, a socket, a stream.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    HEARTBEAT_PERIOD, Tally,
    proof::{PAYLOAD_BYTES, check, payload, sleep_duration, words},
};

/// Yields `steps` times.
pub async fn yielder(steps: u64) -> Tally {
    let mut tally = Tally::default();
    for step in 0..steps {
        YieldOnce::default().await;
        tally.count(step);
    }
    tally
}

/// Wakes itself and waits once. The simulators' own `yield_now` are three different things (tokio's defers
/// its wake to the runtime's idle moment, where there is one); this is one and the same for all.
#[derive(Default)]
struct YieldOnce {
    yielded: bool,
}

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Sleeps `steps` times for 10 to 110 microseconds.
pub async fn sleeper<S: Future<Output = ()>>(task: u64, steps: u64, sleep: impl Fn(Duration) -> S) -> Tally {
    let mut tally = Tally::default();
    for step in 0..steps {
        let duration = sleep_duration(task, step);
        sleep(duration).await;
        tally.count(duration.as_nanos() as u64);
    }
    tally
}

/// A UDP socket of any simulator: only the names and the order of the arguments differ.
pub trait Datagrams: Send + Sync {
    /// Sends one datagram.
    fn send_to(&self, bytes: &[u8], target: SocketAddr) -> impl Future<Output = io::Result<()>> + Send;
    /// Receives one datagram: its length and its sender.
    fn recv_from(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send;
}

/// Sends `rounds` datagrams, each after the answer to the one before.
pub async fn datagram_client(socket: impl Datagrams, server: SocketAddr, rounds: u64) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut buffer = [0; PAYLOAD_BYTES];
    for round in 0..rounds {
        socket.send_to(&payload([round, 0, 0]), server).await?;
        let (length, _) = socket.recv_from(&mut buffer).await?;
        tally.count(check(words(&buffer[..length])));
    }
    Ok(tally)
}

/// Answers `rounds` datagrams with what it has tallied so far, so that the client's tally proves both.
pub async fn datagram_server(socket: impl Datagrams, rounds: u64) -> io::Result<()> {
    let mut tally = Tally::default();
    let mut buffer = [0; PAYLOAD_BYTES];
    for _ in 0..rounds {
        let (length, client) = socket.recv_from(&mut buffer).await?;
        let request = words(&buffer[..length]);
        tally.count(check(request));
        socket.send_to(&payload([request[0], tally.digest, tally.operations]), client).await?;
    }
    Ok(())
}

/// Writes `rounds` requests of 32 bytes, each after the answer to the one before.
///
/// It flushes as careful code does: one of the peers sends nothing before.
pub async fn stream_client<S>(mut stream: S, rounds: u64) -> io::Result<Tally>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut tally = Tally::default();
    let mut buffer = [0; PAYLOAD_BYTES];
    for round in 0..rounds {
        stream.write_all(&payload([round, 0, 0])).await?;
        stream.flush().await?;
        stream.read_exact(&mut buffer).await?;
        tally.count(check(words(&buffer)));
    }
    Ok(tally)
}

/// Answers `rounds` requests with what it has tallied so far, so that the client's tally proves both.
pub async fn stream_server<S>(mut stream: S, rounds: u64) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut tally = Tally::default();
    let mut buffer = [0; PAYLOAD_BYTES];
    for _ in 0..rounds {
        stream.read_exact(&mut buffer).await?;
        let request = words(&buffer);
        tally.count(check(request));
        stream.write_all(&payload([request[0], tally.digest, tally.operations])).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// Every 100 ms sends one datagram to each of the `machines` but itself; the first beat is at 100 ms, when
/// everybody is bound.
pub async fn beat_sender<S: Future<Output = ()>>(
    socket: &impl Datagrams,
    own_index: u64,
    machines: &[SocketAddr],
    beats: u64,
    sleep: impl Fn(Duration) -> S,
) -> io::Result<()> {
    for beat in 0..beats {
        sleep(HEARTBEAT_PERIOD).await;
        for (index, target) in machines.iter().enumerate().filter(|(index, _)| *index as u64 != own_index) {
            socket.send_to(&payload([own_index, index as u64, beat]), *target).await?;
        }
    }
    Ok(())
}

/// Receives every datagram of every beat that the other machines send here, in whatever order they come.
pub async fn beat_receiver(socket: &impl Datagrams, own_index: u64, expected: u64) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut buffer = [0; PAYLOAD_BYTES];
    for _ in 0..expected {
        let (length, _) = socket.recv_from(&mut buffer).await?;
        let message = words(&buffer[..length]);
        assert_eq!(message[1], own_index, "a message for another machine came here");
        tally.count_unordered(check(message));
    }
    Ok(tally)
}
