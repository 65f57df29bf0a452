//! Cancellation: requests to end, down the tree and never up, ever more severe. [regions 1.3]

use super::{CLEANUP_POLLS, Runtime, What};
use crate::regions::body::Body;
use crate::regions::core::Core;
use crate::regions::event::Operation;
use crate::regions::handle::{Handle, Kind};
use crate::regions::node::Node;
use crate::regions::outcome::CancelKind;
use crate::regions::points::Bug;
use crate::regions::profile::Class;
use crate::regions::status::Error;
use crate::regions::view::Phase;

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// Asks a task, or all tasks of a region and of those below it, to end. A region stays open. Poison is no reason
    /// that a caller may give: it comes with [`poison`](Self::poison), and with nothing else.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`; `InvalidArgument` for the kind `Poison`.
    pub fn cancel(&mut self, target: Handle, kind: CancelKind) -> Result<(), Error> {
        self.attempt(Operation::Cancel, |this| {
            let is_region = target.kind == Kind::Region;
            if is_region {
                this.core.regions.get(target)?;
            } else {
                this.core.tasks.get(target)?;
            }
            if kind == CancelKind::Poison {
                return Err(Error::InvalidArgument(target));
            }
            if is_region {
                this.cancel_all_within(target, kind);
            } else {
                let moment = this.next_moment();
                this.request_cancel(target, kind, moment);
            }
            Ok(())
        })
    }

    /// Asks everything to end, and closes every region.
    pub fn shutdown(&mut self) {
        let closed = self.attempt(Operation::Close, |this| {
            this.close_all(|_, _| true);
            this.cancel_all(CancelKind::Shutdown, |_, _| true);
            Ok(())
        });
        assert_eq!(closed, Ok(()), "nobody is asked who could refuse");
    }

    pub(super) fn cancel_all_within(&mut self, top: Handle, kind: CancelKind) {
        self.cancel_all(kind, |core, region| core.is_within(region, top));
    }

    /// One cause: all that wait get ready in one moment.
    fn cancel_all(&mut self, kind: CancelKind, is_meant: impl Fn(&Core<B>, Handle) -> bool) {
        let moment = self.next_moment();
        let mut slot = 0;
        while let Some(task) = self.core.tasks.next_from(slot) {
            slot = task.slot + 1;
            let region = self.core.tasks.get(task).expect("a live task").region;
            if is_meant(&self.core, region) {
                self.request_cancel(task, kind, moment);
            }
        }
    }

    /// Strengthens and never weakens. The polls of cleanup count from the first request.
    pub(super) fn request_cancel(&mut self, task: Handle, kind: CancelKind, moment: u64) {
        let weakens = self.has(Bug::CancelWeakens);
        let halves = self.has(Bug::ClassChangesMeaning) && self.core.config.class == Class::R1;
        let place = self.core.tasks.get_mut(task).expect("a live task");
        match place.cancel {
            None => place.cleanup_left = if halves { CLEANUP_POLLS / 2 } else { CLEANUP_POLLS },
            Some(before) if kind > before || (weakens && kind != before) => {}
            Some(_) => return,
        }
        place.cancel = Some(kind);
        let waits = place.phase == Phase::Waiting;
        self.tell_of(task, What::CancelRequested { kind });
        if waits {
            self.make_ready(task, moment);
        }
    }
}
