//! What is printed: one line a case, or one JSON document.

use std::fmt::Write;

use work::{Case, Tally};

use crate::{peer::Peer, stats::Samples};

/// One case, measured on the peers.
pub struct Row {
    case: Case,
    iterations: u64,
    tally: Tally,
    samples: [Samples; Peer::ALL.len()],
}

impl Row {
    pub fn new(case: Case, iterations: u64, tally: Tally) -> Row {
        Row { case, iterations, tally, samples: Default::default() }
    }

    pub fn push(&mut self, peer: Peer, nanoseconds: f64) {
        self.samples[peer as usize].0.push(nanoseconds);
    }

    /// Forgets what was measured of a peer that then ran over the limit.
    pub fn clear(&mut self, peer: Peer) {
        self.samples[peer as usize].0.clear();
    }

    /// The peers whose numbers are to be taken with care.
    pub fn noisy(&self) -> impl Iterator<Item = Peer> {
        Peer::ALL.into_iter().filter(|peer| self.samples(*peer).is_noisy())
    }

    pub fn line(&self) -> String {
        let median = |peer| number(self.samples(peer).median(), 1, "-");
        let ratio = |peer| number(self.ratio(peer), 2, "-");
        format!(
            "case={} tourbillon_ns={} madsim_ns={} turmoil_ns={} vs_madsim={} vs_turmoil={}",
            self.case,
            median(Peer::Tourbillon),
            median(Peer::Madsim),
            median(Peer::Turmoil),
            ratio(Peer::Madsim),
            ratio(Peer::Turmoil),
        )
    }

    /// How many times as long the peer took.
    fn ratio(&self, peer: Peer) -> Option<f64> {
        Some(self.samples(peer).median()? / self.samples(Peer::Tourbillon).median()?)
    }

    fn samples(&self, peer: Peer) -> &Samples {
        &self.samples[peer as usize]
    }
}

/// Everything that was measured. No name in it needs escaping.
pub fn json(rows: &[Row]) -> String {
    let mut text = "{\"unit\":\"ns\",\"cases\":[".to_owned();
    for (index, row) in rows.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        write!(
            text,
            "{separator}\n  {{\"case\":\"{}\",\"iterations\":{},\"operations\":{},\"digest\":\"{:016x}\"",
            row.case, row.iterations, row.tally.operations, row.tally.digest
        )
        .expect("a string takes every write");
        for peer in Peer::ALL {
            let samples = row.samples(peer);
            let all: Vec<_> = samples.0.iter().map(|sample| format!("{sample:.2}")).collect();
            write!(
                text,
                ",\n   \"{peer}\":{{\"median\":{},\"min\":{},\"max\":{},\"samples\":[{}]}}",
                number(samples.median(), 2, "null"),
                number(samples.min(), 2, "null"),
                number(samples.max(), 2, "null"),
                all.join(",")
            )
            .expect("a string takes every write");
        }
        write!(
            text,
            ",\n   \"vs_madsim\":{},\"vs_turmoil\":{}}}",
            number(row.ratio(Peer::Madsim), 3, "null"),
            number(row.ratio(Peer::Turmoil), 3, "null")
        )
        .expect("a string takes every write");
    }
    text.push_str("\n]}\n");
    text
}

fn number(value: Option<f64>, digits: usize, missing: &str) -> String {
    value.map_or(missing.to_owned(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let mut row = Row::new(Case::Heartbeat, 10, Tally { operations: 2_495_000, digest: 0xab });
        for nanoseconds in [200.0, 100.0, 210.0] {
            row.push(Peer::Tourbillon, nanoseconds);
            row.push(Peer::Madsim, nanoseconds * 10.0);
        }
        row
    }

    #[test]
    fn a_peer_left_out_is_a_dash() {
        assert_eq!(
            row().line(),
            "case=heartbeat tourbillon_ns=200.0 madsim_ns=2000.0 turmoil_ns=- vs_madsim=10.00 vs_turmoil=-"
        );
    }

    #[test]
    fn json_holds_every_sample() {
        let text = json(&[row()]);
        for part in [
            "{\"unit\":\"ns\",\"cases\":[\n  {\"case\":\"heartbeat\",\"iterations\":10,\"operations\":2495000",
            "\"digest\":\"00000000000000ab\"",
            "\"tourbillon\":{\"median\":200.00,\"min\":100.00,\"max\":210.00,\"samples\":[200.00,100.00,210.00]}",
            "\"turmoil\":{\"median\":null,\"min\":null,\"max\":null,\"samples\":[]}",
            "\"vs_madsim\":10.000,\"vs_turmoil\":null}\n]}\n",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
