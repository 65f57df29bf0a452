//! A program: the kernel's side of a process, through all its incarnations.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use crate::task::{NONE, WakerSlot};

/// What a boot function is told: which version with which configuration it is to be this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The version to run; 1 unless [`Process::set_version`](super::Process::set_version) said otherwise.
    pub version: u32,
    /// The configuration to run with, empty unless set.
    pub config: String,
    /// How often this process was booted before.
    pub incarnation: u32,
}

/// What a boot function's future becomes.
pub(crate) type BootFuture = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// A boot function with its types erased.
pub(crate) type BootFunction = Rc<dyn Fn(Boot) -> BootFuture>;

/// What happens when a task of a process panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PanicPolicy {
    /// The run fails by the property `panic`. The default: a panic is a bug until somebody says otherwise.
    #[default]
    FailRun,
    /// Only the task ends, and its handle answers the panic, as in tokio.
    Isolate,
    /// The process ends like a crash: nothing that unwinding drops takes effect.
    Crash,
    /// As `Crash`, and the process is booted again after this long.
    CrashAndRestart(Duration),
}

/// How an incarnation of a process ended; the flag of a [`Kind::End`](crate::trace::Kind::End) record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Ending {
    /// Its main task returned.
    Exited = 0,
    /// Its main task returned an error.
    Errored = 1,
    /// Killed, without a chance to say goodbye.
    Killed = 2,
    /// Asked to stop, and killed when its grace was over.
    Stopped = 3,
    /// Its machine lost power.
    PowerLost = 4,
    /// A task of it panicked, and its policy is to crash.
    Panicked = 5,
}

impl Ending {
    /// The word in printed traces.
    pub const fn label(self) -> &'static str {
        match self {
            Ending::Exited => "exited",
            Ending::Errored => "errored",
            Ending::Killed => "killed",
            Ending::Stopped => "stopped",
            Ending::PowerLost => "power lost",
            Ending::Panicked => "panicked",
        }
    }

    /// The ending of that number, when there is one.
    pub const fn from_number(number: u8) -> Option<Ending> {
        Some(match number {
            0 => Ending::Exited,
            1 => Ending::Errored,
            2 => Ending::Killed,
            3 => Ending::Stopped,
            4 => Ending::PowerLost,
            5 => Ending::Panicked,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Down,
    Running,
}

pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) machine: u16,
    /// Where it was declared.
    pub(crate) place: &'static Location<'static>,
    pub(crate) state: State,
    pub(crate) paused: bool,
    /// Head of the list of its tasks.
    pub(crate) tasks: u32,
    /// Ready tasks of a paused process.
    pub(crate) held: Vec<u32>,
    /// The slot of its main task.
    pub(crate) main: u32,
    pub(crate) boot: Option<BootFunction>,
    pub(crate) next: Boot,
    pub(crate) on_panic: PanicPolicy,
    pub(crate) ending: Option<Ending>,
    /// What an errored main task said.
    pub(crate) error: Option<String>,
    /// Whether it was asked to stop.
    pub(crate) stopping: bool,
    pub(crate) stop_waiters: Vec<WakerSlot>,
    pub(crate) end_waiters: Vec<WakerSlot>,
    /// The queue entry that will kill or boot it; others are stale.
    pub(crate) due_seq: u64,
    /// Whether it is to be booted when its machine has power again.
    pub(crate) boots_with_power: bool,
}

impl Program {
    #[track_caller]
    pub(crate) fn new(name: &str, machine: u16, boot: Option<BootFunction>) -> Program {
        Program {
            name: name.to_string(),
            machine,
            place: Location::caller(),
            state: State::Down,
            paused: false,
            tasks: NONE,
            held: Vec::new(),
            main: NONE,
            boot,
            next: Boot { version: 1, config: String::new(), incarnation: 0 },
            on_panic: PanicPolicy::default(),
            ending: None,
            error: None,
            stopping: false,
            stop_waiters: Vec::new(),
            end_waiters: Vec::new(),
            due_seq: u64::MAX,
            boots_with_power: true,
        }
    }

    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        self.state == State::Running
    }

    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }
}
