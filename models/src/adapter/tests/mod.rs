//! The pure parts: the table of states, bytes there and back, chains that were tampered with, the remote's
//! judgements, and the catalogue.

mod bytes;
mod catalogue;
mod chain;
mod remote;
mod table;
