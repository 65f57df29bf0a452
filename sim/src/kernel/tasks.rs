//! Tasks in the kernel: spawning, waking, joining, aborting, ending.

use std::collections::BTreeMap;
use std::panic::Location;

use super::{Context, Doing, Kernel, Litter, current, stray};
use crate::config::SharedMemory;
use crate::machine::TEST;
use crate::task::{
    ABORTED, BoxJob, DETACHED, ENDED, JoinError, NONCE_MASK, NONE, ON_CORE, QUEUED, TaskKey, WakerSlot, Why,
};
use crate::trace::Kind;

/// What a handle learns of its task.
pub(crate) enum Join {
    Pending,
    /// It ended with an output, which lies in the job.
    Ended(BoxJob),
    Failed(JoinError),
}

/// Where tasks are spawned, as dense numbers in order of first use. The number goes by the place's text:
/// one place may have several addresses in one build and one in another.
pub(super) struct Places {
    by_text: BTreeMap<(&'static str, u32, u32), u16>,
    names: Vec<&'static Location<'static>>,
    /// The last place asked for: most spawns come from the same one.
    last: Option<(&'static Location<'static>, u16)>,
}

impl Places {
    pub(super) fn new() -> Places {
        Places { by_text: BTreeMap::new(), names: Vec::new(), last: None }
    }

    #[inline]
    pub(super) fn number(&mut self, place: &'static Location<'static>) -> u16 {
        if let Some((last, number)) = self.last
            && std::ptr::eq(last, place)
        {
            return number;
        }
        self.number_by_text(place)
    }

    fn number_by_text(&mut self, place: &'static Location<'static>) -> u16 {
        let names = &mut self.names;
        let key = (place.file(), place.line(), place.column());
        let number = *self.by_text.entry(key).or_insert_with(|| {
            names.push(place);
            u16::try_from(names.len() - 1).unwrap_or(u16::MAX)
        });
        self.last = Some((place, number));
        number
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.names.iter().map(|place| place.to_string()).collect()
    }
}

/// The wake of our wakers, called by anybody's code on any thread at any time.
#[inline]
pub(crate) fn wake_from_code(key: TaskKey) {
    let heard = current::with(|core| {
        let kernel = &mut core.kernel;
        if kernel.nonce & NONCE_MASK != key.nonce() {
            return false;
        }
        kernel.wake_by_code(key);
        true
    });
    if heard != Some(true) {
        stray::report(key.nonce());
    }
}

impl Kernel {
    /// Starts a task; in a dead context, or in a process that is not running, the job comes back and the key is
    /// of no task.
    pub(crate) fn spawn(
        &mut self,
        job: BoxJob,
        process: Option<u32>,
        place: &'static Location<'static>,
    ) -> (TaskKey, Option<BoxJob>) {
        let process = process.unwrap_or(self.current.process);
        let program = &mut self.programs[process as usize];
        if self.current.dead || !program.is_running() {
            return (TaskKey::new(self.nonce, 0, (crate::task::SLOT_COUNT_MAX - 1) as u32), Some(job));
        }
        let machine = program.machine;
        let index = self.tasks.insert(job, machine, process, &mut program.tasks, place);
        let place = self.places.number(place);
        self.record(Kind::Spawn, 0, machine, index, u32::from(place) << 16 | process & 0xffff);
        let key = self.tasks.key(index);
        self.wake_task(key, Why::Spawn);
        (key, None)
    }

    /// A wake that code made: it may only reach tasks of its own process.
    #[inline(always)]
    fn wake_by_code(&mut self, key: TaskKey) {
        if self.current.dead {
            return;
        }
        match self.tasks.get(key) {
            Some(task) if task.process == self.current.process || self.current.task == NONE => {
                self.wake_task(key, Why::Code);
            }
            Some(_) => {
                self.shared_memory_seen(key);
                self.wake_task(key, Why::Code);
            }
            None => {}
        }
    }

    /// A task woke one of another process, not through the kernel: they share memory, which no two machines
    /// do. The test's own machine watches all others and is exempt.
    #[cold]
    fn shared_memory_seen(&mut self, key: TaskKey) {
        let task = self.tasks.get(key).expect("it was just seen");
        let (process, place) = (task.process, task.place);
        let waker_place = self.tasks.at(self.current.task).place;
        let waker = &self.programs[self.current.process as usize];
        let woken = &self.programs[process as usize];
        if waker.machine == TEST || woken.machine == TEST || self.shared_memory == SharedMemory::Allow {
            return;
        }
        let message = format!(
            "{} on {} (task spawned at {waker_place}) woke a task of {} on {} (spawned at {place}) through \
             shared memory, such as a channel or a static; processes share nothing: use the network, or run \
             this on the test machine",
            waker.name,
            self.hosts[waker.machine as usize].name,
            woken.name,
            self.hosts[woken.machine as usize].name,
        );
        match self.shared_memory {
            SharedMemory::Fail => self.fail("shared-memory", place.to_string(), message),
            SharedMemory::Warn | SharedMemory::Allow => self.warn(message),
        }
    }

    /// Makes a task ready, if it is alive and not ready already.
    #[inline]
    pub(crate) fn wake_task(&mut self, key: TaskKey, why: Why) {
        let Some(task) = self.tasks.get(key) else { return };
        if task.state & (QUEUED | ENDED) != 0 {
            return;
        }
        let machine = task.machine;
        let on_core = task.state & ON_CORE != 0;
        task.state |= QUEUED;
        task.why = why;
        task.woken_by = self.cause;
        let host = &mut self.hosts[machine as usize];
        if on_core || host.some_paused {
            return self.wake_later(key.slot());
        }
        host.ready.push(key.slot());
        if !host.scheduled {
            self.schedule_host(machine);
        }
    }

    /// Makes a woken task ready, or lets it wait for its core or for the end of its process's pause.
    #[cold]
    fn wake_later(&mut self, index: u32) {
        let task = self.tasks.at(index);
        let (machine, process) = (task.machine, task.process as usize);
        if task.state & ON_CORE != 0 && self.is_on_core(machine, index) {
            return;
        }
        if self.programs[process].is_paused() {
            self.programs[process].held.push(index);
            return;
        }
        let host = &mut self.hosts[machine as usize];
        host.ready.push(index);
        if !host.scheduled {
            self.schedule_host(machine);
        }
    }

    /// A machine with ready tasks runs when a core of it is free.
    #[inline]
    pub(super) fn schedule_host(&mut self, machine: u16) {
        let host = &mut self.hosts[machine as usize];
        // Where only tasks that are still on a core wait, any other that becomes ready goes first.
        host.scheduled = !host.ready.is_empty();
        let free_at = host.goes_on_at().unwrap_or(self.now);
        if free_at <= self.now {
            self.runnable.push(machine);
        } else {
            let seq = self.schedule(free_at, super::Event::Run(u32::from(machine)));
            self.hosts[machine as usize].run_seq = seq;
        }
    }

    pub(super) fn core_is_free(&mut self, machine: u16, seq: u64) {
        if self.hosts[machine as usize].run_seq == seq {
            self.runnable.push(machine);
        }
    }

    /// Asks a handle's task for its output.
    pub(crate) fn join(&mut self, key: TaskKey, waker: &mut WakerSlot) -> Join {
        if self.current.dead {
            return Join::Pending;
        }
        let index = key.slot();
        let foreign = key.nonce() != self.nonce & NONCE_MASK;
        let Some(task) = self.tasks.get(key).filter(|_| !foreign) else {
            return Join::Failed(JoinError::killed());
        };
        if task.state & ENDED == 0 {
            task.joiner.swap(waker);
            return Join::Pending;
        }
        let job = task.job.take();
        let mut left = task.joiner.take();
        waker.swap(&mut left);
        self.tasks.free(index);
        match job {
            Some(job) => Join::Ended(job),
            None => Join::Failed(self.tasks.take_error(index).unwrap_or_else(JoinError::killed)),
        }
    }

    /// A handle is dropped. What is left of an ended task is answered, to be dropped by the caller.
    pub(crate) fn detach(&mut self, key: TaskKey) -> (Option<BoxJob>, Option<JoinError>, WakerSlot) {
        let index = key.slot();
        if key.nonce() != self.nonce & NONCE_MASK {
            return (None, None, WakerSlot::Empty);
        }
        let Some(task) = self.tasks.get(key) else { return (None, None, WakerSlot::Empty) };
        let joiner = task.joiner.take();
        if task.state & ENDED == 0 {
            task.state |= DETACHED;
            return (None, None, joiner);
        }
        let job = task.job.take();
        self.tasks.free(index);
        (job, self.tasks.take_error(index), joiner)
    }

    pub(crate) fn abort(&mut self, key: TaskKey) {
        if self.current.dead || key.nonce() != self.nonce & NONCE_MASK {
            return;
        }
        if let Some(task) = self.tasks.get(key)
            && task.state & ENDED == 0
        {
            task.state |= ABORTED;
            self.wake_task(key, Why::Abort);
        }
    }

    pub(crate) fn has_ended(&mut self, key: TaskKey) -> bool {
        if key.nonce() != self.nonce & NONCE_MASK {
            return true;
        }
        self.tasks.get(key).is_none_or(|task| task.state & ENDED != 0)
    }

    /// A task ended by itself: with its job, which holds the output, or with an error.
    #[inline]
    pub(super) fn end_task(&mut self, index: u32, job: Option<BoxJob>, error: Option<JoinError>) {
        let task = self.tasks.at(index);
        let (process, machine) = (task.process, task.machine);
        let queued = task.state & QUEUED != 0;
        let detached = task.state & DETACHED != 0;
        task.state = ENDED | (task.state & DETACHED);
        let mut joiner = task.joiner.take();
        if queued {
            // It woke itself and ended in the same poll.
            self.hosts[machine as usize].ready.retain(|&ready| ready != index);
            self.programs[process as usize].held.retain(|&held| held != index);
        }
        self.tasks.unlink(index, &mut self.programs[process as usize].tasks);
        if detached {
            self.tasks.free(index);
            self.discard(job.map(Litter::Job));
            self.discard(error.map(Litter::Error));
        } else {
            self.tasks.at(index).job = job;
            if let Some(error) = error {
                self.tasks.set_error(index, error);
            }
            self.wake(&mut joiner, Why::Join);
        }
        if self.programs[process as usize].main == index {
            self.main_task_ended(process);
        }
    }

    /// A task ends because its process does. Its future goes to its grave; the handle answers that it was killed.
    pub(super) fn kill_task(&mut self, index: u32, context: Context) {
        let task = self.tasks.at(index);
        let job = task.job.take();
        let mut joiner = task.joiner.take();
        let process = task.process;
        self.tasks.unlink(index, &mut self.programs[process as usize].tasks);
        self.wake(&mut joiner, Why::Join);
        // The slot's generation moves on at once, so the handle finds no task: that is how it was killed.
        self.tasks.free(index);
        if let Some(job) = job {
            self.bury(Litter::Job(job), context);
        }
    }

    pub(super) fn is_polling(&self) -> bool {
        self.doing == Doing::Polling
    }
}
