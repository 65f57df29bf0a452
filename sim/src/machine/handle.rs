//! Handles of machines and processes: ids that carry the world's nonce, with the verbs that move them.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::panic::Location;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::TEST;
use super::program::{Boot, BootFunction, Ending, PanicPolicy, Program};
use super::termination::Termination;
use crate::Ratio;
use crate::disk::Unsynced;
use crate::kernel::{Core, Kernel, current, nanos};
use crate::task::{JoinHandle, WakerSlot, spawn_on};

/// A machine of the running world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Machine {
    nonce: u32,
    index: u16,
}

/// A process of a machine, through all its incarnations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process {
    nonce: u32,
    index: u32,
}

/// What a process is to be like; [`start`](ProcessBuilder::start) boots it.
#[must_use = "a process runs only after `start`"]
pub struct ProcessBuilder {
    machine: Machine,
    program: Program,
}

/// The process that ad-hoc tasks of a machine run in.
const SHELL_NAME: &str = "main";

/// The machine whose code is running.
pub fn current_machine() -> Machine {
    current::need("current_machine", |core| Machine::of(core.kernel.nonce, core.kernel.current.machine))
}

/// The process whose code is running.
pub fn current_process() -> Process {
    current::need("current_process", |core| Process {
        nonce: core.kernel.nonce,
        index: core.kernel.current.process,
    })
}

/// The machine of the test's own body.
pub fn test_machine() -> Machine {
    current::need("test_machine", |core| Machine::of(core.kernel.nonce, TEST))
}

/// The machine of that name.
pub fn find_machine(name: &str) -> Option<Machine> {
    current::need("find_machine", |core| {
        let index = core.kernel.hosts.iter().position(|host| host.name == name)?;
        Some(Machine::of(core.kernel.nonce, index as u16))
    })
}

/// Every machine, in order of creation; the first is the test's own.
pub fn machines() -> Vec<Machine> {
    current::need("machines", |core| {
        (0..core.kernel.hosts.len()).map(|index| Machine::of(core.kernel.nonce, index as u16)).collect()
    })
}

/// Resolves when the current process is asked to stop; what is left of its grace is there to say goodbye.
pub async fn shutdown() {
    std::future::poll_fn(|cx| {
        let mut waker = WakerSlot::of(cx.waker());
        let asked = current::need("shutdown", |core| core.kernel.poll_stop(&mut waker));
        if asked { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Machine {
    pub(crate) fn of(nonce: u32, index: u16) -> Machine {
        Machine { nonce, index }
    }

    /// The index in the current world.
    #[track_caller]
    pub(crate) fn index(self, kernel: &Kernel) -> u16 {
        assert!(
            self.nonce == kernel.nonce,
            "a Machine of another run was used: handles do not outlive their world"
        );
        self.index
    }

    #[track_caller]
    fn with<R>(self, what: &str, call: impl FnOnce(&mut Core, u16) -> R) -> R {
        current::need(what, |core| {
            let index = self.index(&core.kernel);
            call(core, index)
        })
    }

    /// As [`Machine::with`], for verbs: code of a dead process moves nothing.
    #[track_caller]
    fn act(self, what: &str, call: impl FnOnce(&mut Core, u16) -> bool) -> bool {
        self.with(what, |core, index| !core.kernel.current.dead && call(core, index))
    }

    /// Its name, which is also its host name.
    pub fn name(self) -> String {
        self.with("Machine::name", |core, index| core.kernel.hosts[index as usize].name.clone())
    }

    /// The zone it stands in.
    pub fn zone(self) -> String {
        self.with("Machine::zone", |core, index| core.kernel.hosts[index as usize].zone.clone())
    }

    /// Its addresses.
    pub fn addresses(self) -> Vec<IpAddr> {
        self.with("Machine::addresses", |core, index| core.kernel.hosts[index as usize].addresses.clone())
    }

    /// Whether it has power.
    pub fn is_up(self) -> bool {
        self.with("Machine::is_up", |core, index| core.kernel.hosts[index as usize].up)
    }

    /// Whether it is the test's own.
    pub fn is_test(self) -> bool {
        self.with("Machine::is_test", |_, index| index == TEST)
    }

    /// Declares a process whose main task is what `boot` answers; it is called at every start.
    #[track_caller]
    pub fn process<B, F>(self, name: &str, boot: B) -> ProcessBuilder
    where
        B: Fn(Boot) -> F + 'static,
        F: Future + 'static,
        F::Output: Termination,
    {
        let boot: BootFunction = Rc::new(move |told| {
            // Called in the main task's first poll; what it answers is that task's future.
            let future = boot(told);
            Box::pin(async move { future.await.report() })
        });
        ProcessBuilder { machine: self, program: Program::new(name, self.index, Some(boot)) }
    }

    /// Its processes, in order of declaration.
    pub fn processes(self) -> Vec<Process> {
        self.with("Machine::processes", |core, index| {
            let nonce = core.kernel.nonce;
            core.kernel.hosts[index as usize]
                .processes
                .iter()
                .map(|&index| Process { nonce, index })
                .collect()
        })
    }

    /// The process of that name.
    pub fn find_process(self, name: &str) -> Option<Process> {
        self.processes().into_iter().find(|process| process.name() == name)
    }

    /// Starts a task on this machine, in its process `main`, which is there for that.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let place = Location::caller();
        let shell = self.with("Machine::spawn", |core, index| core.shell(index, SHELL_NAME, place));
        spawn_on(future, Some(shell), place)
    }

    /// Cuts the power: its processes end at once, peers hear nothing, and what was not synced may be lost or
    /// torn. False when it was off.
    ///
    /// # Panics
    /// For the test's own machine.
    #[track_caller]
    pub fn power_off(self) -> bool {
        self.power_off_with(Unsynced::Any)
    }

    /// As [`power_off`](Machine::power_off), and this becomes of what was not synced.
    ///
    /// # Panics
    /// For the test's own machine.
    #[track_caller]
    pub fn power_off_with(self, unsynced: Unsynced) -> bool {
        let refused =
            self.with("Machine::power_off", |core, index| index == TEST && !core.kernel.current.dead);
        assert!(!refused, "the test's own machine keeps its power");
        self.act("Machine::power_off", |core, index| core.power_off(index, unsynced))
    }

    /// Takes everything from its disk. Files that are open are of a disk that is gone. False when it was
    /// empty.
    pub fn wipe_disk(self) -> bool {
        self.act("Machine::wipe_disk", |core, index| core.disks.wipe(&mut core.kernel, index))
    }

    /// Puts the disks of two machines into each other. Files that are open are of a disk that is gone.
    /// False when both were empty.
    ///
    /// # Panics
    /// When the two are one.
    #[track_caller]
    pub fn swap_disk(self, other: Machine) -> bool {
        let refused = self.with("Machine::swap_disk", |core, _| self == other && !core.kernel.current.dead);
        assert!(!refused, "a disk is swapped with that of another machine");
        self.act("Machine::swap_disk", |core, index| {
            let other = other.index(&core.kernel);
            core.disks.swap(&mut core.kernel, index, other)
        })
    }

    /// Bytes in use on its disk: whole sectors of 512 bytes, and one for each file and directory.
    pub fn disk_used_bytes(self) -> u64 {
        self.with("Machine::disk_used_bytes", |core, index| core.disks.space(&core.kernel, index).0)
    }

    /// Bytes that fit on its disk now.
    pub fn disk_free_bytes(self) -> u64 {
        self.with("Machine::disk_free_bytes", |core, index| core.disks.space(&core.kernel, index).1)
    }

    /// Gives it power: what ran when it went is booted. False when it was on.
    pub fn power_on(self) -> bool {
        self.act("Machine::power_on", |core, index| core.power_on(index))
    }

    /// Pauses every process of it. Time goes on. False when all were paused or down.
    pub fn pause(self) -> bool {
        self.act("Machine::pause", |core, index| {
            let processes = core.kernel.hosts[index as usize].processes.clone();
            processes.into_iter().filter(|&process| core.kernel.pause(process)).count() > 0
        })
    }

    /// Resumes every process of it. False when none was paused.
    pub fn resume(self) -> bool {
        self.act("Machine::resume", |core, index| {
            let processes = core.kernel.hosts[index as usize].processes.clone();
            processes.into_iter().filter(|&process| core.kernel.resume(process)).count() > 0
        })
    }

    /// Sets how fast its CPU is.
    ///
    /// # Panics
    /// When the speed is zero.
    pub fn set_speed(self, speed: Ratio) {
        assert!(!speed.is_never(), "a machine needs a speed above zero");
        self.act("Machine::set_speed", |core, index| {
            core.kernel.set_speed(index, speed);
            true
        });
    }

    /// Gives it other addresses from now on, as a restarted container gets.
    ///
    /// # Panics
    /// When there is none.
    pub fn set_addresses(self, addresses: &[IpAddr]) {
        assert!(!addresses.is_empty(), "a machine needs an address");
        self.act("Machine::set_addresses", |core, index| {
            core.kernel.hosts[index as usize].addresses = addresses.to_vec();
            core.net.set_addresses(&core.kernel, index, addresses);
            core.kernel.attribute_effect(index, 0);
            true
        });
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Machine({})", self.index)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Process({})", self.index)
    }
}

impl ProcessBuilder {
    /// The version that the first boot is told. Default: 1.
    pub fn version(mut self, version: u32) -> ProcessBuilder {
        self.program.next.version = version;
        self
    }

    /// The configuration that the first boot is told. Default: empty.
    pub fn config(mut self, config: impl Into<String>) -> ProcessBuilder {
        self.program.next.config = config.into();
        self
    }

    /// What happens when a task of it panics. Default: the run fails.
    pub fn on_panic(mut self, policy: PanicPolicy) -> ProcessBuilder {
        self.program.on_panic = policy;
        self
    }

    /// Declares the process and boots it. A dead process declares none and is answered itself.
    ///
    /// # Panics
    /// When the machine has a process of this name.
    #[track_caller]
    pub fn start(self) -> Process {
        let ProcessBuilder { machine, program } = self;
        // The boot function is the user's: where it is refused, it is dropped when nothing is borrowed.
        let mut program = Some(program);
        let started = machine.with("process(…).start()", |core, index| {
            let (nonce, context) = (core.kernel.nonce, core.kernel.current);
            if context.dead {
                return Ok(Process { nonce, index: context.process });
            }
            let name = program.as_ref().map_or("", |program| &program.name);
            if let Some(refusal) = core.kernel.refusal_of_process(index, name) {
                return Err(refusal);
            }
            let process = core.kernel.add_process(program.take().expect("it is declared once"));
            core.boot(process);
            Ok(Process { nonce, index: process })
        });
        match started {
            Ok(process) => process,
            Err(refusal) => panic!("{refusal}"),
        }
    }
}

impl fmt::Debug for ProcessBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessBuilder")
            .field("machine", &self.machine)
            .field("name", &self.program.name)
            .finish()
    }
}

impl Process {
    pub(crate) fn of(nonce: u32, index: u32) -> Process {
        Process { nonce, index }
    }

    #[track_caller]
    fn with<R>(self, what: &str, call: impl FnOnce(&mut Core, u32) -> R) -> R {
        current::need(what, |core| {
            assert!(
                self.nonce == core.kernel.nonce,
                "a Process of another run was used: handles do not outlive their world"
            );
            call(core, self.index)
        })
    }

    #[track_caller]
    fn act(self, what: &str, call: impl FnOnce(&mut Core, u32) -> bool) -> bool {
        self.with(what, |core, index| !core.kernel.current.dead && call(core, index))
    }

    /// Its name.
    pub fn name(self) -> String {
        self.with("Process::name", |core, index| core.kernel.programs[index as usize].name.clone())
    }

    /// The machine it runs on.
    pub fn machine(self) -> Machine {
        self.with("Process::machine", |core, index| {
            Machine::of(core.kernel.nonce, core.kernel.programs[index as usize].machine)
        })
    }

    /// Whether it runs, paused or not.
    pub fn is_running(self) -> bool {
        self.with("Process::is_running", |core, index| core.kernel.programs[index as usize].is_running())
    }

    /// How its last incarnation ended, while it is down.
    pub fn ending(self) -> Option<Ending> {
        self.with("Process::ending", |core, index| core.kernel.programs[index as usize].ending)
    }

    /// What its main task said when it returned an error.
    pub fn error(self) -> Option<String> {
        self.with("Process::error", |core, index| core.kernel.programs[index as usize].error.clone())
    }

    /// How often it was booted.
    pub fn boots(self) -> u32 {
        self.with("Process::boots", |core, index| core.kernel.programs[index as usize].next.incarnation)
    }

    /// kill -9: no destructor has an effect, what was written to the operating system survives, and its
    /// connections are reset by the machine. False when it was down.
    pub fn kill(self) -> bool {
        self.act("Process::kill", |core, index| core.kill(index))
    }

    /// Asks it to stop ([`shutdown`]) and kills it when `grace` is over. False when it was down or stopping.
    pub fn stop(self, grace: Duration) -> bool {
        self.act("Process::stop", |core, index| core.stop(index, nanos(grace)))
    }

    /// Boots it now, killing it first when it runs. False when its machine has no power.
    pub fn restart(self) -> bool {
        self.act("Process::restart", |core, index| {
            core.kill(index);
            core.boot(index)
        })
    }

    /// Boots it after `delay`, killing it now when it runs.
    pub fn restart_after(self, delay: Duration) {
        self.act("Process::restart_after", |core, index| {
            core.kill(index);
            core.boot_after(index, nanos(delay));
            true
        });
    }

    /// What its next boot is told.
    pub fn set_version(self, version: u32) {
        self.act("Process::set_version", |core, index| {
            core.kernel.programs[index as usize].next.version = version;
            true
        });
    }

    /// What its next boot is told.
    pub fn set_config(self, config: impl Into<String>) {
        let config = config.into();
        self.act("Process::set_config", |core, index| {
            core.kernel.programs[index as usize].next.config = config;
            true
        });
    }

    /// What happens from now on when a task of it panics.
    pub fn set_on_panic(self, policy: PanicPolicy) {
        self.act("Process::set_on_panic", |core, index| {
            core.kernel.programs[index as usize].on_panic = policy;
            true
        });
    }

    /// Pauses it: its tasks are not polled, its timers and messages arrive. False when it was down or paused.
    pub fn pause(self) -> bool {
        self.act("Process::pause", |core, index| core.kernel.pause(index))
    }

    /// Resumes it. False when it was not paused.
    pub fn resume(self) -> bool {
        self.act("Process::resume", |core, index| core.kernel.resume(index))
    }

    /// Starts a task in it.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let index = self.with("Process::spawn", |_, index| index);
        spawn_on(future, Some(index), Location::caller())
    }

    /// Waits until it is down, and tells how it ended.
    pub async fn wait(self) -> Ending {
        std::future::poll_fn(move |cx| {
            let mut waker = WakerSlot::of(cx.waker());
            let ending = self.with("Process::wait", |core, index| core.kernel.poll_end(index, &mut waker));
            ending.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl Core {
    /// The process of a machine that ad-hoc tasks run in, made and started where need be. It has no main
    /// task, so it ends only when somebody ends it.
    fn shell(&mut self, machine: u16, name: &str, place: &'static Location<'static>) -> u32 {
        let kernel = &mut self.kernel;
        if kernel.current.dead {
            return kernel.current.process;
        }
        let known = kernel.hosts[machine as usize].processes.iter().copied();
        let mut found = known.filter(|&process| kernel.programs[process as usize].name == name);
        let process = match found.next() {
            Some(process) => process,
            None if machine == TEST => return 0,
            None => kernel.add_process(Program::new(name, machine, None)),
        };
        let program = &kernel.programs[process as usize];
        if !program.is_running() && kernel.hosts[machine as usize].up {
            kernel.start_process(process, None, place);
        }
        process
    }
}
