//! One line of a plan for each kind. The tests of the kinds run them, and `docs/faults.md` shows them.

use tourbillon_faults::plan::{
    ArgumentKind, Call, Catalogue, Host, KINDS, Knob, Line, Plan, Point, TEST_MACHINE,
};

/// The machines, points, knobs and calls that the examples name.
pub fn catalogue() -> Catalogue {
    assert_eq!(TEST_MACHINE, "test");
    Catalogue {
        hosts: vec![
            Host::new("a").zone("x").role("leader").process("server"),
            Host::new("b").zone("y").role("leader").process("server"),
            Host::new("c").zone("y").process("server"),
            Host::new("d").zone("y"),
            Host::new("e").zone("y"),
        ],
        points: vec![Point::new("arena.grow"), Point::new("log.written")],
        knobs: vec![Knob { name: "batch_max".to_string(), least: 1, most: 64 }],
        calls: vec![Call::new("db.failover").with("lose", ArgumentKind::Whole { least: 0, most: 50 })],
    }
}

/// A kind and a line of it.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("calm", r#"{ calm = "2s" }"#),
    ("heal", r#"{ at = "1s", for = "500ms", heal = true }"#),
    ("partition", r#"{ at = "1s", for = "500ms", partition = [["a"], ["zone:y"]] }"#),
    ("ring", r#"{ at = "1s", for = "500ms", ring = ["a", "b", "c", "d", "e"] }"#),
    ("clog", r#"{ at = "1s", for = "500ms", clog = "b" }"#),
    (
        "swizzle",
        r#"{ at = "1s", for = "500ms", swizzle = ["a", "b", "c"], stagger = "50ms", release = ["c", "a", "b"] }"#,
    ),
    ("loss", r#"{ at = "1s", for = "500ms", loss = "b", chance = "1/2" }"#),
    ("duplicate", r#"{ at = "1s", for = "500ms", duplicate = "*", chance = "1/2" }"#),
    ("reorder", r#"{ at = "1s", for = "500ms", reorder = "*", chance = "1/2", by = "20ms" }"#),
    ("corrupt", r#"{ at = "1s", for = "500ms", corrupt = "*", chance = "1/2" }"#),
    ("delay", r#"{ at = "1s", delay = [["a"], ["b"]], by = ["40ms", "60ms"] }"#),
    (
        "bandwidth",
        r#"{ at = "1s", for = "500ms", bandwidth = "b", bytes_per_second = 10000, queue_bytes = 1000 }"#,
    ),
    ("reset", r#"{ at = "1s", for = "500ms", reset = "b", chance = "1/2" }"#),
    ("half_close", r#"{ at = "1s", for = "500ms", half_close = "b", chance = "1/2" }"#),
    ("refuse", r#"{ at = "1s", for = "500ms", refuse = "b" }"#),
    ("hang", r#"{ at = "1s", for = "500ms", hang = "b" }"#),
    ("chop", r#"{ at = "1s", for = "500ms", chop = "b", bytes = 3 }"#),
    ("window", r#"{ at = "1s", for = "500ms", window = "b", bytes = 64 }"#),
    ("dns.late", r#"{ at = "1s", for = "500ms", dns = "a", late = "300ms" }"#),
    ("dns.fail", r#"{ at = "1s", for = "500ms", dns = "a", fail = true }"#),
    ("kill", r#"{ on = "log.written", hit = 3, kill = "self", restart_after = "400ms", down_max = 1 }"#),
    ("crash_loop", r#"{ at = "1s", crash_loop = "a/server", every = "200ms", times = 3 }"#),
    ("stop", r#"{ at = "1s", stop = "a", grace = "100ms", restart_after = "400ms" }"#),
    ("pause", r#"{ at = "1s", for = "500ms", pause = "a" }"#),
    ("power", r#"{ at = "1s", power = "a", restart_after = "400ms", unsynced = "lose" }"#),
    ("swap", r#"{ at = "1s", swap = ["a", "b"], restart_after = "400ms" }"#),
    ("upgrade", r#"{ at = "1s", upgrade = "a/server", version = 2, config = "mode=new", grace = "100ms" }"#),
    ("roll", r#"{ at = "1s", roll = ["a", "b"], every = "300ms", grace = "100ms", version = 2 }"#),
    ("address", r#"{ at = "1s", address = "b", ip = "10.213.0.9" }"#),
    ("slow", r#"{ at = "1s", for = "500ms", slow = "a", times = 100 }"#),
    ("yield", r#"{ at = "1s", for = "500ms", yield = "a", chance = "9/10" }"#),
    ("disk.latency", r#"{ at = "1s", for = "500ms", disk = "a", latency = ["20ms", "30ms"] }"#),
    ("disk.stall", r#"{ at = "1s", for = "500ms", disk = "a", stall = "100ms", period = "200ms" }"#),
    ("disk.bytes_per_second", r#"{ at = "1s", for = "500ms", disk = "a", bytes_per_second = 100000 }"#),
    ("disk.bytes_free", r#"{ at = "1s", for = "500ms", disk = "a", bytes_free = 1000 }"#),
    ("disk.error", r#"{ at = "1s", for = "500ms", disk = "a", error = "write", chance = "1/2" }"#),
    ("disk.lying_sync", r#"{ at = "1s", for = "500ms", disk = "a", lying_sync = "1/1" }"#),
    ("disk.sync_error", r#"{ at = "1s", for = "500ms", disk = "a", sync_error = "1/2" }"#),
    ("disk.bit_rot", r#"{ at = "1s", for = "500ms", disk = "a", bit_rot = "1/2" }"#),
    ("disk.misdirect_write", r#"{ at = "1s", for = "500ms", disk = "a", misdirect_write = "1/2" }"#),
    ("disk.misdirect_read", r#"{ at = "1s", for = "500ms", disk = "a", misdirect_read = "1/2" }"#),
    ("disk.uninitialized", r#"{ at = "1s", for = "500ms", disk = "a", uninitialized = "1/2" }"#),
    ("disk.lost_tail", r#"{ at = "1s", for = "500ms", disk = "a", lost_tail = "1/1" }"#),
    ("disk.copied_chunk", r#"{ at = "1s", for = "500ms", disk = "a", copied_chunk = "1/1" }"#),
    ("clock.skew", r#"{ at = "1s", for = "500ms", clock = "a", skew = "-2s" }"#),
    ("clock.drift_ppm", r#"{ at = "1s", for = "500ms", clock = "a", drift_ppm = 100000 }"#),
    ("clock.reverse", r#"{ at = "1s", for = "500ms", clock = "a", reverse = "2s" }"#),
    ("clock.strobe", r#"{ at = "1s", for = "500ms", clock = "a", strobe = "2s", period = "100ms" }"#),
    ("clock.freeze", r#"{ at = "1s", for = "500ms", clock = "a", freeze = true }"#),
    ("clock.creep", r#"{ at = "1s", for = "500ms", clock = "a", creep = "5us" }"#),
    ("monotonic.reverse", r#"{ at = "1s", monotonic = "a", reverse = "300ms" }"#),
    ("monotonic.freeze", r#"{ at = "1s", for = "500ms", monotonic = "a", freeze = true }"#),
    ("monotonic.drift_ppm", r#"{ at = "1s", for = "500ms", monotonic = "a", drift_ppm = -500000 }"#),
    ("timers.overrun", r#"{ at = "1s", for = "500ms", timers = "a", overrun = "50ms", chance = "1/2" }"#),
    ("entropy", r#"{ at = "1s", for = "500ms", entropy = "a", value = 7 }"#),
    (
        "allocation",
        r#"{ at = "1s", for = "500ms", allocation = "a", after = 2, count = 3, point = "arena.grow" }"#,
    ),
    ("knob", r#"{ at = "1s", for = "500ms", knob = "batch_max", value = 1 }"#),
    ("call", r#"{ at = "1s", call = "db.failover", args = { lose = 3 } }"#),
];

/// The example of a kind.
pub fn example(kind: &str) -> Line {
    let (_, text) = EXAMPLES.iter().find(|(name, _)| *name == kind).expect(kind);
    let plan = Plan::load("docs/faults.md", &format!("faults = [\n{text}\n]"), &catalogue()).expect(kind);
    plan.faults.into_iter().next().expect("one line")
}

#[test]
fn every_kind_has_an_example_in_canonical_form() {
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let examples: Vec<&str> = EXAMPLES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(examples, kinds);
    for (kind, text) in EXAMPLES {
        assert_eq!(example(kind).trouble.name(), *kind);
        assert_eq!(example(kind).to_string(), *text);
    }
}
