//! Latencies that a scenario measures in virtual time: counted by name, kept in the report.
//!
//! They are told to people and decide nothing: no digest has them, and nothing in a run can read them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kernel::current;
use crate::report::LatencyReport;

/// Leading bits of a latency that are kept: it is told to within 0.4 %.
const KEPT_BITS: u32 = 8;

/// Counts one latency under a name, for the report: `sim::latency("kv.call", asked_at.elapsed())`. In a dead
/// context it does nothing.
///
/// # Panics
/// Outside of a simulation.
pub fn latency(name: &'static str, took: Duration) {
    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    current::need("latency", |core| {
        if !core.kernel.current.dead {
            core.kernel.latencies.count(name, nanos);
        }
    });
}

#[derive(Default)]
pub(crate) struct Latencies {
    /// Few names, so a list; each with counts by value.
    names: Vec<(&'static str, BTreeMap<u64, u64>)>,
}

impl Latencies {
    fn count(&mut self, name: &'static str, nanos: u64) {
        let index = self.names.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.names.push((name, BTreeMap::new()));
            self.names.len() - 1
        });
        *self.names[index].1.entry(rounded(nanos)).or_default() += 1;
    }

    pub(crate) fn report(&mut self) -> Vec<LatencyReport> {
        let report = |(name, counts): (&'static str, BTreeMap<u64, u64>)| LatencyReport {
            name,
            counts: counts.into_iter().collect(),
        };
        let mut all: Vec<LatencyReport> = self.names.drain(..).map(report).collect();
        all.sort_by_key(|latency| latency.name);
        all
    }
}

/// The value without its lowest bits.
fn rounded(nanos: u64) -> u64 {
    let dropped = (u64::BITS - nanos.leading_zeros()).saturating_sub(KEPT_BITS);
    nanos >> dropped << dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, World, time::sleep};

    #[test]
    fn values_keep_their_leading_bits() {
        let rounded = [0, 1, 255, 256, 257, 1_000_000, u64::MAX].map(rounded);
        assert_eq!(rounded, [0, 1, 255, 256, 256, 999_424, 0xff << 56]);
    }

    #[test]
    fn a_report_counts_latencies_by_name_and_no_digest_has_them() {
        let run = |name| {
            World::new(Config::default()).run(move || async move {
                for _ in 0..3 {
                    let asked_at = crate::now();
                    sleep(Duration::from_millis(8)).await;
                    latency(name, asked_at.elapsed());
                }
            })
        };
        let (read, write) = (run("read"), run("write"));
        assert_eq!(read.latencies.len(), 1);
        let LatencyReport { name, counts } = &read.latencies[0];
        assert_eq!((*name, counts.iter().map(|(_, count)| count).sum::<u64>()), ("read", 3));
        assert!(counts.iter().all(|(nanos, _)| (7_900_000..8_100_000).contains(nanos)), "{counts:?}");
        assert_eq!(read.digests, write.digests);
    }
}
