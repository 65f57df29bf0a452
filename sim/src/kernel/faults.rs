//! The faults of a run: begun, counted, ended; and the digest over what took effect.

use std::collections::BTreeMap;

use super::lifecycle::enlist;
use super::{Core, Kernel};
use crate::fault::{Condition, FaultId, Target};
use crate::report::FaultReport;
use crate::task::{WakerSlot, Why};
use crate::trace::{Digest, Kind};

type Handler = crate::fault::Handler;

pub(crate) struct Faults {
    states: Vec<State>,
    handlers: BTreeMap<String, Handler>,
    /// In whose name machine and process verbs act just now.
    pub(crate) attributed: Option<FaultId>,
    hasher: blake3::Hasher,
    /// What took effect and is not hashed yet: many at once cost a fraction of as many one by one.
    unhashed: Vec<u8>,
}

/// How much is hashed at once, in bytes: as many chunks of the hash as the widest hardware takes side by side.
const HASHED_AT_ONCE: usize = 16 * 1_024;

struct State {
    label: String,
    effects: u64,
    ended: bool,
    /// The record of its beginning, which is the cause of what it does.
    record: u64,
    /// Who waits for its end.
    waiters: Vec<WakerSlot>,
}

impl Faults {
    pub(super) fn new() -> Faults {
        Faults {
            states: Vec::new(),
            handlers: BTreeMap::new(),
            attributed: None,
            hasher: blake3::Hasher::new(),
            unhashed: Vec::new(),
        }
    }

    /// # Panics
    /// For a fault of another run.
    fn state(&mut self, fault: FaultId) -> &mut State {
        let count = self.states.len();
        self.states.get_mut(fault.index()).unwrap_or_else(|| {
            panic!("{fault} is none of this run, which has begun {count}: a fault does not outlive its world")
        })
    }

    /// How often a fault took effect; never, for one that a dead process believes it has begun.
    pub(crate) fn effects(&self, fault: FaultId) -> u64 {
        self.states.get(fault.index()).map_or(0, |state| state.effects)
    }

    pub(crate) fn is_over(&self, fault: FaultId) -> bool {
        self.states.get(fault.index()).is_none_or(|state| state.ended)
    }

    /// Counts an effect and folds it: which fault and what, in order, without the time.
    pub(super) fn count(&mut self, fault: FaultId, detail: u32) {
        self.state(fault).effects += 1;
        let word = u64::from(fault.index() as u32) << 32 | u64::from(detail);
        self.unhashed.extend_from_slice(&word.to_le_bytes());
        if self.unhashed.len() == HASHED_AT_ONCE {
            self.hasher.update(&self.unhashed);
            self.unhashed.clear();
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.unhashed);
        // The labels go in last: a fault that was renamed or never took effect shows as well.
        for state in &self.states {
            hasher.update(&(state.label.len() as u64).to_le_bytes());
            hasher.update(state.label.as_bytes());
            hasher.update(&[u8::from(state.effects > 0)]);
        }
        Digest(*hasher.finalize().as_bytes())
    }

    pub(crate) fn report(&self) -> Vec<FaultReport> {
        let report = |state: &State| FaultReport { label: state.label.clone(), effects: state.effects };
        self.states.iter().map(report).collect()
    }

    pub(crate) fn register(&mut self, name: &str, handler: Handler) -> Option<Handler> {
        self.handlers.insert(name.to_string(), handler)
    }

    pub(crate) fn registered(&self) -> Vec<String> {
        self.handlers.keys().cloned().collect()
    }

    pub(crate) fn take_handlers(&mut self) -> Vec<Handler> {
        std::mem::take(&mut self.handlers).into_values().collect()
    }

    /// Takes whoever still waits for an end, to be dropped when nothing is borrowed.
    pub(crate) fn take_waiters(&mut self) -> Vec<WakerSlot> {
        self.states.iter_mut().flat_map(|state| std::mem::take(&mut state.waiters)).collect()
    }

    pub(crate) fn handler(&self, name: &str) -> Option<Handler> {
        self.handlers.get(name).cloned()
    }
}

impl Kernel {
    /// Whether a fault has ended; if not, the waker is kept. A dead process waits for nothing.
    pub(crate) fn poll_over(&mut self, fault: FaultId, waker: &mut WakerSlot) -> bool {
        if self.current.dead {
            return false;
        }
        let state = self.faults.state(fault);
        if !state.ended {
            enlist(&mut state.waiters, waker);
        }
        state.ended
    }

    /// From now on verbs act in the name of a fault. The answer is what was before.
    pub(crate) fn attribute_to(&mut self, fault: FaultId) -> (Option<FaultId>, u64) {
        let record = self.faults.state(fault).record;
        (self.faults.attributed.replace(fault), std::mem::replace(&mut self.cause, record))
    }

    pub(crate) fn attribute_back(&mut self, (fault, cause): (Option<FaultId>, u64)) {
        (self.faults.attributed, self.cause) = (fault, cause);
    }
}

impl Core {
    pub(crate) fn begin_fault(&mut self, label: &str) -> FaultId {
        if self.kernel.current.dead {
            return FaultId::NOBODYS;
        }
        let faults = &mut self.kernel.faults;
        let fault = FaultId::of(faults.states.len() as u32);
        faults.states.push(State {
            label: label.to_string(),
            effects: 0,
            ended: false,
            record: 0,
            waiters: Vec::new(),
        });
        let record = self.kernel.record_world(Kind::Fault, 0, fault.index() as u32, 0);
        self.kernel.faults.states[fault.index()].record = record;
        fault
    }

    pub(crate) fn end_fault(&mut self, fault: FaultId) {
        if self.kernel.current.dead || std::mem::replace(&mut self.kernel.faults.state(fault).ended, true) {
            return;
        }
        let waiters = std::mem::take(&mut self.kernel.faults.state(fault).waiters);
        self.kernel.record_world(Kind::Heal, 0, fault.index() as u32, 0);
        for mut waiter in waiters {
            self.kernel.wake(&mut waiter, Why::Machine);
        }
        self.kernel.lift(fault);
        self.net.lift(&mut self.kernel, fault);
        self.disks.lift(&mut self.kernel, fault);
    }

    /// Imposes a condition on what it concerns.
    pub(crate) fn impose(&mut self, fault: FaultId, target: &Target, condition: Condition) {
        if self.kernel.current.dead {
            return;
        }
        let ended = self.kernel.faults.state(fault).ended;
        assert!(!ended, "{fault} has ended and can impose nothing");
        match target {
            Target::Machine(machine) => {
                let machine = machine.index(&self.kernel);
                let Core { kernel, net, disks } = self;
                if !net.impose_on_names(kernel, fault, machine, condition)
                    && !disks.impose(kernel, fault, machine, condition)
                {
                    self.kernel.impose_on_machine(fault, machine, condition);
                }
            }
            Target::Link { source, target } => {
                let [sources, targets] = [source, target]
                    .map(|machines| machines.iter().map(|machine| machine.index(&self.kernel)).collect());
                self.net.impose(&self.kernel, fault, sources, targets, condition);
            }
        }
    }
}
