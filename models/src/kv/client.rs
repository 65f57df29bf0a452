//! A client: it finds the primary, keeps a session, and retries until it is answered.
//!
//! A retry carries the number of the first try, so the write takes effect once. One call at a time.

use std::io;
use std::time::Duration;

use sim::net::TcpStream;
use sim::time::{sleep, timeout};

use super::api::{Answer, Cluster, Operation, PORT, Status};
use super::frame::{Frame, Reply, Request, append_request};
use super::stream::FrameStream;

const ATTEMPT_PATIENCE: Duration = Duration::from_millis(800);
const BACKOFF_MIN: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_millis(60);

/// The session had to make room for others. Whether the write took effect is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionGone;

/// A client of the store.
pub struct Client {
    cluster: Cluster,
    rng: sim::choice::Rng,
    /// The connection to `server`.
    connection: Option<FrameStream<TcpStream>>,
    server: usize,
    session: Option<u64>,
    /// The number of the last write begun.
    seq: u64,
}

impl Client {
    /// A client that draws its backoff from the stream of this name.
    pub fn new(cluster: Cluster, name: &str) -> Client {
        Client { cluster, rng: sim::rng(name), connection: None, server: 0, session: None, seq: 0 }
    }

    /// Carries out an operation, however long that takes. If this is dropped before it returns, the
    /// operation may take effect or not, and nobody will know when.
    pub async fn call(&mut self, operation: Operation) -> Result<Answer, SessionGone> {
        if !operation.is_write() {
            return match self.ask(&Request::Read(operation)).await {
                Reply::Answered(answer) => Ok(answer),
                _ => Err(SessionGone),
            };
        }
        self.seq += 1;
        let seq = self.seq;
        let session = self.open_session().await;
        match self.ask(&Request::Write { session, seq, operation }).await {
            Reply::Answered(answer) => Ok(answer),
            _ => {
                self.session = None;
                Err(SessionGone)
            }
        }
    }

    /// Where one replica stands, by its own word.
    pub async fn inspect(&mut self, replica: usize) -> io::Result<Status> {
        self.go_to(replica);
        match self.attempt(&Request::Inspect).await? {
            Reply::Inspected(status) => Ok(status),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    async fn open_session(&mut self) -> u64 {
        loop {
            if let Some(session) = self.session {
                return session;
            }
            if let Reply::Opened(session) = self.ask(&Request::Open).await {
                self.session = Some(session);
            }
        }
    }

    /// Asks until somebody answers as the primary.
    async fn ask(&mut self, request: &Request) -> Reply {
        loop {
            let next = (self.server + 1) % self.cluster.machines.len();
            match self.attempt(request).await {
                Ok(Reply::NotPrimary(Some(primary))) if usize::from(primary) != self.server => {
                    self.go_to(usize::from(primary));
                }
                Ok(Reply::NotPrimary(_)) | Err(_) => self.go_to(next),
                Ok(reply) => return reply,
            }
            let backoff = self.rng.range(BACKOFF_MIN.as_nanos() as u64..BACKOFF_MAX.as_nanos() as u64);
            sleep(Duration::from_nanos(backoff)).await;
        }
    }

    fn go_to(&mut self, server: usize) {
        if server != self.server {
            self.server = server % self.cluster.machines.len();
            self.connection = None;
        }
    }

    /// One try at one replica. The connection is kept only if it served.
    async fn attempt(&mut self, request: &Request) -> io::Result<Reply> {
        let mut attempt = Attempt { client: self, has_served: false };
        let result = timeout(ATTEMPT_PATIENCE, attempt.client.exchange(request)).await;
        let result = result.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        attempt.has_served = result.is_ok();
        result
    }

    /// Sends a request and waits for its reply, on a connection that is made where there is none.
    async fn exchange(&mut self, request: &Request) -> io::Result<Reply> {
        if self.connection.is_none() {
            let address = (self.cluster.machines[self.server].as_str(), PORT);
            self.connection = Some(FrameStream::new(TcpStream::connect(address).await?));
        }
        let connection = self.connection.as_mut().expect("there is one now");
        connection.write(|out| append_request(out, request)).await?;
        match connection.next().await? {
            Some(Frame::Reply(reply)) => Ok(reply),
            Some(_) => Err(io::ErrorKind::InvalidData.into()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A try that is under way. The connection of one that fails or is dropped in the middle is closed: its reply
/// might come to the next.
struct Attempt<'a> {
    client: &'a mut Client,
    has_served: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.has_served {
            self.client.connection = None;
        }
    }
}
