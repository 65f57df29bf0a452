//! Tail gates: percentiles of the adapter's latency against the budget that is checked in beside this file.

use std::time::Duration;

use hdrhistogram::Histogram;
use toml::de::DeTable;

use super::escalation::{Judged, Property, TAIL_P50, TAIL_P95, TAIL_P99, Violation};

/// The text of the budget.
pub const BUDGET: &str = include_str!("tail-budget.toml");

/// The gates: each property with its percentile and its name in the budget.
const GATES: [(Property, f64, &str); 3] =
    [(TAIL_P50, 50.0, "p50_us"), (TAIL_P95, 95.0, "p95_us"), (TAIL_P99, 99.0, "p99_us")];

/// Latencies that were measured, in microseconds, to three digits.
#[derive(Clone, Debug)]
pub struct Tail {
    histogram: Histogram<u64>,
}

/// A gate and what came through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What must hold.
    pub property: Property,
    /// What was measured, in microseconds.
    pub found_us: u64,
    /// What is allowed, in microseconds.
    pub allowed_us: u64,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { histogram: Histogram::new(3).expect("three digits are within one to five") }
    }
}

impl Tail {
    /// The tail of these latencies.
    pub fn of(latencies: &[Duration]) -> Tail {
        let mut tail = Tail::default();
        for latency in latencies {
            tail.add(*latency);
        }
        tail
    }

    /// Counts one latency.
    pub fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.histogram.record(micros).expect("a histogram of 64 bits grows to whatever comes");
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The gates of the budget, with what was measured.
    ///
    /// # Errors
    /// When the budget is not readable: with what is wrong, and where.
    pub fn gates(&self, budget: &str) -> Result<[Gate; 3], String> {
        let table = DeTable::parse(budget).map_err(|error| format!("the tail's budget: {error}"))?;
        let table = table.into_inner();
        let gate = |(property, percentile, key): (Property, f64, &str)| -> Result<Gate, String> {
            let value = table.get(key).and_then(|value| value.get_ref().as_integer());
            let digits = value.map(|value| value.as_str().replace('_', ""));
            let allowed_us = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
                format!("the tail's budget: expected `{key} = MICROSECONDS`, found no such number")
            })?;
            // The histogram asks for a float, of which nothing depends on the last digits: the same on all
            // platforms, and it only judges what has happened.
            Ok(Gate { property, found_us: self.histogram.value_at_percentile(percentile), allowed_us })
        };
        let [p50, p95, p99] = GATES.map(gate);
        Ok([p50?, p95?, p99?])
    }

    /// Whether every gate holds; the first that does not is named.
    ///
    /// # Panics
    /// When the budget is not readable: it is compiled in, and a test reads it.
    pub fn judge(&self, budget: &str) -> Judged {
        let gates = self.gates(budget).unwrap_or_else(|error| panic!("{error}"));
        match gates.into_iter().find(|gate| gate.found_us > gate.allowed_us) {
            None => Ok(()),
            Some(Gate { property, found_us, allowed_us }) => Err(Violation::new(
                property,
                format!(
                    "{} of {} commits took {found_us} µs, {allowed_us} µs are allowed",
                    property.name.trim_start_matches("adapter.tail_"),
                    self.count(),
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(micros: impl IntoIterator<Item = u64>) -> Tail {
        Tail::of(&micros.into_iter().map(Duration::from_micros).collect::<Vec<_>>())
    }

    fn named(tail: &Tail) -> Option<&'static str> {
        tail.judge(BUDGET).err().map(|violation| violation.property.name)
    }

    #[test]
    fn the_first_gate_that_does_not_hold_is_named() {
        let good = || vec![1_000; 100];
        assert_eq!(named(&tail(good())), None);
        let with = |slow: usize, micros| {
            let mut all = good();
            all[..slow].fill(micros);
            named(&tail(all))
        };
        assert_eq!(with(60, 6_000), Some("adapter.tail_p50"));
        assert_eq!(with(10, 50_000), Some("adapter.tail_p95"));
        assert_eq!(with(2, 150_000), Some("adapter.tail_p99"));
        assert_eq!((with(40, 6_000), with(4, 50_000), with(1, 150_000)), (None, None, None));
    }

    #[test]
    fn a_budget_without_a_number_is_refused_by_name() {
        let error = Tail::default().gates("p50_us = 1\np99_us = \"soon\"\np95_us = 2").unwrap_err();
        assert!(error.contains("p99_us"), "{error}");
        assert!(Tail::default().gates("p50_us = ").is_err());
    }
}
