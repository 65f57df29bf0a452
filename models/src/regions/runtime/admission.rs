//! Admission: who may bring new work, and what happens when there is no room. By rule, never by chance.
//! [regions 1.5]

use super::{Runtime, What};
use crate::regions::agenda::Due;
use crate::regions::body::Body;
use crate::regions::budget::Budget;
use crate::regions::core::{SlotTurn, Task};
use crate::regions::event::Operation;
use crate::regions::handle::{Handle, Kind, Name};
use crate::regions::node::Node;
use crate::regions::outcome::Outcome;
use crate::regions::points::Bug;
use crate::regions::profile::Overload;
use crate::regions::status::Error;
use crate::regions::time::Time;
use crate::regions::view::{Phase, RegionState};

/// A slot that a new task may have.
enum Room {
    Free,
    /// Kept for the spawner.
    Granted(Handle),
    /// When this task makes room.
    Shed(Handle),
}

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// Spawns a task, which may use the meet of `budget` and its region's. It is polled after all that are ready.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`, `RegionPoisoned`, `RegionNotOpen`; `InvalidArgument` for a budget without a poll
    /// or cost; `ResourceExhausted` when no slot is free or memory is refused; with [`Overload::Backpressure`]
    /// `WouldBlock`.
    pub fn spawn(&mut self, region: Handle, name: Name, budget: Budget, body: B) -> Result<Handle, Error> {
        self.spawn_for(None, region, name, budget, body)
    }

    /// Spawns on behalf of a task, which waits when there is no room and the policy says so.
    pub(in crate::regions) fn spawn_for(
        &mut self,
        spawner: Option<Handle>,
        region: Handle,
        name: Name,
        budget: Budget,
        body: B,
    ) -> Result<Handle, Error> {
        self.attempt(Operation::Spawn, |this| {
            this.admit(region)?;
            let allowed = this.within(budget, this.core.regions.get(region)?.budget);
            if allowed.is_spent() {
                return Err(Error::InvalidArgument(region));
            }
            if this.has(Bug::RefusalTakesNumber) {
                this.core.task_sequence += 1;
            }
            let room = this.find_room(spawner, region)?;
            if this.has(Bug::AllocationHalfDone) {
                this.core.regions.get_mut(region)?.tasks += 1;
            }
            this.ask_memory(Kind::Task, region, size_of::<Task<B>>())?;
            if this.has(Bug::AllocationHalfDone) {
                this.core.regions.get_mut(region)?.tasks -= 1;
            }
            match room {
                Room::Free => {}
                Room::Granted(spawner) => this.spend_turn(spawner),
                Room::Shed(oldest) => this.shed(oldest),
            }
            Ok(this.place(region, name, budget, allowed, body))
        })
    }

    /// Whether a region takes new work.
    pub(super) fn admit(&self, region: Handle) -> Result<(), Error> {
        let state = self.core.regions.get(region)?.state;
        let is_poisoned = self.core.is_poisoned(region);
        if self.has(Bug::PrecedenceSwapped) && state != RegionState::Open {
            return Err(Error::RegionNotOpen(region));
        }
        if is_poisoned {
            return Err(Error::RegionPoisoned(region));
        }
        if state == RegionState::Open { Ok(()) } else { Err(Error::RegionNotOpen(region)) }
    }

    /// What a budget comes to within another.
    pub(super) fn within(&self, asked: Budget, outer: Budget) -> Budget {
        if self.has(Bug::BudgetNotMet) {
            return Budget {
                polls: asked.polls.max(outer.polls),
                deadline: asked.deadline.max(outer.deadline),
                cost: asked.cost.max(outer.cost),
            };
        }
        asked.meet(outer)
    }

    fn find_room(&mut self, spawner: Option<Handle>, region: Handle) -> Result<Room, Error> {
        if let Some(spawner) = spawner
            && self.core.tasks.get(spawner).is_ok_and(|task| task.slot_turn == SlotTurn::Granted)
        {
            return Ok(Room::Granted(spawner));
        }
        if self.core.tasks.room() > self.core.slots_granted {
            return Ok(Room::Free);
        }
        match self.core.config.overload {
            Overload::Reject => Err(Error::ResourceExhausted(region)),
            Overload::ShedOldest => {
                self.oldest_unpolled(region).map(Room::Shed).ok_or(Error::ResourceExhausted(region))
            }
            Overload::Backpressure => {
                if let Some(spawner) = spawner
                    && let Ok(task) = self.core.tasks.get_mut(spawner)
                    && task.slot_turn == SlotTurn::None
                {
                    task.slot_turn = SlotTurn::Queued;
                    self.core.slot_waiters.push_back(spawner);
                }
                Err(Error::WouldBlock(region))
            }
        }
    }

    fn oldest_unpolled(&self, region: Handle) -> Option<Handle> {
        let began_too = self.has(Bug::ShedsPolled);
        let may_go = |task: &Task<B>| {
            task.region == region && task.phase == Phase::Ready && (began_too || !task.was_polled)
        };
        let unpolled = self.core.tasks.iter().filter(|(_, task)| may_go(task));
        unpolled.min_by_key(|(_, task)| task.sequence).map(|(handle, _)| handle)
    }

    fn shed(&mut self, oldest: Handle) {
        self.tell_of(oldest, What::Shed);
        self.complete(oldest, Outcome::Cancelled, false);
    }

    /// Puts an admitted task in its slot.
    fn place(&mut self, region: Handle, name: Name, asked: Budget, allowed: Budget, body: B) -> Handle {
        let (id, sequence) = self.unique_id();
        let task = self.core.tasks.insert(Task {
            name,
            id,
            sequence,
            region,
            phase: Phase::Waiting,
            body: Some(body),
            budget: allowed,
            cancel: None,
            saw_cancel: false,
            cleanup_left: 0,
            was_polled: false,
            was_woken: false,
            slot_turn: SlotTurn::None,
            obligations: 0,
            timers: 0,
        });
        self.core.regions.get_mut(region).expect("it admitted the task").tasks += 1;
        if allowed.deadline != Time::NEVER {
            let due = Due { deadline: allowed.deadline, sequence: u64::from(sequence), handle: task };
            self.core.deadlines_due.set(due);
        }
        self.tell_of(task, What::Spawned { region, id, asked });
        let moment = self.next_moment();
        self.make_ready(task, moment);
        task
    }

    /// The spawner takes the slot that was kept for it.
    fn spend_turn(&mut self, spawner: Handle) {
        self.core.slots_granted -= 1;
        self.core.tasks.get_mut(spawner).expect("it is running").slot_turn = SlotTurn::None;
    }

    /// A task leaves the queue of spawners, or gives up the slot that is kept for it.
    pub(super) fn give_up_turn(&mut self, spawner: Handle) {
        let task = self.core.tasks.get_mut(spawner).expect("a live task");
        match std::mem::replace(&mut task.slot_turn, SlotTurn::None) {
            SlotTurn::None => {}
            SlotTurn::Queued => self.core.slot_waiters.retain(|&waiter| waiter != spawner),
            SlotTurn::Granted => self.core.slots_granted -= 1,
        }
    }

    /// Free slots are kept for those who wait, first come first.
    pub(super) fn grant_slots(&mut self) {
        while self.core.tasks.room() > self.core.slots_granted {
            let Some(spawner) = self.core.slot_waiters.pop_front() else { return };
            if self.has(Bug::SlotWakesNobody) {
                continue;
            }
            self.core.slots_granted += 1;
            self.core.tasks.get_mut(spawner).expect("waiters are alive").slot_turn = SlotTurn::Granted;
            let moment = self.next_moment();
            self.wake_now(spawner, moment);
        }
    }
}
