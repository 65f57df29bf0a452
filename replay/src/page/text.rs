//! The page as text.

use std::fmt;

use super::{Page, PlanLine};
use crate::trace::Described;
use crate::words::{Seconds, grouped, nanos};

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "FAILED  {}  seed {:#x}", self.case.scenario, self.case.seed)?;
        writeln!(f)?;
        field(f, "property", &self.failure.property)?;
        if !self.failure.place.is_empty() {
            field(f, "place", &self.failure.place)?;
        }
        let machine = self.failure.machine.as_ref().map_or(String::new(), |machine| format!(" on {machine}"));
        field(f, "when", &format!("+{}{machine}", Seconds(self.failure.at)))?;
        field(f, "message", &self.failure.message)?;
        self.plan(f)?;
        self.causes(f)?;
        if !self.last.is_empty() {
            let (shown, all) = (self.last.len(), grouped(self.records));
            writeln!(f, "\nthe last {shown} of {all} records, in +{}", Seconds(nanos(self.time)))?;
            lines(f, &self.last)?;
        }
        for warning in &self.warnings {
            writeln!(f, "\nbeware: {warning}")?;
        }
        let digests = &self.digests;
        writeln!(f, "\ntrace {}  faults {}  semantic {}", digests.trace, digests.faults, digests.semantic)?;
        writeln!(f, "\nto repeat it\n  {}", self.rerun())
    }
}

/// A name and its value, whose further lines stand below its first.
fn field(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    let mut rest = value.lines();
    writeln!(f, "  {name:<9} {}", rest.next().unwrap_or(""))?;
    rest.try_for_each(|line| writeln!(f, "  {:<9} {line}", ""))
}

fn lines(f: &mut fmt::Formatter<'_>, all: &[Described]) -> fmt::Result {
    all.iter().try_for_each(|described| writeln!(f, "  {described}"))
}

impl Page {
    /// The one line to paste: the command and the case, which stands where the command says `{case}`, or at its end.
    pub fn rerun(&self) -> String {
        // A case line never holds a single quote.
        let case = format!("'{}'", self.case);
        if self.command.contains("{case}") {
            self.command.replace("{case}", &case)
        } else {
            format!("{} {case}", self.command)
        }
    }

    fn plan(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.plan.is_empty() {
            return writeln!(f, "\nno faults");
        }
        let effective =
            self.plan.iter().filter(|line| line.effects.is_some_and(|effects| effects > 0)).count();
        writeln!(f, "\nfaults: {effective} of {} took effect\n  effects", self.plan.len())?;
        for PlanLine { text, effects, note } in &self.plan {
            write!(f, "  {:>7}  {text}", effects.map_or("-".to_string(), grouped))?;
            writeln!(f, "{}", if note.is_empty() { String::new() } else { format!("  ({note})") })?;
        }
        Ok(())
    }

    fn causes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.causes.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nfrom the failure back to its causes")?;
        lines(f, &self.causes)?;
        match self.causes_go_on {
            Some(sequence) => writeln!(f, "  … #{sequence} and further back"),
            None => Ok(()),
        }
    }
}
