//! Tasks and obligations, the queue's order, budgets and ids.

use super::super::budget::Budget;
use super::super::handle::{Handle, Kind};
use super::super::outcome::{CancelKind, Outcome};
use super::super::runtime::CLEANUP_POLLS;
use super::super::time::Time;
use super::books::TaskBook;
use super::{Judged, Observer, Rule};

impl Observer {
    pub(super) fn spawned(&mut self, task: Handle, region: Handle, id: u64, asked: Budget) -> Judged {
        self.fresh(task)?;
        self.takes_work(region, "a task")?;
        let room_made_in = self.room_made_in.take();
        Rule::Isolation.holds(room_made_in.is_none_or(|other| other == region), || {
            format!("a task of {room_made_in:?} made room for {task} of {region}")
        })?;
        Rule::UniqueIds.holds(self.ids.insert(id), || format!("{task} has the id {id:016x} of another"))?;
        let allowed = self.regions.get(&region).map_or(asked, |book| book.allowed.meet(asked));
        let book = TaskBook {
            region,
            id,
            allowed,
            polls: 0,
            cancel: None,
            cleanup_polls: 0,
            ready: None,
            deadline_passed: false,
            shed: false,
            held: 0,
            since: self.steps,
        };
        if allowed.deadline != Time::NEVER {
            self.tasks_due.insert((allowed.deadline, task));
        }
        self.tasks.insert(task, book);
        self.regions.entry(region).and_modify(|book| book.tasks += 1);
        Ok(())
    }

    fn task(&mut self, task: Handle, did: &str) -> Result<&mut TaskBook, super::Violation> {
        self.tasks
            .get_mut(&task)
            .ok_or_else(|| super::Violation::new(Rule::EndsOnce, format!("{task} {did} after its end")))
    }

    pub(super) fn readied(&mut self, task: Handle, moment: u64) -> Judged {
        let book = self.task(task, "got ready")?;
        let (id, before) = (book.id, book.ready.replace(moment));
        Rule::Order.holds(before.is_none(), || format!("{task} got ready twice"))?;
        self.ready.insert((moment, id, task));
        Ok(())
    }

    pub(super) fn polled(&mut self, task: Handle) -> Judged {
        self.polled = true;
        if task.kind == Kind::Region {
            return self.finalizer_polled(task);
        }
        let first = self.ready.first().copied();
        let book = self.task(task, "was polled")?;
        let place = book.ready.take().map(|moment| (moment, book.id, task));
        let cleans_up = book.cancel.is_some();
        if cleans_up {
            book.cleanup_polls += 1;
        } else {
            book.polls += 1;
        }
        let (polls, cleanup_polls, allowed) = (book.polls, book.cleanup_polls, book.allowed.polls);
        Rule::Order.holds(place.is_some() && place == first, || {
            format!("{task} was polled in the place {place:?}; the first is {first:?}")
        })?;
        self.ready.pop_first();
        Rule::CleanupIsBounded.holds(cleanup_polls <= CLEANUP_POLLS, || {
            format!("{task} has its poll {cleanup_polls} after it was asked to end")
        })?;
        Rule::Budgets
            .holds(polls <= allowed, || format!("{task} may be polled {allowed} times, and is again"))
    }

    pub(super) fn waits(&mut self, task: Handle) -> Judged {
        let book = self.task(task, "waits")?;
        let cancel = book.cancel;
        Rule::CleanupIsBounded
            .holds(cancel.is_none(), || format!("{task} waits, and was asked to end ({cancel:?})"))
    }

    pub(super) fn cancel_requested(&mut self, task: Handle, kind: CancelKind) -> Judged {
        let book = self.task(task, "was asked to end")?;
        let (region, before) = (book.region, book.cancel.replace(kind));
        Rule::CancelStrengthens.holds(before.is_none_or(|before| before < kind), || {
            format!("{task} was asked to end for {before:?}, then for {kind:?}")
        })?;
        let has_cause = kind != CancelKind::Poison || self.is_poisoned(region);
        Rule::Isolation.holds(has_cause, || format!("{task} of {region} was hit by poison of another region"))
    }

    pub(super) fn shed(&mut self, task: Handle) -> Judged {
        let book = self.task(task, "was shed")?;
        book.shed = true;
        let (polls, ready, region) = (book.polls + u64::from(book.cleanup_polls), book.ready, book.region);
        self.room_made_in = Some(region);
        Rule::Shedding.holds(polls == 0 && ready.is_some(), || format!("{task} was shed after {polls} polls"))
    }

    pub(super) fn completed(&mut self, task: Handle, outcome: Outcome, forced: bool) -> Judged {
        let Some(book) = self.tasks.remove(&task) else {
            return Rule::EndsOnce.holds(false, || format!("{task} ended twice"));
        };
        self.tasks_due.remove(&(book.allowed.deadline, task));
        if let Some(moment) = book.ready {
            self.ready.remove(&(moment, book.id, task));
            Rule::EndsOnce.holds(book.shed, || format!("{task} ended while it was to be polled"))?;
        }
        Rule::ResolvesOnce.holds(book.held == 0, || {
            let held = self.obligations.iter().find(|(_, holder)| **holder == task).map(|(handle, _)| handle);
            format!("{task} ended and still holds {held:?}")
        })?;
        let timer = self.timers.iter().find(|(_, timer)| timer.task == task).map(|(handle, _)| handle);
        Rule::ClosedIsEmpty.holds(timer.is_none(), || format!("{task} ended and {timer:?} is still set"))?;
        let Some(region) = self.regions.get_mut(&book.region) else {
            return Rule::ClosedIsEmpty.holds(false, || format!("{task} outlived {}", book.region));
        };
        region.worst = region.worst.join(outcome);
        region.tasks = region.tasks.saturating_sub(1);
        Rule::CleanupIsBounded.holds(!forced || book.cleanup_polls == CLEANUP_POLLS, || {
            format!("{task} was ended by force after {} polls of cleanup", book.cleanup_polls)
        })?;
        Rule::CancelStrengthens.holds(!forced || outcome == Outcome::Cancelled, || {
            format!("{task} was ended by force, and counts as {outcome:?}")
        })
    }

    pub(super) fn reserved(&mut self, obligation: Handle, task: Handle) -> Judged {
        self.fresh(obligation)?;
        let holder = self.task(task, "reserved")?;
        holder.held += 1;
        let region = holder.region;
        self.takes_work(region, "an obligation")?;
        self.obligations.insert(obligation, task);
        Ok(())
    }

    pub(super) fn resolved(&mut self, obligation: Handle) -> Judged {
        let holder = self.obligations.remove(&obligation);
        if let Some(book) = holder.and_then(|holder| self.tasks.get_mut(&holder)) {
            book.held -= 1;
        }
        Rule::ResolvesOnce.holds(holder.is_some(), || format!("{obligation} ended twice"))
    }
}
