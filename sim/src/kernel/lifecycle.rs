//! Machines and processes: booting, killing, power, pausing.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};

use super::{Context, Core, Event, Kernel, Litter, nanos};
use crate::Ratio;
use crate::disk::{DiskConfig, Unsynced};
use crate::fault::FaultId;
use crate::machine::{Boot, Ending, Host, PanicPolicy, Program, State, TEST};
use crate::task::{BoxJob, NONE, QUEUED, WakerSlot, Why, job};
use crate::time::Clock;
use crate::trace::Kind;

/// What a machine's monotonic clock reads at power-on: not zero, so that nobody relies on it.
const UPTIME_AT_BOOT: u64 = 1_000_000_000;

/// What a new machine is like.
#[derive(Debug)]
pub(crate) struct Plate {
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) cores: usize,
    pub(crate) speed: Ratio,
    pub(crate) disk: DiskConfig,
}

impl Plate {
    pub(crate) fn new(name: &str) -> Plate {
        Plate {
            name: name.to_string(),
            zone: String::new(),
            addresses: Vec::new(),
            cores: 1,
            speed: Ratio::ALWAYS,
            disk: DiskConfig::default(),
        }
    }
}

impl Kernel {
    /// Why there cannot be a machine like that, if there cannot. To be asked before one is set up.
    pub(crate) fn refusal_of_machine(&self, plate: &Plate) -> Option<String> {
        let name = &plate.name;
        if self.hosts.iter().any(|host| host.name == *name) {
            return Some(format!("there is a machine `{name}` already"));
        }
        // Streams are called `app/MACHINE/NAME` and `net/SOURCE>TARGET`, processes `MACHINE/PROCESS`: no two of
        // them may be read alike, or one machine's draws would move another's.
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || "/>".contains(c))
        {
            return Some(format!(
                "a machine cannot be called `{}`: expected a name without blanks, `/` and `>`",
                name.escape_debug()
            ));
        }
        if plate.cores == 0 {
            return Some(format!("machine `{name}` needs at least one core"));
        }
        if plate.speed.is_never() {
            return Some(format!("machine `{name}` needs a speed above zero"));
        }
        if let Some(refusal) = plate.disk.refusal() {
            return Some(format!("machine `{name}`: {refusal}"));
        }
        (self.hosts.len() >= usize::from(u16::MAX)).then(|| "at most 65,535 machines".to_string())
    }

    /// Sets up a machine with power on and no process. Its streams carry its name, so another machine moves
    /// none of them.
    pub(crate) fn add_machine(&mut self, plate: Plate) -> u16 {
        let Plate { name, zone, mut addresses, cores, speed, disk } = plate;
        let index = self.hosts.len() as u16;
        if addresses.is_empty() {
            addresses.push(default_address(index));
        }
        let mut host = Host {
            ready: Vec::new(),
            scheduled: false,
            some_paused: false,
            up: true,
            run_seq: u64::MAX,
            free_at: 0,
            cores: if cores > 1 { vec![0; cores] } else { Vec::new() },
            on_core: Vec::new(),
            poll_cost: 0,
            sched_stream: self.choices.open(&format!("sched/{name}")),
            clock: Clock::new(self.now, UPTIME_AT_BOOT, self.epoch),
            zone,
            addresses,
            speed,
            disk,
            slowed: Vec::new(),
            processes: Vec::new(),
            clock_stream: self.choices.open(&format!("clock/{name}")),
            select_stream: None,
            entropy_stream: self.choices.open(&format!("entropy/{name}")),
            point_stream: self.choices.open(&format!("point/{name}")),
            overruns: Vec::new(),
            constant_entropy: Vec::new(),
            forced_yields: Vec::new(),
            refusals: Vec::new(),
            monotonic_rates: Vec::new(),
            power_cycles: 0,
            name,
        };
        host.poll_cost = host.scaled(self.poll_cost);
        self.hosts.push(host);
        self.record(Kind::Machine, 0, index, u32::from(index), 0);
        index
    }

    /// Why a machine cannot have a process of that name, if it cannot. To be asked before one is declared.
    pub(crate) fn refusal_of_process(&self, machine: u16, name: &str) -> Option<String> {
        let host = &self.hosts[machine as usize];
        if host.processes.iter().any(|&other| self.programs[other as usize].name == name) {
            return Some(format!("machine `{}` has a process `{name}` already", host.name));
        }
        (self.programs.len() >= usize::from(u16::MAX)).then(|| "at most 65,535 processes".to_string())
    }

    /// Declares a process. It is not booted yet.
    pub(crate) fn add_process(&mut self, program: Program) -> u32 {
        let machine = program.machine;
        let host = &self.hosts[machine as usize];
        debug_assert!(self.refusal_of_process(machine, &program.name).is_none(), "{}", host.name);
        let index = self.programs.len() as u32;
        self.programs.push(program);
        self.hosts[machine as usize].processes.push(index);
        self.record(Kind::Process, 0, machine, index, u32::from(machine));
        index
    }

    /// Starts an incarnation, with a main task where it has one.
    pub(crate) fn start_process(
        &mut self,
        process: u32,
        main: Option<BoxJob>,
        place: &'static std::panic::Location<'static>,
    ) {
        let program = &mut self.programs[process as usize];
        assert!(program.state == State::Down, "process `{}` runs already", program.name);
        program.state = State::Running;
        program.ending = None;
        program.error = None;
        program.stopping = false;
        program.due_seq = u64::MAX;
        let (machine, incarnation) = (program.machine, program.next.incarnation);
        self.record(Kind::Boot, 0, machine, process, incarnation);
        let Some(main) = main else { return };
        let context =
            std::mem::replace(&mut self.current, Context { machine, process, task: NONE, dead: false });
        let (key, refused) = self.spawn(main, Some(process), place);
        assert!(refused.is_none(), "a running process takes tasks");
        self.current = context;
        self.programs[process as usize].main = key.slot();
    }

    /// The future of a process's next incarnation; `None` for one without a boot function.
    fn boot_job(&mut self, process: u32) -> Option<BoxJob> {
        let program = &mut self.programs[process as usize];
        let boot = program.boot.clone()?;
        let told: Boot = program.next.clone();
        // The boot function is the user's: it is called in the first poll, when nothing is borrowed.
        Some(job(async move {
            if let Err(message) = boot(told).await {
                super::current::with(|core| core.kernel.main_task_failed(process, message));
            }
        }))
    }

    fn main_task_failed(&mut self, process: u32, message: String) {
        if !self.current.dead {
            self.programs[process as usize].error = Some(message);
        }
    }

    /// Whether there is anything for a fault of this kind to hit.
    pub(crate) fn attribute_effect(&mut self, machine: u16, detail: u32) {
        if let Some(fault) = self.faults.attributed {
            let context = self.current;
            self.current.machine = machine;
            self.effect(fault, detail);
            self.current = context;
        }
    }

    pub(super) fn main_task_ended(&mut self, process: u32) {
        let program = &mut self.programs[process as usize];
        program.main = NONE;
        if program.machine == TEST && process == 0 {
            self.finished = true;
            self.attention = true;
        } else {
            self.exits.push((process, program.next.incarnation));
            self.attention = true;
        }
    }
}

impl Core {
    /// Boots a process that is down, if it has a boot function and its machine has power.
    pub(crate) fn boot(&mut self, process: u32) -> bool {
        let program = &self.kernel.programs[process as usize];
        if program.is_running() || !self.kernel.hosts[program.machine as usize].up {
            return false;
        }
        let Some(main) = self.kernel.boot_job(process) else { return false };
        let place = self.kernel.programs[process as usize].place;
        self.kernel.start_process(process, Some(main), place);
        let next = &mut self.kernel.programs[process as usize].next;
        next.incarnation += 1;
        true
    }

    /// Ends an incarnation. Its tasks go to their graves, where no destructor has an effect; what it had
    /// written to the operating system survives, and its connections are the machine's to end.
    pub(crate) fn end_process(&mut self, process: u32, ending: Ending) -> bool {
        let kernel = &mut self.kernel;
        let program = &mut kernel.programs[process as usize];
        if !program.is_running() {
            return false;
        }
        let (machine, incarnation) = (program.machine, program.next.incarnation);
        kernel.record(Kind::End, ending as u8, machine, process, incarnation);
        let program = &mut kernel.programs[process as usize];
        program.state = State::Down;
        program.paused = false;
        program.stopping = false;
        program.ending = Some(ending);
        program.main = NONE;
        program.held.clear();
        program.due_seq = u64::MAX;
        let stop_waiters = std::mem::take(&mut program.stop_waiters);
        let end_waiters = std::mem::take(&mut program.end_waiters);
        let head = program.tasks;
        let context = Context { machine, process, task: NONE, dead: true };
        for waiter in stop_waiters {
            kernel.bury(Litter::Waker(waiter), context);
        }
        for task in kernel.tasks.list(head) {
            kernel.kill_task(task, context);
        }
        // After the tasks: the end of one wakes whoever awaits it, and that may be another of them.
        let mut ready = std::mem::take(&mut kernel.hosts[machine as usize].ready);
        ready.retain(|&task| kernel.tasks.at(task).process != process);
        kernel.ready_before = kernel.ready_before.min(ready.len());
        let host = &mut kernel.hosts[machine as usize];
        host.ready = ready;
        host.on_core.retain(|busy| kernel.tasks.at(busy.task).process != process);
        for waker in kernel.drop_timers_of(process) {
            kernel.bury(Litter::Waker(waker), context);
        }
        if kernel.current.process == process {
            kernel.current.dead = true;
        }
        for mut waiter in end_waiters {
            kernel.wake(&mut waiter, Why::Machine);
        }
        kernel.note_pauses(machine);
        kernel.drop_roles_of(process);
        kernel.ending = Some(context);
        self.process_ended(process, ending);
        self.kernel.ending = None;
        true
    }

    /// A process's main tasks that returned: the process exits with them.
    pub(super) fn carry_out_exits(&mut self) {
        for (process, incarnation) in std::mem::take(&mut self.kernel.exits) {
            let program = &self.kernel.programs[process as usize];
            let ending = if program.error.is_some() { Ending::Errored } else { Ending::Exited };
            // Destructors have run since: one may have booted it anew.
            if program.next.incarnation == incarnation {
                self.end_process(process, ending);
            }
        }
    }

    /// kill -9. False when it was down already.
    pub(crate) fn kill(&mut self, process: u32) -> bool {
        let machine = self.kernel.programs[process as usize].machine;
        let running = self.kernel.programs[process as usize].is_running();
        if running {
            self.kernel.attribute_effect(machine, process);
        }
        self.end_process(process, Ending::Killed)
    }

    /// Asks a process to stop; it is killed when `grace` is over.
    pub(crate) fn stop(&mut self, process: u32, grace: u64) -> bool {
        let kernel = &mut self.kernel;
        let program = &mut kernel.programs[process as usize];
        if !program.is_running() || program.stopping {
            return false;
        }
        let machine = program.machine;
        program.stopping = true;
        let waiters = std::mem::take(&mut program.stop_waiters);
        kernel.attribute_effect(machine, process);
        for mut waiter in waiters {
            kernel.wake(&mut waiter, Why::Machine);
        }
        let seq = kernel.schedule(kernel.now.saturating_add(grace), Event::Process(process));
        kernel.programs[process as usize].due_seq = seq;
        true
    }

    /// Boots a process after a delay, unless it is booted or ended before.
    pub(crate) fn boot_after(&mut self, process: u32, delay: u64) {
        let kernel = &mut self.kernel;
        let seq = kernel.schedule(kernel.now.saturating_add(delay), Event::Process(process));
        kernel.programs[process as usize].due_seq = seq;
    }

    pub(super) fn process_is_due(&mut self, process: u32, seq: u64) {
        let program = &mut self.kernel.programs[process as usize];
        if program.due_seq != seq {
            return;
        }
        program.due_seq = u64::MAX;
        self.kernel.cause = u64::MAX;
        if program.is_running() {
            self.end_process(process, Ending::Stopped);
        } else if !self.boot(process) {
            // Without power it cannot boot now, so it does when power is back.
            self.kernel.programs[process as usize].boots_with_power = true;
        }
    }

    /// Power goes: every process ends at once, peers hear nothing, and the disk keeps what it kept.
    pub(crate) fn power_off(&mut self, machine: u16, unsynced: Unsynced) -> bool {
        debug_assert!(machine != TEST);
        if !self.kernel.hosts[machine as usize].up {
            return false;
        }
        self.kernel.attribute_effect(machine, 0);
        self.kernel.record(Kind::Power, 0, machine, 0, 0);
        let host = &mut self.kernel.hosts[machine as usize];
        host.up = false;
        // It is in nobody's list any more: when power is back it runs at once, however busy it was.
        host.scheduled = false;
        host.run_seq = u64::MAX;
        self.kernel.runnable.remove(machine);
        for process in self.kernel.hosts[machine as usize].processes.clone() {
            let running = self.kernel.programs[process as usize].is_running();
            self.end_process(process, Ending::PowerLost);
            self.kernel.programs[process as usize].boots_with_power = running;
        }
        self.power_lost(machine, unsynced);
        true
    }

    /// Power comes back: the clock of the machine starts anew, and what ran before is booted.
    pub(crate) fn power_on(&mut self, machine: u16) -> bool {
        if self.kernel.hosts[machine as usize].up {
            return false;
        }
        self.kernel.record(Kind::Power, 1, machine, 0, 0);
        let now = self.kernel.now;
        let host = &mut self.kernel.hosts[machine as usize];
        host.up = true;
        host.power_cycles += 1;
        host.clock.restart_monotonic(now, UPTIME_AT_BOOT);
        host.free_all(now);
        for process in host.processes.clone() {
            if self.kernel.programs[process as usize].boots_with_power {
                self.boot(process);
            }
        }
        true
    }

    /// Hooks of the rooms that hold something for a process.
    fn process_ended(&mut self, process: u32, ending: Ending) {
        self.net.process_ended(&mut self.kernel, process, ending);
        self.disks.process_ended(&mut self.kernel, process);
    }

    /// Hooks of the rooms that hold something for a machine.
    fn power_lost(&mut self, machine: u16, unsynced: Unsynced) {
        self.net.power_lost(&mut self.kernel, machine);
        self.disks.power_lost(&mut self.kernel, machine, unsynced);
    }

    /// The panic hook's part: a process that crashes on a panic is dead before unwinding drops anything.
    pub(crate) fn panic_begins(&mut self) {
        if !self.kernel.is_polling() || self.kernel.current.dead {
            return;
        }
        let context = self.kernel.current;
        let policy = self.kernel.programs[context.process as usize].on_panic;
        let restart_after = match policy {
            PanicPolicy::FailRun | PanicPolicy::Isolate => return,
            PanicPolicy::Crash => None,
            PanicPolicy::CrashAndRestart(after) => Some(nanos(after)),
        };
        self.kernel.record(Kind::Panic, 1, context.machine, context.task, context.process);
        self.end_process(context.process, Ending::Panicked);
        if let Some(after) = restart_after {
            self.boot_after(context.process, after);
        }
    }
}

impl Kernel {
    /// Time goes on, the process does not.
    pub(crate) fn pause(&mut self, process: u32) -> bool {
        let program = &mut self.programs[process as usize];
        if !program.is_running() || program.paused {
            return false;
        }
        let machine = program.machine;
        program.paused = true;
        self.attribute_effect(machine, process);
        self.record(Kind::Pause, 1, machine, process, 0);
        let mut ready = std::mem::take(&mut self.hosts[machine as usize].ready);
        ready.retain(|&task| {
            let held = self.tasks.at(task).process == process;
            if held {
                self.programs[process as usize].held.push(task);
            }
            !held
        });
        self.hosts[machine as usize].ready = ready;
        self.note_pauses(machine);
        true
    }

    /// The process goes on; what became ready meanwhile is ready now.
    pub(crate) fn resume(&mut self, process: u32) -> bool {
        let program = &mut self.programs[process as usize];
        if !program.paused {
            return false;
        }
        program.paused = false;
        let machine = program.machine;
        let held = std::mem::take(&mut program.held);
        self.record(Kind::Pause, 0, machine, process, 0);
        self.note_pauses(machine);
        let host = &mut self.hosts[machine as usize];
        let wakes = !held.is_empty() && !host.scheduled;
        for task in held {
            debug_assert!(self.tasks.at(task).state & QUEUED != 0);
            self.hosts[machine as usize].ready.push(task);
        }
        if wakes {
            self.schedule_host(machine);
        }
        true
    }

    pub(super) fn note_pauses(&mut self, machine: u16) {
        let host = &self.hosts[machine as usize];
        let some = host.processes.iter().any(|&process| self.programs[process as usize].paused);
        self.hosts[machine as usize].some_paused = some;
    }

    /// Waits for a process to be asked to stop.
    pub(crate) fn poll_stop(&mut self, waker: &mut WakerSlot) -> bool {
        let program = &mut self.programs[self.current.process as usize];
        if self.current.dead {
            return false;
        }
        if !program.stopping {
            enlist(&mut program.stop_waiters, waker);
        }
        program.stopping
    }

    /// Waits for a process to end.
    pub(crate) fn poll_end(&mut self, process: u32, waker: &mut WakerSlot) -> Option<Ending> {
        if self.current.dead {
            return None;
        }
        let program = &mut self.programs[process as usize];
        if program.is_running() {
            enlist(&mut program.end_waiters, waker);
            return None;
        }
        program.ending.or(Some(Ending::Exited))
    }

    /// The CPU of a machine runs at `speed`, times what faults make of it.
    pub(crate) fn set_speed(&mut self, machine: u16, speed: Ratio) {
        let host = &mut self.hosts[machine as usize];
        host.speed = speed;
        host.poll_cost = host.scaled(self.poll_cost);
    }

    /// A poll took longer than it should: the effect of what slows the machine.
    #[cold]
    pub(super) fn was_slow(&mut self, machine: u16) {
        for index in 0..self.hosts[machine as usize].slowed.len() {
            let (fault, times) = self.hosts[machine as usize].slowed[index];
            if times > 1 {
                self.effect(fault, 0);
            }
        }
    }

    pub(crate) fn slow_down(&mut self, machine: u16, fault: FaultId, times: u32) {
        let host = &mut self.hosts[machine as usize];
        host.slowed.push((fault, times));
        host.poll_cost = host.scaled(self.poll_cost);
    }
}

/// Adds a waiter, unless the same one waits already.
pub(super) fn enlist(waiters: &mut Vec<WakerSlot>, waker: &mut WakerSlot) {
    if !waiters.iter().any(|waiter| waiter.is_same(waker)) {
        waiters.push(std::mem::take(waker));
    }
}

/// The address of a machine that was given none: 10.0.0.1, 10.0.0.2, …
fn default_address(index: u16) -> IpAddr {
    let number = u32::from(index) + 1;
    IpAddr::V4(Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number))
}

impl Core {
    /// Ends every process without a record and hands out everything of the user's that the world holds, to be
    /// dropped in a dead context.
    pub(crate) fn take_everything(&mut self) -> Vec<Box<dyn Any>> {
        let kernel = &mut self.kernel;
        kernel.current = Context { machine: TEST, process: 0, task: NONE, dead: true };
        let mut left: Vec<Box<dyn Any>> = Vec::new();
        let mut keep = |item: Box<dyn Any>| left.push(item);
        keep(Box::new(kernel.cancelling.take().map(|(_, job)| job)));
        kernel.deferred_wakes.drain(..).for_each(|waker| keep(Box::new(waker)));
        kernel.litter.drain(..).for_each(|litter| keep(Box::new(litter)));
        kernel.graves.drain(..).for_each(|(remains, _)| keep(Box::new(remains)));
        kernel.tasks.take_all().into_iter().for_each(|litter| keep(Box::new(litter)));
        kernel.take_timer_wakers().into_iter().for_each(|waker| keep(Box::new(waker)));
        kernel.sets.take_wakers().into_iter().for_each(|waker| keep(Box::new(waker)));
        kernel.strikes.take_all().into_iter().for_each(|strike| keep(Box::new(strike)));
        self.net.take_wakers().into_iter().for_each(|waker| keep(Box::new(waker)));
        self.disks.take_wakers().into_iter().for_each(|waker| keep(Box::new(waker)));
        kernel.points.take_watches().into_iter().for_each(|strike| keep(Box::new(strike)));
        keep(Box::new(kernel.faults.take_waiters()));
        kernel.faults.take_handlers().into_iter().for_each(|handler| keep(Box::new(handler)));
        keep(Box::new(kernel.choices.take_explorer()));
        for program in &mut kernel.programs {
            program.state = State::Down;
            keep(Box::new(program.boot.take()));
            keep(Box::new(std::mem::take(&mut program.stop_waiters)));
            keep(Box::new(std::mem::take(&mut program.end_waiters)));
        }
        left
    }

    /// A destructor panicked while the run was taken down.
    pub(crate) fn note_panic_at_end(&mut self) {
        self.panicked_at_end();
    }
}
