//! What is known when a run is over, and the last part of a trace file that keeps it.

use std::time::Duration;

use sim::trace::{Digest, Digests};

use super::frame::Offset;
use super::names::Names;
use crate::wire::{Put, Take};
use crate::words::nanos;

/// How a run ended, as far as its trace file keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// The three digests.
    pub digests: Digests,
    /// How much virtual time passed.
    pub time: Duration,
    /// The verdict in one line: `passed`, or the failed property, its place and its message.
    pub verdict: String,
    /// The names behind the numbers.
    pub names: Names,
}

impl From<&sim::Report> for Ended {
    fn from(report: &sim::Report) -> Ended {
        Ended {
            digests: report.digests,
            time: report.virtual_time,
            verdict: verdict(report),
            names: (&report.names).into(),
        }
    }
}

/// A run's verdict in one line.
pub(crate) fn verdict(report: &sim::Report) -> String {
    report.failure().map_or("passed".to_string(), |failure| failure.to_string().replace('\n', " "))
}

/// Where a window of records stands, and the digest over all records up to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) offset: u64,
    pub(super) digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) ended: Ended,
    pub(super) records: u64,
    pub(super) windows: Vec<Window>,
    /// Where the names stand, which are apart because they may be long.
    pub(super) names: Offset,
}

impl Summary {
    /// All but the names themselves.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Digests { trace, faults, semantic } = self.ended.digests;
        [trace, faults, semantic].iter().for_each(|digest| bytes.extend_from_slice(&digest.0));
        bytes.put_varint(nanos(self.ended.time));
        bytes.put_text(&self.ended.verdict);
        bytes.put_varint(self.records);
        bytes.put_u64(self.names.0);
        for Window { offset, digest } in &self.windows {
            bytes.put_u64(*offset);
            bytes.extend_from_slice(&digest.0);
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Summary> {
        let mut take = Take(bytes);
        let digests = Digests {
            trace: Digest(take.array()?),
            faults: Digest(take.array()?),
            semantic: Digest(take.array()?),
        };
        let time = Duration::from_nanos(take.varint()?);
        let verdict = take.text()?;
        let records = take.varint()?;
        let names = Offset(take.u64()?);
        let mut windows = Vec::new();
        while !take.is_empty() {
            windows.push(Window { offset: take.u64()?, digest: Digest(take.array()?) });
        }
        Some(Summary {
            ended: Ended { digests, time, verdict, names: Names::new() },
            records,
            windows,
            names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encode_and_decode_are_inverse(
            digests: [[u8; 32]; 3], time: u64, verdict: String, records: u64, names: u64,
            windows in prop::collection::vec((any::<u64>(), any::<[u8; 32]>()), 0..5),
        ) {
            let [trace, faults, semantic] = digests.map(Digest);
            let digests = Digests { trace, faults, semantic };
            let time = Duration::from_nanos(time);
            let windows = windows.into_iter().map(|(offset, digest)| Window { offset, digest: Digest(digest) });
            let ended = Ended { digests, time, verdict, names: Names::new() };
            let summary = Summary { ended, records, windows: windows.collect(), names: Offset(names) };
            prop_assert_eq!(Summary::decode(&summary.encode()), Some(summary));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Summary::decode(&bytes);
        }
    }
}
