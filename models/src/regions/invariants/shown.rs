//! The books against what the runtime shows, and that nothing ready is passed over.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;

use super::super::handle::{Handle, Kind};
use super::super::node::Step;
use super::super::view::{Phase, View};
use super::{Judged, Observer, Rule};

/// With more things alive than this, not every step is a walk over all of them; the counts are compared in each.
const WALK_EACH_STEP_MAX: u64 = 32;

impl Observer {
    /// A step is over.
    ///
    /// # Errors
    /// The invariant that does not hold.
    pub fn stepped(&mut self, step: Step, view: &dyn View) -> Judged {
        let polled = std::mem::take(&mut self.polled);
        if step == Step::Scheduled {
            let passed_over = if polled { None } else { self.ready.first() };
            Rule::Order
                .holds(passed_over.is_none(), || format!("nothing was polled, with {passed_over:?} ready"))?;
        }
        if step == Step::Asked {
            self.forget_scan();
        } else {
            self.judge_lost()?;
        }
        // What was set in this step need not fire before the next.
        self.steps += 1;
        let alive = self.counts(view)?;
        if self.steps.is_multiple_of(1 + alive / WALK_EACH_STEP_MAX) {
            self.walk_regions(view)?;
            self.walk_tasks(view)?;
            self.walk_obligations(view)?;
        }
        Ok(())
    }

    fn counts(&self, view: &dyn View) -> Result<u64, super::Violation> {
        let booked = [self.regions.len(), self.tasks.len(), self.obligations.len(), self.timers.len()];
        for (kind, booked) in Kind::ALL.into_iter().zip(booked) {
            let shown = usize::from(view.live(kind));
            Rule::Counts.holds(shown == booked, || {
                format!("the arena of {} counts {shown}; {booked} are alive", kind.word())
            })?;
        }
        Ok(booked.iter().sum::<usize>() as u64)
    }

    fn walk_regions(&self, view: &dyn View) -> Judged {
        let mut wrong = None;
        let mut miscounted = None;
        let mut seen = 0;
        view.each_region(&mut |shown| {
            seen += 1;
            let book = self.regions.get(&shown.handle);
            let same = book.is_some_and(|book| {
                (book.state, book.is_poisoned, book.parent) == (shown.state, shown.is_poisoned, shown.parent)
            });
            let (tasks, children) = book.map_or((0, 0), |book| (book.tasks, book.children));
            if !same {
                wrong = Some(shown);
            }
            if (tasks, children) != (shown.tasks, shown.children) {
                miscounted = Some((shown, tasks, children));
            }
        });
        Rule::NoWayBack.holds(wrong.is_none(), || format!("{wrong:?} is shown, and is not so"))?;
        Rule::Counts.holds(miscounted.is_none(), || {
            format!("shown, tasks and children that are alive: {miscounted:?}")
        })?;
        Rule::Counts.holds(seen == self.regions.len(), || format!("{seen} regions are shown"))
    }

    fn walk_tasks(&self, view: &dyn View) -> Judged {
        let mut wrong = None;
        let mut seen = 0;
        let mut books = self.tasks.iter();
        view.each_task(&mut |shown| {
            seen += 1;
            let same = of(&mut books, &self.tasks, shown.handle).is_some_and(|book| {
                book.region == shown.region
                    && book.cancel == shown.cancel
                    && book.ready.is_some() == (shown.phase == Phase::Ready)
            });
            if !same {
                wrong = Some(shown);
            }
        });
        Rule::NoWayBack.holds(wrong.is_none(), || format!("{wrong:?} is shown, and is not so"))?;
        Rule::Counts.holds(seen == self.tasks.len(), || format!("{seen} tasks are shown"))
    }

    fn walk_obligations(&self, view: &dyn View) -> Judged {
        let mut wrong = None;
        let mut books = self.obligations.iter();
        view.each_obligation(&mut |obligation, task| {
            if of(&mut books, &self.obligations, obligation) != Some(&task) {
                wrong = Some(obligation);
            }
        });
        view.each_timer(&mut |timer| {
            if !self.timers.contains_key(&timer) {
                wrong = Some(timer);
            }
        });
        Rule::Counts.holds(wrong.is_none(), || format!("{wrong:?} is shown, and is not so"))
    }
}

/// The book of a thing. Things are shown by slot, as the books are sorted, so it is the next one as long as nothing
/// is wrong.
fn of<'a, T>(books: &mut Iter<'a, Handle, T>, all: &'a BTreeMap<Handle, T>, handle: Handle) -> Option<&'a T> {
    match books.next() {
        Some((next, book)) if *next == handle => Some(book),
        _ => all.get(&handle),
    }
}
