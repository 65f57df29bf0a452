//! Machines of several cores: a task is on one core at a time, however many are idle.

use super::Kernel;
use crate::machine::OnCore;
use crate::task::{ON_CORE, QUEUED};

impl Kernel {
    /// A task that goes on later has kept a core busy until then, and no other core takes it before.
    #[cold]
    pub(super) fn keep_on_core(&mut self, machine: u16, task: u32, until: u64) {
        if until <= self.now {
            return;
        }
        let state = &mut self.tasks.at(task).state;
        *state |= ON_CORE;
        let woken = *state & QUEUED != 0;
        let host = &mut self.hosts[machine as usize];
        if woken {
            // It woke itself in that very poll; or its process was paused, and holds it.
            match host.ready.iter().rposition(|&ready| ready == task) {
                Some(at) => drop(host.ready.swap_remove(at)),
                None => return self.tasks.at(task).state &= !ON_CORE,
            }
        }
        host.on_core.push(OnCore { until, task, woken });
    }

    /// Whether a woken task must wait for the end of its last poll. If so, it is woken then.
    #[cold]
    pub(super) fn is_on_core(&mut self, machine: u16, task: u32) -> bool {
        let host = &mut self.hosts[machine as usize];
        let at = host.on_core.iter().position(|busy| busy.task == task);
        let at = at.expect("a task that is on a core is in its machine's list");
        if host.on_core[at].until <= self.now {
            host.on_core.remove(at);
            self.tasks.at(task).state &= !ON_CORE;
            return false;
        }
        host.on_core[at].woken = true;
        if !host.scheduled {
            self.schedule_host(machine);
        }
        true
    }

    /// Tasks whose time on a core is over are ready, if they were woken meanwhile.
    #[cold]
    pub(super) fn leave_cores(&mut self, machine: u16) {
        let mut at = 0;
        while let Some(&OnCore { until, task, woken }) = self.hosts[machine as usize].on_core.get(at) {
            if until > self.now {
                at += 1;
                continue;
            }
            self.hosts[machine as usize].on_core.remove(at);
            let process = {
                let task = self.tasks.at(task);
                task.state &= !ON_CORE;
                task.process as usize
            };
            if !woken {
                continue;
            }
            if self.programs[process].is_paused() {
                self.programs[process].held.push(task);
            } else {
                self.hosts[machine as usize].ready.push(task);
            }
        }
    }
}
