//! Sites and planted bugs of the harness.

use points::{Kind, Point, Quirk};

/// The log is not looked at after a restart.
pub static STARTS_OVER: Quirk = Quirk::new("continuity-starts-over", "a restart does everything again");
/// A task that goes on keeps its promises once more.
pub static FORGETS_PROMISES: Quirk =
    Quirk::new("continuity-forgets-promises", "a task that is done again resolves what it had resolved");
/// A task is logged before it is done: what is killed in between is never done.
pub static LOGS_AHEAD: Quirk =
    Quirk::new("continuity-logs-ahead", "a task is logged as done when it is first polled");

/// All of them.
pub static QUIRKS: &[&Quirk] = &[&STARTS_OVER, &FORGETS_PROMISES, &LOGS_AHEAD];

/// What the harness passes.
pub static CATALOGUE: [Point; 3] = [
    Point::new("continuity.appended_not_synced", Kind::Site),
    Point::new("continuity.synced", Kind::Site),
    Point::new("continuity.resumed", Kind::Reachable),
];

/// What the gate passes, when all is done.
pub static OF_GATE: [Point; 1] = [Point::new("continuity.told", Kind::Mark)];
