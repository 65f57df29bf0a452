//! The failure page, from the records of a small run.

use std::time::Duration;

use faults::inject::Skipped;
use faults::scenario::LineReport;
use sim::trace::{Digests, Kind, NO_MACHINE, Record};
use sim::{Failure, FaultReport};

use super::{Page, PlanLine, plan_lines, tell};
use crate::ShortDigest;
use crate::case::Case;
use crate::trace::{Names, Space};

#[test]
fn plan_lines_stand_beside_what_became_of_them() {
    let line = |line: &str, effects, skipped| LineReport { line: line.into(), effects, skipped };
    let lines = [
        line("a", 3, None),
        line("a", 0, None),
        line("b", 0, Some(Skipped::NotReached)),
        line("c", 0, Some(Skipped::Guarded)),
    ];
    let fault = |label: &str, effects| FaultReport { label: label.into(), effects };
    let faults = [fault("a", 2), fault("a", 1), fault("the scenario's own", 4)];
    let told = |line: &PlanLine| (line.text.clone(), line.effects, line.note);
    assert_eq!(
        plan_lines(&lines, &faults).iter().map(told).collect::<Vec<_>>(),
        [
            ("a".into(), Some(3), ""),
            ("a".into(), Some(0), "had no effect"),
            ("b".into(), None, "its time or its point never came"),
            ("c".into(), None, "too many machines would have been down"),
            ("the scenario's own".into(), Some(4), "of the scenario"),
        ]
    );
}

#[test]
fn the_page_tells_what_failed_why_and_how_to_repeat_it() {
    let record = |at, kind, machine, cause, a, b| Record { at, kind, flag: 2, machine, cause, a, b };
    let records = [
        record(0, Kind::Spawn, 0, 0, 12, 0),
        record(1_000_000_000, Kind::Fault, NO_MACHINE, 0, 0, 0),
        record(3_204_000_000, Kind::Poll, 0, 2, 12, 1),
        record(3_204_000_000, Kind::Draw, 1, 0, 0, 7),
        record(3_204_000_000, Kind::Mark, 0, 2, 1, 2),
        record(3_204_000_000, Kind::Finish, NO_MACHINE, 0, 0, 0),
    ];
    let mut names = Names::new();
    names.set_all(Space::Machine, ["core-0", "core-1"]);
    names.set_all(Space::Place, ["src/server.rs:12:5"]);
    names.set_all(Space::Fault, ["{ at = \"1s\", kill = \"core-0\" }"]);
    let failure = Failure {
        property: "no-lost-write".into(),
        place: "models/src/kv/check.rs:88:5".into(),
        message: "key k7 was acknowledged and is gone\nacknowledged: 7\nfound: nothing".into(),
        at: 3_204_000_000,
        record: 180_004,
        machine: Some("core-0".into()),
    };
    let mut case = Case::new("kv/crash-loop", 42);
    case.fails = Some((&failure).into());
    case.digest = Some(ShortDigest(7));
    let told = tell(180_000, &records, failure.record, &names);
    let page = Page {
        case,
        failure,
        plan: vec![
            PlanLine { text: "{ at = \"1s\", kill = \"core-0\" }".into(), effects: Some(1), note: "" },
            PlanLine {
                text: "{ at = \"2s\", kill = \"core-1\" }".into(),
                effects: Some(0),
                note: "had no effect",
            },
            PlanLine {
                text: "{ on = \"wal.synced\", kill = \"self\" }".into(),
                effects: None,
                note: "it was calm by then",
            },
        ],
        warnings: vec!["an edit was never reached".into()],
        digests: Digests::default(),
        records: 180_006,
        time: Duration::from_nanos(3_204_000_000),
        causes: told.causes,
        causes_go_on: told.causes_go_on,
        last: told.last[2..].to_vec(),
        command: "tourbillon replay".into(),
    };
    assert_eq!(
        page.to_string(),
        "\
FAILED  kv/crash-loop  seed 0x2a

  property  no-lost-write
  place     models/src/kv/check.rs:88:5
  when      +3.204s on core-0
  message   key k7 was acknowledged and is gone
            acknowledged: 7
            found: nothing

faults: 1 of 3 took effect
  effects
        1  { at = \"1s\", kill = \"core-0\" }
        0  { at = \"2s\", kill = \"core-1\" }  (had no effect)
        -  { on = \"wal.synced\", kill = \"self\" }  (it was calm by then)

from the failure back to its causes
  #180004 [+3.204s] core-0: mark 0000000200000001
  #180002 [+3.204s] core-0: poll task 12 (src/server.rs:12:5) (woken by timer)
  #180000 [+0.000s] core-0: spawn task 12 (src/server.rs:12:5) of process 0

the last 4 of 180,006 records, in +3.204s
  #180002 [+3.204s] core-0: poll task 12 (src/server.rs:12:5) (woken by timer)
  #180003 [+3.204s] core-1: draw 0x7 from stream 0
  #180004 [+3.204s] core-0: mark 0000000200000001
  #180005 [+3.204s] the run ends: passed

beware: an edit was never reached

trace 0000000000000000  faults 0000000000000000  semantic 0000000000000000

to repeat it
  tourbillon replay 'kv/crash-loop seed=0x2a alg=1 fails=no-lost-write@models/src/kv/check.rs:88:5 digest=0000000000000007'
"
    );
}
