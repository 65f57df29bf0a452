//! The current world of a thread: where the ambient functions find it.
//!
//! A world that runs is moved into this thread-local cell and moved out when it pauses or ends, so a
//! borrow is checked and no `unsafe` is needed. It is borrowed only for the span of one kernel call,
//! and no user code (wake, drop, clone, panic hook, subscriber) runs within that span.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::panic::Location;

use super::{Core, panics};

thread_local! {
    // Nothing to drop when the thread ends: a world is taken out before, and the access is a plain one.
    static CURRENT: RefCell<ManuallyDrop<Option<Box<Core>>>> = const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Runs `call` on the current world; `None` where there is none on this thread, or the thread is ending.
#[inline]
pub(crate) fn with<R>(call: impl FnOnce(&mut Core) -> R) -> Option<R> {
    CURRENT
        .try_with(|cell| {
            let refusing = Refusing;
            let answer = {
                let mut core = cell.borrow_mut();
                core.as_mut().map(|core| call(core))
            };
            std::mem::forget(refusing);
            answer
        })
        .ok()
        .flatten()
}

/// A kernel call that may panic, to refuse what it was told. The panic hook found the world borrowed and
/// could do nothing; when unwinding has given it back, this does the hook's part, before anything of the
/// user's is dropped.
struct Refusing;

impl Drop for Refusing {
    #[cold]
    fn drop(&mut self) {
        try_with(Core::panic_begins);
    }
}

/// Whom to name as the place of a call that the kernel refused: its caller, not a line of ours.
struct Naming(&'static Location<'static>);

impl Drop for Naming {
    #[cold]
    fn drop(&mut self) {
        panics::refused_at(self.0);
    }
}

/// As [`with`], for calls that make no sense outside of a world.
#[inline]
#[track_caller]
pub(crate) fn need<R>(what: &str, call: impl FnOnce(&mut Core) -> R) -> R {
    let naming = Naming(Location::caller());
    let answer = with(call);
    std::mem::forget(naming);
    match answer {
        Some(answer) => answer,
        None => outside(what),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn outside(what: &str) -> ! {
    panic!(
        "{what} was used outside of a simulation: no world runs on this thread; \
         call it from code that runs inside World::run or #[tourbillon::test]"
    )
}

/// Whether a world runs on this thread, borrowed or not.
pub(crate) fn is_installed() -> bool {
    CURRENT.try_with(|cell| cell.try_borrow().map_or(true, |core| core.is_some())).unwrap_or(false)
}

/// As [`with`], and `None` also when the world is borrowed: for the panic hook, which may run anywhere.
pub(crate) fn try_with<R>(call: impl FnOnce(&mut Core) -> R) -> Option<R> {
    CURRENT.try_with(|cell| cell.try_borrow_mut().ok()?.as_mut().map(|core| call(core))).ok().flatten()
}

/// A world that is installed for the span of this value.
pub(crate) struct Installed {
    /// The world that this one interrupted, when a run starts another.
    interrupted: Option<Box<Core>>,
}

/// Makes `core` the current world of this thread.
pub(crate) fn install(core: Box<Core>) -> Installed {
    let interrupted = CURRENT.with(|cell| cell.borrow_mut().replace(core));
    Installed { interrupted }
}

impl Installed {
    /// Takes the world out again.
    pub(crate) fn remove(mut self) -> Box<Core> {
        let interrupted = self.interrupted.take();
        CURRENT
            .with(|cell| std::mem::replace(&mut **cell.borrow_mut(), interrupted))
            .expect("an installed world stays until it is removed")
    }
}
