//! Plans as TOML: one inline table a line, keys, durations and chances in one way only.

use std::fmt;

use super::value::{Value, key, quoted};
use super::{Line, Plan, Trigger, Trouble, duration};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.faults.is_empty() {
            return writeln!(f, "faults = []");
        }
        writeln!(f, "faults = [")?;
        for line in &self.faults {
            writeln!(f, "  {line},")?;
        }
        writeln!(f, "]")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries = Vec::new();
        let mut entry = |name: &str, value: String| entries.push(format!("{} = {value}", key(name)));
        match (&self.trigger, &self.trouble) {
            (Trigger::At(at), Trouble::Calm {}) => entry("calm", quoted(&duration::print(*at))),
            (Trigger::At(at), _) => entry("at", quoted(&duration::print(*at))),
            (Trigger::On { point, hit }, _) => {
                entry("on", quoted(point));
                if hit.get() > 1 {
                    entry("hit", hit.to_string());
                }
            }
        }
        if let Some(lasts) = self.lasts.print() {
            entry("for", lasts);
        }
        match (&self.trigger, &self.trouble) {
            (Trigger::At(_), Trouble::Calm {}) => {}
            (_, Trouble::Calm {} | Trouble::Heal {}) => entry(self.trouble.name(), "true".to_string()),
            _ => self.trouble.print(entry),
        }
        write!(f, "{{ {} }}", entries.join(", "))
    }
}
