//! The operator's checklist, filled in: what was looked at, what was found, and whether it may be signed.
//!
//! Pure: whoever touches the host rehearses, packs, scrubs and drills, and hands the findings over. A finding
//! is what was found, or what is wrong; nothing else can stand on the list, so no line passes unread.

use std::fmt;

use super::escalation::Class;

/// What somebody found: a line of facts, or what is wrong.
pub type Finding = Result<String, String>;

/// The findings that the list needs [section 4 of the runtime regions].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Do all scenarios of the pack and the tail gates pass?
    pub gates: Finding,
    /// Is each sidecar there, whole, and of the right counts?
    pub scrub: Finding,
    /// Was every block recovered within its repair budget, and one symbol too many refused?
    pub decode_drill: Finding,
    /// Are the event logs there, and does their run, repeated, give the same ones?
    pub logs: Finding,
    /// Does the bundle hold what this build makes?
    pub bundle: Finding,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What was looked at.
    pub what: &'static str,
    /// Whom it concerns when it does not hold.
    pub class: Class,
    /// What was found.
    pub finding: Finding,
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checklist {
    items: Vec<Item>,
}

impl Checklist {
    /// The list of these findings.
    pub fn of(findings: Findings) -> Checklist {
        let Findings { gates, scrub, decode_drill, logs, bundle } = findings;
        let item = |what, class, finding| Item { what, class, finding };
        Checklist {
            items: vec![
                item("gates pass", Class::P0, gates),
                item("sidecars are there and scrubbed", Class::P1, scrub),
                item("decode drill recovers byte for byte", Class::P1, decode_drill),
                item("logs are there and replay", Class::P2, logs),
                item("bundle names current artefacts", Class::P2, bundle),
            ],
        }
    }

    /// The lines.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether every line holds.
    pub fn is_signed_off(&self) -> bool {
        self.worst().is_none()
    }

    /// The most urgent class among the lines that do not hold.
    pub fn worst(&self) -> Option<Class> {
        self.items.iter().filter(|item| item.finding.is_err()).map(|item| item.class).min()
    }
}

impl fmt::Display for Checklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Item { what, class, finding } in &self.items {
            match finding {
                Ok(found) => writeln!(f, "[x] {what}: {found}")?,
                Err(wrong) => writeln!(f, "[ ] {what}: {wrong} [{class}]")?,
            }
        }
        match self.worst() {
            None => write!(f, "[x] sign-off: all pass"),
            Some(class) => write!(f, "[ ] sign-off: refused [{class}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Findings {
        let found = |text: &str| Ok(text.to_string());
        Findings {
            gates: found("27 scenarios"),
            scrub: found("11 files"),
            decode_drill: found("11 proofs"),
            logs: found("4 of 4"),
            bundle: found("seed 42"),
        }
    }

    #[test]
    fn a_list_without_a_fault_is_signed() {
        let list = Checklist::of(findings());
        assert!(list.is_signed_off());
        let text = list.to_string();
        assert_eq!(text.lines().filter(|line| line.starts_with("[x] ")).count(), 6, "{text}");
    }

    #[test]
    fn one_fault_of_any_line_refuses_the_signature_and_says_what_to_do() {
        type Edit = fn(&mut Findings) -> &mut Finding;
        let edits: [(Edit, Class); 5] = [
            (|findings| &mut findings.gates, Class::P0),
            (|findings| &mut findings.scrub, Class::P1),
            (|findings| &mut findings.decode_drill, Class::P1),
            (|findings| &mut findings.logs, Class::P2),
            (|findings| &mut findings.bundle, Class::P2),
        ];
        for (edit, class) in edits {
            let mut findings = findings();
            *edit(&mut findings) = Err("it is not so".to_string());
            let list = Checklist::of(findings);
            assert_eq!(list.worst(), Some(class));
            let text = list.to_string();
            assert!(text.contains("it is not so") && text.ends_with(&format!("[{class}]")), "{text}");
        }
    }

    #[test]
    fn the_most_urgent_class_comes_first() {
        let wrong = || Err("wrong".to_string());
        let list = Checklist::of(Findings { bundle: wrong(), gates: wrong(), ..findings() });
        assert_eq!(list.worst(), Some(Class::P0));
    }
}
