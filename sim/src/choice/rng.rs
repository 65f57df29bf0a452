//! The generator that code under test holds.

use std::convert::Infallible;
use std::ops::Range;

use rand_core::TryRng;

use crate::Ratio;
use crate::kernel::current;

/// A named stream of the current machine, `app/<machine>/<name>`. It implements `rand_core`'s traits.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// use tourbillon_sim::Ratio;
/// let mut rng = tourbillon_sim::rng("backoff");
/// let jitter = rng.range(10..20);
/// assert!((10..20).contains(&jitter));
/// let _retry = rng.chance(Ratio::of(1, 8));
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    stream: usize,
    nonce: u32,
}

/// The stream of this name on the current machine. The same name gives the same stream, going on where it was.
///
/// The name is any text. A case's edits replace single draws of it, as in `edits=app/store/backoff[17]=0`.
///
/// # Panics
/// Outside of a simulation.
pub fn rng(name: &str) -> Rng {
    current::need("rng", |core| Rng { stream: core.kernel.app_stream(name), nonce: core.kernel.nonce })
}

impl Rng {
    /// A number below `bound`; 0 stands for 2^64.
    ///
    /// # Panics
    /// When this is the generator of another run, and outside of a simulation; so do all draws.
    #[inline]
    pub fn choose(&mut self, bound: u64) -> u64 {
        current::need("Rng", |core| {
            assert!(self.nonce == core.kernel.nonce, "an Rng of another run was used: get one with sim::rng");
            core.kernel.draw_app(self.stream, bound)
        })
    }

    /// Whether something with this chance happens.
    pub fn chance(&mut self, chance: Ratio) -> bool {
        self.choose(u64::from(chance.denominator())) < u64::from(chance.numerator())
    }

    /// A number of the range.
    ///
    /// # Panics
    /// When the range is empty.
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "a draw from the empty range {range:?}");
        range.start + self.choose(range.end - range.start)
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        assert!(!items.is_empty(), "a draw from no items");
        &items[self.choose(items.len() as u64) as usize]
    }

    /// Puts the items into an order drawn by Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.choose(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.choose(0) >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.choose(0))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.choose(0).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
