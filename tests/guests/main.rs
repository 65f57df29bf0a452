//! Real crates as guests: unmodified, in virtual time, with equal digests whenever they are run again.

mod grpc;
mod http;
mod postgres;
mod primitives;
mod twice;

/// What `tonic` generates from `ledger.proto`, untouched.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
mod ledger {
    include!("generated/ledger.rs");
}
