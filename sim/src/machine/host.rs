//! A host: the kernel's side of a machine.

use std::net::IpAddr;

use crate::Ratio;
use crate::choice::Stream;
use crate::disk::DiskConfig;
use crate::fault::{FaultId, PointId};
use crate::time::Clock;

/// CPU time is scaled by this fraction: 1/2 is a machine of half the speed.
pub(crate) struct Host {
    /// Tasks that could be polled, by slot, in no meaningful order once one was taken out.
    pub(crate) ready: Vec<u32>,
    /// Whether it is runnable, in poll, or waits for a free core.
    pub(crate) scheduled: bool,
    /// Whether a process of it is paused, so that wakes look twice.
    pub(crate) some_paused: bool,
    pub(crate) up: bool,
    /// The queue entry that will make it runnable; others are stale.
    pub(crate) run_seq: u64,
    /// When the next core is free.
    pub(crate) free_at: u64,
    /// When each core is free, where there are several.
    pub(crate) cores: Vec<u64>,
    /// Tasks whose last poll still keeps a core busy; empty on a machine of one core, where nothing else can
    /// run meanwhile.
    pub(crate) on_core: Vec<OnCore>,
    /// What a poll costs on it, in nanoseconds.
    pub(crate) poll_cost: u64,
    pub(crate) sched_stream: Stream,
    pub(crate) clock: Clock,

    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) speed: Ratio,
    /// What its disk is like, for when somebody first uses it.
    pub(crate) disk: DiskConfig,
    pub(crate) slowed: Vec<(FaultId, u32)>,
    pub(crate) processes: Vec<u32>,
    pub(crate) clock_stream: Stream,
    pub(crate) entropy_stream: Stream,
    /// Opened at the first draw: most machines of most runs have no `select!`.
    pub(crate) select_stream: Option<Stream>,
    pub(crate) point_stream: Stream,
    pub(crate) overruns: Vec<(FaultId, Ratio, u64)>,
    pub(crate) constant_entropy: Vec<(FaultId, u64)>,
    pub(crate) forced_yields: Vec<(FaultId, Ratio)>,
    pub(crate) refusals: Vec<Refusal>,
    /// How fast faults make the monotonic clock go, in parts in a million; the last one counts.
    pub(crate) monotonic_rates: Vec<(FaultId, u64)>,
    /// How often power came on.
    pub(crate) power_cycles: u32,
}

/// Allocation sites that refuse: after some, a number of times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) fault: FaultId,
    pub(crate) after: u64,
    pub(crate) count: u64,
    /// The one site that is meant; all when absent.
    pub(crate) point: Option<PointId>,
}

/// A task that takes its time: what it needs next it gets when it has ended this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnCore {
    pub(crate) until: u64,
    pub(crate) task: u32,
    /// Whether it is to be polled again then.
    pub(crate) woken: bool,
}

impl Host {
    /// When it can go on: when a core is free and a task is there to run on it. `None` with nothing to do.
    #[inline]
    pub(crate) fn goes_on_at(&self) -> Option<u64> {
        if !self.ready.is_empty() {
            return Some(self.free_at);
        }
        self.on_core.iter().filter(|busy| busy.woken).map(|busy| busy.until).min()
    }

    /// Whether a poll costs what it costs: it has power, one core and no trouble.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.up && self.cores.is_empty() && self.slowed.is_empty()
    }

    /// The core that is free first is busy until then.
    #[inline]
    pub(crate) fn keep_busy(&mut self, until: u64) {
        if self.cores.is_empty() {
            self.free_at = until;
        } else {
            self.keep_one_busy(until);
        }
    }

    #[cold]
    fn keep_one_busy(&mut self, until: u64) {
        let first = self.cores.iter_mut().min().expect("a machine of several cores has one");
        *first = until;
        self.free_at = *self.cores.iter().min().expect("a machine of several cores has one");
    }

    /// All cores are free from now on.
    pub(crate) fn free_all(&mut self, now: u64) {
        self.free_at = now;
        self.cores.fill(now);
    }

    /// CPU time as this machine needs it.
    #[inline]
    pub(crate) fn scaled(&self, nanos: u64) -> u64 {
        let needed = u128::from(nanos) * u128::from(self.speed.denominator());
        let slower =
            |needed: u128, &(_, times): &(FaultId, u32)| needed.saturating_mul(u128::from(times.max(1)));
        let needed = self.slowed.iter().fold(needed, slower) / u128::from(self.speed.numerator().max(1));
        u64::try_from(needed).unwrap_or(u64::MAX)
    }
}
