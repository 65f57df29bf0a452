//! Panics: noted by a hook before unwinding, and laid at the door of whoever panicked.

use std::any::Any;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::Once;

use super::{Core, Doing, Kernel, current};
use crate::machine::PanicPolicy;
use crate::task::{JoinError, NONE, TaskKey};
use crate::trace::Kind;

thread_local! {
    static LAST: RefCell<Option<Note>> = const { RefCell::new(None) };
}

type Payload = Box<dyn Any + Send>;

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
            if !current::is_installed() {
                before(info);
                return;
            }
            current::try_with(Core::panic_begins);
            let message = message_of(info.payload());
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let _ = LAST.try_with(|last| *last.borrow_mut() = Some(Note { message, place }));
        }));
    });
}

/// The kernel refused a call: the panic is its caller's.
pub(super) fn refused_at(caller: &Location<'_>) {
    let _ = LAST.try_with(|last| {
        if let Some(note) = &mut *last.borrow_mut() {
            note.place = caller.to_string();
        }
    });
}

fn message_of(payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&'static str>().map(|text| (*text).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is no text".to_string())
}

impl Core {
    /// A plan's strike panicked in the midst of somebody's poll; it goes on unwinding there.
    pub(super) fn strike_panicked(&mut self) {
        let context = self.kernel.current;
        self.kernel.record(Kind::Panic, 4, context.machine, context.task, context.process);
        let (place, message) = LAST.with(|last| {
            last.borrow()
                .as_ref()
                .map_or_else(Default::default, |note| (note.place.clone(), note.message.clone()))
        });
        self.kernel.fail("panic", place, message);
    }

    /// A destructor panicked while the world was taken down.
    pub(super) fn panicked_at_end(&mut self) {
        let note = LAST.with(|last| last.borrow_mut().take());
        let (place, message) = note.map_or_else(Default::default, |note| (note.place, note.message));
        self.kernel.fail("panic-in-drop", place, message);
    }

    /// Something that the driver ran for the kernel has panicked and was caught. What of the payload is not
    /// kept comes back, to be dropped when nothing is borrowed.
    pub(super) fn panicked(&mut self, polled: Option<TaskKey>, payload: Payload) -> Option<Payload> {
        let message = message_of(&*payload);
        let note = LAST.with(|last| last.borrow_mut().take());
        // A payload that is raised again passes the hook by: what the hook noted last was another panic.
        let note = note.filter(|note| note.message == message);
        let note = note.unwrap_or(Note { message, place: String::new() });
        if self.kernel.doing == Doing::Polling
            && polled.is_some_and(|key| self.kernel.tasks.get(key).is_some())
        {
            self.panic_begins();
        }
        let doing = std::mem::replace(&mut self.kernel.doing, Doing::Nothing);
        let context = self.kernel.current;
        let kernel = &mut self.kernel;
        match (doing, polled) {
            (Doing::Polling, Some(key)) => {
                let left = kernel.poll_panicked(key, note, payload);
                kernel.spend(None);
                return left;
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

impl Kernel {
    fn poll_panicked(&mut self, key: TaskKey, note: Note, payload: Payload) -> Option<Payload> {
        let Some(task) = self.tasks.get(key) else {
            // Its process ended in this very poll, by the hook or by itself: a dead one may panic.
            return Some(payload);
        };
        let (index, process) = (key.slot(), task.process);
        self.record(Kind::Panic, 0, self.current.machine, index, process);
        let program = &mut self.programs[process as usize];
        if program.on_panic == PanicPolicy::Isolate {
            if program.main == index {
                program.error = Some(format!("its main task panicked: {}", note.message));
            }
            self.end_task(index, None, Some(JoinError::panicked(payload)));
            return None;
        }
        self.end_task(index, None, Some(JoinError::killed()));
        self.fail("panic", note.place, note.message);
        Some(payload)
    }
}
