//! Goldens: what is pinned, what drift is called, and that nothing but a bless changes a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use sim::trace::{Digest, Digests};

use super::{Drift, Entry, Golden, Header, Match, Pinned, bless, find};
use crate::ShortDigest;

fn digests(trace: &str, faults: &str, semantic: &str) -> Digests {
    let of = |text: &str| Digest::of(text.as_bytes());
    Digests { trace: of(trace), faults: of(faults), semantic: of(semantic) }
}

fn entry(confluent: bool, trace: &str, faults: &str, semantic: &str) -> Entry {
    let header = Header::new("kv/steady", confluent);
    header.entry(&digests(trace, faults, semantic), 10, Duration::from_millis(20_500))
}

/// A folder of its own for each test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tourbillon-golden-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn drift_is_named_by_the_gravest_digest_that_moved() {
    let golden = entry(true, "t", "f", "s");
    for (now, drift) in [
        (entry(true, "t", "f", "s"), None),
        (entry(true, "T", "f", "s"), Some(Drift::Schedule)),
        (entry(true, "T", "F", "s"), Some(Drift::Fault)),
        (entry(true, "T", "F", "S"), Some(Drift::Semantic)),
        (entry(true, "T", "f", "S"), Some(Drift::Semantic)),
        (Entry { records: 11, ..golden }, Some(Drift::Edited)),
        (Entry { time: Duration::ZERO, ..golden }, Some(Drift::Edited)),
    ] {
        assert_eq!(Drift::between(&golden, &now), drift);
    }
    // Without confluence the semantic digest may depend on the schedule, so it names nothing.
    let golden = entry(false, "t", "f", "s");
    assert_eq!(Drift::between(&golden, &entry(false, "T", "f", "S")), Some(Drift::Schedule));
}

#[test]
fn bless_says_what_moved_and_why_and_then_the_check_holds() {
    let folder = Folder::new("bless");
    let header = Header::new("kv/steady", true);
    let old = BTreeMap::from([(0, entry(true, "a", "f", "s")), (1, entry(true, "b", "f", "s"))]);
    let first = bless(&folder.0, &header, &old).expect("the folder is empty");
    assert!(
        first.to_string().ends_with("kv/steady.golden: new\n  seed 0x0: new\n  seed 0x1: new"),
        "{first}"
    );
    let golden = Golden::read(&folder.0, "kv/steady").expect("it was blessed").expect("it is there");
    assert!(golden.check(&header, &old).holds());
    assert_eq!(golden.check(&header, &old).to_string(), "kv/steady: 2 held");

    let mut now = BTreeMap::from([(1, entry(true, "B", "f", "s")), (2, entry(true, "c", "f", "s"))]);
    now.get_mut(&1).expect("seed 1 ran").records = 12;
    let check = golden.check(&header, &now);
    assert_eq!((check.holds(), check.drift()), (false, Some(Drift::Schedule)));
    let moved = format!(
        "seed 0x1: schedule drift, the same faults took effect, in another schedule\n    trace {} -> {}\n    records 10 -> 12",
        Digest::of(b"b"),
        Digest::of(b"B"),
    );
    assert_eq!(
        check.to_string(),
        format!(
            "kv/steady: 0 held, 1 moved, 1 without golden, 1 not run\n  {moved}\n  seed 0x2: no golden\n  \
             when that is meant: `golden bless kv/steady`, then read the diff"
        )
    );
    let second = bless(&folder.0, &header, &now).expect("the golden is sound");
    assert!(
        second.to_string().ends_with(&format!("kv/steady.golden: blessed\n  {moved}\n  seed 0x2: new")),
        "{second}"
    );
    let golden = Golden::read(&folder.0, "kv/steady").expect("it was blessed").expect("it is there");
    assert_eq!(golden.entries.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    let other = Header::new("ledger/steady", true);
    bless(&folder.0, &other, &old).expect("there is none");
    let names = |prefix| -> Vec<String> {
        let goldens = Golden::read_all(&folder.0, prefix).expect("all are sound");
        goldens.into_iter().map(|golden| golden.header.scenario).collect()
    };
    assert_eq!(names(""), ["kv/steady", "ledger/steady"]);
    assert_eq!(names("kv"), ["kv/steady"]);
    assert_eq!(Golden::read_all(&folder.0.join("nowhere"), ""), Ok(vec![]));

    let again = bless(&folder.0, &header, &now).expect("the golden is sound");
    assert!(!again.written && again.to_string().ends_with("nothing moved"));
}

#[test]
fn when_the_algorithm_moves_all_moves_and_seeds_that_did_not_run_are_dropped() {
    let folder = Folder::new("algorithm");
    let old = Header { algorithm: 0, ..Header::new("kv/steady", false) };
    let runs = BTreeMap::from([(0, entry(false, "a", "f", "s")), (1, entry(false, "b", "f", "s"))]);
    bless(&folder.0, &old, &runs).expect("the folder is empty");
    let now = Header::new("kv/steady", false);
    let runs = BTreeMap::from([(0, entry(false, "a", "f", "s"))]);
    let blessed = bless(&folder.0, &now, &runs).expect("the golden is sound");
    assert_eq!(blessed.dropped, [1]);
    assert!(blessed.to_string().contains("choice algorithm 0 -> 1: every draw is another"), "{blessed}");
}

#[test]
fn a_malformed_golden_is_an_error_and_is_not_overwritten() {
    let sound = "golden kv/steady alg=1 encoding=1 confluent=no\n\
                 seed=0x0 trace=9c0f00000000002a faults=1f3a000000000007 records=10 time=20.500s\n";
    let again = "mend the line, or delete the file and run `golden bless`";
    let header = "expected `golden SCENARIO alg=N encoding=N confluent=yes|no`";
    for (from, to, message) in [
        ("golden kv", "gulden kv", format!(", line 1: `gulden` does not begin a golden: {header}; {again}")),
        ("kv/steady", "kv/storm", ", line 1: `kv/storm` is another scenario: expected `kv/steady`, whose file this is; give the file its own name back".to_string()),
        ("confluent=no", "", format!(", line 1: `confluent` is missing: {again}")),
        ("confluent=no", "confluent=maybe", format!(", line 1: `confluent` cannot be `maybe`: expected `yes` or `no`; {again}")),
        ("trace=9c", "trase=9c", ", line 2: unknown field `trase`, did you mean `trace`?".to_string()),
        ("9c0f00000000002a", "9c0f", format!(", line 2: `trace` cannot be `9c0f`: expected 16 hexadecimal digits; {again}")),
        ("20.500s", "20.5s", format!(", line 2: `time` cannot be `20.5s`: expected seconds such as `20.500s`; {again}")),
        ("records=10", "records", format!(", line 2: `records` is no field: expected `field=value`; {again}")),
        ("records=10", "records=10 records=11", ", line 2: `records` is given twice: leave one of them".to_string()),
        ("records=10", "records=10 semantic=1f3a000000000007", format!(", line 2: `semantic` is pinned, and the golden says confluent=no: expected it on a confluent scenario only; {again}")),
        ("time=20.500s\n", "time=20.500s\nseed=0 trace=9c0f00000000002a faults=1f3a000000000007 records=10 time=20.500s\n", ", line 3: seed 0x0 is given twice: leave one of the lines, or run `golden bless` on a deleted file".to_string()),
    ] {
        let folder = Folder::new("malformed");
        let path = Golden::path(&folder.0, "kv/steady");
        let text = sound.replacen(from, to, 1);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        std::fs::write(&path, &text).expect("the folder can be written");
        let runs = BTreeMap::from([(0, entry(false, "a", "f", "s"))]);
        let error = bless(&folder.0, &Header::new("kv/steady", false), &runs).expect_err(&text);
        assert_eq!(error.to_string(), format!("{}{message}", path.display()));
        assert_eq!(std::fs::read_to_string(&path).expect("it is still there"), text);
    }
}

#[test]
fn a_scenario_that_no_golden_can_name_is_refused() {
    let folder = Folder::new("name");
    for name in ["", "a b", "a=b", "a\nb"] {
        assert!(bless(&folder.0, &Header::new(name, false), &BTreeMap::new()).is_err(), "{name}");
    }
    assert_eq!(std::fs::read_dir(&folder.0).expect("it is ours").count(), 0);
}

#[test]
fn a_typed_digest_is_found_in_any_of_the_goldens() {
    let golden = Golden {
        header: Header::new("kv/steady", true),
        entries: BTreeMap::from([(7, entry(true, "t", "f", "s"))]),
    };
    let typed =
        |text: &str| Digest::of(text.as_bytes()).to_string().parse::<ShortDigest>().expect("16 digits");
    let found = |pinned| vec![Match { scenario: "kv/steady".into(), seed: 7, pinned }];
    assert_eq!(find([&golden], typed("t")), found(Pinned::Trace));
    assert_eq!(find([&golden], typed("s")), found(Pinned::Semantic));
    assert_eq!(find([&golden], typed("f")), found(Pinned::Faults));
    assert_eq!(find([&golden], typed("x")), []);
    assert_eq!(found(Pinned::Trace)[0].to_string(), "the trace digest of kv/steady seed 0x7");
}

prop_compose! {
    fn any_golden()(
        scenario in "[a-z0-9._/-]{1,20}", algorithm: u32, encoding: u16, confluent: bool,
        seeds in prop::collection::btree_map(any::<u64>(), (any::<[u64; 4]>(), any::<u64>()), 0..6),
    ) -> Golden {
        let entry = |([trace, faults, semantic, records], nanos): ([u64; 4], u64)| Entry {
            trace: ShortDigest(trace),
            faults: ShortDigest(faults),
            semantic: confluent.then_some(ShortDigest(semantic)),
            records,
            time: Duration::from_nanos(nanos),
        };
        let entries = seeds.into_iter().map(|(seed, parts)| (seed, entry(parts))).collect();
        Golden { header: Header { scenario, algorithm, encoding, confluent }, entries }
    }
}

proptest! {
    #[test]
    fn print_and_parse_are_inverse(golden in any_golden()) {
        prop_assert_eq!(Golden::parse("x.golden", &golden.to_string()), Ok(golden));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Golden::parse("x.golden", &text);
    }

    /// A printed golden with one character replaced or cut off: near enough to reach every branch.
    #[test]
    fn a_damaged_golden_is_read_or_refused(golden in any_golden(), at: prop::sample::Index, with: char, cut: bool) {
        let mut text: Vec<char> = golden.to_string().chars().collect();
        let at = at.index(text.len());
        text[at] = with;
        if cut {
            text.truncate(at);
        }
        let _ = Golden::parse("x.golden", &text.iter().collect::<String>());
    }
}
