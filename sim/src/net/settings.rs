//! Settings: what the network of a run is like while nothing is wrong with it.

use std::time::Duration;

use super::latency::Latency;
use crate::Ratio;

/// The network of a run before any fault touches it.
///
/// Trouble is not set here: loss, partitions and the like are [conditions](crate::fault::Condition) that a
/// fault imposes and that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// One-way latency between two machines, unless [`set_latency`](super::set_latency) says otherwise.
    pub latency: Latency,
    /// One-way latency within one machine.
    pub loopback: Latency,
    /// How many bytes of a stream may be under way or unread at once.
    pub window_bytes: u32,
    /// How many bytes a stream takes in beyond its window before writers wait.
    pub send_buffer_bytes: u32,
    /// What a datagram socket holds for its reader, with 64 bytes of overhead a datagram; more is lost.
    pub datagram_buffer_bytes: u32,
    /// How many connections wait to be accepted, unless the listener says otherwise.
    pub backlog: u32,
    /// How long a stream waits before it sends again what was lost, the first time. Each wait doubles.
    pub retry_after: Duration,
    /// How long a connecting stream waits before it asks again, the first time. Each wait doubles.
    pub connect_retry_after: Duration,
    /// After this long without an answer a stream, or an attempt to connect, has timed out.
    pub give_up_after: Duration,
}

/// A data center's network and Linux's figures.
impl Default for Settings {
    fn default() -> Settings {
        Settings {
            latency: Latency::default(),
            loopback: Latency::uniform(Duration::from_micros(5), Duration::from_micros(25)),
            window_bytes: 64 * 1024,
            send_buffer_bytes: 64 * 1024,
            datagram_buffer_bytes: 208 * 1024,
            backlog: 1024,
            retry_after: Duration::from_millis(200),
            connect_retry_after: Duration::from_secs(1),
            give_up_after: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Tiny limits: buffers and windows that are always full, latencies all alike.
    ///
    /// Not a fault but a knob at its extreme: everything still arrives, only never all at once.
    pub fn tiny() -> Settings {
        Settings {
            latency: Latency::constant(Duration::from_micros(100)),
            window_bytes: 16,
            send_buffer_bytes: 16,
            datagram_buffer_bytes: 1024,
            backlog: 1,
            ..Settings::default()
        }
    }

    /// Links that now and then are slow for one message, as across data centers.
    pub fn wide_area() -> Settings {
        let latency = Latency::long_tail(
            Duration::from_millis(20),
            Duration::from_millis(80),
            Ratio::of(1, 256),
            Duration::from_millis(400),
        );
        Settings { latency, ..Settings::default() }
    }
}
