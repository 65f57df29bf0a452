//! One question and its answer over datagrams: asked again until somebody answers or patience ends.
//!
//! Loss, damage, duplicates and answers to older questions end here; what comes out is an answer to this
//! question or nothing.

use std::io;
use std::time::Duration;

use sim::net::UdpSocket;
use sim::time::{Instant, timeout_at};

use super::api::PORT;
use super::datagram::Checksum;
use super::message::{Body, Message, Reply, Request};
use super::points::{DAMAGE_BELIEVED, STALE_REPLY_TAKEN};

/// After how long a question is asked again, the first time; each wait doubles.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(15);
const ASK_AGAIN_MAX: Duration = Duration::from_millis(240);
/// The longest reply.
const REPLY_BYTES_MAX: usize = 2048;

/// A client's way to its remote.
#[derive(Debug)]
pub struct Way {
    socket: UdpSocket,
    remote: String,
}

/// How this run looks at checksums.
pub(super) fn checksum() -> Checksum {
    if DAMAGE_BELIEVED.is_planted() { Checksum::Ignored } else { Checksum::Verified }
}

impl Way {
    /// A way to the remote on this machine.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn open(remote: &str) -> io::Result<Way> {
        Ok(Way { socket: UdpSocket::bind("0.0.0.0:0").await?, remote: remote.to_string() })
    }

    /// Asks until there is an answer or patience is over. `exchange` must never have been used before.
    pub async fn ask(&self, exchange: u64, request: Request, patience: Duration) -> Option<Reply> {
        let bytes = Message { exchange, body: Body::Request(request) }.to_bytes();
        let give_up_at = Instant::now() + patience;
        let mut wait = ASK_AGAIN_AFTER;
        loop {
            // A name that cannot be looked up is as good as a datagram that was lost.
            let _ = self.socket.send_to(&bytes, (self.remote.as_str(), PORT)).await;
            points::site!("adapter.asked_not_answered").await;
            let until = give_up_at.min(Instant::now() + wait);
            if let Ok(reply) = timeout_at(until, self.answer(exchange)).await {
                points::site!("adapter.answered_not_judged").await;
                return Some(reply);
            }
            if Instant::now() >= give_up_at {
                return None;
            }
            points::reachable!("adapter.asked_again");
            wait = (wait * 2).min(ASK_AGAIN_MAX);
        }
    }

    /// Waits for the answer to this question, for ever.
    async fn answer(&self, exchange: u64) -> Reply {
        let mut buffer = [0; REPLY_BYTES_MAX];
        loop {
            let Ok((count, _)) = self.socket.recv_from(&mut buffer).await else { continue };
            match Message::read(&buffer[..count], checksum()) {
                Ok(Message { exchange: answered, body: Body::Reply(reply) }) => {
                    if answered == exchange || STALE_REPLY_TAKEN.is_planted() {
                        return reply;
                    }
                    points::reachable!("adapter.stale_reply_dropped");
                }
                Ok(Message { body: Body::Request(_), .. }) => {}
                Err(_) => points::reachable!("adapter.damaged_datagram_dropped"),
            }
        }
    }
}
