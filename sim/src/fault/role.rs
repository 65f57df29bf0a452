//! Roles: what a machine is to its system just now, such as its leader, told by the model for plans to aim at.

use crate::kernel::current;
use crate::machine::Machine;

/// The current process takes a role, until it drops it or ends: `take_role("leader")`.
///
/// # Panics
/// Outside of a simulation.
pub fn take_role(role: &str) {
    current::need("take_role", |core| core.kernel.take_role(role));
}

/// The current process has the role no more.
///
/// # Panics
/// Outside of a simulation.
pub fn drop_role(role: &str) {
    current::need("drop_role", |core| core.kernel.drop_role(role));
}

/// The roles that processes of a machine hold, by name.
pub fn roles_of(machine: Machine) -> Vec<String> {
    current::need("roles_of", |core| {
        let index = machine.index(&core.kernel);
        core.kernel.roles_of(index)
    })
}
