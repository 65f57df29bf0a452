//! Obligations: promises in two phases, held by a task, each ended exactly once. [regions 1.4]

use super::{Runtime, What};
use crate::regions::body::Body;
use crate::regions::core::Obligation;
use crate::regions::event::Operation;
use crate::regions::handle::{Handle, Kind, Name};
use crate::regions::node::Node;
use crate::regions::points::Bug;
use crate::regions::status::Error;

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// The task promises something.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle` of the task; `RegionPoisoned`, `RegionNotOpen`, `ResourceExhausted` of its region.
    pub fn reserve(&mut self, task: Handle, name: Name) -> Result<Handle, Error> {
        self.attempt(Operation::Reserve, |this| {
            let region = this.core.tasks.get(task)?.region;
            match this.admit(region) {
                Err(Error::RegionPoisoned(_)) if this.has(Bug::PoisonAdmitsReserve) => {}
                admitted => admitted?,
            }
            if this.core.obligations.room() == 0 {
                return Err(Error::ResourceExhausted(region));
            }
            this.ask_memory(Kind::Obligation, region, size_of::<Obligation>())?;
            this.core.obligation_sequence += 1;
            let sequence = this.core.obligation_sequence;
            let obligation = this.core.obligations.insert(Obligation { name, task, sequence });
            this.core.tasks.get_mut(task)?.obligations += 1;
            this.tell_of(obligation, What::Reserved { task, name });
            Ok(obligation)
        })
    }

    /// The promise is kept.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyResolved` when it ended before and its slot was not taken since; `StaleHandle` when it
    /// was.
    pub fn commit(&mut self, obligation: Handle) -> Result<(), Error> {
        self.resolve(Operation::Commit, None, obligation, |name| What::Committed { name })
    }

    /// The promise is given up.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn abort(&mut self, obligation: Handle) -> Result<(), Error> {
        self.resolve(Operation::Abort, None, obligation, |name| What::Aborted { name })
    }

    /// On behalf of `holder`, when there is one: another task's obligation is an invalid argument.
    pub(in crate::regions) fn resolve(
        &mut self,
        operation: Operation,
        holder: Option<Handle>,
        obligation: Handle,
        what: impl FnOnce(Name) -> What,
    ) -> Result<(), Error> {
        self.attempt(operation, |this| {
            let Obligation { name, task, .. } = match this.core.obligations.get(obligation) {
                Ok(live) => *live,
                Err(Error::StaleHandle(_)) if this.core.obligations.was_last(obligation) => {
                    if this.has(Bug::ResolvedTwice) {
                        this.tell_of(obligation, what(Name(0)));
                        return Ok(());
                    }
                    return Err(Error::AlreadyResolved(obligation));
                }
                Err(error) => return Err(error),
            };
            if holder.is_some_and(|holder| holder != task) {
                return Err(Error::InvalidArgument(obligation));
            }
            this.release_obligation(obligation, what(name));
            Ok(())
        })
    }

    /// Ends an obligation that is alive.
    pub(super) fn release_obligation(&mut self, obligation: Handle, what: What) {
        let subject = self.core.subject(obligation);
        let gone = self.core.obligations.remove(obligation);
        self.core.tasks.get_mut(gone.task).expect("held by a live task").obligations -= 1;
        self.tell(subject, obligation, what);
    }
}
