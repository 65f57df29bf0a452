//! The device: how long an operation takes.
//!
//! An operation waits for a free place in the queue, then takes what its kind takes and what its bytes
//! take. Faults make it longer, and when one of them ends, what is under way no longer suffers from it.
//! Nothing here knows what an operation does.

use std::time::Duration;

use super::config::{DiskConfig, Service};
use super::dice::Dice;
use super::effect::Effects;
use super::trouble::{Trouble, Troubles, Work};

/// A service in whole nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    min: u64,
    count: u64,
}

impl Span {
    fn of(service: Service) -> Span {
        let (min, max) = (nanos(service.min), nanos(service.max));
        Span { min, count: (max - min).saturating_add(1) }
    }
}

pub(super) struct Device {
    read: Span,
    write: Span,
    sync: Span,
    name: Span,
    bytes_per_second: u64,
    /// When each place of the queue is free.
    places: Vec<u64>,
    /// How many operations were taken in.
    taken: u64,
    /// What trouble made late, or what waits behind that; in the order of taking in.
    late: Vec<Late>,
}

/// An operation that may end sooner when trouble ends.
struct Late {
    number: u64,
    place: usize,
    begins: u64,
    ends: u64,
    /// What it takes without any trouble.
    service: u64,
    bytes: u64,
    /// What each fault that delays operations drew for it.
    draws: Vec<(u32, u64)>,
}

/// An operation that ends at another time than its caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sooner {
    pub(crate) number: u64,
    pub(crate) ends_at: u64,
}

impl Device {
    pub(super) fn new(config: &DiskConfig) -> Device {
        debug_assert!(config.refusal().is_none(), "it was asked before");
        Device {
            read: Span::of(config.read),
            write: Span::of(config.write),
            sync: Span::of(config.sync),
            name: Span::of(config.name),
            bytes_per_second: config.bytes_per_second,
            places: vec![0; config.queue_depth as usize],
            taken: 0,
            late: Vec::new(),
        }
    }

    /// The power went: nothing is in the queue.
    pub(super) fn clear(&mut self) {
        self.places.fill(0);
        self.late.clear();
    }

    /// The number of the operation that was taken in last.
    #[inline]
    pub(super) fn latest(&self) -> u64 {
        self.taken
    }

    /// Takes an operation in and answers when it is done.
    #[inline]
    pub(super) fn serve(
        &mut self,
        now: u64,
        work: Work,
        bytes: u64,
        troubles: &Troubles,
        dice: &mut Dice<'_>,
        effects: &mut Effects,
    ) -> u64 {
        let span = match work {
            Work::Read => self.read,
            Work::Write => self.write,
            Work::Sync => self.sync,
            Work::Open | Work::Name => self.name,
        };
        let latency = span.min + dice.below(span.count);
        let place = self.free_place(now);
        let begins = now.max(self.places[place]);
        let service = latency.saturating_add(passing(bytes, self.bytes_per_second));
        self.taken += 1;
        let ends = if troubles.is_empty() && self.late.is_empty() {
            begins.saturating_add(service)
        } else {
            let draws = delays(troubles, dice);
            let ends =
                delayed(begins, service, bytes, self.bytes_per_second, troubles, &draws, |fault, more| {
                    effects.push(fault, micros(more));
                });
            self.late.retain(|late| late.ends > now);
            self.late.push(Late { number: self.taken, place, begins, ends, service, bytes, draws });
            ends
        };
        self.places[place] = ends;
        ends
    }

    /// Trouble has ended: what is late is served as if it had come now, if that is sooner.
    #[cold]
    pub(super) fn relieve(&mut self, now: u64, troubles: &Troubles) -> Vec<Sooner> {
        let mut late = std::mem::take(&mut self.late);
        late.retain(|late| late.ends > now);
        // A place is as free as it was when the first of them came to it.
        for late in late.iter().rev() {
            self.places[late.place] = late.begins;
        }
        let mut moved = Vec::new();
        for late in &mut late {
            late.place = self.free_place(now);
            late.begins = now.max(self.places[late.place]);
            let Late { begins, service, bytes, .. } = *late;
            let ends =
                delayed(begins, service, bytes, self.bytes_per_second, troubles, &late.draws, |_, _| ());
            if ends < late.ends {
                late.ends = ends;
                moved.push(Sooner { number: late.number, ends_at: ends });
            }
            self.places[late.place] = late.ends;
        }
        self.late = late;
        moved
    }

    /// A free place, or the one that is free first.
    #[inline]
    fn free_place(&self, now: u64) -> usize {
        let mut first = 0;
        for (index, &free_at) in self.places.iter().enumerate() {
            if free_at <= now {
                return index;
            }
            if free_at < self.places[first] {
                first = index;
            }
        }
        first
    }
}

/// What each fault that delays operations draws for one.
#[cold]
#[inline(never)]
fn delays(troubles: &Troubles, dice: &mut Dice<'_>) -> Vec<(u32, u64)> {
    let mut draws = Vec::new();
    for (fault, trouble) in troubles.iter() {
        if let Trouble::Latency { min, max } = trouble {
            draws.push((fault, min.saturating_add(dice.below(max.saturating_sub(min).saturating_add(1)))));
        }
    }
    draws
}

/// When an operation ends, and what each fault has to do with it.
#[cold]
#[inline(never)]
fn delayed(
    begins: u64,
    service: u64,
    bytes: u64,
    bytes_per_second: u64,
    troubles: &Troubles,
    draws: &[(u32, u64)],
    mut effect: impl FnMut(u32, u64),
) -> u64 {
    let mut service = service;
    let mut draws = draws.iter().copied().peekable();
    for (fault, trouble) in troubles.iter() {
        let more = match trouble {
            // Faults stay in the order of imposing, so their draws do.
            Trouble::Latency { .. } => {
                while draws.next_if(|&(of, _)| of != fault).is_some() {}
                draws.next().map_or(0, |(_, more)| more)
            }
            Trouble::Throttle { bytes_per_second: slow } => {
                passing(bytes, slow.max(1)).saturating_sub(passing(bytes, bytes_per_second))
            }
            _ => continue,
        };
        if more > 0 {
            service = service.saturating_add(more);
            effect(fault, more);
        }
    }
    let unhindered = begins.saturating_add(service);
    let mut ends = unhindered;
    for (fault, trouble) in troubles.iter() {
        if let Trouble::Stall { since, period, lasts } = trouble {
            // Two stalls are no slower than the slower one: each alone leaves the disk time to work, and one
            // on top of the other might leave none for as long as anybody waits.
            let later = stalled(begins, service, since, period, lasts);
            if later > unhindered {
                effect(fault, later - unhindered);
                ends = ends.max(later);
            }
        }
    }
    ends
}

/// When a service ends that begins at `begins` and makes no progress in the first `lasts` of every period.
fn stalled(begins: u64, service: u64, since: u64, period: u64, lasts: u64) -> u64 {
    if period == 0 || lasts == 0 || begins < since {
        return begins.saturating_add(service);
    }
    // A disk that always stands still would never end anything.
    let lasts = lasts.min(period - 1);
    let phase = ((begins - since) % period).max(lasts);
    let begins = (begins - (begins - since) % period).saturating_add(phase);
    let room = period - phase;
    if service <= room {
        return begins.saturating_add(service);
    }
    let beyond = service - room;
    let stalls = beyond.div_ceil(period - lasts);
    begins.saturating_add(service).saturating_add(stalls.saturating_mul(lasts))
}

/// How long bytes take.
#[inline]
fn passing(bytes: u64, bytes_per_second: u64) -> u64 {
    const BILLION: u64 = 1_000_000_000;
    match bytes.checked_mul(BILLION) {
        Some(product) => product / bytes_per_second,
        None => {
            let nanos = u128::from(bytes) * u128::from(BILLION) / u128::from(bytes_per_second);
            u64::try_from(nanos).unwrap_or(u64::MAX)
        }
    }
}

fn micros(nanos: u64) -> u32 {
    u32::try_from(nanos / 1000).unwrap_or(u32::MAX)
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Walks through time, one nanosecond after the other.
    fn stalled_naively(begins: u64, service: u64, since: u64, period: u64, lasts: u64) -> u64 {
        let (mut now, mut left) = (begins, service);
        loop {
            let still = now >= since && (now - since) % period < lasts;
            if left == 0 && !still {
                return now;
            }
            if !still {
                left -= 1;
            }
            now += 1;
            if left == 0 {
                return now;
            }
        }
    }

    proptest! {
        #[test]
        fn a_stall_takes_what_walking_through_it_takes(
            since in 0u64..50, after in 0u64..100, service in 1u64..200, period in 2u64..40, part in 0u64..40,
        ) {
            let lasts = part % period;
            let begins = since + after;
            prop_assert_eq!(
                stalled(begins, service, since, period, lasts),
                stalled_naively(begins, service, since, period, lasts)
            );
        }

        #[test]
        fn no_stall_overflows(begins: u64, service: u64, since: u64, period: u64, lasts: u64) {
            prop_assert!(stalled(begins, service, since, period, lasts) >= begins);
        }
    }

    #[test]
    fn bytes_pass_at_their_speed() {
        assert_eq!(passing(1_000_000, 1_000_000_000), 1_000_000);
        assert_eq!(passing(u64::MAX, 1), u64::MAX);
    }
}
