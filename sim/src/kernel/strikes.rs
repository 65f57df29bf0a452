//! Strikes that wait for their time, and the two things that plans aim at by name: roles and knobs.

use std::collections::VecDeque;

use super::{Context, Doing, Event, Kernel};
use crate::fault::FaultId;
use crate::machine::TEST;
use crate::task::NONE;

/// A strike: runs when nothing is borrowed.
pub(crate) type Strike = Box<dyn FnOnce()>;

pub(crate) struct Strikes {
    /// Strikes that wait, by the number in their event.
    waiting: Vec<Option<Strike>>,
    free: Vec<u32>,
    /// Strikes whose time has come.
    due: VecDeque<Strike>,
    /// Who holds which role: role, process.
    roles: Vec<(String, u32)>,
    turned: Vec<Turned>,
}

struct Turned {
    fault: FaultId,
    name: String,
    value: u64,
}

/// Where strikes run: on no machine's time, in no task.
pub(super) const OFFICE: Context = Context { machine: TEST, process: 0, task: NONE, dead: false };

impl Strikes {
    pub(super) fn new() -> Strikes {
        Strikes {
            waiting: Vec::new(),
            free: Vec::new(),
            due: VecDeque::new(),
            roles: Vec::new(),
            turned: Vec::new(),
        }
    }

    /// Takes all that is left, to be dropped when nothing is borrowed.
    pub(super) fn take_all(&mut self) -> Vec<Strike> {
        let waiting = std::mem::take(&mut self.waiting).into_iter().flatten();
        waiting.chain(std::mem::take(&mut self.due)).collect()
    }
}

impl Kernel {
    /// Keeps a strike for its time; the strike of a dead process comes back.
    pub(crate) fn strike_at(&mut self, at: u64, strike: Strike) -> Option<Strike> {
        if self.current.dead {
            return Some(strike);
        }
        let index = self.strikes.free.pop().unwrap_or_else(|| {
            self.strikes.waiting.push(None);
            self.strikes.waiting.len() as u32 - 1
        });
        self.strikes.waiting[index as usize] = Some(strike);
        self.schedule(at, Event::Strike(index));
        None
    }

    pub(super) fn strike_is_due(&mut self, index: u32) {
        let strike = self.strikes.waiting[index as usize].take().expect("a strike waits until it is due");
        self.strikes.free.push(index);
        self.strikes.due.push_back(strike);
        self.attention = true;
    }

    /// The next strike whose time has come, with the kernel made ready for it.
    pub(super) fn next_strike(&mut self) -> Option<Strike> {
        let strike = self.strikes.due.pop_front()?;
        self.doing = Doing::Striking;
        self.current = OFFICE;
        self.cause = u64::MAX;
        Some(strike)
    }

    pub(crate) fn take_role(&mut self, role: &str) {
        let process = self.current.process;
        if !self.current.dead && !self.strikes.roles.iter().any(|(held, by)| held == role && *by == process) {
            self.strikes.roles.push((role.to_string(), process));
        }
    }

    pub(crate) fn drop_role(&mut self, role: &str) {
        let process = self.current.process;
        if !self.current.dead {
            self.strikes.roles.retain(|(held, by)| held != role || *by != process);
        }
    }

    /// A process that ends holds no role.
    pub(super) fn drop_roles_of(&mut self, process: u32) {
        self.strikes.roles.retain(|(_, by)| *by != process);
    }

    pub(crate) fn roles_of(&self, machine: u16) -> Vec<String> {
        let of_machine = |(_, by): &&(String, u32)| self.programs[*by as usize].machine == machine;
        let mut roles: Vec<String> =
            self.strikes.roles.iter().filter(of_machine).map(|(role, _)| role.clone()).collect();
        roles.sort();
        roles.dedup();
        roles
    }

    /// What a knob says; a value other than the usual one is the effect of its fault.
    pub(crate) fn knob(&mut self, name: &str, usual: u64) -> u64 {
        let Some(turned) = self.strikes.turned.iter().rfind(|turned| turned.name == name) else {
            return usual;
        };
        let (fault, value) = (turned.fault, turned.value);
        if value != usual && !self.current.dead {
            self.effect(fault, 0);
        }
        value
    }

    pub(crate) fn turn(&mut self, fault: FaultId, name: &str, value: u64) {
        if self.current.dead {
            return;
        }
        self.strikes.turned.push(Turned { fault, name: name.to_string(), value });
    }

    pub(super) fn turn_back(&mut self, fault: FaultId) {
        self.strikes.turned.retain(|turned| turned.fault != fault);
    }
}
