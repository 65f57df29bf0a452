//! A digest: 256 bits kept, 64 shown.

use std::fmt;
use std::str::FromStr;

/// A BLAKE3 digest. `Display` shows the first 64 bits, which is what people compare; `{:#}` shows all.
///
/// ```
/// use tourbillon_sim::trace::Digest;
/// let digest = Digest::of(b"a run");
/// assert_eq!(digest.to_string().len(), 16);
/// assert_eq!(format!("{digest:#}").parse::<Digest>().unwrap(), digest);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// The first 64 bits, as shown.
    pub fn short(&self) -> u64 {
        u64::from_be_bytes(self.0[..8].try_into().expect("eight bytes of thirty-two"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if f.alternate() { &self.0[..] } else { &self.0[..8] };
        shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// What is wrong with the text of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestError {
    word: String,
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no digest: expected 64 hexadecimal digits", self.word)
    }
}

impl std::error::Error for DigestError {}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let refuse = || DigestError { word: text.to_string() };
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| refuse())?;
        }
        Ok(Digest(digest))
    }
}

/// The three digests of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Digests {
    /// Every record.
    pub trace: Digest,
    /// What faults took effect, in order.
    pub faults: Digest,
    /// What happened, without time and scheduling: marks folded per subject.
    pub semantic: Digest,
}
