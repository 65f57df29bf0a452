//! Plans as text: what is read, what is printed, what is refused and how.

use proptest::prelude::*;

use super::*;

fn catalogue() -> Catalogue {
    Catalogue {
        hosts: vec![
            Host::new("core-0").zone("a").role("leader").process("server"),
            Host::new("core-1").zone("b").role("leader").process("server"),
            Host::new("ledger-0").zone("b"),
        ],
        points: vec![Point::new("ledger.appended_not_replied"), Point::new("wal.rotated")],
        knobs: vec![Knob { name: "batch_max".to_string(), least: 1, most: 64 }],
        calls: vec![
            Call::new("db.failover")
                .with("lose", ArgumentKind::Whole { least: 0, most: 50 })
                .with_optional("after", ArgumentKind::Duration)
                .with_optional("to", ArgumentKind::Machine),
        ],
    }
}

fn load(text: &str) -> Result<Plan, String> {
    Plan::load("plans/x.toml", text, &catalogue()).map_err(|error| error.to_string())
}

/// One line of a plan, on line 2 of the text.
fn refused(line: &str) -> String {
    let error = load(&format!("faults = [\n  {line}\n]")).expect_err(line);
    error.strip_prefix("plans/x.toml, line 2: ").expect("it names file and line").to_string()
}

#[test]
fn a_plan_is_read_and_printed_in_one_way() {
    let text = r#"
        faults = [
          { restart_after = "0.4s", power = ["core-0"], at = "1200ms" },   # a comment
          { at = "2s", for = "800ms", one_way = true, partition = [["core-*"], ["zone:b"]] },
          { on = "ledger.appended_not_replied", hit = 3, kill = "self" },
          { at = "3s", for = "5s", clock = "ledger-0", reverse = "2s" },
          { at = "4s", for = "1s", heal = true },
          { at = "6s", call = "db.failover", args = { lose = 0x3 } },
          { at = "7s", loss = "*", chance = 0.04, one_way = false },
          { at = "7s", delay = "core-*", by = ["1ms", "1ms"] },
          { at = "20s", calm = true },
        ]"#;
    let plan = load(text).expect("it is well formed");
    let printed = r#"faults = [
  { at = "1.2s", power = "core-0", restart_after = "400ms" },
  { at = "2s", for = "800ms", partition = [["core-*"], ["zone:b"]], one_way = true },
  { on = "ledger.appended_not_replied", hit = 3, kill = "self" },
  { at = "3s", for = "5s", clock = "ledger-0", reverse = "2s" },
  { at = "4s", for = "1s", heal = true },
  { at = "6s", call = "db.failover", args = { lose = 3 } },
  { at = "7s", loss = "*", chance = "1/25" },
  { at = "7s", delay = "core-*", by = "1ms" },
  { calm = "20s" },
]
"#;
    assert_eq!(plan.to_string(), printed);
    assert_eq!(load(printed), Ok(plan.clone()));
    assert_eq!(plan.calm_at(), Some(Duration::from_secs(20)));
}

#[test]
fn the_hash_is_that_of_the_canonical_text() {
    let plan: Plan = "faults = [{ at = '1000ms', kill = 'a' }]".parse().expect("a plan");
    let same: Plan = "faults = [{ kill = ['a'], at = '1s' }]".parse().expect("a plan");
    let other: Plan = "faults = [{ at = '1s', kill = 'b' }]".parse().expect("a plan");
    assert_eq!(plan.hash(), same.hash());
    assert_ne!(plan.hash(), other.hash());
    assert_eq!(plan.hash().to_string(), blake3::hash(plan.to_string().as_bytes()).to_hex()[..16]);
    let digits = plan.hash().to_string();
    assert!(plan.hash().begins_with(&digits[..4]));
    assert!(!plan.hash().begins_with(&digits[..3]), "three digits tell too little");
    assert!(!other.hash().begins_with(&digits));
}

#[test]
fn an_error_names_file_line_word_and_what_was_meant() {
    let lines = [
        ("{ at = '1s', kil = 'core-0' }", "unknown fault `kil`, did you mean `kill`?"),
        ("{ at = '1s' }", "no fault: expected one such as `kill = \"core-0\"`"),
        ("{ at = '1s', kill = 'core-0', power = 'core-0' }", "`kill` and `power` exclude each other"),
        ("{ at = '1s', kill = 'core-7' }", "unknown machine `core-7`, did you mean `core-0`?"),
        ("{ at = '1s', kill = 'zone:x' }", "unknown zone `x`: expected one of a, b"),
        ("{ at = '1s', kill = 'role:follower' }", "unknown role `follower`: expected one of leader"),
        ("{ at = '1s', kill = 'core-0/serve' }", "unknown process `serve`, did you mean `server`?"),
        ("{ on = 'wal.rotate', kill = 'self' }", "unknown point `wal.rotate`, did you mean `wal.rotated`?"),
        ("{ at = '1s', call = 'db.failovr' }", "unknown call `db.failovr`, did you mean `db.failover`?"),
        (
            "{ at = '1s', call = 'db.failover' }",
            "`db.failover` needs `lose`: expected a whole number from 0 to 50",
        ),
        (
            "{ at = '1s', call = 'db.failover', args = { lose = 51 } }",
            "`lose` cannot be `51`: expected a whole number from 0 to 50",
        ),
        (
            "{ at = '1s', call = 'db.failover', args = { loose = 5 } }",
            "`loose` is no parameter of `db.failover`, did you mean `lose`?",
        ),
        (
            "{ at = '1s', call = 'db.failover', args = { lose = 5, to = 'core-9' } }",
            "unknown machine `core-9`, did you mean `core-0`?",
        ),
        ("{ at = '1s', knob = 'batch_max', value = 65 }", "`value` cannot be `65`: expected from 1 to 64"),
        ("{ at = '1s', knob = 'batch', value = 1 }", "unknown knob `batch`: expected one of batch_max"),
        (
            "{ at = '1s', kill = 'self' }",
            "`self` is who hit a point: expected `on = \"POINT\"` in the same line",
        ),
        (
            "{ at = '1', kill = 'core-0' }",
            "`at` cannot be `'1'`: expected a duration such as `1.2s`, `400ms` or `50us`",
        ),
        (
            "{ at = '1s', kill = 'core-0', restart_aftr = '1s' }",
            "`restart_aftr` is no parameter of `kill`, did you mean `restart_after`?",
        ),
        (
            "{ at = '1s', for = '1s', kill = 'core-0' }",
            "`for` is no parameter of `kill`: expected one of kill, restart_after, down_max",
        ),
        ("{ at = '1s', on = 'wal.rotated', kill = 'core-0' }", "`at` and `on` exclude each other"),
        ("{ at = '1s', hit = 2, kill = 'core-0' }", "`at` and `hit` exclude each other"),
        (
            "{ kill = 'core-0' }",
            "`kill` needs `at` or `on`: expected when it strikes, such as `at = \"1.2s\"` or `on = \"POINT\"`",
        ),
        (
            "{ at = '1s', loss = 'core-0' }",
            "`loss` needs `chance`: expected a chance such as `3/100` or `0.03`",
        ),
        (
            "{ at = '1s', loss = 'core-0', chance = '3/2' }",
            "`chance` cannot be `'3/2'`: expected a chance such as `3/100` or `0.03`",
        ),
        (
            "{ at = '1s', clock = 'core-0', skw = '1s' }",
            "`skw` is no parameter of `clock`, did you mean `skew`?",
        ),
        (
            "{ at = '1s', clock = 'core-0', skew = '1s', freeze = true }",
            "`skew` and `freeze` exclude each other",
        ),
        ("{ at = '1s', heal = false }", "`heal` cannot be `false`: expected `true`"),
        (
            "{ at = '1s', calm = '2s' }",
            "`calm` cannot be `'2s'`: expected `true`, because the line says when",
        ),
        (
            "{ at = '1s', power = 'test' }",
            "`test` runs the test itself: expected a machine that may be missed",
        ),
        ("3", "`faults` cannot be `3`: expected a table such as `{ at = \"1s\", kill = \"core-0\" }`"),
        (
            "{ at = '5s', disk = 'core-0', stall = '2s', period = '1s' }",
            "`stall` cannot be `2s`: expected at most the period, 1s, which is above zero",
        ),
        (
            "{ at = '5s', partition = [['core-0'], ['core-1'], ['ledger-0']], one_way = true }",
            "`one_way` cannot be `true`: expected one or two groups, to say which way",
        ),
    ];
    for (line, message) in lines {
        assert_eq!(refused(line), message, "{line}");
    }
}

#[test]
fn what_is_no_plan_at_all_is_refused() {
    for (text, message) in [
        ("fault = []", "plans/x.toml, line 1: unknown key `fault`, did you mean `faults`?"),
        (
            "\nfaults = 3",
            "plans/x.toml, line 2: `faults` cannot be `3`: expected a list of tables, one a line",
        ),
    ] {
        assert_eq!(load(text), Err(message.to_string()));
    }
    let error = load("faults = [\n { at = \n]").expect_err("it is cut short");
    assert!(error.starts_with("plans/x.toml, line 3: not TOML: "), "{error}");
    assert_eq!(load(""), Ok(Plan::default()));
}

#[test]
fn nothing_strikes_in_the_quiet_or_after_the_calm() {
    let late = "faults = [{ calm = '2s' }, { at = '3s', kill = 'core-0' }]";
    let error = load(late).expect_err("it is late");
    assert_eq!(error, "plans/x.toml, line 1: `3s` is after the calm at 2s");
    let loud = "faults = [{ at = '1s', for = '2s', heal = true },\n { at = '2s', kill = 'core-0' }]";
    let error = load(loud).expect_err("it is loud");
    assert_eq!(error, "plans/x.toml, line 2: `2s` is in the quiet of 2s from 1s, in which nothing strikes");
}

#[test]
fn a_plan_made_in_code_says_which_fault_is_wrong() {
    let kill = |name| Trouble::Kill {
        processes: Processes::of(Group::machine(name)),
        restart_after: None,
        down_max: None,
    };
    let faults = vec![Line::at(Duration::ZERO, kill("core-0")), Line::at(Duration::ZERO, kill("c"))];
    let error = Plan { faults }.check(&catalogue()).expect_err("there is no machine c");
    assert_eq!(error.place, Place::Fault(2));
    assert!(error.to_string().starts_with("fault 2: unknown machine `c`"));
}

#[test]
fn the_table_of_kinds_is_sound() {
    for kind in KINDS {
        let first = kind.parameters.first().map_or(kind.name, |parameter| parameter.key);
        assert_eq!(first, kind.head(), "the first parameter is whom it strikes");
        if let Some(verb) = kind.verb() {
            assert_eq!(kind.parameters[1].key, verb);
            let same_head = KINDS.iter().filter(|other| other.head() == kind.head());
            assert!(same_head.clone().all(|other| other.verb().is_some()), "{}", kind.name);
        }
        for parameter in &kind.parameters[1.min(kind.parameters.len())..] {
            assert!(KINDS.iter().all(|other| other.head() != parameter.key), "{}", parameter.key);
            assert!(!["at", "on", "hit", "for"].contains(&parameter.key));
        }
        assert!(std::ptr::eq(Kind::named(kind.name).expect("it is named"), kind));
        assert!(kind.about.ends_with('.'));
    }
}

#[test]
fn every_kind_can_be_decoded_printed_and_read() {
    let catalogue = catalogue();
    for (index, kind) in KINDS.iter().enumerate() {
        for fill in [0, 1, 0x55, 0xff] {
            let mut record = [fill; RECORD_BYTES];
            record[0] = index as u8;
            let line = Line::decode(&record, &catalogue);
            assert_eq!(line.trouble.name(), kind.name);
            let plan = Plan { faults: vec![line] };
            assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
        }
    }
}

#[test]
fn zeros_are_the_simplest_line() {
    let line = Line::decode(&[0; RECORD_BYTES], &catalogue());
    assert_eq!(line.to_string(), "{ calm = \"0s\" }");
}

/// A text near a valid plan: bytes replaced, removed, doubled.
fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..4u8, any::<char>());
    (strategy(catalogue(), 4), prop::collection::vec(change, 0..6)).prop_map(|(plan, changes)| {
        let mut text: Vec<char> = plan.to_string().chars().collect();
        for (index, change, letter) in changes {
            let at = index.index(text.len());
            match change {
                0 => text[at] = letter,
                1 => text.truncate(at.max(1)),
                2 => text.insert(at, letter),
                _ => {
                    let copy = text[at..].to_vec();
                    text.extend(copy);
                }
            }
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn print_and_parse_are_inverse(plan in strategy(catalogue(), 12)) {
        let text = plan.to_string();
        let read = text.parse::<Plan>();
        prop_assert_eq!(read.as_ref(), Ok(&plan), "{}", text);
        prop_assert_eq!(read.expect("it was read").to_string(), text);
    }

    #[test]
    fn each_fault_is_one_line_of_text(plan in strategy(catalogue(), 12)) {
        let around = if plan.faults.is_empty() { 1 } else { 2 };
        prop_assert_eq!(plan.to_string().lines().count(), plan.faults.len() + around);
    }

    #[test]
    fn a_plan_decoded_without_a_catalogue_is_a_plan(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let plan = Plan::decode(&bytes, &Catalogue::default());
        prop_assert_eq!(plan.faults.len(), bytes.len() / RECORD_BYTES);
        prop_assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = load(&text);
    }

    #[test]
    fn text_near_a_plan_is_read_or_refused(text in mutated()) {
        if let Err(error) = load(&text) {
            prop_assert!(error.starts_with("plans/x.toml, line "), "{}", error);
            prop_assert!(error.lines().count() == 1 && error.len() < 2_000, "{}", error);
        }
        if let Ok(plan) = text.parse::<Plan>() {
            prop_assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
        }
    }
}

#[cfg(feature = "arbitrary")]
#[test]
fn a_fuzzers_bytes_are_plans() {
    use arbitrary::{Arbitrary as _, Unstructured};
    let bytes: Vec<u8> = (0..RECORD_BYTES as u8 * 3 + 5).collect();
    let plan = Plan::arbitrary(&mut Unstructured::new(&bytes)).expect("any bytes are a plan");
    assert_eq!(plan.faults.len(), 3);
    assert_eq!(plan, Plan::decode(&bytes, &Catalogue::default()));
    assert_eq!(Plan::arbitrary(&mut Unstructured::new(&[])).expect("so are none"), Plan::default());
}
