//! Is there one order of all calls, each at a moment between its call and its return, that a single copy
//! would have answered in the same way?
//!
//! The search of Wing and Gong with Lowe's memo [Lowe, *Testing for linearizability*, 2016], depth first over
//! a linked list of calls and returns. The question is NP-complete: a history falls into partitions (keys)
//! that are searched alone, and a limit of steps ends the search as `Unknown`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Verdict};

/// A single copy of the system.
pub trait Model {
    /// Its state.
    type State: Clone + Ord;
    /// What it is asked.
    type Operation;
    /// What it answers.
    type Outcome;

    /// The state before the first call.
    fn start(&self) -> Self::State;

    /// The state after `operation`, if it could have had this outcome in `state`. A call that never returned
    /// has no outcome: it is possible in every state.
    fn step(
        &self,
        state: &Self::State,
        operation: &Self::Operation,
        outcome: Option<&Self::Outcome>,
    ) -> Option<Self::State>;
}

/// How far the search came where it came furthest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The longest order found, as places in the list of calls.
    pub order: Vec<usize>,
    /// The call that returned first among those that found no place in it.
    pub call: usize,
}

/// Judges the calls of each partition on its own; at most `steps_max` steps in all.
pub fn linearizable<M: Model, K: Ord>(
    model: &M,
    calls: &[Call<M::Operation, M::Outcome>],
    partition: impl Fn(&M::Operation) -> K,
    steps_max: u64,
) -> Verdict<Stuck> {
    let mut partitions: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (place, call) in calls.iter().enumerate() {
        partitions.entry(partition(&call.operation)).or_default().push(place);
    }
    let mut steps_left = steps_max;
    let mut verdict = Verdict::Holds;
    for places in partitions.values() {
        match Search::new(model, calls, places).run(&mut steps_left) {
            Verdict::Holds => {}
            Verdict::Unknown => verdict = Verdict::Unknown,
            violated @ Verdict::Violated(_) => return violated,
        }
    }
    verdict
}

/// The head of the list of events; event `e` is node `e + 1`.
const HEAD: usize = 0;

struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Operation, M::Outcome>],
    places: &'a [usize],
    /// For each node: the call within `places`, and whether it is the call or its return.
    events: Vec<(usize, bool)>,
    /// The node of each call's return.
    returns: Vec<usize>,
    next: Vec<usize>,
    previous: Vec<usize>,
    /// Which calls have their place in the order, as bits.
    placed: Vec<u64>,
    seen: BTreeSet<(Vec<u64>, M::State)>,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, calls: &'a [Call<M::Operation, M::Outcome>], places: &'a [usize]) -> Self {
        let mut timeline: Vec<(u64, usize, bool)> = Vec::new();
        for (local, place) in places.iter().enumerate() {
            let call = &calls[*place];
            timeline.push((call.called, local, true));
            timeline.push((call.returned.as_ref().map_or(u64::MAX, |(at, _)| *at), local, false));
        }
        timeline.sort_unstable();
        let mut returns = vec![0; places.len()];
        for (node, (_, local, is_call)) in (1..).zip(&timeline) {
            if !is_call {
                returns[*local] = node;
            }
        }
        let nodes = timeline.len() + 1;
        Search {
            model,
            calls,
            places,
            events: timeline.into_iter().map(|(_, local, is_call)| (local, is_call)).collect(),
            returns,
            next: (0..nodes).map(|node| (node + 1) % nodes).collect(),
            previous: (0..nodes).map(|node| (node + nodes - 1) % nodes).collect(),
            placed: vec![0; places.len().div_ceil(64)],
            seen: BTreeSet::new(),
        }
    }

    fn run(mut self, steps_left: &mut u64) -> Verdict<Stuck> {
        let mut state = self.model.start();
        let mut order: Vec<(usize, M::State)> = Vec::new();
        let mut longest: Option<Stuck> = None;
        let mut node = self.next[HEAD];
        while self.next[HEAD] != HEAD {
            let Some(left) = steps_left.checked_sub(1) else { return Verdict::Unknown };
            *steps_left = left;
            let (local, is_call) = self.events[node - 1];
            if is_call {
                let call = &self.calls[self.places[local]];
                let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
                if let Some(after) = self.model.step(&state, &call.operation, outcome)
                    && self.place(local, &after)
                {
                    order.push((node, std::mem::replace(&mut state, after)));
                    self.lift(node);
                    node = self.next[HEAD];
                } else {
                    node = self.next[node];
                }
                continue;
            }
            // A call that has no place yet returns here: the order so far is a dead end.
            if longest.as_ref().is_none_or(|stuck| stuck.order.len() < order.len()) {
                let order = order.iter().map(|(node, _)| self.places[self.events[node - 1].0]).collect();
                longest = Some(Stuck { order, call: self.places[local] });
            }
            match order.pop() {
                None => return Verdict::Violated(longest.expect("just set")),
                Some((back, before)) => {
                    state = before;
                    self.unlift(back);
                    self.take_back(self.events[back - 1].0);
                    node = self.next[back];
                }
            }
        }
        Verdict::Holds
    }

    /// Gives a call its place, unless the same calls led to the same state before.
    fn place(&mut self, local: usize, after: &M::State) -> bool {
        self.placed[local / 64] |= 1 << (local % 64);
        let is_new = self.seen.insert((self.placed.clone(), after.clone()));
        if !is_new {
            self.take_back(local);
        }
        is_new
    }

    fn take_back(&mut self, local: usize) {
        self.placed[local / 64] &= !(1 << (local % 64));
    }

    fn lift(&mut self, call: usize) {
        for node in [call, self.returns[self.events[call - 1].0]] {
            let (before, after) = (self.previous[node], self.next[node]);
            self.next[before] = after;
            self.previous[after] = before;
        }
    }

    fn unlift(&mut self, call: usize) {
        for node in [self.returns[self.events[call - 1].0], call] {
            let (before, after) = (self.previous[node], self.next[node]);
            self.next[before] = node;
            self.previous[after] = node;
        }
    }
}
