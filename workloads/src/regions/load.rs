//! What loads are made of: names, and jobs drawn from the seed.
//!
//! Each draws the same number of words whatever comes of them, so that a change of one moves no other.

use std::time::Duration;

use models::regions::api::{Name, Outcome};
use sim::choice::Rng;

use super::job::{Act, Ending, Job, Manner};
pub use crate::items::{groups, items, once};
pub use sim::workload::is_given;

/// The generator of a scenario's load.
pub fn rng() -> Rng {
    sim::rng("regions.load")
}

/// The index-th of those that go by this word.
pub const fn name(word: &str, index: u64) -> Name {
    Name(Name::of(word).0.wrapping_add(index))
}

/// So many microseconds, drawn to the nanosecond.
pub fn micros(rng: &mut Rng, least: u64, most: u64) -> Duration {
    Duration::from_nanos(rng.range(least * 1_000..most * 1_000))
}

/// A count from `least` to `most`.
pub fn count(rng: &mut Rng, least: u64, most: u64) -> usize {
    usize::try_from(rng.range(least..most + 1)).expect("a count fits")
}

/// So much work, a poll each.
pub fn work(polls: usize) -> Vec<Act> {
    vec![Act::Work(1); polls]
}

/// A job that ends by itself: it sleeps, works, keeps or gives up what it promised, ends well, badly or in panic.
pub fn errand(rng: &mut Rng) -> Job {
    let (kind, delay, polls) = (rng.choose(6), micros(rng, 5, 60), count(rng, 1, 3));
    let promise = name("errand", rng.choose(4));
    match kind {
        0 => Job::new([Act::Reserve(promise), Act::Sleep(delay), Act::Commit]),
        1 => Job::new([Act::Reserve(promise), Act::Work(2), Act::Abort]).ending(Ending::Done(Outcome::Err)),
        2 => Job::new([Act::Sleep(delay)]).ending(Ending::Panics),
        3 => Job::new([Act::Reserve(promise), Act::Commit, Act::CommitAgain]),
        _ => Job::new(work(polls)),
    }
}

/// A job that goes on until it is asked to end, and then listens, sooner or later.
pub fn resident(rng: &mut Rng) -> Job {
    let (works, promises, polls) = (rng.choose(2) == 0, rng.choose(2) == 0, count(rng, 1, 8));
    let acts = promises.then(|| Act::Reserve(name("resident", 0)));
    let manner = Manner::Cleans(u32::try_from(polls).expect("a few polls"));
    Job::new(acts).ending(if works { Ending::Works } else { Ending::Waits }).manner(manner)
}

/// A job that waits for the end, and listens sooner or later.
pub fn waiter(rng: &mut Rng) -> Job {
    resident(rng).ending(Ending::Waits)
}

/// Jobs to fill an arena with, again and again: most listen at once, because a full arena is many; the first may
/// take its time. There is one at least.
pub fn crowd(rng: &mut Rng) -> Vec<Job> {
    let first = once(rng, "crowd.first", waiter);
    let others = items(rng, "crowd", 7, waiter).into_iter().map(|job| job.manner(Manner::Cleans(1)));
    std::iter::once(first).chain(others).collect()
}

/// A job that never listens: it promises something, and must be ended by force with the promise in hand.
pub fn deaf(promise: Name) -> Job {
    Job::new([Act::Reserve(promise)]).ending(Ending::Waits).manner(Manner::Deaf)
}

/// A job that never rests, for 0.2 ms and more of its machine's time: it has the clock read all along, so that
/// whatever the clock does in that time is seen at once, however the profile waits.
pub fn control_loop(rng: &mut Rng) -> Job {
    Job::new(work(count(rng, 200, 260)))
}
