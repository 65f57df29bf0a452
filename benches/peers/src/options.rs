//! The driver's command line.

use std::time::Duration;

use work::Case;

use crate::peer::Peer;

pub const USAGE: &str = "\
The same work on Tourbillon, madsim and turmoil; nanoseconds an operation, medians.

usage: cargo run --release --manifest-path benches/peers/Cargo.toml -- [OPTIONS]

  --case NAME       only this case (may be repeated): yield, spawn, timer, datagram, stream, heartbeat
  --rounds N        processes of each peer for each case, alternating (default 5)
  --iterations N    how often a case repeats its work, instead of its own number
  --without PEER    leave out tourbillon, madsim or turmoil (may be repeated)
  --limit SECONDS   wall time a process may take (default 60); turmoil over it is printed as `-`
  --json            one JSON document instead of one line a case
";

pub struct Options {
    pub cases: Vec<Case>,
    pub peers: Vec<Peer>,
    pub rounds: u32,
    pub iterations: Option<u64>,
    pub limit: Duration,
    pub json: bool,
}

impl Options {
    /// `None` when only help was asked for.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
        let mut options = Options {
            cases: Vec::new(),
            peers: Peer::ALL.to_vec(),
            rounds: 5,
            iterations: None,
            limit: Duration::from_secs(60),
            json: false,
        };
        while let Some(flag) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{flag}` needs a value"));
            match flag.as_str() {
                "--case" => {
                    let case = value()?.parse()?;
                    if !options.cases.contains(&case) {
                        options.cases.push(case);
                    }
                }
                "--rounds" => options.rounds = positive(&flag, &value()?)?,
                "--iterations" => options.iterations = Some(positive(&flag, &value()?)?),
                "--without" => {
                    let peer: Peer = value()?.parse()?;
                    options.peers.retain(|other| *other != peer);
                }
                "--limit" => options.limit = Duration::from_secs(positive(&flag, &value()?)?),
                "--json" => options.json = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown flag `{flag}`; --help lists them")),
            }
        }
        if options.cases.is_empty() {
            options.cases = Case::ALL.to_vec();
        }
        if options.peers.is_empty() {
            return Err("every peer is left out by `--without`".to_owned());
        }
        Ok(Some(options))
    }
}

fn positive<N: TryFrom<u64>>(flag: &str, word: &str) -> Result<N, String> {
    word.parse::<u64>()
        .ok()
        .filter(|number| *number > 0)
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| format!("`{flag}` needs a whole number above zero, found `{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_said_means_everything() {
        let options = parse("").expect("no flag is fine").expect("no help asked");
        assert_eq!(options.cases, Case::ALL);
        assert_eq!(options.peers, Peer::ALL);
        assert_eq!(options.rounds, 5);
    }

    #[test]
    fn what_is_said_is_taken() {
        let options =
            parse("--case timer --case yield --rounds 3 --without turmoil --iterations 9 --limit 7")
                .expect("well formed")
                .expect("no help asked");
        assert_eq!(options.cases, [Case::Timer, Case::Yield]);
        assert_eq!(options.peers, [Peer::Tourbillon, Peer::Madsim]);
        assert_eq!((options.rounds, options.iterations), (3, Some(9)));
        assert_eq!(options.limit, Duration::from_secs(7));
    }

    #[test]
    fn a_wrong_word_is_named() {
        for (line, word) in [
            ("--case yeild", "`yeild`"),
            ("--rounds 0", "`0`"),
            ("--rounds", "`--rounds`"),
            ("--without tokio", "`tokio`"),
            ("--fast", "`--fast`"),
            ("--limit -1", "`-1`"),
            ("--rounds 4294967296", "`4294967296`"),
        ] {
            let problem = parse(line).err().expect("refused");
            assert!(problem.contains(word), "{line}: {problem}");
        }
    }
}
