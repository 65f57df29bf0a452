//! Setting up a machine.

use std::net::IpAddr;

use super::handle::Machine;
use crate::Ratio;
use crate::disk::DiskConfig;
use crate::kernel::{Plate, current};

/// What a machine is to be like; [`create`](MachineBuilder::create) sets it up.
#[derive(Debug)]
#[must_use = "a machine is there only after `create`"]
pub struct MachineBuilder {
    plate: Plate,
}

/// Begins a machine called `name`, which is also its host name.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// let store = tourbillon_sim::machine("store").zone("a").cores(2).create();
/// assert_eq!(store.name(), "store");
/// # }).unwrap();
/// ```
pub fn machine(name: &str) -> MachineBuilder {
    MachineBuilder { plate: Plate::new(name) }
}

impl MachineBuilder {
    /// The zone it stands in; partitions and power cuts go by zone.
    pub fn zone(mut self, zone: &str) -> MachineBuilder {
        self.plate.zone = zone.to_string();
        self
    }

    /// An address; more calls add more. Without any it gets the next of 10.0.0.0/8.
    pub fn address(mut self, address: IpAddr) -> MachineBuilder {
        self.plate.addresses.push(address);
        self
    }

    /// How many tasks it can poll at once. Default: 1.
    pub fn cores(mut self, cores: usize) -> MachineBuilder {
        self.plate.cores = cores;
        self
    }

    /// How fast its CPU is, 1/100 being a hundred times slower than usual. Default: 1.
    pub fn speed(mut self, speed: Ratio) -> MachineBuilder {
        self.plate.speed = speed;
        self
    }

    /// What its disk is like. Default: a good solid-state disk of 64 GiB.
    pub fn disk(mut self, disk: DiskConfig) -> MachineBuilder {
        self.plate.disk = disk;
        self
    }

    /// Sets the machine up, with power on and no process. A dead process sets nothing up and is answered its own.
    ///
    /// # Panics
    /// When there is a machine of this name, the name is empty or has a blank, `/` or `>`, it has no core, its speed is zero, its disk makes no sense, or
    /// there is no simulation.
    #[track_caller]
    pub fn create(self) -> Machine {
        let created = current::need("machine(…).create()", |core| {
            let kernel = &mut core.kernel;
            if kernel.current.dead {
                return Ok(Machine::of(kernel.nonce, kernel.current.machine));
            }
            match kernel.refusal_of_machine(&self.plate) {
                Some(refusal) => Err(refusal),
                None => Ok(Machine::of(kernel.nonce, kernel.add_machine(self.plate))),
            }
        });
        match created {
            Ok(machine) => machine,
            Err(refusal) => panic!("{refusal}"),
        }
    }
}
