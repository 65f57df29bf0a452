//! The command line over this crate's scenarios: `cargo run -- sweep`.

tourbillon::main!(outside::scenarios());
