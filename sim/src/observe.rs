//! `tracing` for simulated code: every event and span inside a poll carries machine, process, task and
//! virtual time, through one span around the poll. When nobody listens that costs one branch.

use tracing::level_filters::LevelFilter;

use crate::kernel::current;

/// Whether any subscriber of this process takes errors or more.
#[inline]
pub(crate) fn someone_listens() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// Runs a poll inside its span. The subscriber is user code, so the facts are copied out first.
#[cold]
#[inline(never)]
pub(crate) fn in_span<R>(poll: impl FnOnce() -> R) -> R {
    let facts = current::with(|core| {
        let kernel = &core.kernel;
        let context = kernel.current;
        let machine = kernel.hosts[context.machine as usize].name.clone();
        let process = kernel.programs[context.process as usize].name.clone();
        (machine, process, context.task, kernel.now)
    });
    let Some((machine, process, task, at_ns)) = facts else { return poll() };
    let span = tracing::error_span!(target: "tourbillon", "poll", machine, process, task, at_ns);
    let _entered = span.entered();
    poll()
}
