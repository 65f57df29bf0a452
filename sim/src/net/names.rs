//! Looking up names, and what faults make of it.

use std::io::{Error, ErrorKind, Result};
use std::net::IpAddr;

use super::Net;
use super::latency::nanos;
use crate::fault::{Condition, FaultId};
use crate::kernel::Kernel;

/// A condition of a machine under which names are hard to come by.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameTrouble {
    pub(super) fault: FaultId,
    condition: Condition,
}

impl Net {
    /// Imposes a condition on the looking up of names by a machine. False when it is none.
    pub(crate) fn impose_on_names(
        &mut self,
        kernel: &Kernel,
        fault: FaultId,
        machine: u16,
        condition: Condition,
    ) -> bool {
        if !matches!(condition, Condition::DnsDelay(_) | Condition::DnsFail) {
            return false;
        }
        self.admit(kernel);
        self.hosts[machine as usize].names.push(NameTrouble { fault, condition });
        true
    }

    /// How much longer than no time looking up a name takes for the current machine, in nanoseconds.
    pub(super) fn name_delay(&mut self, kernel: &mut Kernel) -> u64 {
        self.admit(kernel);
        let machine = kernel.current.machine as usize;
        let mut delay = 0u64;
        for index in 0..self.hosts[machine].names.len() {
            let NameTrouble { fault, condition } = self.hosts[machine].names[index];
            if let Condition::DnsDelay(by) = condition {
                delay = delay.saturating_add(nanos(by));
                kernel.effect(fault, machine as u32);
            }
        }
        delay
    }

    /// The addresses of a name, as the current machine learns them.
    pub(super) fn look_up(&mut self, kernel: &mut Kernel, name: &str) -> Result<Vec<IpAddr>> {
        self.admit(kernel);
        let machine = kernel.current.machine as usize;
        let fails = |trouble: &&NameTrouble| matches!(trouble.condition, Condition::DnsFail);
        if let Some(&NameTrouble { fault, .. }) = self.hosts[machine].names.iter().find(fails) {
            kernel.effect(fault, machine as u32);
            let text = format!("failed to look up `{name}`: temporary failure in name resolution");
            return Err(Error::other(text));
        }
        self.addresses.of_name(name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("failed to look up `{name}`: no machine has that name"))
        })
    }
}
