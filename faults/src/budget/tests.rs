//! What a budget admits and what it refuses.

use super::*;
use crate::plan::{Host, Point};

fn catalogue() -> Catalogue {
    let core = |index: u32, zone: &str| Host::new(format!("core-{index}")).zone(zone).role("leader");
    Catalogue {
        hosts: vec![core(0, "a"), core(1, "b"), core(2, "b"), Host::new("client-0"), Host::new("spare")],
        points: vec![Point::new("core.synced").hit_on(group("core-*")), Point::new("any.where")],
        ..Catalogue::default()
    }
}

fn group(text: &str) -> Group {
    Group::new(vec![crate::plan::Selector::parse(text).expect(text)]).expect("one")
}

fn budget() -> Budget {
    let cores = Allowance::minority(group("core-*"), 3)
        .disks_damaged_max(1)
        .skew_max(Duration::from_secs(1))
        .versions([1, 2]);
    let clients = Allowance::new(group("client-*"));
    Budget::new(Duration::from_secs(20)).allow(cores).allow(clients)
}

/// The verdict on some lines, before a calm.
fn verdict(lines: &str) -> Result<(), String> {
    let text = format!("faults = [{lines}, {{ calm = '20s' }}]");
    let plan = Plan::load("plan", &text, &catalogue()).expect(lines);
    budget().check(&plan, &catalogue()).map_err(|excess| excess.to_string())
}

#[test]
fn what_a_budget_allows_is_admitted() {
    for lines in [
        "{ at = '1s', kill = 'core-0', restart_after = '1s' }, { at = '2s', kill = 'core-1', restart_after = '1s' }",
        "{ at = '1s', kill = 'core-0' }, { at = '2s', for = '1s', heal = true }, { at = '3s', kill = 'core-1' }",
        "{ at = '1s', for = '9s', pause = 'core-0' }, { at = '2s', kill = 'core-0' }",
        "{ at = '1s', for = '9s', partition = 'core-0' }, { at = '1s', loss = 'client-*', chance = 0.5 }",
        "{ on = 'core.synced', hit = 9, kill = 'self', down_max = 1 }, { at = '2s', kill = 'core-0', down_max = 1 }",
        "{ on = 'core.synced', kill = 'self' }",
        "{ at = '1s', for = '9s', disk = 'core-2', bit_rot = '1/9' }, { at = '11s', for = '1s', disk = 'core-2', lying_sync = '1' }",
        "{ at = '1s', for = '1s', disk = 'core-1', error = 'read', chance = 1 }, { at = '2s', for = '1s', disk = 'core-2', bytes_free = 0 }",
        "{ at = '1s', for = '1s', clock = 'core-*', skew = '-600ms' }, { at = '2s', for = '1s', clock = 'core-0', reverse = '600ms' }",
        "{ at = '1s', for = '10s', clock = 'core-0', drift_ppm = 100000 }",
        "{ at = '1s', roll = 'core-*', every = '2s', grace = '1s', version = 2 }",
        "{ at = '1s', crash_loop = 'core-0', every = '1s', times = 3 }, { at = '4s', kill = 'core-1' }",
    ] {
        assert_eq!(verdict(lines), Ok(()), "{lines}");
    }
}

#[test]
fn what_is_beyond_a_budget_is_refused_with_the_reason() {
    for (lines, reason) in [
        (
            "{ at = '1s', kill = 'core-0', restart_after = '1s' }, { at = '1.9s', kill = 'core-1' }",
            "fault 2: beyond the budget: 2 of `core-*` down at once, of at most 1",
        ),
        (
            "{ at = '1s', power = 'zone:b' }",
            "fault 1: beyond the budget: 2 of `core-*` down at once, of at most 1",
        ),
        (
            "{ at = '1s', kill = 'role:leader' }",
            "fault 1: beyond the budget: 3 of `core-*` down at once, of at most 1",
        ),
        (
            "{ on = 'core.synced', hit = 9, kill = 'self', down_max = 1 }, { at = '2s', kill = 'core-0' }",
            "fault 2: beyond the budget: 2 of `core-*` down at once, of at most 1",
        ),
        ("{ on = 'any.where', kill = 'self' }", "fault 1: beyond the budget: machine `spare` is spared"),
        (
            "{ at = '1s', kill = 'client-0' }",
            "fault 1: beyond the budget: 1 of `client-*` down at once, of at most 0",
        ),
        ("{ at = '1s', for = '1s', slow = 'test', times = 2 }", "fault 1: beyond the budget: machine `test`"),
        (
            "{ at = '1s', for = '1s', loss = '*', chance = 1 }",
            "fault 1: beyond the budget: machine `spare` is spared",
        ),
        (
            "{ at = '1s', for = '1s', disk = 'core-0', bit_rot = 1 }, { at = '9s', power = 'core-1', wipe = true }",
            "fault 2: beyond the budget: 2 disks of `core-*` damaged, of at most 1",
        ),
        (
            "{ at = '1s', for = '2s', disk = 'core-1', error = 'read', chance = 1 }, { at = '2s', disk = 'core-2', bytes_free = 0 }",
            "fault 2: beyond the budget: 2 disks of `core-*` faulty at once, of at most 1",
        ),
        (
            "{ at = '1s', for = '2s', clock = 'core-*', skew = '-600ms' }, { at = '2s', clock = 'core-0', reverse = '600ms' }",
            "fault 2: beyond the budget: the clock of `core-0` wrong by 1.2s, at most 1s",
        ),
        (
            "{ at = '1s', clock = 'core-0', drift_ppm = 100000 }",
            "fault 1: beyond the budget: the clock of `core-0` wrong by 1.9s, at most 1s",
        ),
        (
            "{ at = '1s', for = '1s', clock = 'core-0', creep = '1ns' }",
            "fault 1: beyond the budget: a wall clock that creeps has no limit",
        ),
        (
            "{ at = '1s', for = '1s', monotonic = 'core-0', reverse = '1s' }",
            "fault 1: beyond the budget: monotonic of machine `core-0`",
        ),
        (
            "{ at = '1s', upgrade = 'core-0', version = 3, grace = '1s' }",
            "fault 1: beyond the budget: versions of machine `core-0`",
        ),
        (
            "{ at = '16s', kill = 'core-0' }",
            "fault 1: beyond the budget: trouble at 16s, the last may be at 15s",
        ),
        (
            "{ at = '1s', roll = 'core-*', every = '1s', grace = '1s' }",
            "fault 1: beyond the budget: 2 of `core-*` down at once, of at most 1",
        ),
    ] {
        assert_eq!(verdict(lines), Err(reason.to_string()), "{lines}");
    }
}

#[test]
fn a_plan_without_calm_or_too_long_is_refused() {
    let plan = |text: &str| Plan::load("plan", text, &catalogue()).expect(text);
    let refused = |budget: Budget, text| budget.check(&plan(text), &catalogue()).expect_err(text).to_string();
    assert_eq!(refused(budget(), "faults = []"), "fault 0: beyond the budget: no calm in time");
    assert_eq!(
        refused(budget(), "faults = [{ calm = '21s' }]"),
        "fault 1: beyond the budget: no calm in time"
    );
    let short = budget().lines_max(1);
    let text = "faults = [{ at = '1s', kill = 'core-0' }, { calm = '20s' }]";
    assert_eq!(refused(short, text), "fault 2: beyond the budget: 2 lines, of at most 1");
}
