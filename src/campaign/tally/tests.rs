//! A tally is read as it was written, refused when it is not, and joined whoever names the parts in which order.

use super::file::Unreadable;
use super::*;
use crate::campaign::ran::{FailedBy, Hits, Ran};
use crate::campaign::{Ended, Job, Order};
use faults::scenario::Scenario;
use replay::case::{Case, Signature};
use sim::trace::{Digest, Digests};

static POINTS: [points::Point; 1] = [points::Point::new("a.point", points::Kind::Reachable)];

/// What a sweep of some seeds came to that was cut into parts, and of which these ran.
fn tally(parts: &Parts, seeds: u64) -> Tally {
    let scenarios = ["a/one", "a/two"].map(|name| Scenario::new(name, "", || async {}).points(&POINTS));
    let mut summary = Summary::new(scenarios.iter().map(|scenario| (scenario, scenario.name())));
    for position in (0..seeds).filter(|position| parts.have(*position)) {
        for scenario in 0..2 {
            let order = Order::default();
            let seed = position * 3;
            let job = Job { scenario, position, seed, order, ..Job::default() };
            summary.add(&job, ended(seed, scenario), Case::new("a/one", seed));
        }
    }
    let asked = vec![("seeds".to_string(), format!("0..{seeds}")), ("plan".to_string(), String::new())];
    let past = (0..6).filter(|place| parts.have(*place)).map(|place| PastCase {
        name: format!("a/{place}.case"),
        told: "stays mended".to_string(),
        verdict: Verdict::ALL[place as usize % 5],
        case: "a/one seed=0x1".to_string(),
    });
    let past = past.collect();
    let sweep = Sweep { asked, program: "tourbillon".to_string(), ..Sweep::default() };
    Tally { sweep, parts: parts.clone(), canary_failed: true, interrupted: false, past, summary }
}

fn ended(seed: u64, scenario: usize) -> Ended {
    if seed % 7 == 5 {
        return Ended::Hung("it took long".to_string());
    }
    let property = ["a-property", "another"][scenario].to_string();
    let failed = FailedBy {
        signature: Some(Signature {
            property: property.clone(),
            place: Some("a.rs:1:1".to_string()),
            ..Signature::default()
        }),
        property,
        message: format!("it failed at {seed}"),
        ..FailedBy::default()
    };
    let digest = |word: &str| Digest::of(format!("{word} {seed} {scenario}").as_bytes());
    Ended::Ran(Box::new(Ran {
        failed: (seed % 5 == 3).then_some(failed),
        digests: Digests { trace: digest("trace"), faults: digest("faults"), semantic: digest("semantic") },
        records: seed * 1000,
        virtual_ns: seed << 30,
        wall_ns: 7,
        lines_effective: seed % 4,
        effects: seed % 11,
        points: vec![Hits { name: "a.point".to_string(), hits: seed % 2, held: 0, numeric_max: seed }],
        latencies: vec![("call".to_string(), vec![(seed * 12_345, 1), (7, 2)])],
        warnings: if seed == 9 { vec!["a warning".to_string()] } else { Vec::new() },
        page: Some(format!("the page of {seed}")),
        ..Ran::default()
    }))
}

fn part(index: u64) -> (String, Tally) {
    (format!("shard-{index}"), tally(&Parts::one(index, 4), 50))
}

#[test]
fn parts_join_to_what_the_whole_is_in_any_order() {
    let whole = Parts { count: 4, present: (0..4).collect() };
    let expected = tally(&whole, 50).encode();
    for order in [[0, 1, 2, 3], [2, 0, 3, 1]] {
        let Joined { tally, count, problems } = join(order.map(part).into_iter().collect());
        assert_eq!((count, problems), (4, Vec::new()));
        assert!(tally.expect("there were some").encode() == expected, "{order:?}");
    }
}

#[test]
fn a_tally_is_read_as_it_was_written() {
    let written = tally(&Parts::one(1, 4), 50).encode();
    let read = Tally::decode(&written).expect("it was written");
    assert!(read.encode() == written);
    assert_eq!(read.summary.runs(), 26);
    let joined = join(
        (0..4)
            .map(|index| ("".to_string(), Tally::decode(&part(index).1.encode()).expect("written")))
            .collect(),
    );
    let whole = tally(&Parts { count: 4, present: (0..4).collect() }, 50);
    assert!(joined.tally.expect("there were some").encode() == whole.encode());
}

#[test]
fn no_byte_can_be_changed_or_cut_unnoticed() {
    let written = tally(&Parts::one(0, 1), 9).encode();
    for length in 0..written.len() {
        assert!(Tally::decode(&written[..length]).is_err(), "{length} bytes");
    }
    for index in 0..written.len() {
        let mut changed = written.clone();
        changed[index] ^= 0x10;
        let problem = Tally::decode(&changed).err();
        let expected = match index {
            0..8 => matches!(problem, Some(Unreadable::Foreign { .. })),
            8..16 => matches!(problem, Some(Unreadable::Version { .. })),
            16..24 => matches!(problem, Some(Unreadable::Length { .. })),
            _ => problem == Some(Unreadable::Changed),
        };
        assert!(expected, "byte {index}: {problem:?}");
    }
    let foreign = Tally::decode(b"kv/steady seed=1").err().expect("it is text").to_string();
    assert!(
        foreign.starts_with("byte 0: this is no tally of a sweep: it begins with `kv/steady"),
        "{foreign}"
    );
}

/// Bodies that no sweep writes, under a checksum that fits.
#[test]
fn a_body_that_no_sweep_wrote_is_refused_and_takes_no_memory() {
    let written = tally(&Parts::one(1, 4), 9).encode();
    for index in 24..written.len() - 32 {
        for with in [0, 1, 0x7f, 0xff] {
            let mut changed = written[..written.len() - 32].to_vec();
            changed[index] = with;
            let check = Digest::of(&changed);
            changed.extend_from_slice(&check.0);
            if let Ok(read) = Tally::decode(&changed) {
                // What still reads well is of its part, and can be told and joined.
                assert!(
                    read.summary
                        .scenarios
                        .iter()
                        .all(|one| one.rows.iter().all(|(at, _)| read.parts.have(at)))
                );
                let _ = join(vec![("".to_string(), read)]);
            }
        }
    }
}

#[test]
fn what_does_not_belong_is_named_and_the_rest_is_joined() {
    let other = || ("other".to_string(), tally(&Parts::one(3, 4), 40));
    let Joined { tally: one, count, problems } = join(vec![other(), part(0), part(1), part(2), part(1)]);
    assert_eq!((count, one.map(|one| one.summary.runs())), (3, Some(76)));
    let expected = [
        "other: it is of another sweep than shard-0: seeds is `0..40` and not `0..50`; merge each sweep on its own",
        "shard-1: shard 1/4 once more, the same as shard-1: leave one out",
        "missing: shard 3 of 4 (counted from 0): sweep with `--shard I/4`, and merge again",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn a_part_with_two_contents_is_not_joined() {
    // A shard of the same sweep in which a run more was lost.
    let mut changed = part(1);
    let lost = changed.1.summary.scenarios[1].rows.clone();
    changed.1.summary.scenarios[0].rows = lost;
    let Joined { count, problems, .. } = join(vec![part(0), part(1), part(2), part(3), changed]);
    assert_eq!(count, 3);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("neither is joined") && problems[1].starts_with("missing: shard 1 of 4"));
}

#[test]
fn other_numbers_of_parts_and_other_points_are_other_sweeps() {
    let halves = ("half".to_string(), tally(&Parts::one(0, 2), 50));
    let problems = join(vec![part(0), part(1), halves]).problems;
    assert!(problems[0].contains("the number of shards is `2` and not `4`"), "{problems:?}");
    let mut pointless = part(2);
    pointless.1.summary.scenarios[1].points.clear();
    let problems = join(vec![part(0), part(1), pointless]).problems;
    assert!(problems[0].contains("a/two declares other points"), "{problems:?}");
}
