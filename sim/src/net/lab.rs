//! For tests of the hearts: machines, events and no task.

use std::net::{IpAddr, SocketAddr};

use super::Settings;
use crate::config::Config;
use crate::fault::{Condition, FaultId, Target};
use crate::kernel::{Context, Core, Event, Plate};
use crate::machine::Machine;
use crate::task;

/// A world without code: somebody outside calls the hearts and lets events happen.
pub(super) struct Lab {
    pub(super) core: Core,
}

impl Lab {
    pub(super) fn new(seed: u64, machine_count: usize, network: Settings) -> Lab {
        let mut core = Core::new(&Config { seed, network, ..Config::default() }, 1);
        for index in 0..machine_count {
            core.kernel.add_machine(Plate::new(&format!("m{index}")));
        }
        Lab { core }
    }

    /// From here on calls are those of a process on that machine; there is one each, of the same number.
    pub(super) fn on(&mut self, machine: usize) {
        let (process, machine) = (machine as u32, machine as u16);
        self.core.kernel.current = Context { machine, process, task: task::NONE, dead: false };
        self.core.kernel.cause = u64::MAX;
    }

    /// Lets the next event happen; false when there is none.
    pub(super) fn step(&mut self) -> bool {
        let Core { kernel, net, .. } = &mut self.core;
        let Some(entry) = kernel.queue.pop() else { return false };
        assert!(entry.at >= kernel.now);
        kernel.now = entry.at;
        match Event::of_word(entry.what) {
            Event::Datagram(index) => net.datagram_arrives(kernel, index),
            Event::Stream(signal) => net.signal_arrives(kernel, signal, entry.seq),
            other => panic!("{other:?} is no event of the network"),
        }
        true
    }

    pub(super) fn begin(&mut self, label: &str) -> FaultId {
        self.core.begin_fault(label)
    }

    pub(super) fn impose(&mut self, fault: FaultId, source: usize, target: usize, condition: Condition) {
        let machine = |index| vec![Machine::of(1, index as u16)];
        let target = Target::Link { source: machine(source), target: machine(target) };
        self.core.impose(fault, &target, condition);
    }

    /// Power goes or comes, as far as the network is concerned.
    pub(super) fn power(&mut self, machine: usize, up: bool) {
        let Core { kernel, net, .. } = &mut self.core;
        if !up && kernel.hosts[machine].up {
            net.process_ended(kernel, machine as u32, crate::machine::Ending::PowerLost);
            net.power_lost(kernel, machine as u16);
        }
        self.core.kernel.hosts[machine].up = up;
    }

    pub(super) fn kill(&mut self, machine: usize, ending: crate::machine::Ending) {
        self.on(machine);
        let Core { kernel, net, .. } = &mut self.core;
        net.process_ended(kernel, machine as u32, ending);
    }
}

/// The default address of a machine.
pub(super) fn address(machine: usize, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 0, 0, machine as u8 + 1]), port)
}

/// Any port of any address.
pub(super) fn any(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::from([0, 0, 0, 0]), port)
}
