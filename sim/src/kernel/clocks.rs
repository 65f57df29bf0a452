//! Conditions of a machine that the kernel itself makes true: clocks, CPU, timers, entropy, allocation.

use super::{Kernel, nanos};
use crate::fault::{Condition, FaultId};
use crate::machine::Refusal;
use crate::time::WallTrouble;
use crate::trace::Kind;

impl Kernel {
    pub(super) fn impose_on_machine(&mut self, fault: FaultId, machine: u16, condition: Condition) {
        let now = self.now;
        let wall = match condition {
            Condition::WallSkew { by } => Some(WallTrouble::Skew { by }),
            Condition::WallDrift { ppm } => Some(WallTrouble::Drift { ppm }),
            Condition::WallReverse { by } => {
                let by = i64::try_from(nanos(by)).unwrap_or(i64::MAX);
                Some(WallTrouble::Skew { by: -by })
            }
            Condition::WallStrobe { by, period } => {
                Some(WallTrouble::Strobe { by, period: nanos(period).max(1) })
            }
            Condition::WallFreeze => Some(WallTrouble::Freeze),
            Condition::WallCreep { by } => Some(WallTrouble::Creep { by, reads: 0 }),
            _ => None,
        };
        if let Some(trouble) = wall {
            self.record(Kind::Clock, 1, machine, fault.index() as u32, 0);
            self.hosts[machine as usize].clock.impose(now, fault, trouble);
            return;
        }
        let host = &mut self.hosts[machine as usize];
        match condition {
            Condition::MonotonicReverse { by } => {
                host.clock.step_monotonic_back(now, nanos(by));
                self.monotonic_changed(fault, machine, None);
            }
            Condition::MonotonicFreeze => {
                host.clock.set_monotonic_rate(now, 0);
                self.monotonic_changed(fault, machine, Some(0));
            }
            Condition::MonotonicDrift { ppm } => {
                let rate = u64::try_from(1_000_000 + i64::from(ppm)).unwrap_or(0);
                host.clock.set_monotonic_rate(now, rate);
                self.monotonic_changed(fault, machine, Some(rate));
            }
            Condition::TimerOverrun { chance, max } => host.overruns.push((fault, chance, nanos(max))),
            Condition::ConstantEntropy(value) => host.constant_entropy.push((fault, value)),
            Condition::Yield(chance) => host.forced_yields.push((fault, chance)),
            Condition::FailAllocation { after, count, point } => {
                host.refusals.push(Refusal { fault, after, count, point });
            }
            Condition::Slow { times } => self.slow_down(machine, fault, times),
            other => panic!("{other:?} is no condition of a machine's kernel, clocks or resources"),
        }
    }

    /// The machine's timers are due at other times now: that is the effect.
    fn monotonic_changed(&mut self, fault: FaultId, machine: u16, rate: Option<u64>) {
        self.record(Kind::Clock, 0, machine, fault.index() as u32, 0);
        self.rekey_timers(machine);
        self.effect(fault, u32::from(machine));
        self.hosts[machine as usize].monotonic_rates.extend(rate.map(|rate| (fault, rate)));
    }

    /// Takes away all that a fault imposed on machines. A monotonic clock goes on from where it stands, at
    /// the rate that is left: setting it right would be another anomaly.
    pub(super) fn lift(&mut self, fault: FaultId) {
        self.turn_back(fault);
        for machine in 0..self.hosts.len() {
            let now = self.now;
            let poll_cost = self.poll_cost;
            let host = &mut self.hosts[machine];
            host.clock.lift(fault);
            host.overruns.retain(|&(of, _, _)| of != fault);
            host.constant_entropy.retain(|&(of, _)| of != fault);
            host.forced_yields.retain(|&(of, _)| of != fault);
            host.refusals.retain(|refusal| refusal.fault != fault);
            if host.slowed.iter().any(|&(of, _)| of == fault) {
                host.slowed.retain(|&(of, _)| of != fault);
                host.poll_cost = host.scaled(poll_cost);
            }
            let before = host.monotonic_rates.len();
            host.monotonic_rates.retain(|&(of, _)| of != fault);
            if host.monotonic_rates.len() < before {
                let rate = host.monotonic_rates.last().map_or(1_000_000, |&(_, rate)| rate);
                host.clock.set_monotonic_rate(now, rate);
                self.record(Kind::Clock, 0, machine as u16, fault.index() as u32, 1);
                self.rekey_timers(machine as u16);
            }
        }
    }

    /// What the current machine's wall clock reads; a wrong reading is the effect of its fault.
    pub(crate) fn wall(&mut self) -> u64 {
        let now = self.now;
        let alive = !self.current.dead;
        let (reads, culprit) = self.hosts[self.current.machine as usize].clock.wall(now, alive);
        if let Some(fault) = culprit
            && alive
        {
            self.effect(fault, 0);
        }
        reads
    }
}
