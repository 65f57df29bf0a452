//! Little programs interpreted without any kernel: plain recursion over all schedules.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::little::{Ended, KINDS, Op, PERMITS, PLACES, Program, give_out, resource, take_in};

/// What all schedules come to.
#[derive(Default)]
pub struct All {
    pub schedules: u64,
    pub ends: BTreeSet<Ended>,
    /// The classes of schedules (Mazurkiewicz): each as the pairs of polls that conflict, in their order.
    pub classes: BTreeSet<BTreeSet<(Step, Step)>>,
}

/// A poll: which task's, and the how manieth of it.
type Step = (usize, usize);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ready,
    /// In a queue, or waiting for a value.
    Blocked,
    /// Out of the queue with what it waited for.
    Granted,
    Ended,
}

/// First come, first served: who gives back gives to the first in the queue.
#[derive(Clone)]
struct Permits {
    left: usize,
    queue: VecDeque<usize>,
}

#[derive(Clone)]
struct State {
    at: Vec<usize>,
    status: Vec<Status>,
    locks: Vec<Permits>,
    semaphores: Vec<Permits>,
    places: Vec<Permits>,
    sent: Vec<VecDeque<u64>>,
    receiver_waits: [Option<usize>; KINDS],
    ended: Ended,
    /// What was done so far, poll by poll.
    polls: Vec<(Step, BTreeMap<String, bool>)>,
}

/// Makes every schedule of a program.
pub fn all(program: &Program) -> All {
    let permits = |left| Permits { left, queue: VecDeque::new() };
    let state = State {
        at: vec![0; program.len()],
        status: vec![Status::Ready; program.len()],
        locks: vec![permits(1); KINDS],
        semaphores: PERMITS.map(permits).to_vec(),
        places: PLACES.map(permits).to_vec(),
        sent: vec![VecDeque::new(); KINDS],
        receiver_waits: [None; KINDS],
        ended: Ended { sums: vec![0; program.len()], ..Ended::default() },
        polls: Vec::new(),
    };
    let mut all = All::default();
    explore(program, state, &mut all);
    all
}

fn explore(program: &Program, state: State, all: &mut All) {
    let can_go_on = |task: &usize| matches!(state.status[*task], Status::Ready | Status::Granted);
    let ready: Vec<usize> = (0..program.len()).filter(can_go_on).collect();
    if ready.is_empty() {
        let stalled = state.status.contains(&Status::Blocked);
        all.schedules += 1;
        all.classes.insert(class(&state.polls));
        all.ends.insert(Ended { stalled, ..state.ended });
        return;
    }
    for task in ready {
        let mut next = state.clone();
        next.poll(program, task);
        explore(program, next, all);
    }
}

fn class(polls: &[(Step, BTreeMap<String, bool>)]) -> BTreeSet<(Step, Step)> {
    let mut pairs = BTreeSet::new();
    for (place, (later, touched)) in polls.iter().enumerate() {
        for (earlier, before) in &polls[..place] {
            let clash =
                before.iter().any(|(name, writes)| touched.get(name).is_some_and(|too| *writes || *too));
            if clash || earlier.0 == later.0 {
                pairs.insert((*earlier, *later));
            }
        }
    }
    pairs
}

impl State {
    fn poll(&mut self, program: &Program, task: usize) {
        let number = self.polls.iter().filter(|(step, _)| step.0 == task).count();
        self.polls.push(((task, number), BTreeMap::new()));
        loop {
            let Some(&op) = program[task].get(self.at[task]) else {
                self.status[task] = Status::Ended;
                return;
            };
            if let Some((name, writes)) = resource(op) {
                *self.polls.last_mut().expect("a poll goes on").1.entry(name).or_insert(false) |= writes;
            }
            let goes_on = self.perform(op, task);
            if self.status[task] != Status::Blocked {
                self.at[task] += 1;
            }
            if !goes_on {
                return;
            }
        }
    }

    /// Whether the poll goes on behind it.
    fn perform(&mut self, op: Op, task: usize) -> bool {
        match op {
            Op::Yield => return false,
            Op::Note => self.ended.log.push(task),
            Op::Lock(number) => return take(&mut self.locks[number], &mut self.status, task),
            Op::Unlock(number) => give(&mut self.locks[number], &mut self.status),
            Op::Acquire(number) => return take(&mut self.semaphores[number], &mut self.status, task),
            Op::Release(number) => give(&mut self.semaphores[number], &mut self.status),
            Op::Send(number) => {
                if !take(&mut self.places[number], &mut self.status, task) {
                    return false;
                }
                self.sent[number].push_back(task as u64);
                if let Some(receiver) = self.receiver_waits[number].take() {
                    self.status[receiver] = Status::Ready;
                }
            }
            Op::Receive(number) => match self.sent[number].pop_front() {
                Some(value) => {
                    give(&mut self.places[number], &mut self.status);
                    self.ended.sums[task] = take_in(self.ended.sums[task], value);
                }
                None => {
                    self.receiver_waits[number] = Some(task);
                    self.status[task] = Status::Blocked;
                    return false;
                }
            },
            Op::Read(number) => {
                self.ended.sums[task] = take_in(self.ended.sums[task], self.ended.variables[number]);
            }
            Op::Write(number) => {
                self.ended.variables[number] = give_out(task, self.ended.sums[task]);
            }
        }
        true
    }
}

fn take(permits: &mut Permits, status: &mut [Status], task: usize) -> bool {
    if status[task] == Status::Granted {
        status[task] = Status::Ready;
    } else if permits.left > 0 {
        permits.left -= 1;
    } else {
        permits.queue.push_back(task);
        status[task] = Status::Blocked;
    }
    status[task] == Status::Ready
}

fn give(permits: &mut Permits, status: &mut [Status]) {
    match permits.queue.pop_front() {
        Some(first) => status[first] = Status::Granted,
        None => permits.left += 1,
    }
}
