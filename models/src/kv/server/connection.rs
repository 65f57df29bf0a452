//! Incoming connections: of peers, whose messages go into the inbox, and of clients, one request at a time.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use sim::net::{TcpListener, TcpStream};
use sim::time::sleep;

use super::super::api::Outcome;
use super::super::frame::{Frame, Reply, append_reply};
use super::super::inbox::Inbox;
use super::super::stream::FrameStream;
use super::super::tasks::Tasks;
use super::{Connections, Event};
use crate::kv::replica::Ticket;

const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Accepts connections, for ever.
pub(super) async fn accept(listener: TcpListener, inbox: Rc<Inbox<Event>>, connections: Connections) {
    let mut carriers = Tasks::default();
    for ticket in 0.. {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (inbox, connections) = (inbox.clone(), connections.clone());
                carriers.spawn(async move {
                    let replies = Rc::new(Inbox::default());
                    connections.borrow_mut().insert(ticket, replies.clone());
                    let _ = carry(stream, ticket, &inbox, &replies).await;
                    connections.borrow_mut().remove(&ticket);
                });
            }
            Err(_) => sleep(ACCEPT_AGAIN_AFTER).await,
        }
    }
}

async fn carry(
    stream: TcpStream,
    ticket: Ticket,
    inbox: &Inbox<Event>,
    replies: &Inbox<Reply>,
) -> io::Result<()> {
    let mut frames = FrameStream::new(stream);
    while let Some(frame) = frames.next().await? {
        match frame {
            Frame::Peer { from, hears, message } => inbox.push(Event::Message { from, hears, message }),
            Frame::Request(request) => {
                inbox.push(Event::Request(ticket, request));
                let reply = replies.next().await;
                frames.write(|out| append_reply(out, &reply)).await?;
            }
            Frame::Reply(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}

/// Whether a reply is the answer to a read.
pub(super) fn answers_read(reply: &Reply) -> bool {
    matches!(reply, Reply::Answered(answer) if matches!(answer.outcome, Outcome::Found(_)))
}
