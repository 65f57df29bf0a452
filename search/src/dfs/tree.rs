//! The path through the tree of choices: what was asked, what was answered, which answers are left.

use std::rc::Rc;

use sim::choice::Edit;
use sim::task;

use super::accesses::Poll;
use super::outcome::DfsError;
use super::sleep::Sleepers;

/// A choice that a run asks for.
pub(super) struct Asked<'a> {
    pub(super) stream: &'a Rc<str>,
    pub(super) index: u64,
    pub(super) options: u64,
    /// The tasks to choose from; empty where other things are chosen.
    pub(super) ready: &'a [task::Id],
}

/// A choice on the path.
struct Node {
    stream: Rc<str>,
    index: u64,
    options: u64,
    ready: Vec<task::Id>,
    chosen: u64,
    /// Who slept when the run came here.
    sleepers: Sleepers,
    /// What each task did that was let go on here, in that order.
    tried: Vec<Poll>,
}

/// The choices of the present run, as far as they are searched.
#[derive(Default)]
pub(super) struct Tree {
    path: Vec<Node>,
    /// How many of them the present run has behind it.
    passed: usize,
}

impl Tree {
    pub(super) fn begin_run(&mut self) {
        self.passed = 0;
    }

    pub(super) fn depth(&self) -> usize {
        self.passed
    }

    /// The stream of the first choice.
    pub(super) fn first_stream(&self) -> Option<&Rc<str>> {
        self.path.first().map(|node| &node.stream)
    }

    /// The answer of a choice that the run before had; none where the path ends.
    pub(super) fn repeat(&mut self, asked: &Asked<'_>) -> Result<Option<u64>, DfsError> {
        let Some(node) = self.path.get(self.passed) else { return Ok(None) };
        if node.asked() != *asked {
            let (choice, expected) = (self.passed, node.asked().to_string());
            return Err(DfsError::Nondeterminism { choice, found: asked.to_string(), expected });
        }
        self.passed += 1;
        Ok(Some(node.chosen))
    }

    /// The first answer of a new choice; none where all who could go on sleep.
    pub(super) fn grow(&mut self, asked: &Asked<'_>, sleepers: Sleepers) -> Option<u64> {
        assert!(self.passed == self.path.len(), "a path grows at its end");
        let mut node = Node {
            stream: Rc::clone(asked.stream),
            index: asked.index,
            options: asked.options,
            ready: asked.ready.to_vec(),
            chosen: 0,
            sleepers,
            tried: Vec::new(),
        };
        let chosen = node.awake_from(0)?;
        node.chosen = chosen;
        self.path.push(node);
        self.passed += 1;
        Some(chosen)
    }

    /// The task that was let go on last did this. Answers who sleeps behind it.
    pub(super) fn went_on(&mut self, poll: Option<&Poll>) -> Result<Sleepers, DfsError> {
        let choice = self.passed.checked_sub(1).expect("a choice was made");
        let node = &mut self.path[choice];
        let task = node.ready[node.chosen as usize];
        let refuse = |expected: String| {
            let found = match poll {
                Some(poll) => format!("a poll of task {} that touches {:?}", poll.task, poll.touched),
                None => "no poll of a followed task".to_string(),
            };
            Err(DfsError::NotFollowed { choice, found, expected })
        };
        let Some(poll) = poll.filter(|poll| poll.task == task) else {
            return refuse(format!("one of task {task}, which was chosen"));
        };
        let mut sleepers = node.sleepers.clone();
        match node.tried.iter().position(|tried| tried.task == task) {
            None => {
                sleepers.add(&node.tried);
                node.tried.push(poll.clone());
            }
            Some(place) if node.tried[place] == *poll => sleepers.add(&node.tried[..place]),
            Some(place) => {
                return refuse(format!("it to touch {:?}, as the last time", node.tried[place].touched));
            }
        }
        sleepers.pass(poll);
        Ok(sleepers)
    }

    /// A run ended. It must have come to the end of the path.
    pub(super) fn end_run(&self) -> Result<(), DfsError> {
        let Some(node) = self.path.get(self.passed) else { return Ok(()) };
        let (found, expected) = ("the end of the run".to_string(), node.asked().to_string());
        Err(DfsError::Nondeterminism { choice: self.passed, found, expected })
    }

    /// Turns to the next answer of the last choice that has one; false when none has.
    pub(super) fn backtrack(&mut self) -> bool {
        while let Some(node) = self.path.last_mut() {
            if let Some(next) = node.awake_from(node.chosen + 1) {
                node.chosen = next;
                return true;
            }
            self.path.pop();
        }
        false
    }

    pub(super) fn edits(&self) -> Vec<Edit> {
        self.path.iter().map(|node| Edit::one(&node.stream, node.index, node.chosen)).collect()
    }
}

impl Node {
    /// The first answer from this one on that lets nobody go on who sleeps.
    fn awake_from(&self, first: u64) -> Option<u64> {
        let sleeps = |answer: u64| match self.ready.get(answer as usize) {
            Some(&task) => self.sleepers.has(task),
            None => false,
        };
        (first..self.options).find(|&answer| !sleeps(answer))
    }

    fn asked(&self) -> Asked<'_> {
        Asked { stream: &self.stream, index: self.index, options: self.options, ready: &self.ready }
    }
}

impl PartialEq for Asked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.stream == other.stream
            && (self.index, self.options, self.ready) == (other.index, other.options, other.ready)
    }
}

impl std::fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "draw {}[{}] below {}", self.stream, self.index, self.options)?;
        if self.ready.is_empty() {
            return Ok(());
        }
        let tasks: Vec<String> = self.ready.iter().map(ToString::to_string).collect();
        write!(f, " (tasks {})", tasks.join(", "))
    }
}
