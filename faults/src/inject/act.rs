//! What each kind does: conditions of the kernel, or verbs of machines and processes.

use std::net::IpAddr;
use std::time::Duration;

use sim::fault::{self, Condition, DiskOp, FaultId, PointId, Target};
use sim::machine::{Machine, Process};

use super::holds::Hold;
use super::links::{self, Alone, links};
use super::{Active, Injection, Skipped, targets};
use crate::plan::{Arguments, DiskWork, Group, Groups, Line, Processes, Selector, Trouble, Unsynced};

/// What a line comes to, its targets resolved.
enum Act {
    /// Conditions until it ends.
    Impose(Vec<(Target, Condition)>),
    /// Machines are clogged one by one and released in another order.
    Swizzle {
        clogged: Vec<Machine>,
        released: Vec<Machine>,
        stagger: Duration,
    },
    Kill {
        processes: Vec<Process>,
        restart_after: Option<Duration>,
    },
    CrashLoop {
        processes: Vec<Process>,
        every: Duration,
        times: u32,
    },
    /// Asked to end, then booted, as another version perhaps.
    Stop {
        processes: Vec<Process>,
        grace: Duration,
        restart_after: Option<Duration>,
        next: Next,
    },
    Roll {
        processes: Vec<Process>,
        every: Duration,
        grace: Duration,
        next: Next,
    },
    Pause {
        processes: Vec<Process>,
    },
    Power {
        machines: Vec<Machine>,
        restart_after: Option<Duration>,
        unsynced: Unsynced,
        wipe: bool,
    },
    Swap {
        one: Machine,
        other: Machine,
        restart_after: Option<Duration>,
    },
    Address {
        machine: Machine,
        ip: IpAddr,
    },
    Turn {
        knob: String,
        value: u64,
    },
    Call {
        call: String,
        args: Arguments,
    },
}

impl Act {
    /// When it ends by what its parameters say.
    fn own_end(&self) -> Option<Duration> {
        match self {
            Act::Kill { restart_after, .. }
            | Act::Power { restart_after, .. }
            | Act::Swap { restart_after, .. } => *restart_after,
            Act::Stop { grace, restart_after, .. } => restart_after.map(|after| grace.saturating_add(after)),
            Act::CrashLoop { every, times, .. } => Some(every.saturating_mul(*times)),
            _ => None,
        }
    }

    /// The machines that it would bring down.
    fn downs(&self) -> Vec<Machine> {
        match self {
            Act::Kill { processes, .. }
            | Act::CrashLoop { processes, .. }
            | Act::Stop { processes, .. }
            | Act::Pause { processes } => processes.iter().map(|process| process.machine()).collect(),
            Act::Power { machines, .. } => machines.clone(),
            _ => Vec::new(),
        }
    }
}

/// As what a process starts next.
#[derive(Clone, Default)]
struct Next {
    version: Option<u32>,
    config: Option<String>,
}

impl Injection {
    pub(super) fn begin(&self, index: usize, line: &Line, itself: Option<Process>) {
        let Some(act) = act(&line.trouble, itself) else { return self.skip(index, Skipped::Nobody) };
        if self.is_guarded(&line.trouble, &act) {
            return self.skip(index, Skipped::Guarded);
        }
        let fault = fault::begin(&line.to_string());
        self.note(index, vec![fault]);
        self.state.borrow_mut().active.push(Active { line: index, faults: vec![fault] });
        let lasts = line.lasts.or_else(|| act.own_end());
        self.carry_out(index, fault, act, lasts);
        // After the kernel's own deadlines of the same time: a grace that ends then has ended.
        if let Some(lasts) = lasts {
            let this = self.clone();
            fault::after(lasts, move || this.finish(index));
        }
    }

    /// Whether it would bring too many machines down.
    fn is_guarded(&self, trouble: &Trouble, act: &Act) -> bool {
        let down_max = match trouble {
            Trouble::Kill { down_max, .. }
            | Trouble::CrashLoop { down_max, .. }
            | Trouble::Stop { down_max, .. }
            | Trouble::Pause { down_max, .. }
            | Trouble::Power { down_max, .. } => *down_max,
            _ => None,
        };
        down_max.is_some_and(|most| self.state.borrow().holds.machines_with(&act.downs()) > most as usize)
    }

    fn carry_out(&self, index: usize, fault: FaultId, act: Act, lasts: Option<Duration>) {
        match act {
            Act::Impose(conditions) => {
                conditions
                    .into_iter()
                    .for_each(|(target, condition)| fault::impose(fault, target, condition));
            }
            Act::Swizzle { clogged, released, stagger } => {
                self.swizzle(index, fault, clogged, released, stagger, lasts);
            }
            Act::Kill { processes, .. } => self.kill(index, fault, &processes),
            Act::CrashLoop { processes, every, times } => {
                for step in 0..times {
                    let (this, processes) = (self.clone(), processes.clone());
                    let kill = move || this.kill_again(index, fault, &processes, every);
                    fault::after(every.saturating_mul(step), kill);
                }
            }
            Act::Stop { processes, grace, next, .. } => {
                processes.into_iter().for_each(|process| self.stop(index, fault, process, grace, &next));
            }
            Act::Roll { processes, every, grace, next } => {
                let steps = processes.len();
                for (step, process) in processes.into_iter().enumerate() {
                    let (this, next) = (self.clone(), next.clone());
                    let is_last = step + 1 == steps;
                    let bounce = move || this.bounce(index, fault, process, grace, &next, is_last);
                    fault::after(every.saturating_mul(step as u32), bounce);
                }
            }
            Act::Pause { processes } => {
                for process in processes.into_iter().filter(|process| process.is_running()) {
                    fault::attribute(fault, || process.pause());
                    self.hold(index, Hold::Hung(process));
                }
            }
            Act::Power { machines, unsynced, wipe, .. } => {
                for machine in machines.into_iter().filter(|machine| machine.is_up()) {
                    self.power_off(index, fault, machine, unsynced);
                    if wipe {
                        fault::attribute(fault, || machine.wipe_disk());
                    }
                }
            }
            Act::Swap { one, other, .. } => {
                for machine in [one, other].into_iter().filter(|machine| machine.is_up()) {
                    self.power_off(index, fault, machine, Unsynced::Any);
                }
                fault::attribute(fault, || one.swap_disk(other));
            }
            Act::Address { machine, ip } => fault::attribute(fault, || machine.set_addresses(&[ip])),
            Act::Turn { knob, value } => fault::turn(fault, &knob, value),
            Act::Call { call, args } => {
                if let Err(message) = fault::call(fault, &call, &args.0) {
                    let line = self.state.borrow().lines[index].to_string();
                    sim::fail("plan", format!("{line}: {message}"));
                }
            }
        }
    }

    fn hold(&self, index: usize, hold: Hold) {
        self.state.borrow_mut().holds.take(index, hold);
    }

    fn is_active(&self, index: usize) -> bool {
        self.state.borrow().active.iter().any(|active| active.line == index)
    }

    fn kill(&self, index: usize, fault: FaultId, processes: &[Process]) {
        // The process that hit the point is the last: nothing of its task's poll comes after it.
        for process in processes.iter().filter(|process| process.is_running()) {
            fault::attribute(fault, || process.kill());
            self.hold(index, Hold::Down(*process));
        }
    }

    /// One turn of a crash loop: killed now, started again half way to the next turn.
    fn kill_again(&self, index: usize, fault: FaultId, processes: &[Process], every: Duration) {
        if !self.is_active(index) {
            return;
        }
        self.kill(index, fault, processes);
        let (this, processes) = (self.clone(), processes.to_vec());
        fault::after(every / 2, move || {
            if this.is_active(index) {
                let free =
                    |process: &&Process| !this.state.borrow().holds.others_hold(index, Hold::Down(**process));
                processes.iter().filter(free).for_each(|process| this.start(*process));
            }
        });
    }

    fn stop(&self, index: usize, fault: FaultId, process: Process, grace: Duration, next: &Next) {
        if !process.is_running() {
            return;
        }
        if let Some(version) = next.version {
            process.set_version(version);
        }
        if let Some(config) = &next.config {
            process.set_config(config);
        }
        fault::attribute(fault, || process.stop(grace));
        self.hold(index, Hold::Down(process));
        // It may be healed within its grace: then nobody holds it down, and yet it ends.
        let this = self.clone();
        fault::after(grace, move || {
            if !this.state.borrow().holds.holds(Hold::Down(process)) {
                this.start(process);
            }
        });
    }

    /// One step of a roll: stopped now, started when its grace is over. The last one ends the line.
    fn bounce(
        &self,
        index: usize,
        fault: FaultId,
        process: Process,
        grace: Duration,
        next: &Next,
        is_last: bool,
    ) {
        if !self.is_active(index) {
            return;
        }
        self.stop(index, fault, process, grace, next);
        let this = self.clone();
        fault::after(grace, move || {
            let free = this.state.borrow_mut().holds.let_go(index, Hold::Down(process));
            if free {
                this.start(process);
            }
            if is_last {
                this.finish(index);
            }
        });
    }

    fn power_off(&self, index: usize, fault: FaultId, machine: Machine, unsynced: Unsynced) {
        fault::attribute(fault, || machine.power_off_with(unsynced));
        self.hold(index, Hold::Dark(machine));
    }

    /// Clogs machines one after another; with an end, releases them one after another up to it.
    fn swizzle(
        &self,
        index: usize,
        fault: FaultId,
        clogged: Vec<Machine>,
        released: Vec<Machine>,
        stagger: Duration,
        lasts: Option<Duration>,
    ) {
        // Each machine is a fault of its own, since a fault ends as a whole.
        let label = self.state.borrow().lines[index].to_string();
        let mut faults = vec![fault];
        faults.extend(clogged.iter().skip(1).map(|_| fault::begin(&label)));
        self.note(index, faults.clone());
        if let Some(active) = self.state.borrow_mut().active.iter_mut().find(|active| active.line == index) {
            active.faults = faults.clone();
        }
        for (step, machine) in clogged.iter().copied().enumerate() {
            let (this, fault) = (self.clone(), faults[step]);
            fault::after(stagger.saturating_mul(step as u32), move || {
                if this.is_active(index) && !fault::is_over(fault) {
                    links::all_of(machine)
                        .into_iter()
                        .for_each(|link| fault::impose(fault, link, Condition::Clog));
                }
            });
        }
        let Some(lasts) = lasts else { return };
        let count = released.len();
        for (step, machine) in released.into_iter().enumerate() {
            let Some(which) = clogged.iter().position(|other| *other == machine) else { continue };
            let (before_end, fault) = (stagger.saturating_mul((count - 1 - step) as u32), faults[which]);
            fault::after(lasts.saturating_sub(before_end), move || fault::end(fault));
        }
    }

    /// What only this line kept down works again.
    pub(super) fn release(&self, index: usize) {
        let released = self.state.borrow_mut().holds.release(index);
        for hold in released {
            match hold {
                Hold::Down(process) => self.start(process),
                Hold::Hung(process) => drop(process.resume()),
                Hold::Dark(machine) => {
                    machine.power_on();
                    let owed = std::mem::take(&mut self.state.borrow_mut().owed);
                    let free = |process: &Process| !self.state.borrow().holds.holds(Hold::Down(*process));
                    owed.into_iter().filter(free).for_each(|process| self.start(process));
                }
            }
        }
    }

    /// Boots a process, or remembers that it is to be booted when its machine has power again.
    fn start(&self, process: Process) {
        if process.machine().is_up() {
            if !process.is_running() {
                process.restart();
            }
        } else {
            self.state.borrow_mut().owed.push(process);
        }
    }
}

/// A trouble with its targets as they are now; none when nobody is selected.
fn act(trouble: &Trouble, itself: Option<Process>) -> Option<Act> {
    let on_links = |groups: &Groups, one_way: bool, alone: Alone, condition: Condition| {
        let conditions: Vec<_> =
            links(groups, one_way, alone, itself).into_iter().map(|link| (link, condition)).collect();
        (!conditions.is_empty()).then_some(Act::Impose(conditions))
    };
    let everywhere = |groups: &Groups, one_way: &bool, condition: Condition| {
        on_links(groups, *one_way, Alone::Everywhere, condition)
    };
    let machines = |group: &Group| {
        let machines = targets::machines(group, itself);
        (!machines.is_empty()).then_some(machines)
    };
    let on_machines = |group: &Group, conditions: &[Condition]| {
        let on_one = |machine| conditions.iter().map(move |condition| (Target::Machine(machine), *condition));
        machines(group).map(|machines| Act::Impose(machines.into_iter().flat_map(on_one).collect()))
    };
    let processes = |processes: &Processes| {
        let processes = targets::processes(processes, itself);
        (!processes.is_empty()).then_some(processes)
    };
    let machine = |selector: &Selector| machines(&Group::new(vec![selector.clone()])?)?.into_iter().next();
    match trouble {
        Trouble::Calm {} | Trouble::Heal {} => None,

        Trouble::Partition { groups, one_way } => {
            on_links(groups, *one_way, Alone::Outside, Condition::Block)
        }
        Trouble::Ring { machines: group } => {
            let blocked = links::ring(&machines(group)?).into_iter();
            Some(Act::Impose(blocked.map(|link| (link, Condition::Block)).collect()))
        }
        Trouble::Clog { between, one_way } => everywhere(between, one_way, Condition::Clog),
        Trouble::Swizzle { machines: group, stagger, release } => {
            let clogged = machines(group)?;
            let released = match release {
                Some(release) => targets::machines(release, itself),
                None => clogged.iter().rev().copied().collect(),
            };
            Some(Act::Swizzle { clogged, released, stagger: *stagger })
        }
        Trouble::Loss { between, chance, correlation, one_way } => {
            let loss = correlation.map_or(Condition::Loss(*chance), |correlation| Condition::BurstLoss {
                chance: *chance,
                correlation,
            });
            everywhere(between, one_way, loss)
        }
        Trouble::Duplicate { between, chance, one_way } => {
            everywhere(between, one_way, Condition::Duplicate(*chance))
        }
        Trouble::Reorder { between, chance, by, one_way } => {
            everywhere(between, one_way, Condition::Reorder { chance: *chance, by: *by })
        }
        Trouble::Corrupt { between, chance, one_way } => {
            everywhere(between, one_way, Condition::Corrupt(*chance))
        }
        Trouble::Delay { between, by, mean, one_way } => {
            let (min, max) = (by.min(), by.max());
            let delay = mean.map_or(Condition::Delay { min, max }, |mean| Condition::LongTailDelay {
                min,
                mean,
                max,
            });
            everywhere(between, one_way, delay)
        }
        Trouble::Bandwidth { between, bytes_per_second, queue_bytes, one_way } => {
            let bytes_per_second = u64::from(bytes_per_second.get());
            let queue_bytes = u64::from(*queue_bytes);
            everywhere(between, one_way, Condition::Bandwidth { bytes_per_second, queue_bytes })
        }
        Trouble::Reset { between, chance } => everywhere(between, &false, Condition::Reset(*chance)),
        Trouble::HalfClose { between, chance } => everywhere(between, &false, Condition::HalfClose(*chance)),
        Trouble::Refuse { between, one_way } => everywhere(between, one_way, Condition::RefuseConnect),
        Trouble::Hang { between, one_way } => everywhere(between, one_way, Condition::HangConnect),
        Trouble::Chop { between, bytes } => {
            everywhere(between, &false, Condition::Chop { bytes_max: bytes.get() })
        }
        Trouble::Window { between, bytes } => {
            everywhere(between, &false, Condition::Window { bytes: bytes.get() })
        }
        Trouble::DnsLate { machines, by } => on_machines(machines, &[Condition::DnsDelay(*by)]),
        Trouble::DnsFail { machines, .. } => on_machines(machines, &[Condition::DnsFail]),

        Trouble::Kill { processes: all, restart_after, .. } => {
            Some(Act::Kill { processes: processes(all)?, restart_after: *restart_after })
        }
        Trouble::CrashLoop { processes: all, every, times, .. } => {
            Some(Act::CrashLoop { processes: processes(all)?, every: *every, times: times.get() })
        }
        Trouble::Stop { processes: all, grace, restart_after, .. } => Some(Act::Stop {
            processes: processes(all)?,
            grace: *grace,
            restart_after: *restart_after,
            next: Next::default(),
        }),
        Trouble::Pause { processes: all, .. } => Some(Act::Pause { processes: processes(all)? }),
        Trouble::Power { machines: group, restart_after, unsynced, wipe, .. } => Some(Act::Power {
            machines: machines(group)?,
            restart_after: *restart_after,
            unsynced: unsynced.unwrap_or(Unsynced::Any),
            wipe: *wipe,
        }),
        Trouble::Swap { machines: pair, restart_after } => {
            let (one, other) = (machine(&pair.0)?, machine(&pair.1)?);
            (one != other).then_some(Act::Swap { one, other, restart_after: *restart_after })
        }
        Trouble::Upgrade { processes: all, version, config, grace } => Some(Act::Stop {
            processes: processes(all)?,
            grace: *grace,
            restart_after: Some(Duration::ZERO),
            next: Next { version: Some(*version), config: config.as_ref().map(|text| text.0.clone()) },
        }),
        Trouble::Roll { processes: all, every, grace, version } => Some(Act::Roll {
            processes: processes(all)?,
            every: *every,
            grace: *grace,
            next: Next { version: *version, config: None },
        }),
        Trouble::Address { machine: selector, ip } => {
            Some(Act::Address { machine: machine(selector)?, ip: *ip })
        }
        Trouble::Slow { machines, times } => on_machines(machines, &[Condition::Slow { times: times.get() }]),
        Trouble::Yield { machines, chance } => on_machines(machines, &[Condition::Yield(*chance)]),

        Trouble::DiskLatency { machines, by } => {
            on_machines(machines, &[Condition::DiskLatency { min: by.min(), max: by.max() }])
        }
        Trouble::DiskStall { machines, stall, period } => {
            on_machines(machines, &[Condition::DiskStall { period: *period, lasts: *stall }])
        }
        Trouble::DiskThrottle { machines, bytes_per_second } => {
            let bytes_per_second = u64::from(bytes_per_second.get());
            on_machines(machines, &[Condition::DiskThrottle { bytes_per_second }])
        }
        Trouble::LostTail { machines, chance } => on_machines(machines, &[Condition::LostTail(*chance)]),
        Trouble::CopiedChunk { machines, chance } => {
            on_machines(machines, &[Condition::CopiedChunk(*chance)])
        }
        Trouble::DiskFull { machines, bytes_free, bytes_per_second } => {
            let (bytes_free, bytes_per_second) = (*bytes_free, bytes_per_second.unwrap_or(0));
            on_machines(machines, &[Condition::DiskFull { bytes_free, bytes_per_second }])
        }
        Trouble::DiskError { machines, work, chance } => {
            let error = |op: &DiskOp| Condition::DiskError { op: *op, chance: *chance };
            on_machines(machines, &operations(*work).iter().map(error).collect::<Vec<_>>())
        }
        Trouble::LyingSync { machines, chance } => on_machines(machines, &[Condition::LyingSync(*chance)]),
        Trouble::SyncError { machines, chance } => on_machines(machines, &[Condition::SyncError(*chance)]),
        Trouble::BitRot { machines, chance } => on_machines(machines, &[Condition::BitRot(*chance)]),
        Trouble::MisdirectWrite { machines, chance } => {
            on_machines(machines, &[Condition::MisdirectWrite(*chance)])
        }
        Trouble::MisdirectRead { machines, chance } => {
            on_machines(machines, &[Condition::MisdirectRead(*chance)])
        }
        Trouble::Uninitialized { machines, chance } => {
            on_machines(machines, &[Condition::Uninitialized(*chance)])
        }

        Trouble::ClockSkew { machines, by } => on_machines(machines, &[Condition::WallSkew { by: by.nanos }]),
        Trouble::ClockDrift { machines, ppm } => on_machines(machines, &[Condition::WallDrift { ppm: *ppm }]),
        Trouble::ClockReverse { machines, by } => {
            on_machines(machines, &[Condition::WallReverse { by: *by }])
        }
        Trouble::ClockStrobe { machines, by, period } => {
            let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
            on_machines(machines, &[Condition::WallStrobe { by, period: *period / 2 }])
        }
        Trouble::ClockFreeze { machines, .. } => on_machines(machines, &[Condition::WallFreeze]),
        Trouble::ClockCreep { machines, by } => {
            on_machines(machines, &[Condition::WallCreep { by: by.nanos }])
        }
        Trouble::MonotonicReverse { machines, by } => {
            on_machines(machines, &[Condition::MonotonicReverse { by: *by }])
        }
        Trouble::MonotonicFreeze { machines, .. } => on_machines(machines, &[Condition::MonotonicFreeze]),
        Trouble::MonotonicDrift { machines, ppm } => {
            on_machines(machines, &[Condition::MonotonicDrift { ppm: *ppm }])
        }
        Trouble::TimerOverrun { machines, by, chance } => {
            on_machines(machines, &[Condition::TimerOverrun { chance: *chance, max: *by }])
        }

        Trouble::Entropy { machines, value } => on_machines(machines, &[Condition::ConstantEntropy(*value)]),
        Trouble::Allocation { machines, after, count, point } => {
            let (after, count) = (u64::from(*after), u64::from(count.get()));
            let point = point.as_ref().map(|point| PointId::named(&point.0));
            on_machines(machines, &[Condition::FailAllocation { after, count, point }])
        }
        Trouble::Knob { knob, value } => Some(Act::Turn { knob: knob.0.clone(), value: *value }),
        Trouble::Call { call, args } => Some(Act::Call { call: call.0.clone(), args: args.clone() }),
    }
}

fn operations(work: DiskWork) -> &'static [DiskOp] {
    match work {
        DiskWork::Any => &[DiskOp::Open, DiskOp::Read, DiskOp::Write, DiskOp::Sync, DiskOp::Name],
        DiskWork::Read => &[DiskOp::Read],
        DiskWork::Write => &[DiskOp::Write],
        DiskWork::Sync => &[DiskOp::Sync],
        DiskWork::Names => &[DiskOp::Open, DiskOp::Name],
    }
}
