//! Regions, and the finalizers' order.

use super::super::budget::Budget;
use super::super::event::What;
use super::super::handle::{Handle, Name};
use super::super::outcome::Outcome;
use super::super::runtime::CLEANUP_POLLS;
use super::super::view::RegionState;
use super::books::RegionBook;
use super::{Judged, Observer, Rule};

impl Observer {
    pub(super) fn opened(&mut self, region: Handle, parent: Option<Handle>, asked: Budget) -> Judged {
        self.fresh(region)?;
        if let Some(parent) = parent {
            self.takes_work(parent, "a child")?;
        }
        let above = parent.and_then(|parent| self.regions.get(&parent));
        let allowed = above.map_or(asked, |above| above.allowed.meet(asked));
        let book = RegionBook {
            parent,
            state: RegionState::Open,
            is_poisoned: false,
            allowed,
            deferred: Vec::new(),
            finalizer_polls: 0,
            worst: Outcome::Ok,
            tasks: 0,
            children: 0,
        };
        self.regions.insert(region, book);
        if let Some(above) = parent.and_then(|parent| self.regions.get_mut(&parent)) {
            above.children += 1;
        }
        Ok(())
    }

    /// New work may come to a region that is open, and clean.
    pub(super) fn takes_work(&self, region: Handle, work: &str) -> Judged {
        Rule::PoisonedGainsNothing
            .holds(!self.is_poisoned(region), || format!("{region} is poisoned and gained {work}"))?;
        let state = self.regions.get(&region).map(|book| book.state);
        Rule::ClosedIsEmpty
            .holds(state == Some(RegionState::Open), || format!("{region} is {state:?} and gained {work}"))
    }

    pub(super) fn moved(&mut self, region: Handle, what: What) -> Judged {
        let next = match what {
            What::Closing => RegionState::Closing,
            What::Draining => RegionState::Draining,
            _ => RegionState::Finalizing,
        };
        let before = self.regions.get(&region).map(|book| book.state);
        let one_on = before.is_some_and(|before| before as u8 + 1 == next as u8);
        Rule::NoWayBack.holds(one_on, || format!("{region} went from {before:?} to {next:?}"))?;
        if next == RegionState::Finalizing {
            let task = self.tasks.iter().find(|(_, task)| task.region == region).map(|(handle, _)| handle);
            Rule::ClosedIsEmpty
                .holds(task.is_none(), || format!("{region} finalizes with {task:?} alive"))?;
        }
        self.regions.entry(region).and_modify(|book| book.state = next);
        Ok(())
    }

    pub(super) fn closed(&mut self, region: Handle, outcome: Outcome) -> Judged {
        let Some(book) = self.regions.remove(&region) else {
            return Rule::NoWayBack.holds(false, || format!("{region} was closed twice"));
        };
        if let Some(above) = book.parent.and_then(|parent| self.regions.get_mut(&parent)) {
            above.children = above.children.saturating_sub(1);
        }
        Rule::NoWayBack.holds(book.state == RegionState::Finalizing, || {
            format!("{region} went from {:?} to Closed", book.state)
        })?;
        let task = self.tasks.iter().find(|(_, task)| task.region == region).map(|(handle, _)| handle);
        Rule::ClosedIsEmpty.holds(task.is_none(), || format!("{region} closed with {task:?} alive"))?;
        let child =
            self.regions.iter().find(|(_, child)| child.parent == Some(region)).map(|(handle, _)| handle);
        Rule::ClosedIsEmpty.holds(child.is_none(), || format!("{region} closed with {child:?} open"))?;
        Rule::Finalizers.holds(book.deferred.is_empty(), || {
            format!("{region} closed, and {:?} never ran", book.deferred)
        })?;
        Rule::WorstOutcome.holds(book.worst == outcome, || {
            format!("{region} closed as {outcome:?}; its worst was {:?}", book.worst)
        })
    }

    pub(super) fn poisoned(&mut self, region: Handle) -> Judged {
        let Some(book) = self.regions.get_mut(&region) else {
            return Rule::NoWayBack.holds(false, || format!("{region} was poisoned after its end"));
        };
        book.is_poisoned = true;
        Ok(())
    }

    pub(super) fn deferred(&mut self, region: Handle, name: Name) -> Judged {
        self.takes_work(region, "a finalizer")?;
        self.regions.entry(region).and_modify(|book| book.deferred.push(name));
        Ok(())
    }

    /// A finalizer of the region is polled.
    pub(super) fn finalizer_polled(&mut self, region: Handle) -> Judged {
        let Some(book) = self.regions.get_mut(&region) else {
            return Rule::Finalizers.holds(false, || format!("a finalizer of {region} runs after its end"));
        };
        book.finalizer_polls += 1;
        let (state, polls) = (book.state, book.finalizer_polls);
        Rule::Finalizers.holds(state == RegionState::Finalizing, || {
            format!("a finalizer of {region} runs while it is {state:?}")
        })?;
        Rule::CleanupIsBounded
            .holds(polls <= CLEANUP_POLLS, || format!("a finalizer of {region} has its poll {polls}"))
    }

    pub(super) fn finalized(&mut self, region: Handle, name: Name, outcome: Outcome, forced: bool) -> Judged {
        let Some(book) = self.regions.get_mut(&region) else {
            return Rule::Finalizers.holds(false, || format!("a finalizer of {region} ended after it"));
        };
        book.worst = book.worst.join(outcome);
        let polls = std::mem::replace(&mut book.finalizer_polls, 0);
        let last = book.deferred.pop();
        Rule::Finalizers.holds(last == Some(name), || {
            format!("{region} ran {name:?}; the last registered is {last:?}")
        })?;
        Rule::CleanupIsBounded.holds(!forced || polls == CLEANUP_POLLS, || {
            format!("a finalizer of {region} was ended after {polls} polls")
        })
    }
}
