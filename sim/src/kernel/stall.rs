//! The report of a stall: nothing is due and the run has not ended. Which tasks wait, for what, spawned where.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Core, stray};
use crate::task::{NONCE_MASK, WakerSlot};

/// More tasks than these are counted and not listed.
const TASK_COUNT_MAX: usize = 40;

impl Core {
    /// Names everybody who waits.
    pub(crate) fn stalled(&mut self) {
        let mut waits: BTreeMap<u32, String> = BTreeMap::new();
        for (key, deadline) in self.kernel.timer_waits() {
            waits.insert(key.slot(), format!("a timer at {deadline} ns of a clock that stands still"));
        }
        for (key, what) in self.net.waits() {
            waits.insert(key.slot(), what);
        }
        for key in self.disks.waits() {
            waits.insert(key.slot(), "the disk".to_string());
        }
        for (index, task) in self.kernel.tasks.iter() {
            let joiner = match task.joiner {
                WakerSlot::Member { set, .. } => self.kernel.sets.waiting(set),
                ref joiner => joiner.key(),
            };
            if let Some(joiner) = joiner {
                waits.insert(joiner.slot(), format!("the task {index}, spawned at {}", task.place));
            }
        }
        for program in &self.kernel.programs {
            let host = &self.kernel.hosts[program.machine as usize].name;
            let ends = (&program.end_waiters, format!("the process {} on {host} to end", program.name));
            let stops = (&program.stop_waiters, "being asked to stop".to_string());
            for (waiters, what) in [ends, stops] {
                for key in waiters.iter().filter_map(WakerSlot::key) {
                    waits.insert(key.slot(), what.clone());
                }
            }
        }
        let kernel = &self.kernel;
        let mut message = String::from("nothing is due any more and the test has not ended; waiting:");
        let mut place = String::new();
        let mut count = 0;
        for (index, task) in kernel.tasks.iter() {
            count += 1;
            if kernel.main.is_some_and(|main| main.slot() == index) {
                place = task.place.to_string();
            }
            if count > TASK_COUNT_MAX {
                continue;
            }
            let program = &kernel.programs[task.process as usize];
            let host = &kernel.hosts[task.machine as usize].name;
            let paused = if program.paused { " (paused)" } else { "" };
            let what = waits.get(&index).map_or(
                "a waker held outside of the kernel, such as that of a channel or a lock",
                String::as_str,
            );
            let _ = write!(
                message,
                "\n  task {index} of {} on {host}{paused}, spawned at {}: for {what}",
                program.name, task.place
            );
        }
        if count > TASK_COUNT_MAX {
            let _ = write!(message, "\n  and {} more", count - TASK_COUNT_MAX);
        }
        let strays = stray::take(kernel.nonce & NONCE_MASK);
        if strays > 0 {
            let _ = write!(
                message,
                "\n  {strays} wakes came from another thread or another run and were refused: within a run \
                 nothing may wait for a thread"
            );
        }
        self.kernel.fail("stall", place, message);
    }

    /// Wakes that were refused because they came from outside the run.
    pub(crate) fn note_strays(&mut self) {
        let strays = stray::take(self.kernel.nonce & NONCE_MASK);
        if strays > 0 {
            self.kernel
                .warn(format!("{strays} wakes came from another thread or another run and were refused"));
        }
    }
}
