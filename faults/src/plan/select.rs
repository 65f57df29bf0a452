//! Whom trouble strikes: machines by name, glob, zone or role, processes on them, and `self`.
//!
//! A selector is a text that is resolved when the fault strikes, among the machines that then exist.
//! Machine `test`, where the test's own body runs, is selected only by its name.

use std::fmt;

use super::catalogue::Catalogue;
use super::error::Problem;

/// The machine on which the test's own body runs.
pub const TEST_MACHINE: &str = "test";

/// A name with `*` (any text) and `?` (any one character).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// Letters, digits and `-_.*?`, at least one and at most 64 of them.
    pub fn parse(text: &str) -> Option<Pattern> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*?".contains(&byte);
        let fits = !text.is_empty() && text.len() <= 64 && text.bytes().all(allowed);
        fits.then(|| Pattern(text.to_string()))
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can match one name only.
    pub fn is_literal(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// Whether a name fits.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        let (mut at, mut index) = (0, 0);
        let mut star: Option<(usize, usize)> = None; // where the last `*` stands, and how much it took
        while index < name.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, index));
                    at += 1;
                }
                Some(byte) if *byte == b'?' || *byte == name[index] => {
                    at += 1;
                    index += 1;
                }
                _ => {
                    let Some((star_at, taken)) = star else { return false };
                    star = Some((star_at, taken + 1));
                    (at, index) = (star_at + 1, taken + 1);
                }
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Selects machines. Written `core-*`, `zone:b`, `role:leader` or `self`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// The machine whose task hit the point that triggered the line.
    Itself,
    /// Machines whose name fits.
    Named(Pattern),
    /// Machines in the zones whose name fits.
    Zone(Pattern),
    /// Machines that hold a role at the time of the strike.
    Role(Pattern),
}

/// What a machine is asked when a selector is resolved.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The machine's name.
    pub name: &'a str,
    /// Its zone.
    pub zone: Option<&'a str>,
    /// The roles it holds, or may hold.
    pub roles: &'a [String],
    /// Whether its task hit the point.
    pub itself: bool,
}

impl Selector {
    /// Reads a selector.
    pub fn parse(text: &str) -> Option<Selector> {
        if text == "self" {
            return Some(Selector::Itself);
        }
        if let Some(zone) = text.strip_prefix("zone:") {
            return Pattern::parse(zone).map(Selector::Zone);
        }
        if let Some(role) = text.strip_prefix("role:") {
            return Pattern::parse(role).map(Selector::Role);
        }
        Pattern::parse(text).map(Selector::Named)
    }

    /// The selector of one machine.
    ///
    /// # Panics
    /// When the name is no machine's name.
    pub fn machine(name: &str) -> Selector {
        let pattern = Pattern::parse(name).filter(Pattern::is_literal);
        Selector::Named(pattern.unwrap_or_else(|| panic!("`{name}` is no name of a machine")))
    }

    /// Whether the machine is selected.
    pub fn selects(&self, candidate: Candidate<'_>) -> bool {
        match self {
            Selector::Itself => candidate.itself,
            Selector::Named(pattern) if pattern.is_literal() => pattern.as_str() == candidate.name,
            _ if candidate.name == TEST_MACHINE => false,
            Selector::Named(pattern) => pattern.matches(candidate.name),
            Selector::Zone(pattern) => candidate.zone.is_some_and(|zone| pattern.matches(zone)),
            Selector::Role(pattern) => candidate.roles.iter().any(|role| pattern.matches(role)),
        }
    }

    pub(crate) fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        let catalogue = scope.catalogue;
        let (what, pattern, known) = match self {
            Selector::Itself if scope.on_point => return Ok(()),
            Selector::Itself => {
                let message = "is who hit a point: expected `on = \"POINT\"` in the same line".to_string();
                return Err(Problem::Contradiction { word: "self".to_string(), message });
            }
            Selector::Named(pattern) if pattern.as_str() == TEST_MACHINE => return Ok(()),
            Selector::Named(pattern) => ("machine", pattern, catalogue.machine_names()),
            Selector::Zone(pattern) => ("zone", pattern, catalogue.zones()),
            Selector::Role(pattern) => ("role", pattern, catalogue.roles()),
        };
        if known.iter().any(|name| pattern.matches(name)) {
            return Ok(());
        }
        Err(Problem::Unknown { what, word: pattern.to_string(), known })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Itself => write!(f, "self"),
            Selector::Named(pattern) => write!(f, "{pattern}"),
            Selector::Zone(pattern) => write!(f, "zone:{pattern}"),
            Selector::Role(pattern) => write!(f, "role:{pattern}"),
        }
    }
}

/// Against what a plan is checked, and in which line.
pub(crate) struct Scope<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// The line is triggered by a point, so that there is a `self`.
    pub(crate) on_point: bool,
}

/// Machines: what any of some selectors selects. Written as one text, or as a list of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(Vec<Selector>);

impl Group {
    /// A group of at least one selector.
    pub fn new(selectors: Vec<Selector>) -> Option<Group> {
        (!selectors.is_empty()).then_some(Group(selectors))
    }

    /// One machine.
    ///
    /// # Panics
    /// When the name is no machine's name.
    pub fn machine(name: &str) -> Group {
        Group(vec![Selector::machine(name)])
    }

    /// Some machines.
    ///
    /// # Panics
    /// When there is none, or a name is no machine's name.
    pub fn machines<'a>(names: impl IntoIterator<Item = &'a str>) -> Group {
        Group::new(names.into_iter().map(Selector::machine).collect()).expect("a group of machines has one")
    }

    /// Every machine but `test`.
    pub fn all() -> Group {
        Group(vec![Selector::Named(Pattern("*".to_string()))])
    }

    /// The selectors.
    pub fn selectors(&self) -> &[Selector] {
        &self.0
    }

    /// Whether the machine is selected.
    pub fn selects(&self, candidate: Candidate<'_>) -> bool {
        self.0.iter().any(|selector| selector.selects(candidate))
    }

    pub(crate) fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        self.0.iter().try_for_each(|selector| selector.check(scope))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(Selector::to_string).collect();
        write!(f, "`{}`", names.join("`, `"))
    }
}

/// Groups of machines, whose links to each other are meant. A machine belongs to the first group that
/// selects it. One group alone means the links between its members and everybody else, and for all kinds
/// but `partition` also those among its members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Groups(Vec<Group>);

impl Groups {
    /// At least one group.
    pub fn new(groups: Vec<Group>) -> Option<Groups> {
        (!groups.is_empty()).then_some(Groups(groups))
    }

    /// One group against the rest.
    pub fn of(group: Group) -> Groups {
        Groups(vec![group])
    }

    /// Two groups.
    pub fn between(source: Group, target: Group) -> Groups {
        Groups(vec![source, target])
    }

    /// The groups.
    pub fn groups(&self) -> &[Group] {
        &self.0
    }

    pub(crate) fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        self.0.iter().try_for_each(|group| group.check(scope))
    }
}

/// Selects processes: all those of a machine, or those whose name fits. Written `core-0` or
/// `core-*/server`; `self` is the process whose task hit the point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessSelector {
    /// The machines.
    pub machines: Selector,
    /// The processes on them; all when absent.
    pub processes: Option<Pattern>,
}

impl ProcessSelector {
    /// Reads a selector.
    pub fn parse(text: &str) -> Option<ProcessSelector> {
        let (machines, processes) = match text.split_once('/') {
            Some((machines, processes)) => (machines, Some(Pattern::parse(processes)?)),
            None => (text, None),
        };
        Some(ProcessSelector { machines: Selector::parse(machines)?, processes })
    }

    fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        self.machines.check(scope)?;
        let Some(wanted) = &self.processes else { return Ok(()) };
        let hosts = || {
            scope.catalogue.hosts.iter().filter(|host| {
                let (name, zone) = (host.name.as_str(), host.zone.as_deref());
                // Whoever may be `self` is not known before the run.
                self.machines.selects(Candidate { name, zone, roles: &host.roles, itself: true })
            })
        };
        let fits = |process: &String| wanted.matches(process);
        if hosts().any(|host| host.processes.is_empty() || host.processes.iter().any(fits))
            || hosts().next().is_none()
        {
            return Ok(());
        }
        let known = hosts().flat_map(|host| host.processes.iter().cloned()).collect();
        Err(Problem::Unknown { what: "process", word: wanted.to_string(), known })
    }
}

impl fmt::Display for ProcessSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.machines)?;
        match &self.processes {
            Some(processes) => write!(f, "/{processes}"),
            None => Ok(()),
        }
    }
}

/// Processes: what any of some selectors selects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Processes(Vec<ProcessSelector>);

impl Processes {
    /// At least one selector.
    pub fn new(selectors: Vec<ProcessSelector>) -> Option<Processes> {
        (!selectors.is_empty()).then_some(Processes(selectors))
    }

    /// All processes of these machines.
    pub fn of(group: Group) -> Processes {
        let whole = |machines| ProcessSelector { machines, processes: None };
        Processes(group.0.into_iter().map(whole).collect())
    }

    /// The process whose task hit the point.
    pub fn itself() -> Processes {
        Processes(vec![ProcessSelector { machines: Selector::Itself, processes: None }])
    }

    /// The selectors.
    pub fn selectors(&self) -> &[ProcessSelector] {
        &self.0
    }

    /// The machines that they are on.
    pub fn machines(&self) -> Group {
        Group(self.0.iter().map(|selector| selector.machines.clone()).collect())
    }

    pub(crate) fn check(&self, scope: &Scope<'_>) -> Result<(), Problem> {
        self.0.iter().try_for_each(|selector| selector.check(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn selects(text: &str, name: &str, zone: Option<&str>) -> bool {
        let roles = ["leader".to_string()];
        Selector::parse(text).expect(text).selects(Candidate { name, zone, roles: &roles, itself: false })
    }

    #[test]
    fn a_selector_selects_by_name_glob_zone_and_role() {
        assert!(selects("core-0", "core-0", None));
        assert!(!selects("core-0", "core-01", None));
        assert!(selects("core-*", "core-12", None));
        assert!(selects("*-?", "core-1", None));
        assert!(!selects("*-?", "core-12", None));
        assert!(selects("zone:b", "x", Some("b")));
        assert!(!selects("zone:b", "b", None));
        assert!(selects("role:lead*", "x", None));
        assert!(!selects("self", "x", None));
    }

    #[test]
    fn the_test_machine_is_selected_only_by_its_name() {
        assert!(selects("test", "test", None));
        for text in ["*", "t*", "tes?", "zone:*", "role:*"] {
            assert!(!selects(text, "test", Some("a")), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_glob_agrees_with_the_plain_definition(pattern in "[ab*?]{1,8}", name in "[ab]{0,8}") {
            fn fits(pattern: &[u8], name: &[u8]) -> bool {
                match pattern.split_first() {
                    None => name.is_empty(),
                    Some((b'*', rest)) => (0..=name.len()).any(|taken| fits(rest, &name[taken..])),
                    Some((byte, rest)) => {
                        name.first().is_some_and(|n| *byte == b'?' || n == byte) && fits(rest, &name[1..])
                    }
                }
            }
            let parsed = Pattern::parse(&pattern).expect("letters of a pattern");
            prop_assert_eq!(parsed.matches(&name), fits(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn print_and_parse_are_inverse(text in "(zone:|role:)?[a-z*?.-]{1,6}(/[a-z*]{1,3})?") {
            if let Some(selector) = ProcessSelector::parse(&text) {
                prop_assert_eq!(selector.to_string(), text);
            }
        }
    }
}
