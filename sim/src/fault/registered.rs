//! Faults that a model brings: registered by name, called by plans with typed arguments.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::FaultId;
use crate::kernel::current;

/// An argument of a model's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Number(i64),
    /// A word.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// Carries out a model's fault; refuses with a message when the arguments make no sense.
pub(crate) type Handler = Rc<dyn Fn(FaultId, &BTreeMap<String, Argument>) -> Result<(), String>>;

/// Makes a fault of a model callable under `name` in this run, for example `db.failover`.
///
/// # Panics
/// When the name is taken.
pub fn register(
    name: &str,
    handler: impl Fn(FaultId, &BTreeMap<String, Argument>) -> Result<(), String> + 'static,
) {
    let handler: Handler = Rc::new(handler);
    let taken = current::need("fault::register", |core| {
        if core.kernel.current.dead {
            return None;
        }
        core.kernel.faults.register(name, handler.clone())
    });
    assert!(taken.is_none(), "the fault `{name}` is registered twice");
}

/// The names that can be called, in order.
pub fn registered() -> Vec<String> {
    current::need("fault::registered", |core| core.kernel.faults.registered())
}

/// Calls a registered fault.
///
/// # Errors
/// When no such fault is registered, or its handler refuses the arguments.
pub fn call(fault: FaultId, name: &str, arguments: &BTreeMap<String, Argument>) -> Result<(), String> {
    let handler = current::need("fault::call", |core| core.kernel.faults.handler(name));
    match handler {
        Some(handler) => handler(fault, arguments),
        None => Err(format!(
            "no fault `{name}` is registered in this run, expected one of: {}",
            registered().join(", ")
        )),
    }
}
