//! Plans from TOML. Never panics, whatever the text; an error names the line and the word.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Mistake, PlanError, Problem, line_of};
use super::trouble::{KINDS, Kind, Lasting};
use super::value::{PointName, Value};
use super::{Line, Plan, Trigger, Trouble};

/// The keys that every line may have.
const TRIGGER_KEYS: [&str; 4] = ["at", "on", "hit", "for"];

/// A plan longer than this is refused: it is garbage, or would be one run's whole life.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A plan and the lines of the text that its faults are on.
pub(super) struct Source {
    pub(super) plan: Plan,
    pub(super) lines: Vec<usize>,
}

pub(super) fn read(text: &str, file: Option<&str>) -> Result<Source, PlanError> {
    parse(text).map_err(|mistake| mistake.in_text(text, file))
}

fn parse(text: &str) -> Result<Source, Mistake> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("longer than {TEXT_BYTES_MAX} bytes");
        return Err(Mistake::new(0..0, Problem::Syntax { message }));
    }
    let root = DeTable::parse(text).map_err(|error| {
        let message = error.message().to_string();
        Mistake::new(error.span().unwrap_or(0..0), Problem::Syntax { message })
    })?;
    let mut source = Source { plan: Plan::default(), lines: Vec::new() };
    for (key, value) in in_order(root.get_ref()) {
        if key.get_ref() != "faults" {
            let word = key.get_ref().to_string();
            let known = vec!["faults".to_string()];
            return Err(Mistake::new(key.span(), Problem::Unknown { what: "key", word, known }));
        }
        let Some(lines) = value.get_ref().as_array() else {
            return Err(bad_value(text, "faults", value.span(), "a list of tables, one a line"));
        };
        for line in lines.iter() {
            let Some(table) = line.get_ref().as_table() else {
                let expected = "a table such as `{ at = \"1s\", kill = \"core-0\" }`";
                return Err(bad_value(text, "faults", line.span(), expected));
            };
            source.plan.faults.push(parse_line(text, table, line.span())?);
            source.lines.push(line_of(text, line.span().start));
        }
    }
    Ok(source)
}

fn parse_line(text: &str, table: &DeTable<'_>, span: Range<usize>) -> Result<Line, Mistake> {
    let kind = kind_of(table, span.clone())?;
    let fields = &mut Fields { text, table, kind, span, mistake: RefCell::new(None) };
    for (key, _) in in_order(table) {
        let (word, is_head) = (key.get_ref().as_ref(), key.get_ref() == kind.head());
        if is_head || TRIGGER_KEYS.contains(&word) || kind.parameters.iter().any(|p| p.key == word) {
            continue;
        }
        let known = TRIGGER_KEYS.iter().copied().chain(kind.parameters.iter().map(|p| p.key));
        let known = known.filter(|key| *key != "for" || kind.lasting == Lasting::Lasting);
        let known = known.map(str::to_string).collect();
        let (kind, word) = (kind.name.to_string(), word.to_string());
        return Err(Mistake::new(key.span(), Problem::Misplaced { kind, word, known }));
    }
    fields.line().ok_or_else(|| fields.mistake.take().expect("a line that cannot be read has a mistake"))
}

/// The one kind that the keys of a line name.
fn kind_of(table: &DeTable<'_>, span: Range<usize>) -> Result<&'static Kind, Mistake> {
    let heads = |word: &str| KINDS.iter().any(|kind| kind.head() == word);
    let mut named = in_order(table).into_iter().filter(|(key, _)| heads(key.get_ref()));
    let Some((head, _)) = named.next() else {
        let parameter = |word: &str| KINDS.iter().any(|kind| kind.parameters.iter().any(|p| p.key == word));
        let strange = |word: &str| !TRIGGER_KEYS.contains(&word) && !parameter(word);
        let Some((key, _)) = in_order(table).into_iter().find(|(key, _)| strange(key.get_ref())) else {
            return Err(Mistake::new(span, Problem::NoFault));
        };
        let mut known: Vec<String> = KINDS.iter().map(|kind| kind.head().to_string()).collect();
        known.dedup();
        let word = key.get_ref().to_string();
        return Err(Mistake::new(key.span(), Problem::Unknown { what: "fault", word, known }));
    };
    let both =
        |first: &str, second: &str| Problem::Both { first: first.to_string(), second: second.to_string() };
    if let Some((second, _)) = named.next() {
        return Err(Mistake::new(second.span(), both(head.get_ref(), second.get_ref())));
    }
    let kinds = KINDS.iter().filter(|kind| kind.head() == head.get_ref());
    let present = |kind: &&Kind| kind.verb().is_none_or(|verb| table.keys().any(|key| key.get_ref() == verb));
    let mut present = kinds.clone().filter(present);
    if let Some(kind) = present.next() {
        return match present.next() {
            None => Ok(kind),
            Some(other) => Err(Mistake::new(
                span,
                both(kind.verb().unwrap_or_default(), other.verb().unwrap_or_default()),
            )),
        };
    }
    let known: Vec<String> = kinds.filter_map(|kind| kind.verb()).map(str::to_string).collect();
    let strange = |word: &str| word != head.get_ref() && !TRIGGER_KEYS.contains(&word);
    match in_order(table).into_iter().find(|(key, _)| strange(key.get_ref())) {
        Some((key, _)) => {
            let (kind, word) = (head.get_ref().to_string(), key.get_ref().to_string());
            Err(Mistake::new(key.span(), Problem::Misplaced { kind, word, known }))
        }
        None => {
            let (kind, key) = (head.get_ref().to_string(), known.join("` or `"));
            let expected = "one of them".to_string();
            Err(Mistake::new(head.span(), Problem::Missing { kind, key, expected }))
        }
    }
}

/// One line, from which its parameters are taken by key.
pub(crate) struct Fields<'t, 'i> {
    text: &'t str,
    table: &'t DeTable<'i>,
    kind: &'static Kind,
    span: Range<usize>,
    /// The first mistake; whoever sees none of a value finds it here.
    mistake: RefCell<Option<Mistake>>,
}

impl Fields<'_, '_> {
    fn line(&mut self) -> Option<Line> {
        let trouble = Trouble::read(self.kind, self)?;
        let lasts = self.take::<Option<Duration>>("for")?;
        if lasts.is_some() && self.kind.lasting == Lasting::Sudden {
            let known = self.kind.parameters.iter().map(|parameter| parameter.key.to_string()).collect();
            let (kind, word) = (self.kind.name.to_string(), "for".to_string());
            return self.refuse("for", Problem::Misplaced { kind, word, known });
        }
        let trigger = self.trigger()?;
        Some(Line { trigger, lasts, trouble })
    }

    fn trigger(&mut self) -> Option<Trigger> {
        // The time of the calm may be its value: `{ calm = "20s" }`.
        let head = self.kind.head();
        if self.kind.parameters.is_empty() && !self.find(head)?.get_ref().is_bool() {
            if self.kind.name == "calm" && !self.has("at") && !self.has("on") {
                return Some(Trigger::At(self.take::<Duration>("calm")?));
            }
            let expected =
                if self.kind.name == "calm" { "`true`, because the line says when" } else { "`true`" };
            return self.refuse_value(head, expected);
        }
        if self.kind.parameters.is_empty() && self.find(head)?.get_ref().as_bool() == Some(false) {
            return self.refuse_value(head, "`true`");
        }
        let at = self.take::<Option<Duration>>("at")?;
        let on = self.take::<Option<PointName>>("on")?;
        let hit = self.take::<Option<NonZeroU32>>("hit")?;
        let both = |first: &str, second: &str| Problem::Both {
            first: first.to_string(),
            second: second.to_string(),
        };
        match (at, on, hit) {
            (Some(_), Some(_), _) => self.refuse("on", both("at", "on")),
            (Some(_), None, Some(_)) => self.refuse("hit", both("at", "hit")),
            (Some(at), None, None) => Some(Trigger::At(at)),
            (None, Some(point), hit) => {
                Some(Trigger::On { point: point.0, hit: hit.unwrap_or(NonZeroU32::MIN) })
            }
            (None, None, _) => {
                let (kind, key) = (self.kind.name.to_string(), "at` or `on".to_string());
                let expected = "when it strikes, such as `at = \"1.2s\"` or `on = \"POINT\"`".to_string();
                self.refuse(head, Problem::Missing { kind, key, expected })
            }
        }
    }

    /// The value at a key; the value for an absent one, where it may be absent.
    pub(super) fn take<T: Value>(&mut self, key: &str) -> Option<T> {
        let Some(item) = self.find(key) else {
            if let Some(absent) = T::absent() {
                return Some(absent);
            }
            let (kind, key) = (self.kind.name.to_string(), key.to_string());
            let expected = T::EXPECTED.to_string();
            return self.refuse(self.kind.head(), Problem::Missing { kind, key, expected });
        };
        match T::read(item.get_ref()) {
            Some(value) => Some(value),
            None => self.refuse_value(key, T::EXPECTED),
        }
    }

    fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn find(&self, key: &str) -> Option<&Spanned<DeValue<'_>>> {
        self.table.iter().find(|(found, _)| found.get_ref() == key).map(|(_, value)| value)
    }

    fn refuse_value<T>(&self, key: &str, expected: &str) -> Option<T> {
        let span = self.find(key).map_or(self.span.clone(), Spanned::span);
        self.mistake.borrow_mut().get_or_insert_with(|| bad_value(self.text, key, span, expected));
        None
    }

    fn refuse<T>(&self, key: &str, problem: Problem) -> Option<T> {
        let span = self.find(key).map_or(self.span.clone(), Spanned::span);
        self.mistake.borrow_mut().get_or_insert_with(|| Mistake::new(span, problem));
        None
    }
}

fn bad_value(text: &str, key: &str, span: Range<usize>, expected: &str) -> Mistake {
    let word = text.get(span.clone()).unwrap_or("?").to_string();
    let problem = Problem::Value { key: key.to_string(), word, expected: expected.to_string() };
    Mistake::new(span, problem)
}

/// The entries of a table as they stand in the text.
fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
