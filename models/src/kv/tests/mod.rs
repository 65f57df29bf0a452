//! The pure parts against naive references: bytes there and back, and whole clusters of replicas whose
//! messages are lost, doubled and reordered, whose machines crash and whose clocks differ.
#![allow(clippy::disallowed_methods, reason = "a test may be told from outside how long to search")]

mod bytes;
mod catalogue;
mod cluster;
mod fence;
mod oracle;

use cluster::{Bugs, Cluster};

/// Runs seeds until one fails, and says how.
fn first_failure(bugs: Bugs, members: u8, seeds: std::ops::Range<u64>) -> Option<String> {
    seeds
        .map(|seed| Cluster::new(seed, members, bugs).run().err().map(|why| format!("seed {seed}: {why}")))
        .find_map(|failure| failure)
}

/// Longer hunts: `TOURBILLON_KV_SEEDS=100000 cargo test --release -p tourbillon-models cluster`.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("TOURBILLON_KV_SEEDS").ok().and_then(|count| count.parse().ok());
    0..asked.unwrap_or(count)
}

#[test]
fn a_correct_cluster_of_three_holds() {
    assert_eq!(first_failure(Bugs::default(), 3, seeds(300)), None);
}

#[test]
fn a_correct_cluster_of_five_holds() {
    assert_eq!(first_failure(Bugs::default(), 5, seeds(100)), None);
}

#[test]
fn one_replica_alone_holds() {
    assert_eq!(first_failure(Bugs::default(), 1, seeds(50)), None);
}

/// The same seeds bark at bugs, so silence above means something.
#[test]
fn bugs_are_caught() {
    let mut retry = Bugs::default();
    retry.pure.retry_applied_twice = true;
    let mut lost = Bugs::default();
    lost.pure.replies_lost_on_restart = true;
    let sync = Bugs { ack_before_sync: true, ..Bugs::default() };
    let vote = Bugs { vote_forgotten: true, ..Bugs::default() };
    for (name, bugs) in [("retry", retry), ("replies", lost), ("sync", sync), ("vote", vote)] {
        assert!(first_failure(bugs, 3, 0..3000).is_some(), "the bug `{name}` was never caught");
    }
}
