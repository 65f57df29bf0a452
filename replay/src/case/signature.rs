//! What makes two failures the same.

use std::fmt;

use faults::plan::Plan;
use faults::scenario::Run;
use sim::trace::{Kind, NO_MACHINE, Record};

use super::scan::Item;
use crate::diff::causes;

/// A failure without what differs from seed to seed: the property that failed, where in the sources, and what was
/// nearest to it on the way there.
///
/// Written `property@place`, and behind it `,near:POINT`, `,on:ROLE` and `,after:KIND` as far as they are known.
/// Line and column of a place do not count, because sources move.
///
/// The point is one that was passed in the very poll that failed, and the fault is the first that is met when the
/// causes are followed back from the failure. What merely happened a while before is no part of it: it would tell
/// two seeds with one cause apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The failed property.
    pub property: String,
    /// Where it failed, such as `models/src/kv/check.rs:88:5`, when that is known.
    pub place: Option<String>,
    /// The point that was passed last in the poll that failed.
    pub point: Option<String>,
    /// The role of the machine: its name without its number.
    pub role: Option<String>,
    /// The kind of the nearest fault among its causes, such as `power`.
    pub fault: Option<String>,
}

/// The words before the parts of a signature, as they are written.
pub(super) const NEAR: &str = "near:";
pub(super) const ON: &str = "on:";
pub(super) const AFTER: &str = "after:";

impl Signature {
    /// The signature of a failed run; `None` when it held.
    pub fn of(run: &Run) -> Option<Signature> {
        let report = &run.report;
        let failure = report.failure()?;
        let (first, records) = &report.tail;
        let (causes, _) = causes(*first, records, failure.record);
        let causes: Vec<Record> = causes.into_iter().map(|(_, record)| record).collect();
        let point = |record: &Record| {
            let hash = u64::from(record.a) | u64::from(record.b) << 32;
            let is_point = record.kind == Kind::Point;
            let found = report.names.points.iter().find(|(known, _)| is_point && *known == hash);
            found.map(|(_, name)| name.clone())
        };
        let own = failure.machine.clone().filter(|machine| machine != faults::plan::TEST_MACHINE);
        let machine = |record: &Record| {
            let named = report.names.machines.get(usize::from(record.machine));
            named.filter(|name| record.machine != NO_MACHINE && *name != faults::plan::TEST_MACHINE).cloned()
        };
        let fault = causes.iter().find(|record| matches!(record.kind, Kind::Fault | Kind::Effect));
        // The poll in which it failed, if it failed in one, is the first of its causes that is a poll.
        let polled = causes.iter().position(|record| record.kind == Kind::Poll).map_or(0, |poll| poll + 1);
        Some(Signature {
            property: failure.property.clone(),
            place: (!failure.place.is_empty()).then(|| failure.place.clone()),
            point: causes[..polled].iter().find_map(point),
            role: own.or_else(|| causes.iter().find_map(machine)).map(|name| role(&name).to_string()),
            fault: fault
                .and_then(|record| report.faults.get(record.a as usize))
                .map(|fault| kind(&fault.label)),
        })
    }

    /// Whether both are the same failure, as far as both know.
    pub fn is_same_failure(&self, other: &Signature) -> bool {
        let agree = |one: Option<&str>, other: Option<&str>| one == other || one.is_none() || other.is_none();
        self.property == other.property
            && agree(self.file(), other.file())
            && agree(self.point.as_deref(), other.point.as_deref())
            && agree(self.role.as_deref(), other.role.as_deref())
            && agree(self.fault.as_deref(), other.fault.as_deref())
    }

    /// What failures are counted by: property, file and role. One cause is met on several ways, so what was nearest on
    /// the way makes no row of its own.
    pub fn bucket(&self) -> Signature {
        let (property, role) = (self.property.clone(), self.role.clone());
        Signature { property, place: self.file().map(str::to_string), role, ..Signature::default() }
    }

    /// The place without line and column.
    fn file(&self) -> Option<&str> {
        let mut place = self.place.as_deref()?;
        while let Some((rest, number)) = place.rsplit_once(':') {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                break;
            }
            place = rest;
        }
        Some(place)
    }
}

/// `kv-2`: `kv`.
fn role(machine: &str) -> &str {
    machine.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches(['-', '_', '.'])
}

/// The kind of a plan's line; of what is no line, such as a scenario's own fault, its first word.
fn kind(label: &str) -> String {
    let line: Option<Plan> = format!("faults = [{label}]").parse().ok();
    match line.as_ref().and_then(|plan| plan.faults.first()) {
        Some(line) => line.trouble.name().to_string(),
        None => label.split_whitespace().next().unwrap_or_default().to_string(),
    }
}

impl From<&sim::Failure> for Signature {
    fn from(failure: &sim::Failure) -> Signature {
        let place = (!failure.place.is_empty()).then(|| failure.place.clone());
        Signature { property: failure.property.clone(), place, ..Signature::default() }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Item::of(&self.property))?;
        if let Some(place) = &self.place {
            write!(f, "@{}", Item::of(place))?;
        }
        for (word, part) in [(NEAR, &self.point), (ON, &self.role), (AFTER, &self.fault)] {
            if let Some(part) = part {
                write!(f, ",{word}{}", Item::of(part))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_a_name_without_its_number_and_a_kind_is_that_of_the_line() {
        assert_eq!((role("kv-2"), role("client-10"), role("core")), ("kv", "client", "core"));
        assert_eq!(kind(r#"{ at = "1s", power = "kv-0", restart_after = "1s" }"#), "power");
        assert_eq!(kind("router lost its power"), "router");
    }

    #[test]
    fn lines_do_not_count_and_what_is_unknown_agrees() {
        let whole = |place: &str, fault: Option<&str>| Signature {
            property: "p".to_string(),
            place: Some(place.to_string()),
            fault: fault.map(str::to_string),
            ..Signature::default()
        };
        assert!(whole("a.rs:1:2", Some("power")).is_same_failure(&whole("a.rs:9:9", None)));
        assert!(!whole("a.rs:1:2", Some("power")).is_same_failure(&whole("a.rs:1:2", Some("kill"))));
        assert!(!whole("a.rs:1:2", None).is_same_failure(&whole("b.rs:1:2", None)));
        assert_eq!(whole("a.rs:1:2", None).bucket(), whole("a.rs", None));
    }
}
