//! Features that trouble clocks and timers. A clock that creeps at each read is not among them: how often
//! a clock is read is not known before the run, so no budget could hold it.

use std::time::Duration;

use super::draft::{Draft, rounded, scaled};
use super::profile::Feature;
use crate::budget::Allowance;
use crate::plan::{Family, Flag, Group, Line, Shift, Trouble};

pub(super) static FEATURES: &[Feature] = &[
    Feature { name: "clock.skew", family: Family::Clock, draw: skew },
    Feature { name: "clock.drift", family: Family::Clock, draw: drift },
    Feature { name: "clock.reverse", family: Family::Clock, draw: reverse },
    Feature { name: "clock.strobe", family: Family::Clock, draw: strobe },
    Feature { name: "clock.freeze", family: Family::Clock, draw: freeze },
    Feature { name: "monotonic.reverse", family: Family::Clock, draw: monotonic_reverse },
    Feature { name: "monotonic.freeze", family: Family::Clock, draw: monotonic_freeze },
    Feature { name: "monotonic.drift", family: Family::Clock, draw: monotonic_drift },
    Feature { name: "timers.overrun", family: Family::Clock, draw: overrun },
];

/// A clock that may be wrong, and by how much it is: a share of what it may be.
fn wrong(draft: &mut Draft<'_>) -> Option<(Group, Duration)> {
    let (host, allowance) = draft.host(|allowance| !allowance.skew_max.is_zero())?;
    let by = scaled(allowance.skew_max, draft.intensity);
    Some((
        Group::machine(&host.name),
        if by.is_zero() { allowance.skew_max } else { rounded(by).max(by / 2) },
    ))
}

fn skew(draft: &mut Draft<'_>) -> Option<Line> {
    let ((machines, by), back) = (wrong(draft)?, draft.coin());
    let nanos = i64::try_from(by.as_nanos()).ok()?;
    let by = Shift { nanos: if back { -nanos } else { nanos } };
    Some(draft.line(Trouble::ClockSkew { machines, by }))
}

fn drift(draft: &mut Draft<'_>) -> Option<Line> {
    let ((machines, by), back) = (wrong(draft)?, draft.coin());
    let ppm = by.as_nanos() * 1_000_000 / draft.lasts.as_nanos().max(1);
    let ppm = i32::try_from(ppm.clamp(1, 900_000)).ok()?;
    Some(draft.line(Trouble::ClockDrift { machines, ppm: if back { -ppm } else { ppm } }))
}

fn reverse(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, by) = wrong(draft)?;
    Some(draft.line(Trouble::ClockReverse { machines, by }))
}

fn strobe(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, by) = wrong(draft)?;
    let period = Duration::from_millis(*draft.dice.pick(&[1, 50, 1_000]));
    Some(draft.line(Trouble::ClockStrobe { machines, by, period }))
}

fn freeze(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, by) = wrong(draft)?;
    let line = draft.line(Trouble::ClockFreeze { machines, freeze: Flag });
    Some(Line { lasts: Some(by.min(draft.lasts)), ..line })
}

fn monotonic(draft: &mut Draft<'_>) -> Option<Group> {
    draft.machine(|allowance: &Allowance| allowance.monotonic)
}

fn monotonic_reverse(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, by) = (monotonic(draft)?, Duration::from_millis(*draft.dice.pick(&[1, 50, 1_000])));
    Some(draft.line(Trouble::MonotonicReverse { machines, by }))
}

fn monotonic_freeze(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, most) = (monotonic(draft)?, Duration::from_millis(*draft.dice.pick(&[10, 100, 1_000])));
    let line = draft.line(Trouble::MonotonicFreeze { machines, freeze: Flag });
    Some(Line { lasts: Some(draft.lasts.min(most)), ..line })
}

fn monotonic_drift(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, ppm) = (monotonic(draft)?, *draft.dice.pick(&[200, 20_000, 500_000]));
    let back = draft.coin();
    Some(draft.line(Trouble::MonotonicDrift { machines, ppm: if back { -ppm } else { ppm } }))
}

fn overrun(draft: &mut Draft<'_>) -> Option<Line> {
    let (machines, chance) = (draft.machines(|allowance| allowance.slowness)?, draft.intensity);
    let by = Duration::from_millis(*draft.dice.pick(&[1, 20, 200]));
    Some(draft.line(Trouble::TimerOverrun { machines, by, chance }))
}
