//! The life of a region: open, closing, draining, finalizing, closed. [regions 1.2]

use super::{Runtime, What};
use crate::regions::body::Body;
use crate::regions::budget::Budget;
use crate::regions::core::{Core, Finalizer, Region};
use crate::regions::event::Operation;
use crate::regions::handle::{Handle, Kind, Name};
use crate::regions::node::Node;
use crate::regions::outcome::{CancelKind, Outcome};
use crate::regions::points::Bug;
use crate::regions::status::Error;
use crate::regions::view::RegionState;

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// Opens a region, at the top or in another. Its tasks may use the meet of `budget` and the parent's.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`, `RegionPoisoned`, `RegionNotOpen` of the parent; `ResourceExhausted`, which names
    /// the parent, or at the top the first region's slot.
    pub fn open(&mut self, parent: Option<Handle>, name: Name, budget: Budget) -> Result<Handle, Error> {
        self.attempt(Operation::Open, |this| {
            let mut allowed = budget;
            if let Some(parent) = parent {
                this.admit(parent)?;
                allowed = this.within(budget, this.core.regions.get(parent)?.budget);
            }
            let asker = parent.unwrap_or(Handle { kind: Kind::Region, slot: 0, generation: 0 });
            if this.core.regions.room() == 0 {
                return Err(Error::ResourceExhausted(asker));
            }
            this.ask_memory(Kind::Region, asker, size_of::<Region>())?;
            let region = this.core.regions.insert(Region {
                name,
                parent,
                state: RegionState::Open,
                is_poisoned: false,
                budget: allowed,
                tasks: 0,
                children: 0,
                outcome: Outcome::Ok,
                finalizer_polls: 0,
            });
            if let Some(parent) = parent {
                this.core.regions.get_mut(parent)?.children += 1;
            }
            this.tell_of(region, What::Opened { parent, asked: budget });
            Ok(region)
        })
    }

    /// Begins to close a region and all below it: no new work, and a request to end for every task. The scheduler
    /// does the rest. Asking again changes nothing.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`.
    pub fn close(&mut self, region: Handle) -> Result<(), Error> {
        self.attempt(Operation::Close, |this| {
            if this.core.regions.get(region)?.state == RegionState::Open {
                this.close_all(|core, below| core.is_within(below, region));
                this.cancel_all_within(region, CancelKind::ParentClosing);
            }
            Ok(())
        })
    }

    /// Marks a region as faulty, for good: it and all below it take no work, and their tasks are asked to end.
    /// Nothing else is touched. Asking again changes nothing; drain and close still work.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`.
    pub fn poison(&mut self, region: Handle) -> Result<(), Error> {
        self.attempt(Operation::Poison, |this| {
            let reopens = this.has(Bug::RegionReopened);
            let place = this.core.regions.get_mut(region)?;
            if place.is_poisoned {
                return Ok(());
            }
            place.is_poisoned = true;
            if reopens && place.state == RegionState::Draining {
                place.state = RegionState::Closing;
            }
            let parent = place.parent;
            this.tell_of(region, What::Poisoned);
            match parent {
                Some(parent) if this.has(Bug::PoisonReachesSibling) => {
                    this.cancel_all_within(parent, CancelKind::Poison);
                }
                _ => this.cancel_all_within(region, CancelKind::Poison),
            }
            Ok(())
        })
    }

    /// Registers what is done when the region's last task has ended; what was registered last is done first. Each
    /// is polled as a task is, within the same polls of cleanup, and may take no new work.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn). There are as many places as for tasks.
    pub fn finally(&mut self, region: Handle, name: Name, body: B) -> Result<(), Error> {
        self.attempt(Operation::Finally, |this| {
            this.admit(region)?;
            if this.core.finalizers.len() >= usize::from(this.core.config.class.capacity().tasks) {
                return Err(Error::ResourceExhausted(region));
            }
            this.ask_memory(Kind::Task, region, size_of::<Finalizer<B>>())?;
            if !this.has(Bug::RegionAmnesia) {
                this.core.finalizers.push(Finalizer { name, region, body: Some(body) });
            }
            this.tell_of(region, What::Deferred { name });
            Ok(())
        })
    }

    /// Where a region stands. A closed one is gone: `StaleHandle`.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`.
    pub fn state(&self, region: Handle) -> Result<RegionState, Error> {
        Ok(self.core.regions.get(region)?.state)
    }

    /// Whether a region, or one above it, was poisoned.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`.
    pub fn is_poisoned(&self, region: Handle) -> Result<bool, Error> {
        self.core.regions.get(region).map(|_| self.core.is_poisoned(region))
    }

    /// The worst outcome of a region's tasks so far.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`.
    pub fn outcome(&self, region: Handle) -> Result<Outcome, Error> {
        Ok(self.core.regions.get(region)?.outcome)
    }

    pub(super) fn close_all(&mut self, is_meant: impl Fn(&Core<B>, Handle) -> bool) {
        let mut slot = 0;
        while let Some(region) = self.core.regions.next_from(slot) {
            slot = region.slot + 1;
            if is_meant(&self.core, region) && self.state(region) == Ok(RegionState::Open) {
                self.enter(region, RegionState::Closing);
            }
        }
    }

    /// Moves regions on as far as they go.
    pub(super) fn settle(&mut self) {
        loop {
            let mut moved = false;
            let mut slot = 0;
            while let Some(region) = self.core.regions.next_from(slot) {
                slot = region.slot + 1;
                moved |= self.move_on(region);
            }
            if !moved {
                return;
            }
        }
    }

    /// Moves a region to its next state, if it may go there.
    fn move_on(&mut self, region: Handle) -> bool {
        let place = self.core.regions.get(region).expect("a live region");
        let is_empty = place.tasks == 0 && (place.children == 0 || self.has(Bug::ClosedEarly));
        match place.state {
            RegionState::Closing if self.children_are_closing(region) => {
                self.enter(region, RegionState::Draining);
            }
            RegionState::Draining if is_empty => self.enter(region, RegionState::Finalizing),
            RegionState::Finalizing if !self.has_finalizer(region) => self.leave(region),
            _ => return false,
        }
        true
    }

    fn children_are_closing(&self, region: Handle) -> bool {
        let mut regions = self.core.regions.iter();
        regions.all(|(_, child)| child.parent != Some(region) || child.state > RegionState::Open)
    }

    fn has_finalizer(&self, region: Handle) -> bool {
        self.core.finalizers.iter().any(|finalizer| finalizer.region == region)
    }

    /// The only writer of a region's state.
    fn enter(&mut self, region: Handle, state: RegionState) {
        self.core.regions.get_mut(region).expect("a live region").state = state;
        let what = match state {
            RegionState::Closing => What::Closing,
            RegionState::Draining => What::Draining,
            RegionState::Finalizing => What::Finalizing,
            RegionState::Open | RegionState::Closed => unreachable!("entered by open and by leave"),
        };
        self.tell_of(region, what);
    }

    /// The region is quiescent, and gone.
    fn leave(&mut self, region: Handle) {
        let subject = self.core.subject(region);
        let gone = self.core.regions.remove(region);
        if let Some(parent) = gone.parent
            && let Ok(parent) = self.core.regions.get_mut(parent)
        {
            // Its outcome stays its own: poison in one region changes nothing in another.
            parent.children -= 1;
        }
        self.tell(subject, region, What::Closed { outcome: gone.outcome });
    }
}
