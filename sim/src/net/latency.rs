//! Latency: how long a message is under way, as a distribution of integers.
//!
//! A distribution is a table of quantiles; one draw picks a place in it and integers interpolate. The
//! lowest draw is the shortest latency, so an edit of a case can say "this message was fast". Nothing here
//! knows links, loss or order.

use std::time::Duration;

use crate::Ratio;
use crate::choice::{Choices, Stream};

/// The distribution of a link's one-way latency.
///
/// ```
/// use std::time::Duration;
/// use tourbillon_sim::net::Latency;
/// let far = Latency::exponential(Duration::from_millis(30), Duration::from_millis(40));
/// assert_eq!(far.min(), Duration::from_millis(30));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// No choice, so no draw.
    Constant(u64),
    /// From `min`, one of `count` whole nanoseconds.
    Uniform {
        min: u64,
        count: u64,
    },
    Table(Box<Table>),
}

/// Quantiles in nanoseconds, rising: the first 63 of 64 parts from `body`, the last part, where a tail is,
/// again in 64 parts from `tail`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table {
    body: [u64; PART_COUNT + 1],
    tail: [u64; PART_COUNT + 1],
}

const PART_COUNT: usize = 64;
const PART_BITS: u32 = PART_COUNT.ilog2();
/// A draw is two part numbers and twelve bits between two quantiles.
const DRAW_BITS: u32 = 2 * PART_BITS + 12;
/// Twelve days, so that no interpolation overflows.
const NANOS_MAX: u64 = 1 << 45;
const _: () = assert!(NANOS_MAX.checked_mul(1 << (DRAW_BITS - PART_BITS)).is_some());

/// `-ln(1 - q)` at q = 0/64, 1/64, … 63/64, in units of 2^-16.
const EXPONENTIAL_BODY: [u64; PART_COUNT] = [
    0, 1032, 2081, 3146, 4230, 5331, 6451, 7591, 8751, 9932, 11135, 12360, 13608, 14880, 16178, 17502, 18854,
    20233, 21643, 23083, 24556, 26063, 27605, 29184, 30802, 32461, 34164, 35911, 37707, 39553, 41453, 43409,
    45426, 47507, 49656, 51877, 54177, 56561, 59034, 61604, 64280, 67069, 69982, 73031, 76228, 79590, 83133,
    86879, 90852, 95082, 99603, 104460, 109706, 115408, 121654, 128559, 136278, 145029, 155132, 167080,
    181704, 200558, 227130, 272557,
];

/// The same at q = (63 + j/64)/64, and for the very end, which is infinite, at the mean of what lies beyond.
const EXPONENTIAL_TAIL: [u64; PART_COUNT + 1] = [
    272557, 273589, 274637, 275703, 276786, 277888, 279008, 280148, 281308, 282489, 283691, 284916, 286164,
    287437, 288735, 290059, 291410, 292790, 294199, 295640, 297112, 298619, 300161, 301740, 303359, 305018,
    306720, 308468, 310264, 312110, 314010, 315966, 317983, 320063, 322212, 324434, 326734, 329117, 331591,
    334161, 336836, 339625, 342539, 345587, 348785, 352146, 355690, 359436, 363409, 367638, 372160, 377017,
    382262, 387965, 394211, 401116, 408835, 417586, 427688, 439637, 454261, 473114, 499687, 545113, 610649,
];

impl Latency {
    /// Always the same.
    pub fn constant(latency: Duration) -> Latency {
        Latency { shape: Shape::Constant(nanos(latency)) }
    }

    /// Anything from `min` to `max`, all alike.
    ///
    /// # Panics
    /// When `max` is below `min`.
    pub fn uniform(min: Duration, max: Duration) -> Latency {
        assert!(min <= max, "a latency from {min:?} to {max:?} goes backwards");
        let (min, max) = (nanos(min), nanos(max));
        let count = max - min + 1;
        Latency { shape: if count == 1 { Shape::Constant(min) } else { Shape::Uniform { min, count } } }
    }

    /// Exponential above `min`, with that mean: most messages are fast and a few are very slow.
    ///
    /// # Panics
    /// When `mean` is below `min`.
    pub fn exponential(min: Duration, mean: Duration) -> Latency {
        assert!(min <= mean, "a latency of at least {min:?} cannot be {mean:?} in the mean");
        let (min, mean) = (nanos(min), nanos(mean));
        let scale = |factor: u64| {
            let beyond = (u128::from(mean - min) * u128::from(factor)) >> 16;
            (u128::from(min) + beyond).min(u128::from(NANOS_MAX)) as u64
        };
        let body = std::array::from_fn(|part| {
            scale(EXPONENTIAL_BODY.get(part).copied().unwrap_or(EXPONENTIAL_TAIL[PART_COUNT]))
        });
        Latency::table(Table { body, tail: EXPONENTIAL_TAIL.map(scale) })
    }

    /// Anything from `min` to `max`, but with chance `tail` from `max` to `tail_max`.
    ///
    /// # Panics
    /// When the durations do not rise.
    pub fn long_tail(min: Duration, max: Duration, tail: Ratio, tail_max: Duration) -> Latency {
        let typical = Ratio::of(tail.denominator() - tail.numerator(), tail.denominator());
        Latency::quantiles(&[(Ratio::NEVER, min), (typical, max), (Ratio::ALWAYS, tail_max)])
    }

    /// Given by some quantiles, from 0 to 1, with straight lines between them: `(1/2, 300 µs)` says that
    /// half of the messages take at most 300 µs. Quantiles are kept to 1/64, and to 1/4096 above 63/64.
    ///
    /// # Panics
    /// When the points do not begin at 0, end at 1, or rise in both coordinates.
    pub fn quantiles(points: &[(Ratio, Duration)]) -> Latency {
        let (first, last) = (points.first(), points.last());
        assert!(first.is_some_and(|(chance, _)| chance.is_never()), "quantiles begin at 0");
        assert!(last.is_some_and(|&(chance, _)| chance == Ratio::ALWAYS), "quantiles end at 1");
        for pair in points.windows(2) {
            assert!(pair[0].0 <= pair[1].0, "the quantile {} comes after {}", pair[1].0, pair[0].0);
            assert!(pair[0].1 <= pair[1].1, "the latency {:?} comes after {:?}", pair[1].1, pair[0].1);
        }
        const WHOLE: usize = PART_COUNT * PART_COUNT;
        let body = std::array::from_fn(|part| at_quantile(points, part * PART_COUNT, WHOLE));
        let tail = std::array::from_fn(|part| at_quantile(points, WHOLE - PART_COUNT + part, WHOLE));
        Latency::table(Table { body, tail })
    }

    fn table(table: Table) -> Latency {
        debug_assert!(table.body[..PART_COUNT].is_sorted() && table.tail.is_sorted());
        debug_assert!(table.body[PART_COUNT - 1] == table.tail[0]);
        if table.body[0] == table.tail[PART_COUNT] {
            return Latency { shape: Shape::Constant(table.body[0]) };
        }
        Latency { shape: Shape::Table(Box::new(table)) }
    }

    /// The shortest.
    pub fn min(&self) -> Duration {
        Duration::from_nanos(match &self.shape {
            Shape::Constant(nanos) => *nanos,
            Shape::Uniform { min, .. } => *min,
            Shape::Table(table) => table.body[0],
        })
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(match &self.shape {
            Shape::Constant(nanos) => *nanos,
            Shape::Uniform { min, count } => min + count - 1,
            Shape::Table(table) => table.tail[PART_COUNT],
        })
    }

    /// One latency in nanoseconds: one draw, or none where there is one choice.
    #[inline]
    pub(crate) fn draw(&self, choices: &mut Choices, stream: &mut Stream) -> u64 {
        match &self.shape {
            Shape::Table(table) => table.at(choices.draw(stream, 1 << DRAW_BITS)),
            Shape::Constant(nanos) => *nanos,
            Shape::Uniform { min, count } => min + choices.draw(stream, *count),
        }
    }
}

/// Mostly 0.1 to 0.8 ms, half of it below 0.3 ms; one message in 1,024 takes up to 20 ms.
impl Default for Latency {
    fn default() -> Latency {
        Latency::quantiles(&[
            (Ratio::NEVER, Duration::from_micros(100)),
            (Ratio::of(1, 2), Duration::from_micros(300)),
            (Ratio::of(1023, 1024), Duration::from_micros(800)),
            (Ratio::ALWAYS, Duration::from_millis(20)),
        ])
    }
}

/// Exponential above `min` with that mean, and cut at `max`: one draw, of nanoseconds.
pub(super) fn exponential_within(
    choices: &mut Choices,
    stream: &mut Stream,
    (min, mean, max): (u64, u64, u64),
) -> u64 {
    let factor = at_place(&EXPONENTIAL_BODY, &EXPONENTIAL_TAIL, choices.draw(stream, 1 << DRAW_BITS));
    let beyond = (u128::from(mean.saturating_sub(min)) * u128::from(factor)) >> 16;
    u64::try_from(beyond).unwrap_or(u64::MAX).saturating_add(min).min(max)
}

impl Table {
    #[inline]
    fn at(&self, drawn: u64) -> u64 {
        at_place(&self.body, &self.tail, drawn)
    }
}

/// The value at a drawn place of a table: of `body`, the first 63 of 64 parts and the beginning of the last.
#[inline]
fn at_place(body: &[u64], tail: &[u64; PART_COUNT + 1], drawn: u64) -> u64 {
    const REST_BITS: u32 = DRAW_BITS - PART_BITS;
    let part = (drawn >> REST_BITS) as usize & (PART_COUNT - 1);
    let rest = drawn & ((1 << REST_BITS) - 1);
    if part < PART_COUNT - 1 {
        return between(body[part], body[part + 1], rest, REST_BITS);
    }
    const TAIL_BITS: u32 = REST_BITS - PART_BITS;
    let part = (rest >> TAIL_BITS) as usize & (PART_COUNT - 1);
    let rest = rest & ((1 << TAIL_BITS) - 1);
    between(tail[part], tail[part + 1], rest, TAIL_BITS)
}

#[inline]
fn between(low: u64, high: u64, rest: u64, bits: u32) -> u64 {
    low + (((high - low) * rest) >> bits)
}

/// The latency at the quantile `numerator / denominator`, on the straight line between two points.
fn at_quantile(points: &[(Ratio, Duration)], numerator: usize, denominator: usize) -> u64 {
    let (numerator, denominator) = (numerator as u128, denominator as u128);
    let parts = |ratio: Ratio| (u128::from(ratio.numerator()), u128::from(ratio.denominator()));
    let reaches = |&(chance, _): &(Ratio, Duration)| {
        let (upper, lower) = parts(chance);
        upper * denominator >= numerator * lower
    };
    let after = points.iter().position(reaches).expect("the last quantile is 1");
    if after == 0 {
        return nanos(points[0].1);
    }
    let ((from, low), (to, high)) = (points[after - 1], points[after]);
    let ((from_upper, from_lower), (to_upper, to_lower)) = (parts(from), parts(to));
    let (low, high) = (nanos(low), nanos(high));
    // (q - from) / (to - from), all over the common denominator.
    let gone = (numerator * from_lower - denominator * from_upper) * to_lower;
    let whole = denominator * (to_upper * from_lower - from_upper * to_lower);
    low + (u128::from(high - low) * gone / whole) as u64
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).min(NANOS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn latency() -> impl Strategy<Value = Latency> {
        let time = 0u64..1 << 46;
        prop_oneof![
            time.clone().prop_map(|nanos| Latency::constant(Duration::from_nanos(nanos))),
            (time.clone(), time.clone()).prop_map(|(a, b)| {
                Latency::uniform(Duration::from_nanos(a.min(b)), Duration::from_nanos(a.max(b)))
            }),
            (time.clone(), time.clone()).prop_map(|(a, b)| {
                Latency::exponential(Duration::from_nanos(a.min(b)), Duration::from_nanos(a.max(b)))
            }),
            prop::collection::vec((1u32..1_000_000, time), 1..8).prop_map(|mut points| {
                points.sort_unstable_by_key(|&(chance, _)| chance);
                let mut times: Vec<u64> = points.iter().map(|&(_, time)| time).collect();
                times.sort_unstable();
                let mut quantiles = vec![(Ratio::NEVER, Duration::from_nanos(times[0]))];
                for (&(chance, _), &time) in points.iter().zip(&times) {
                    quantiles.push((Ratio::of(chance, 1_000_000), Duration::from_nanos(time)));
                }
                quantiles.push((Ratio::ALWAYS, Duration::from_nanos(times[times.len() - 1])));
                Latency::quantiles(&quantiles)
            }),
        ]
    }

    proptest! {
        #[test]
        fn draws_are_within_the_bounds_and_rise_with_the_drawn_word(
            latency in latency(), seed: u64, mut words in prop::collection::vec(0u64..1 << DRAW_BITS, 2..20),
        ) {
            let mut choices = Choices::new(seed);
            let mut stream = choices.open("net/a>b");
            let (min, max) = (latency.min().as_nanos() as u64, latency.max().as_nanos() as u64);
            for _ in 0..50 {
                let drawn = latency.draw(&mut choices, &mut stream);
                prop_assert!((min..=max).contains(&drawn));
            }
            if let Shape::Table(table) = &latency.shape {
                words.sort_unstable();
                let times: Vec<u64> = words.iter().map(|&word| table.at(word)).collect();
                prop_assert!(times.is_sorted());
                prop_assert_eq!(table.at(0), min);
            }
        }
    }

    #[test]
    fn a_long_tail_keeps_its_mean_and_its_bounds() {
        let mut choices = Choices::new(3);
        let mut stream = choices.open("net/a>b");
        let mut draw = |bounds| exponential_within(&mut choices, &mut stream, bounds);
        let drawn: Vec<u64> = (0..100_000).map(|_| draw((1_000, 11_000, u64::MAX))).collect();
        let mean = drawn.iter().sum::<u64>() / drawn.len() as u64;
        assert!((10_900..11_100).contains(&mean), "{mean}");
        assert!(drawn.iter().all(|&by| by >= 1_000));
        assert!(drawn.iter().any(|&by| by > 80_000), "one in 3,000 takes eight times the mean");
        assert!((0..10_000).all(|_| (1_000..=12_000).contains(&draw((1_000, 11_000, 12_000)))));
        assert_eq!(draw((5, 3, 9)), 5, "a mean below the least is the least");
    }

    fn mean(latency: &Latency, count: u64) -> u64 {
        let mut choices = Choices::new(3);
        let mut stream = choices.open("net/a>b");
        (0..count).map(|_| latency.draw(&mut choices, &mut stream)).sum::<u64>() / count
    }

    #[test]
    fn an_exponential_has_its_mean() {
        let latency = Latency::exponential(Duration::from_millis(30), Duration::from_millis(50));
        let mean = mean(&latency, 100_000);
        assert!((49_700_000..50_300_000).contains(&mean), "{mean}");
    }

    #[test]
    fn the_usual_link_is_fast_with_a_rare_tail() {
        let latency = Latency::default();
        let mut choices = Choices::new(3);
        let mut stream = choices.open("net/a>b");
        let mut drawn: Vec<u64> = (0..102_400).map(|_| latency.draw(&mut choices, &mut stream)).collect();
        drawn.sort_unstable();
        assert!(drawn[0] >= 100_000);
        assert!((297_000..303_000).contains(&drawn[51_200]), "{}", drawn[51_200]);
        let slow = drawn.iter().filter(|&&nanos| nanos > 800_000).count();
        assert!((60..140).contains(&slow), "{slow}");
        assert!(drawn[102_399] > 10_000_000);
    }

    #[test]
    fn one_choice_needs_no_draw() {
        let mut choices = Choices::new(3);
        let mut stream = choices.open("net/a>b");
        for latency in [
            Latency::constant(Duration::from_millis(1)),
            Latency::uniform(Duration::from_millis(1), Duration::from_millis(1)),
            Latency::exponential(Duration::from_millis(1), Duration::from_millis(1)),
        ] {
            assert_eq!(latency.draw(&mut choices, &mut stream), 1_000_000);
        }
        assert_eq!(stream.drawn(), 0);
    }
}
