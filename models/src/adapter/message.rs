//! What client and remote say to each other. Pure; `datagram` has the bytes.

use super::bytes::Hash;
use super::capability::Offer;

/// The client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// What can you do?
    Negotiate,
    /// Prove that you hold the first `count` chunks of the run whole.
    Precheck {
        /// Whose chunks.
        run: u64,
        /// So that no old proof serves.
        nonce: u64,
        /// How many.
        count: u32,
    },
    /// Commit a chunk.
    Commit {
        /// Whose.
        run: u64,
        /// The run's seed.
        seed: u64,
        /// Its place, from 0.
        index: u32,
        /// Its name, of which there is one at the remote.
        id: u64,
        /// What is in it.
        content: Vec<u8>,
    },
    /// Where does the run stand?
    Resume {
        /// The run.
        run: u64,
    },
    /// Seal the run, if it holds what this checksum says.
    Complete {
        /// The run.
        run: u64,
        /// The run's seed.
        seed: u64,
        /// How many chunks it has.
        count: u32,
        /// The checksum of them, for the nonce 0.
        checksum: Hash,
        /// The head of the client's audit chain.
        audit: Hash,
    },
}

/// The remote answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It can do this.
    Offered(Offer),
    /// Its proof; 32 bytes, if it is one.
    Proof(Vec<u8>),
    /// The chunk of this index is committed.
    Committed {
        /// Its place.
        index: u32,
    },
    /// The chunk's id is taken by other content.
    Conflict {
        /// The chunk's place.
        index: u32,
    },
    /// Not now, or not to you: the seed is another, or a chunk before this one is missing.
    Refused,
    /// The run stands here.
    Stands {
        /// Its seed; nothing when the remote never heard of the run.
        seed: Option<u64>,
        /// How many chunks it holds.
        acknowledged: u32,
    },
    /// The run is sealed.
    Sealed,
    /// It is not: what is held has another checksum.
    Unsealed,
}

/// A question or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Of a client.
    Request(Request),
    /// Of a remote.
    Reply(Reply),
}

/// A datagram: which exchange it belongs to, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The client's number of the exchange; a reply bears that of its request. It is never used twice.
    pub exchange: u64,
    /// What it says.
    pub body: Body,
}
