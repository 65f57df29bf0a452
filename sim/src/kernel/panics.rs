//! Panics: noted by a hook before unwinding, and laid at the door of whoever panicked.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Once;

use super::{Core, Doing, current};
use crate::machine::PanicPolicy;
use crate::task::{JoinError, NONE, TaskKey};
use crate::trace::Kind;

thread_local! {
    static LAST: RefCell<Option<Note>> = const { RefCell::new(None) };
}

struct Note {
    message: String,
    place: String,
}

/// Installs the hook, once in a process. Panics outside of runs go to the hook that was there before.
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Within a run the report tells of the panic; printing each would flood a sweep.
            let within = current::try_with(Core::panic_begins).is_some();
            if !within {
                before(info);
                return;
            }
            let message = message_of(info.payload());
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let _ = LAST.try_with(|last| *last.borrow_mut() = Some(Note { message, place }));
        }));
    });
}

fn message_of(payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&'static str>().map(|text| (*text).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is no text".to_string())
}

impl Core {
    /// A destructor panicked while the world was taken down.
    pub(super) fn panicked_at_end(&mut self) {
        let note = LAST.with(|last| last.borrow_mut().take());
        let (place, message) = note.map_or_else(Default::default, |note| (note.place, note.message));
        self.kernel.fail("panic-in-drop", place, message);
    }

    /// Something that the driver ran for the kernel has panicked and was caught. What of the payload is not
    /// kept comes back, to be dropped when nothing is borrowed.
    pub(super) fn panicked(
        &mut self,
        polled: Option<TaskKey>,
        payload: Box<dyn Any + Send>,
    ) -> Option<Box<dyn Any + Send>> {
        let note = LAST.with(|last| last.borrow_mut().take());
        let note = note.unwrap_or_else(|| Note { message: message_of(&*payload), place: String::new() });
        let doing = std::mem::replace(&mut self.kernel.doing, Doing::Nothing);
        let context = self.kernel.current;
        let kernel = &mut self.kernel;
        if doing == Doing::Polling {
            kernel.spend();
        }
        match (doing, polled) {
            (Doing::Polling, Some(key)) => {
                let Some(task) = kernel.tasks.get(key) else {
                    // Its process ended in this very poll, by the hook or by itself: a dead one may panic.
                    return Some(payload);
                };
                let index = key.slot();
                let process = task.process;
                kernel.record(Kind::Panic, 0, context.machine, index, process);
                let isolates = kernel.programs[process as usize].on_panic == PanicPolicy::Isolate;
                if isolates {
                    kernel.end_task(index, None, Some(JoinError::panicked(payload)));
                    return None;
                }
                kernel.end_task(index, None, Some(JoinError::killed()));
                kernel.fail("panic", note.place, note.message);
            }
            (Doing::Striking, _) => {
                kernel.record(Kind::Panic, 4, context.machine, NONE, context.process);
                kernel.fail("panic", note.place, note.message);
            }
            (Doing::Dropping, _) => {
                kernel.record(Kind::Panic, 2, context.machine, NONE, context.process);
                kernel.fail("panic-in-drop", note.place, note.message);
            }
            _ => {
                kernel.record(Kind::Panic, 3, context.machine, NONE, context.process);
                kernel.fail("panic-in-waker", note.place, note.message);
            }
        }
        Some(payload)
    }
}
