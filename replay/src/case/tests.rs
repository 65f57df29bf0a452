//! Cases: print and parse are inverse, and every mistake is answered with its place and what to do.

use proptest::prelude::*;
use sim::choice::{Change, Edit, Reseed};
use sim::workload::Operations;

use super::{Case, CaseFile, PlanSource, Replayed, Signature};
use crate::ShortDigest;

/// Checks that a line is refused with exactly that message.
fn refused(line: &str, message: &str) {
    assert_eq!(line.parse::<Case>().expect_err(line).to_string(), message, "{line}");
}

#[test]
fn the_line_of_the_documents_reads_and_prints() {
    let line = "kv/crash-loop seed=0x2a quirk=ack-before-sync plan=plans/torn-wal.toml#1f3a \
                edits=net/a>b[17]=0,disk/a[3]=9 alg=1 digest=9c0f00000000002a";
    let case: Case = line.parse().expect(line);
    assert_eq!(case.to_string(), line);
    assert_eq!((case.seed, case.edits.len(), case.digest), (42, 2, Some(ShortDigest(0x9c0f_0000_0000_002a))));
    let plan = PlanSource::File { path: "plans/torn-wal.toml".into(), hash: Some("1f3a".into()) };
    assert_eq!(case.plan, Some(plan));
}

#[test]
fn an_inline_plan_stays_on_its_line_and_readable() {
    let plan: faults::plan::Plan =
        "faults = [\n  { at = \"1.2s\", power = \"core-0\" },\n]\n".parse().expect("it is a plan");
    let mut case = Case::new("kv/crash-loop", 1);
    case.plan = Some(PlanSource::inline(&plan));
    assert_eq!(
        case.to_string(),
        "kv/crash-loop seed=0x1 plan=inline:(faults = [ { at = \"1.2s\", power = \"core-0\" }, ]) alg=1"
    );
    let Some(PlanSource::Inline(text)) = case.to_string().parse::<Case>().expect("it was printed").plan
    else {
        panic!("the plan stands in the line");
    };
    assert_eq!(text.parse::<faults::plan::Plan>().expect("it is the same plan"), plan);
}

#[test]
fn a_mistake_is_answered_with_place_word_expectation_and_suggestion() {
    let shape = "expected SCENARIO seed=N [field=value …], such as `kv/crash-loop seed=0x2a`";
    refused("", &format!("column 1: there is no case: {shape}"));
    refused("seed=1", &format!("column 1: `seed=1` stands where the scenario's name belongs: {shape}"));
    refused("kv/steady", "column 10: the seed is missing: add `seed=N`, such as `seed=0x2a`");
    refused("kv/steady sed=1", "column 11: unknown field `sed`, did you mean `seed`?");
    refused(
        "kv/steady zebra=1",
        "column 11: unknown field `zebra`, expected one of seed, quirk, plan, profile, class, explore, sizes, ops, edits, reseed, alg, fails, digest",
    );
    refused(
        "kv/steady seed=0x2g",
        "column 16: `seed` cannot be `0x2g`: expected a number such as `42` or `0x2a`, below 2^64",
    );
    refused(
        "kv/steady seed=18446744073709551616",
        "column 16: `seed` cannot be `18446744073709551616`: expected a number such as `42` or `0x2a`, below 2^64",
    );
    refused(
        "kv/steady seed=1 seed=2",
        "column 18: `seed` is given twice: leave one of them; several quirks or edits are joined by commas",
    );
    refused(
        "kv/steady seed=1 mute",
        "column 18: `mute` is no field: expected `field=value`; a value with a blank stands in parentheses, as in `profile=(my profile)`",
    );
    refused(
        "kv/steady seed= class=R1",
        "column 16: `seed` has no value: expected a number such as `42` or `0x2a`, below 2^64, or leave the field out",
    );
    refused(
        "kv/steady seed=1 edits=net/a>b[17]",
        "column 24: `edits`: `net/a>b[17]` cannot be read: expected an edit, STREAM[DRAW]=VALUE or STREAM[FIRST..END]=VALUE, such as `net/a>b[17]=0`, `net/*[0..]=0` or `app/x[3..5]=skip`",
    );
    refused(
        "kv/steady seed=1 digest=9c",
        "column 25: `digest` cannot be `9c`: expected 16 hexadecimal digits as a run prints them, or all 64",
    );
    refused(
        "kv/steady seed=1 plan=p.toml#XY",
        "column 23: `plan` cannot be `p.toml#XY`: expected a plan's file with the first digits of its hash, such as `plans/torn-wal.toml#1f3a`, or `inline:(…)`",
    );
    refused(
        "kv/steady seed=1 plan=inline:faults",
        "column 23: `plan` cannot be `inline:faults`: expected a plan's file with the first digits of its hash, such as `plans/torn-wal.toml#1f3a`, or `inline:(…)`",
    );
    refused(
        "kv/steady seed=1 plan=inline:(faults",
        "column 23: this parenthesis is never closed: expected `)` (within, a `)` is written `\\)`)",
    );
    refused(
        "kv/steady seed=1 profile=(a\\q)",
        "column 26: `\\q` means nothing: expected `\\)`, `\\\\`, `\\n`, `\\t` or `\\u{27}`",
    );
    refused(
        "kv/steady seed=1 profile=(a)b",
        "column 29: `b` stands directly behind a value: expected a blank",
    );
}

#[test]
fn a_case_file_says_why_and_then_the_case() {
    let text = "# A reply was lost and the transfer applied twice.\n#\n# See the ledger's reply table.\nkv/crash-loop seed=0x7 alg=1\n";
    let file = CaseFile::parse("lost.case", text).expect("it is a case file");
    assert_eq!((file.why.len(), file.case.seed), (3, 7));
    assert_eq!(file.to_string(), text);
    for (text, message) in [
        (
            "# why\n\n",
            "lost.case, line 3: the file ends without a case: expected a line such as `kv/crash-loop seed=0x2a`",
        ),
        ("# why\nkv/x sede=1\n", "lost.case, line 2, column 6: unknown field `sede`, did you mean `seed`?"),
        (
            "kv/x seed=1\nkv/y seed=2\n",
            "lost.case, line 2: `kv/y seed=2` follows the case: expected one case a file; keep the other in a file of its own, or begin the line with `#`",
        ),
    ] {
        assert_eq!(CaseFile::parse("lost.case", text).expect_err(text).to_string(), message);
    }
}

#[test]
fn a_replay_says_same_failure_same_digest_or_what_moved() {
    let signature = |property: &str, place: &str| Signature {
        property: property.into(),
        place: Some(place.into()),
        ..Signature::default()
    };
    let mut case = Case::new("kv/crash-loop", 1);
    case.fails = Some(signature("no-lost-write", "models/src/kv/check.rs:88:5"));
    case.digest = Some(ShortDigest(7));
    let moved = signature("no-lost-write", "models/src/kv/check.rs:90:1");
    let other = signature("panic", "models/src/kv/wal.rs:3:9");
    let says =
        |failure: Option<&Signature>, digest: u64| case.replayed(failure, ShortDigest(digest)).to_string();
    assert_eq!(says(case.fails.as_ref(), 7), "same failure, same digest");
    assert_eq!(says(Some(&moved), 8), "same failure, digest moved");
    assert_eq!(says(None, 8), "no longer fails, digest moved");
    assert_eq!(
        says(Some(&other), 8),
        "another failure: recorded no-lost-write@models/src/kv/check.rs:88:5, now panic@models/src/kv/wal.rs:3:9"
    );
    let bare = Case::new("kv/steady", 1);
    assert_eq!(
        bare.replayed(None, ShortDigest(1)),
        Replayed::Holds { failed_before: false, same_digest: None }
    );
}

/// Any text at all, with what is special to the line more often than chance would have it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9./_-]{1,12}",
        "[ ()\\\\'\"#@,=\\n\\t:a-c]{0,12}",
        "\\PC{0,12}",
        any::<String>(),
        "inline:[a-z(]{0,4}"
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let span = (any::<u64>(), proptest::option::of(1u64..), any::<u64>(), any::<bool>());
    ("[a-z0-9/>()'\\\\@#\\[\\]=, *-]{1,12}|\\PC{1,8}", span).prop_map(
        |(stream, (first, length, value, skips))| {
            let end = length.and_then(|length| first.checked_add(length));
            let change = if skips && end.is_some() { Change::Skip } else { Change::Set(value) };
            Edit { stream, first, end, change }
        },
    )
}

fn operations() -> impl Strategy<Value = Operations> {
    let operation = "[a-z0-9=.(')]( ?[a-z:0-9=.,\\\\]){0,9}";
    prop::collection::btree_map("[a-z][a-z0-9 '-]{0,5}[a-z]", prop::collection::vec(operation, 0..3), 0..3)
        .prop_map(|actors| Operations { actors })
}

fn plan() -> impl Strategy<Value = PlanSource> {
    let file = (text(), proptest::option::of("[0-9a-f]{4,16}"));
    prop_oneof![
        file.prop_map(|(path, hash)| PlanSource::File { path, hash }),
        text().prop_map(PlanSource::Inline)
    ]
}

fn signature() -> impl Strategy<Value = Signature> {
    let part = || proptest::option::of(text());
    (text(), part(), part(), part(), part()).prop_map(|(property, place, point, role, fault)| Signature {
        property,
        place,
        point,
        role,
        fault,
    })
}

fn changes() -> impl Strategy<Value = (Vec<Edit>, Vec<Reseed>)> {
    let reseed = (any::<u64>(), any::<u64>()).prop_map(|(draw, seed)| Reseed { draw, seed });
    (prop::collection::vec(edit(), 0..4), prop::collection::vec(reseed, 0..3))
}

prop_compose! {
    fn case()(
        scenario in text(), seed: u64, quirks in prop::collection::vec(text(), 0..3),
        plan in proptest::option::of(plan()),
        words in prop::array::uniform3(proptest::option::of(text())),
        sizes in prop::collection::btree_map(text(), any::<u64>(), 0..3),
        operations in proptest::option::of(operations()),
        changes in changes(), algorithm: u32,
        fails in proptest::option::of(signature()), digest in proptest::option::of(any::<u64>()),
    ) -> Case {
        let ([profile, class, explore], (edits, reseeds)) = (words, changes);
        let digest = digest.map(ShortDigest);
        Case {
            scenario, seed, quirks, plan, profile, class, explore, sizes, operations, edits, reseeds, algorithm, fails,
            digest,
        }
    }
}

proptest! {
    #[test]
    fn print_and_parse_are_inverse(case in case()) {
        let line = case.to_string();
        prop_assert!(!line.contains(|c: char| c.is_control() || c == '\''), "{}", line);
        prop_assert_eq!(line.parse::<Case>().map_err(|error| format!("{line}: {error}")), Ok(case));
    }

    #[test]
    fn any_text_is_read_or_refused(line in any::<String>()) {
        let _ = line.parse::<Case>();
        let _ = CaseFile::parse("any.case", &line);
    }

    /// A printed case with some characters replaced: near enough to a case to reach every branch.
    #[test]
    fn a_damaged_case_is_read_or_refused(case in case(), at: prop::sample::Index, with: char) {
        let mut line: Vec<char> = case.to_string().chars().collect();
        let at = at.index(line.len());
        line[at] = with;
        if let Ok(read) = line.iter().collect::<String>().parse::<Case>() {
            prop_assert_eq!(read.to_string().parse::<Case>(), Ok(read));
        }
    }

    #[test]
    fn a_case_file_prints_and_reads_back(why in prop::collection::vec("([a-z][a-z,. ]{0,30}[a-z.])?", 0..4), case in case()) {
        let file = CaseFile { why, case };
        prop_assert_eq!(CaseFile::parse("x.case", &file.to_string()).unwrap(), file);
    }
}
