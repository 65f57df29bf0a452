//! Workloads as data: what a run asks of its system, and how large the run is.
//!
//! An actor of a load (a client, a feed) takes its operations from a [`Script`]. In a plain run the script asks
//! the actor's own code to draw the next one; in a run that was given [`Operations`] it hands out those, and the
//! code draws nothing. So a failing run can be cut down operation by operation, and what is left of it outlives a
//! change of the code that drew it. A [`size`] is a number of such a run that may be made smaller: replicas,
//! clients, seconds.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::kernel::current;

/// What separates one actor's operations from the next one's, and one operation from the next.
const ACTORS: char = '|';
const OPERATIONS: char = ';';

/// The operations of a run, by actor, each as its own text.
///
/// ```
/// use tourbillon_sim::workload::Operations;
/// let operations: Operations = "client-0: 0.5s put k1; 2s get k1 | client-1: 1s get k1".parse().unwrap();
/// assert_eq!(operations.count(), 3);
/// assert_eq!(operations.actors["client-0"], ["0.5s put k1", "2s get k1"]);
/// assert_eq!(operations.to_string(), "client-0: 0.5s put k1; 2s get k1 | client-1: 1s get k1");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// By actor. An actor that is not there has none to do.
    pub actors: BTreeMap<String, Vec<String>>,
}

/// A text that is no list of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationsError {
    word: String,
}

impl fmt::Display for OperationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = &self.word;
        write!(f, "`{word}` are no operations: expected `ACTOR: OPERATION; OPERATION | ACTOR: …`")
    }
}

impl std::error::Error for OperationsError {}

impl Operations {
    /// How many operations there are.
    pub fn count(&self) -> usize {
        self.actors.values().map(Vec::len).sum()
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (actor, operations)) in self.actors.iter().enumerate() {
            if index > 0 {
                write!(f, " {ACTORS} ")?;
            }
            write!(f, "{actor}:")?;
            for (index, operation) in operations.iter().enumerate() {
                if index > 0 {
                    write!(f, "{OPERATIONS}")?;
                }
                write!(f, " {operation}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Operations {
    type Err = OperationsError;

    fn from_str(text: &str) -> Result<Operations, OperationsError> {
        let mut actors = BTreeMap::new();
        if text.trim().is_empty() {
            return Ok(Operations { actors });
        }
        for part in text.split(ACTORS) {
            let refuse = || OperationsError { word: part.trim().to_string() };
            let (actor, operations) = part.split_once(':').ok_or_else(refuse)?;
            let actor = actor.trim();
            let operations: Vec<String> = match operations.trim() {
                "" => Vec::new(),
                operations => operations.split(OPERATIONS).map(|word| word.trim().to_string()).collect(),
            };
            if actor.is_empty()
                || operations.iter().any(String::is_empty)
                || actors.insert(actor.to_string(), operations).is_some()
            {
                return Err(refuse());
            }
        }
        Ok(Operations { actors })
    }
}

/// The scripts of one run.
#[derive(Default)]
pub(crate) struct Scripts {
    /// What the run was given, if anything, and how much of it was handed out.
    given: Option<Operations>,
    handed: BTreeMap<String, usize>,
    /// How often each actor came for a script: who is restarted begins another one.
    opened: BTreeMap<String, u32>,
    recording: Option<Operations>,
    sizes: BTreeMap<String, u64>,
    /// The draws of the item that is being drawn.
    tape: Tape,
}

/// The draws of one item of a load.
#[derive(Default)]
enum Tape {
    /// Nobody draws an item.
    #[default]
    None,
    /// They are kept.
    Recording(Vec<u64>),
    /// They are these, last first; those that follow are 0.
    Playing(Vec<u64>),
}

impl Scripts {
    pub(crate) fn new(given: Option<Operations>, record: bool, sizes: BTreeMap<String, u64>) -> Scripts {
        let recording = record.then(Operations::default);
        Scripts {
            given,
            handed: BTreeMap::new(),
            opened: BTreeMap::new(),
            recording,
            sizes,
            tape: Tape::None,
        }
    }

    /// Whether draws of an item are given.
    #[inline]
    pub(crate) fn is_playing(&self) -> bool {
        matches!(self.tape, Tape::Playing(_))
    }

    /// The next given draw of an item.
    pub(crate) fn play(&mut self, bound: u64) -> u64 {
        let Tape::Playing(values) = &mut self.tape else { return 0 };
        let value = values.pop().unwrap_or_default();
        if bound == 0 { value } else { value % bound }
    }

    /// Keeps a draw, if it is one of an item.
    #[inline]
    pub(crate) fn keep(&mut self, drawn: u64) {
        if let Tape::Recording(values) = &mut self.tape {
            values.push(drawn);
        }
    }

    pub(crate) fn take_recording(&mut self) -> Option<Operations> {
        self.recording.take()
    }

    /// Opens the next script of an actor, and tells the name under which it is kept.
    fn open(&mut self, actor: &str) -> String {
        let count = self.opened.entry(actor.to_string()).or_default();
        *count += 1;
        let name = if *count == 1 { actor.to_string() } else { format!("{actor}#{count}") };
        if let Some(recording) = &mut self.recording {
            recording.actors.entry(name.clone()).or_default();
        }
        name
    }

    /// The next operation that the run was given for an actor, or that there is none; or nothing, when it draws.
    fn next(&mut self, actor: &str) -> Option<Option<String>> {
        let given = self.given.as_ref()?;
        let handed = self.handed.entry(actor.to_string()).or_default();
        let operation = given.actors.get(actor).and_then(|operations| operations.get(*handed)).cloned();
        *handed += usize::from(operation.is_some());
        Some(operation)
    }

    fn record(&mut self, actor: &str, operation: String) {
        if let Some(recording) = &mut self.recording {
            recording.actors.entry(actor.to_string()).or_default().push(operation);
        }
    }

    /// Actors that were given operations and never came for them.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &str> {
        let given = self.given.iter().flat_map(|given| given.actors.iter());
        given
            .filter(|(actor, operations)| !operations.is_empty() && !self.handed.contains_key(*actor))
            .map(|(actor, _)| actor.as_str())
    }
}

/// Whether the run was given operations, so that its loads draw none.
///
/// # Panics
/// Outside of a simulation.
pub fn is_given() -> bool {
    current::need("workload::is_given", |core| core.kernel.scripts.given.is_some())
}

/// What one actor of a load does, operation by operation.
#[derive(Debug)]
pub struct Script {
    actor: String,
}

/// The script of an actor; its name is any text without `:`, `;` and `|`, the same in every run. An actor that comes
/// again, because it was restarted, gets its second script, which is kept as `NAME#2`.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// let mut script = tourbillon_sim::workload::script("client-0");
/// let mut left = 3;
/// // Three numbers, unless the run was given others.
/// while let Some(number) = script.next(|| {
///     left -= 1;
///     (left >= 0).then(|| tourbillon_sim::rng("load").choose(100))
/// }) {
///     assert!(number < 100);
/// }
/// # }).unwrap();
/// ```
///
/// # Panics
/// When the name has one of those letters, and outside of a simulation.
pub fn script(actor: &str) -> Script {
    let odd = |letter: char| matches!(letter, ':' | OPERATIONS | ACTORS) || letter.is_control();
    assert!(
        !actor.is_empty() && !actor.contains(odd),
        "`{actor}` is no actor's name: leave out `:`, `;` and `|`"
    );
    let actor = current::need("workload::script", |core| core.kernel.scripts.open(actor));
    Script { actor }
}

impl Script {
    /// The next operation: what the run was given, or else what `draw` says. `None` at the end.
    ///
    /// A text that the run was given and that cannot be read fails the run by the property `operation`.
    ///
    /// # Panics
    /// When an operation prints as nothing, or with one of the letters `;` and `|` or a line's end; and outside of a
    /// simulation.
    pub fn next<T>(&mut self, draw: impl FnOnce() -> Option<T>) -> Option<T>
    where
        T: fmt::Display + FromStr,
        T::Err: fmt::Display,
    {
        let given = current::need("workload::Script", |core| core.kernel.scripts.next(&self.actor));
        let Some(given) = given else {
            let operation = draw()?;
            let records = current::need("workload::Script", |core| core.kernel.scripts.recording.is_some());
            if records {
                let text = operation.to_string();
                let odd = |letter: char| matches!(letter, OPERATIONS | ACTORS) || letter.is_control();
                assert!(
                    !text.trim().is_empty() && !text.contains(odd),
                    "the operation `{text}` of `{}` cannot be kept: leave out `;` and `|`",
                    self.actor
                );
                current::need("workload::Script", |core| core.kernel.scripts.record(&self.actor, text));
            }
            return Some(operation);
        };
        let text = given?;
        match text.parse() {
            Ok(operation) => Some(operation),
            Err(error) => {
                let actor = &self.actor;
                crate::fail("operation", format!("`{text}` of `{actor}` cannot be done: {error}"));
                None
            }
        }
    }
}

impl Script {
    /// Whether the run was given operations, so that this script has an end of its own.
    pub fn is_given(&self) -> bool {
        is_given()
    }

    /// The next item of a load that is drawn as a whole by the code under [`rng`](crate::rng): its text is what was
    /// drawn for it, number by number, such as `3 0 17`. In a run that was given operations, `draw` is told those
    /// numbers, brought below their bounds, and 0 behind the last of them. `None` at the end of what was given.
    ///
    /// ```
    /// # tourbillon_sim::World::new(Default::default()).run(|| async {
    /// let mut script = tourbillon_sim::workload::script("orders");
    /// let mut rng = tourbillon_sim::rng("load");
    /// let order = script.drawn(|| (rng.choose(2) == 0, rng.range(1..100)));
    /// assert!(order.is_some());
    /// # }).unwrap();
    /// ```
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn drawn<T>(&mut self, draw: impl FnOnce() -> T) -> Option<T> {
        let given = current::need("workload::Script", |core| core.kernel.scripts.next(&self.actor));
        let tape = match given {
            None => Tape::Recording(Vec::new()),
            Some(text) => self.playing(&text?)?,
        };
        Some(self.taped(tape, draw))
    }

    /// The same for what a load cannot be without: where the run was given operations and they are over, every draw
    /// is 0.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn drawn_or_plain<T>(&mut self, draw: impl FnOnce() -> T) -> T {
        let given = current::need("workload::Script", |core| core.kernel.scripts.next(&self.actor));
        let tape = match given {
            None => Tape::Recording(Vec::new()),
            Some(text) => {
                let told = text.and_then(|text| self.playing(&text));
                told.unwrap_or_else(|| Tape::Playing(Vec::new()))
            }
        };
        self.taped(tape, draw)
    }

    /// The draws that an operation says; none, and the run has failed, where it says none.
    fn playing(&self, text: &str) -> Option<Tape> {
        let numbers = text.split_whitespace().map(str::parse).rev().collect::<Result<Vec<u64>, _>>();
        if numbers.is_err() {
            let actor = &self.actor;
            crate::fail("operation", format!("`{text}` of `{actor}` cannot be done: expected numbers"));
        }
        numbers.ok().map(Tape::Playing)
    }

    /// Draws an item with this tape, and records it where it was the item's own to draw.
    fn taped<T>(&self, tape: Tape, draw: impl FnOnce() -> T) -> T {
        struct End;
        impl Drop for End {
            fn drop(&mut self) {
                current::with(|core| core.kernel.scripts.tape = Tape::None);
            }
        }
        current::need("workload::Script", |core| core.kernel.scripts.tape = tape);
        // Whatever becomes of `draw`, what follows is no part of the item.
        let end = End;
        let item = draw();
        let drawn = current::need("workload::Script", |core| std::mem::take(&mut core.kernel.scripts.tape));
        drop(end);
        if let Tape::Recording(values) = drawn {
            let text = values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let text = if text.is_empty() { "0".to_string() } else { text };
            current::need("workload::Script", |core| core.kernel.scripts.record(&self.actor, text));
        }
        item
    }
}

/// A number by which a run is large: what the run's configuration says of that name, or else `usual`.
///
/// # Panics
/// Outside of a simulation.
pub fn size(name: &str, usual: u64) -> u64 {
    current::need("workload::size", |core| core.kernel.scripts.sizes.get(name).copied()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, World};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(
            actors in prop::collection::btree_map(
                "[a-z][a-z0-9-]{0,5}", prop::collection::vec("[a-z0-9=.]( ?[a-z:0-9=.]){0,9}", 0..4), 0..4,
            ),
        ) {
            let operations = Operations { actors };
            prop_assert_eq!(operations.to_string().parse::<Operations>().unwrap(), operations);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-b:;| ]{0,12}|\\PC{0,12}") {
            if let Ok(operations) = text.parse::<Operations>() {
                prop_assert_eq!(operations.to_string().parse::<Operations>().unwrap(), operations);
            }
        }
    }

    /// Runs three draws of an actor and tells what it did.
    fn run(config: Config) -> (Vec<u64>, crate::Report) {
        let done = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = done.clone();
        let report = World::new(config).run(move || async move {
            let mut script = script("client");
            let mut rng = crate::rng("load");
            let mut left = size("calls", 3);
            let mut draw = || {
                left = left.checked_sub(1)?;
                Some(rng.choose(1000))
            };
            while let Some(number) = script.next::<u64>(&mut draw) {
                seen.borrow_mut().push(number);
            }
        });
        let done = done.borrow().clone();
        (done, report)
    }

    #[test]
    fn what_a_run_did_is_done_again_without_a_draw() {
        let (done, report) = run(Config { record_operations: true, ..Config::default() });
        let operations = report.operations.expect("they were recorded");
        assert_eq!(operations.to_string(), format!("client: {}; {}; {}", done[0], done[1], done[2]));
        let other_seed =
            Config { seed: 9, operations: Some(operations), record_choices: true, ..Config::default() };
        let (again, report) = run(other_seed);
        assert_eq!(again, done);
        assert!(report.recording.expect("it was recorded").draws.is_empty());
    }

    #[test]
    fn who_comes_again_gets_a_script_of_its_own() {
        let report = World::new(Config { record_operations: true, ..Config::default() }).run(|| async {
            for number in [1, 2] {
                assert_eq!(script("client").next(|| Some(number)), Some(number));
            }
        });
        assert_eq!(report.unwrap().operations.expect("recorded").to_string(), "client: 1 | client#2: 2");
    }

    #[test]
    fn fewer_operations_and_a_smaller_size_are_a_smaller_run() {
        let operations = Some("client: 7 | nobody: 1".parse().expect("operations"));
        let (done, report) = run(Config { operations, ..Config::default() });
        assert_eq!(done, [7]);
        assert!(report.warnings.iter().any(|warning| warning.contains("`nobody`")), "{:?}", report.warnings);
        let sizes = [("calls".to_string(), 1)].into();
        assert_eq!(run(Config { sizes, ..Config::default() }).0.len(), 1);
    }

    /// Draws two items of three numbers each, or those that were given.
    fn items(config: Config) -> (Vec<[u64; 3]>, crate::Report) {
        let drawn = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = drawn.clone();
        let report = World::new(config).run(move || async move {
            let (mut script, mut rng) = (script("items"), crate::rng("load"));
            let given = script.is_given();
            while given || seen.borrow().len() < 2 {
                let item = script.drawn(|| [rng.choose(10), rng.choose(0), rng.choose(7)]);
                let Some(item) = item else { break };
                seen.borrow_mut().push(item);
            }
            // Behind an item, draws are draws.
            assert!(rng.choose(0) > 0);
        });
        let drawn = drawn.borrow().clone();
        (drawn, report)
    }

    #[test]
    fn an_item_is_the_numbers_that_were_drawn_for_it() {
        let (drawn, report) = items(Config { record_operations: true, ..Config::default() });
        let operations = report.unwrap().operations.expect("they were recorded");
        let (again, report) = items(Config { seed: 3, operations: Some(operations), ..Config::default() });
        assert!(report.passed());
        assert_eq!(again, drawn);
        let operations = Some("items: 13 5; 0; 1 2 3 4".parse().expect("operations"));
        let (given, _) = items(Config { operations, ..Config::default() });
        assert_eq!(given, [[3, 5, 0], [0, 0, 0], [1, 2, 3]]);
    }

    #[test]
    fn an_operation_that_cannot_be_read_fails_the_run() {
        let operations = Some("client: seven".parse().expect("operations"));
        let (_, report) = run(Config { operations, ..Config::default() });
        let failure = report.failure().expect("it is no number");
        assert_eq!(failure.property, "operation");
        assert!(failure.message.starts_with("`seven` of `client` cannot be done"), "{}", failure.message);
    }
}
