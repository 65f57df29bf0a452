//! A node that is watched: the observer hears all that passes between the runtime and the node below.

use super::super::event::Event;
use super::super::handle::Kind;
use super::super::node::{Node, Step};
use super::super::time::Time;
use super::super::view::View;
use super::{Judged, Observer, Violation};

/// A node, and the observer of its runtime. The first violation is told to the node; then nothing is observed any
/// more, for one wrong line makes all that follow look wrong.
#[derive(Clone, Debug)]
pub struct Watched<N> {
    node: N,
    observer: Observer,
    violation: Option<Violation>,
}

impl<N: Node> Watched<N> {
    /// Watches from the beginning.
    pub fn new(node: N) -> Watched<N> {
        Watched { node, observer: Observer::new(), violation: None }
    }

    /// The first violation.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// The run is over: nothing may be alive. Told to the node as all others are.
    ///
    /// # Errors
    /// The first violation of the whole run.
    pub fn finish(&mut self) -> Result<(), Violation> {
        if self.violation.is_none() {
            let judged = self.observer.finish();
            self.judge(judged);
        }
        self.violation.clone().map_or(Ok(()), Err)
    }

    /// The node below.
    pub fn node(&self) -> &N {
        &self.node
    }

    /// The node below.
    pub fn node_mut(&mut self) -> &mut N {
        &mut self.node
    }

    fn judge(&mut self, judged: Judged) {
        if let Err(violation) = judged
            && self.violation.is_none()
        {
            // Written down first: a node that panics may do so within a body, and that ends only a task.
            self.violation = Some(violation.clone());
            self.node.violated(&violation);
        }
    }
}

impl<N: Node> Node for Watched<N> {
    fn clock(&mut self) -> Time {
        let time = self.node.clock();
        self.observer.clock_read(time);
        time
    }

    fn entropy(&mut self) -> u64 {
        self.node.entropy()
    }

    fn may_allocate(&mut self, kind: Kind, bytes: u64) -> bool {
        self.node.may_allocate(kind, bytes)
    }

    fn tell(&mut self, event: &Event) {
        self.node.tell(event);
        if self.violation.is_none() {
            let judged = self.observer.observe(event);
            self.judge(judged);
        }
    }

    fn spend(&mut self, cost: u64) {
        self.node.spend(cost);
    }

    fn stepped(&mut self, step: Step, view: &dyn View) {
        self.node.stepped(step, view);
        if self.violation.is_none() {
            let judged = self.observer.stepped(step, view);
            self.judge(judged);
        }
    }

    fn violated(&mut self, violation: &Violation) {
        self.node.violated(violation);
    }
}
