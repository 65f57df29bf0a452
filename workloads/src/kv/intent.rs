//! What a client means to do: one operation of its script, as text such as `0.153s put k3 #17 88`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use faults::plan::{parse_duration, print_duration};
use models::kv::api::Key;
use sim::Ratio;
use sim::choice::Rng;

use super::load::Load;

/// A value is at most so long.
const LENGTH_MAX: u64 = 1 << 16;

/// A call that a client means to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// When, since the client began; later, where it still waits for the last answer.
    pub at: Duration,
    /// The key.
    pub key: Key,
    /// What of it.
    pub kind: Kind,
}

/// What a client means to do with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Read it.
    Get,
    /// Remove it.
    Remove,
    /// Write a value; its number is unique within the client.
    Put {
        /// The value's number.
        number: u32,
        /// Its length in bytes.
        length: u64,
    },
    /// Replace the value that this client saw last.
    Swap {
        /// The new value's number.
        number: u32,
        /// Its length in bytes.
        length: u64,
    },
}

impl Intent {
    /// The call of that number. Every call takes the same draws, so that a change of one moves no other.
    pub fn draw(rng: &mut Rng, client: u32, call: u32, load: &Load, keys: &[Key]) -> Intent {
        let at = load.pace * call + Duration::from_nanos(rng.range(0..load.pace.as_nanos() as u64));
        let (kind, key) = (rng.choose(16), rng.choose(keys.len() as u64));
        // Some values span several sectors of the log: only those can be torn in the middle.
        let (length, is_long) = (rng.range(8..200), rng.chance(Ratio::of(1, 6)));
        let length = if is_long { length * 10 } else { length };
        // Every other client mostly reads: it stays with a primary for as long as that answers reads.
        let reads = if client % 2 == 1 { 13 } else { 5 };
        let kind = match kind {
            _ if kind < reads => Kind::Get,
            13 => Kind::Remove,
            5..9 | 14 => Kind::Put { number: call, length },
            _ => Kind::Swap { number: call, length },
        };
        Intent { at, key: keys[key as usize].clone(), kind }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, key) = (print_duration(self.at), &self.key);
        match self.kind {
            Kind::Get => write!(f, "{at} get {key}"),
            Kind::Remove => write!(f, "{at} remove {key}"),
            Kind::Put { number, length } => write!(f, "{at} put {key} #{number} {length}"),
            Kind::Swap { number, length } => write!(f, "{at} swap {key} #{number} {length}"),
        }
    }
}

/// A text that is no call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentError;

impl fmt::Display for IntentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected `TIME get KEY`, `TIME remove KEY`, `TIME put KEY #NUMBER LENGTH` or `TIME swap KEY #NUMBER LENGTH`",
        )
    }
}

impl std::error::Error for IntentError {}

impl FromStr for Intent {
    type Err = IntentError;

    fn from_str(text: &str) -> Result<Intent, IntentError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let value = |number: &str, length: &str| {
            let number = number.strip_prefix('#').and_then(|number| number.parse().ok());
            let length = length.parse().ok().filter(|length| *length <= LENGTH_MAX);
            Some((number?, length?))
        };
        let read = || {
            let (at, key, kind) = match words[..] {
                [at, "get", key] => (at, key, Kind::Get),
                [at, "remove", key] => (at, key, Kind::Remove),
                [at, "put", key, number, length] => {
                    let (number, length) = value(number, length)?;
                    (at, key, Kind::Put { number, length })
                }
                [at, "swap", key, number, length] => {
                    let (number, length) = value(number, length)?;
                    (at, key, Kind::Swap { number, length })
                }
                _ => return None,
            };
            Some(Intent { at: parse_duration(at)?, key: key.into(), kind })
        };
        read().ok_or(IntentError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_call_is_read_as_it_is_printed(
            nanos in 0u64..1 << 50, key in "k[0-9.]{1,4}", number: u32, length in 0..=LENGTH_MAX, which in 0..4,
        ) {
            let kind = match which {
                0 => Kind::Get,
                1 => Kind::Remove,
                2 => Kind::Put { number, length },
                _ => Kind::Swap { number, length },
            };
            let intent = Intent { at: Duration::from_nanos(nanos), key: key.as_str().into(), kind };
            prop_assert_eq!(intent.to_string().parse::<Intent>(), Ok(intent));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "([0-9]{1,3}(s|ms) )?(get|put|swap|remove)?( k1)?( #[0-9]{1,11})?( [0-9]{1,6})?") {
            if let Ok(intent) = text.parse::<Intent>() {
                prop_assert_eq!(intent.to_string().parse::<Intent>(), Ok(intent));
            }
        }
    }
}
