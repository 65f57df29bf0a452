//! The side that listens to both processes.

use std::fmt;
use std::io::{Read, Write};

use super::message::{Ended, Hello, Message, MessageError, Reply, Windows, read_message, write_reply};
use crate::diff::{CONTEXT, Divergence, Records, Which, digests_moved, part_at, parted};
use crate::trace::Names;
use crate::words::{grouped, shown};

/// What came from a process.
#[derive(Debug)]
pub enum Event {
    /// A message.
    Said(Message),
    /// No message, and no more to come.
    Gone(MessageError),
}

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Give both processes this reply, and listen to both.
    Reply(Reply),
    /// Listen to both once more.
    Listen,
    /// It is over.
    Over(Box<Verified>),
}

/// What came of running a case twice.
#[derive(Debug)]
pub enum Verified {
    /// Both runs were the same, to the end.
    Same(Ended),
    /// They parted.
    Parted(Divergence),
    /// All records are equal, and what is told about them is not.
    Told {
        /// How the first run ended.
        left: Ended,
        /// How the second run ended.
        right: Ended,
    },
    /// A process ended before its run did.
    Gone {
        /// Which one.
        which: Which,
        /// Records up to which both agreed.
        agreed: u64,
        /// How it left.
        error: MessageError,
    },
    /// The two processes do not run the same thing.
    Different {
        /// What differs.
        what: &'static str,
        /// What the first one says.
        left: String,
        /// What the second one says.
        right: String,
    },
    /// A process said what does not belong here.
    OutOfTurn {
        /// Which one.
        which: Which,
        /// What was expected of it.
        expected: &'static str,
    },
}

/// Listens to two processes that run one case, one message of each at a time.
#[derive(Debug)]
pub struct Referee {
    phase: Phase,
    /// Records up to which both agreed.
    agreed: u64,
    context: usize,
}

#[derive(Debug)]
enum Phase {
    Greeting,
    Running,
    /// They parted; how they ended, when that is how.
    Windows(Option<Box<(Ended, Ended)>>),
    Names(Box<(Windows, Windows)>, u64),
    /// They parted, and no record differs.
    Told(Box<(Ended, Ended)>),
    Over,
}

impl Default for Referee {
    fn default() -> Referee {
        Referee::new(CONTEXT)
    }
}

impl Referee {
    /// Shows so many records before and after a difference.
    pub fn new(context: usize) -> Referee {
        Referee { phase: Phase::Greeting, agreed: 0, context }
    }

    /// Takes what both processes said last.
    pub fn hear(&mut self, left: Event, right: Event) -> Step {
        let step = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Greeting => self.greeting(left, right),
            Phase::Running => self.running(left, right),
            Phase::Windows(ended) => self.windows(ended, left, right),
            // Names are a comfort: without them numbers are shown.
            Phase::Names(windows, sequence) => Ok(self.parted(&windows, sequence, names(left), names(right))),
            Phase::Told(ended) => Ok(Step::Over(Box::new(Verified::Told { left: ended.0, right: ended.1 }))),
            Phase::Over => {
                Err(Box::new(Verified::OutOfTurn { which: Which::Left, expected: "nothing more" }))
            }
        };
        step.unwrap_or_else(Step::Over)
    }

    fn greeting(&mut self, left: Event, right: Event) -> Result<Step, Box<Verified>> {
        let hello = |message| match message {
            Message::Hello(hello) => Some(hello),
            _ => None,
        };
        let (left, right) = self.both(left, right, "its greeting", hello)?;
        let differ = |what, left: &dyn fmt::Display, right: &dyn fmt::Display| {
            Err(Box::new(Verified::Different { what, left: left.to_string(), right: right.to_string() }))
        };
        let Hello { version, encoding, algorithm, case } = &left;
        if *version != right.version {
            return differ("versions of this protocol", version, &right.version);
        }
        if *encoding != right.encoding {
            return differ("encodings of records", encoding, &right.encoding);
        }
        if *algorithm != right.algorithm {
            return differ("choice algorithms", algorithm, &right.algorithm);
        }
        if *case != right.case {
            return differ("cases", case, &right.case);
        }
        self.phase = Phase::Running;
        Ok(Step::Reply(Reply::Agree))
    }

    fn running(&mut self, left: Event, right: Event) -> Result<Step, Box<Verified>> {
        let point = |message| match message {
            Message::Checkpoint { .. } | Message::Ended(_) => Some(message),
            _ => None,
        };
        let (left, right) = self.both(left, right, "a checkpoint or the end", point)?;
        let same = left == right;
        match (left, right) {
            (Message::Checkpoint { sequence, .. }, _) if same => {
                self.agreed = sequence;
                self.phase = Phase::Running;
                Ok(Step::Reply(Reply::Agree))
            }
            // The last reply lets both end; then it is over.
            (Message::Ended(ended), _) if same => {
                self.agreed = ended.records;
                self.phase = Phase::Over;
                Ok(Step::Over(Box::new(Verified::Same(ended))))
            }
            (Message::Ended(left), Message::Ended(right)) => {
                self.phase = Phase::Windows(Some(Box::new((left, right))));
                Ok(Step::Reply(Reply::Part))
            }
            _ => {
                self.phase = Phase::Windows(None);
                Ok(Step::Reply(Reply::Part))
            }
        }
    }

    fn windows(
        &mut self,
        ended: Option<Box<(Ended, Ended)>>,
        left: Event,
        right: Event,
    ) -> Result<Step, Box<Verified>> {
        let windows = |message| match message {
            Message::Windows(windows) => Some(windows),
            _ => None,
        };
        let (left, right) = self.both(left, right, "its last windows", windows)?;
        // Both kept at least what is behind the last checkpoint that they agreed on.
        let from = left.first.max(right.first);
        let end = |windows: &Windows| windows.first + windows.records.len() as u64;
        let until = end(&left).max(end(&right));
        let Ok(sequence) = part_at(&mut records(&left), &mut records(&right), from, until);
        match (sequence, ended) {
            (Some(sequence), _) => self.phase = Phase::Names(Box::new((left, right)), sequence),
            (None, Some(ended)) => self.phase = Phase::Told(ended),
            (None, None) => {
                let expected = "windows that differ";
                return Err(Box::new(Verified::OutOfTurn { which: Which::Right, expected }));
            }
        }
        Ok(Step::Listen)
    }

    fn parted(&self, windows: &(Windows, Windows), sequence: u64, left: Names, right: Names) -> Step {
        let Ok(divergence) = parted(
            sequence,
            self.context,
            (&mut records(&windows.0), "the first process", &left),
            (&mut records(&windows.1), "the second process", &right),
        );
        Step::Over(Box::new(Verified::Parted(divergence)))
    }

    /// What both said, when both said what was expected.
    fn both<T>(
        &self,
        left: Event,
        right: Event,
        expected: &'static str,
        wanted: impl Fn(Message) -> Option<T>,
    ) -> Result<(T, T), Box<Verified>> {
        let said = |which, event| match event {
            Event::Gone(error) => Err(Box::new(Verified::Gone { which, agreed: self.agreed, error })),
            Event::Said(message) => {
                wanted(message).ok_or_else(|| Box::new(Verified::OutOfTurn { which, expected }))
            }
        };
        Ok((said(Which::Left, left)?, said(Which::Right, right)?))
    }
}

fn records(windows: &Windows) -> Records<'_> {
    Records { first: windows.first, records: &windows.records }
}

fn names(event: Event) -> Names {
    match event {
        Event::Said(Message::Names(names)) => names,
        _ => Names::new(),
    }
}

/// Listens to two processes until it is known whether their runs are the same. Blocks while they run: who
/// started them must end one that hangs, which is then heard as gone.
pub fn referee<L, R>(mut left: (impl Read, L), mut right: (impl Read, R), context: usize) -> Verified
where
    L: Write,
    R: Write,
{
    let mut referee = Referee::new(context);
    loop {
        let event = |input: &mut dyn Read| read_message(input).map_or_else(Event::Gone, Event::Said);
        let (said, said_too) = (event(&mut left.0), event(&mut right.0));
        match referee.hear(said, said_too) {
            // A process that cannot be written to is gone, which is heard when it is listened to.
            Step::Reply(reply) => {
                let _ = write_reply(&mut left.1, reply);
                let _ = write_reply(&mut right.1, reply);
            }
            Step::Listen => {}
            Step::Over(verified) => {
                if let Verified::Same(_) = *verified {
                    let _ = write_reply(&mut left.1, Reply::Agree);
                    let _ = write_reply(&mut right.1, Reply::Agree);
                }
                return *verified;
            }
        }
    }
}

impl Which {
    fn process(self) -> &'static str {
        match self {
            Which::Left => "the first process",
            Which::Right => "the second process",
        }
    }
}

impl Verified {
    /// Whether both runs were the same.
    pub fn is_same(&self) -> bool {
        matches!(self, Verified::Same(_))
    }

    /// Whether the runs are known to differ, which is nondeterminism, and not a mishap of a process.
    pub fn is_different(&self) -> bool {
        matches!(self, Verified::Parted(_) | Verified::Told { .. })
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verified::Same(ended) => {
                writeln!(
                    f,
                    "both runs are the same: {} records, digest {}",
                    grouped(ended.records),
                    ended.digests.trace
                )
            }
            Verified::Parted(divergence) => {
                writeln!(f, "not deterministic: one case, two runs")?;
                write!(f, "{divergence}")
            }
            Verified::Told { left, right } => {
                writeln!(
                    f,
                    "not deterministic: all {} records are equal, but not what is told of them",
                    grouped(left.records)
                )?;
                for name in digests_moved(&left.digests, &right.digests) {
                    writeln!(f, "  the {name} digests differ")?;
                }
                if left.verdict != right.verdict {
                    writeln!(f, "  the first run: {}\n  the second run: {}", left.verdict, right.verdict)?;
                }
                Ok(())
            }
            Verified::Gone { which, agreed, error } => writeln!(
                f,
                "{} was lost after record {}, the last that both agreed on: {error}; see what it printed, or replay the case alone",
                which.process(),
                grouped(*agreed)
            ),
            Verified::Different { what, left, right } => writeln!(
                f,
                "the processes were given different {what}: `{}` and `{}`; start both with one binary and one case",
                shown(left),
                shown(right)
            ),
            Verified::OutOfTurn { which, expected } => writeln!(
                f,
                "{} spoke out of turn: expected {expected}; start both processes from one binary",
                which.process()
            ),
        }
    }
}
