//! The pure parts: the table of states, bytes there and back, chains that were tampered with, and the catalogue.

mod catalogue;
