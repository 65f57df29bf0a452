//! The reference: the same rules written down naively. No arenas, no slots, no queue that is kept in order: things
//! have serial numbers for ever, and whoever is next is looked for.

use super::super::api::{CancelKind, Outcome, Overload, RegionState, Status};
use super::program::{Act, Program};

/// What happened, by serial numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Spawned(usize),
    Polled(usize),
    FinalizerPolled(usize),
    Finalized(usize, u64, Outcome, bool),
    Completed(usize, Outcome, bool),
    Shed(usize),
    Fired(usize),
    Reserved(usize, u64),
    Committed(usize, u64),
    Aborted(usize, u64),
    Leaked(usize, u64),
    Cancel(usize, CancelKind),
    Entered(usize, RegionState),
    Closed(usize, Outcome),
    Poisoned(usize),
}

pub(super) struct Region {
    parent: Option<usize>,
    /// `None` when it is closed.
    pub(super) state: Option<RegionState>,
    pub(super) poisoned: bool,
    polls: u64,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Since which moment.
    Ready(u64),
    Running,
    Waiting,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    None,
    Queued(u64),
    Granted,
}

pub(super) struct Task {
    region: usize,
    acts: Vec<Act>,
    repeats: bool,
    at: usize,
    held: Vec<usize>,
    doing: Doing,
    pub(super) alive: bool,
    polls: u64,
    deadline: i64,
    deadline_seen: bool,
    cancel: Option<CancelKind>,
    saw_cancel: bool,
    cleanup: u32,
    was_polled: bool,
    woken: bool,
    turn: Turn,
}

struct Finalizer {
    region: usize,
    name: u64,
    acts: Vec<Act>,
    repeats: bool,
    at: usize,
    polls: u32,
    over: bool,
}

enum Ended {
    Again,
    Wait,
    Done(Outcome),
}

pub(super) struct World {
    overload: Overload,
    pub(super) refuses_memory: bool,
    pub(super) now: i64,
    pub(super) regions: Vec<Region>,
    pub(super) tasks: Vec<Task>,
    /// The holder, the name, and whether it is unresolved.
    pub(super) obligations: Vec<(usize, u64, bool)>,
    /// The deadline, the task, and whether it is set.
    timers: Vec<(i64, usize, bool)>,
    finalizers: Vec<Finalizer>,
    moment: u64,
    /// The ids of tasks, as the runtime gave them: what ties are broken by.
    pub(super) ids: Vec<u64>,
    pub(super) told: Vec<Told>,
}

const REGIONS: usize = 8;
const SLOTS: usize = 64;
const CLEANUP: u32 = 8;
pub(super) const NEVER: i64 = i64::MAX;

type Asked<T> = Result<T, Status>;

impl World {
    pub(super) fn new(overload: Overload) -> World {
        World {
            overload,
            refuses_memory: false,
            now: 0,
            regions: Vec::new(),
            tasks: Vec::new(),
            obligations: Vec::new(),
            timers: Vec::new(),
            finalizers: Vec::new(),
            moment: 0,
            ids: Vec::new(),
            told: Vec::new(),
        }
    }

    pub(super) fn live_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.alive).count()
    }

    pub(super) fn live_regions(&self) -> usize {
        self.regions.iter().filter(|region| region.state.is_some()).count()
    }

    pub(super) fn live_obligations(&self) -> usize {
        self.obligations.iter().filter(|held| held.2).count()
    }

    pub(super) fn live_timers(&self) -> usize {
        self.timers.iter().filter(|timer| timer.2).count()
    }

    fn poisoned(&self, region: usize) -> bool {
        self.regions[region].poisoned
            || self.regions[region].parent.is_some_and(|parent| self.poisoned(parent))
    }

    fn within(&self, region: usize, top: usize) -> bool {
        region == top || self.regions[region].parent.is_some_and(|parent| self.within(parent, top))
    }

    fn alive_region(&self, region: usize) -> Asked<()> {
        if self.regions[region].state.is_some() { Ok(()) } else { Err(Status::StaleHandle) }
    }

    fn alive_task(&self, task: usize) -> Asked<()> {
        if self.tasks[task].alive { Ok(()) } else { Err(Status::StaleHandle) }
    }

    fn admits(&self, region: usize) -> Asked<()> {
        self.alive_region(region)?;
        if self.poisoned(region) {
            return Err(Status::RegionPoisoned);
        }
        if self.regions[region].state == Some(RegionState::Open) {
            Ok(())
        } else {
            Err(Status::RegionNotOpen)
        }
    }

    fn memory(&self, used: usize, of: usize) -> Asked<()> {
        if used < of && !self.refuses_memory { Ok(()) } else { Err(Status::ResourceExhausted) }
    }

    pub(super) fn open(&mut self, parent: Option<usize>, polls: u64) -> Asked<usize> {
        let mut polls = polls;
        if let Some(parent) = parent {
            self.admits(parent)?;
            polls = polls.min(self.regions[parent].polls);
        }
        self.memory(self.live_regions(), REGIONS)?;
        let state = Some(RegionState::Open);
        self.regions.push(Region { parent, state, poisoned: false, polls, outcome: Outcome::Ok });
        Ok(self.regions.len() - 1)
    }

    pub(super) fn close(&mut self, region: usize) -> Asked<()> {
        self.alive_region(region)?;
        if self.regions[region].state == Some(RegionState::Open) {
            self.close_below(region);
            self.cancel_below(region, CancelKind::ParentClosing);
        }
        Ok(())
    }

    fn close_below(&mut self, top: usize) {
        for region in 0..self.regions.len() {
            if self.within(region, top) && self.regions[region].state == Some(RegionState::Open) {
                self.regions[region].state = Some(RegionState::Closing);
                self.told.push(Told::Entered(region, RegionState::Closing));
            }
        }
    }

    pub(super) fn poison(&mut self, region: usize) -> Asked<()> {
        self.alive_region(region)?;
        if !self.regions[region].poisoned {
            self.regions[region].poisoned = true;
            self.told.push(Told::Poisoned(region));
            self.cancel_below(region, CancelKind::Poison);
        }
        Ok(())
    }

    pub(super) fn cancel_region(&mut self, region: usize, kind: CancelKind) -> Asked<()> {
        self.alive_region(region)?;
        if kind == CancelKind::Poison {
            return Err(Status::InvalidArgument);
        }
        self.cancel_below(region, kind);
        Ok(())
    }

    pub(super) fn cancel_task(&mut self, task: usize, kind: CancelKind) -> Asked<()> {
        self.alive_task(task)?;
        if kind == CancelKind::Poison {
            return Err(Status::InvalidArgument);
        }
        self.moment += 1;
        self.cancel(task, kind);
        Ok(())
    }

    pub(super) fn shutdown(&mut self) {
        for region in 0..self.regions.len() {
            if self.regions[region].state == Some(RegionState::Open) {
                self.regions[region].state = Some(RegionState::Closing);
                self.told.push(Told::Entered(region, RegionState::Closing));
            }
        }
        self.moment += 1;
        for task in 0..self.tasks.len() {
            if self.tasks[task].alive {
                self.cancel(task, CancelKind::Shutdown);
            }
        }
    }

    fn cancel_below(&mut self, top: usize, kind: CancelKind) {
        self.moment += 1;
        for task in 0..self.tasks.len() {
            if self.tasks[task].alive && self.within(self.tasks[task].region, top) {
                self.cancel(task, kind);
            }
        }
    }

    fn cancel(&mut self, task: usize, kind: CancelKind) {
        let moment = self.moment;
        let it = &mut self.tasks[task];
        if it.cancel.is_some_and(|before| before >= kind) {
            return;
        }
        it.cancel = Some(kind);
        if it.doing == Doing::Waiting {
            it.doing = Doing::Ready(moment);
        }
        self.told.push(Told::Cancel(task, kind));
    }

    pub(super) fn wake(&mut self, task: usize) -> Asked<()> {
        self.alive_task(task)?;
        self.wake_now(task);
        Ok(())
    }

    fn wake_now(&mut self, task: usize) {
        self.moment += 1;
        let it = &mut self.tasks[task];
        match it.doing {
            Doing::Ready(_) => {}
            Doing::Running => it.woken = true,
            Doing::Waiting => it.doing = Doing::Ready(self.moment),
        }
    }

    pub(super) fn reserve(&mut self, task: usize, name: u64) -> Asked<usize> {
        self.alive_task(task)?;
        self.admits(self.tasks[task].region)?;
        self.memory(self.live_obligations(), SLOTS)?;
        self.obligations.push((task, name, true));
        self.told.push(Told::Reserved(task, name));
        Ok(self.obligations.len() - 1)
    }

    /// The slot of one that ended may have been taken since; both answers stand for that here.
    pub(super) fn resolve(&mut self, obligation: usize, commits: bool) -> Asked<()> {
        let (task, name, alive) = self.obligations[obligation];
        if !alive {
            return Err(Status::AlreadyResolved);
        }
        self.obligations[obligation].2 = false;
        self.told.push(if commits { Told::Committed(task, name) } else { Told::Aborted(task, name) });
        Ok(())
    }

    pub(super) fn set_timer(&mut self, task: usize, delay: i64) -> Asked<()> {
        self.alive_task(task)?;
        self.memory(self.live_timers(), SLOTS)?;
        self.timers.push((self.now + delay, task, true));
        Ok(())
    }

    pub(super) fn finally(&mut self, region: usize, name: u64, program: &Program) -> Asked<()> {
        self.admits(region)?;
        self.memory(self.finalizers.iter().filter(|it| !it.over).count(), SLOTS)?;
        let (acts, repeats) = (program.acts().to_vec(), program.repeats());
        self.finalizers.push(Finalizer { region, name, acts, repeats, at: 0, polls: 0, over: false });
        Ok(())
    }

    pub(super) fn spawn(
        &mut self,
        spawner: Option<usize>,
        region: usize,
        (polls, deadline): (u64, i64),
        program: &Program,
    ) -> Asked<usize> {
        self.admits(region)?;
        let polls = polls.min(self.regions[region].polls);
        if polls == 0 {
            return Err(Status::InvalidArgument);
        }
        let granted = self.tasks.iter().filter(|task| task.turn == Turn::Granted).count();
        let mine = spawner.filter(|&spawner| self.tasks[spawner].turn == Turn::Granted);
        let mut sheds = None;
        if mine.is_none() && self.live_tasks() + granted >= SLOTS {
            match self.overload {
                Overload::Reject => return Err(Status::ResourceExhausted),
                Overload::ShedOldest => {
                    let may_go = |task: &Task| {
                        task.alive
                            && task.region == region
                            && !task.was_polled
                            && matches!(task.doing, Doing::Ready(_))
                    };
                    sheds = self.tasks.iter().position(may_go);
                    if sheds.is_none() {
                        return Err(Status::ResourceExhausted);
                    }
                }
                Overload::Backpressure => {
                    if let Some(spawner) = spawner
                        && self.tasks[spawner].turn == Turn::None
                    {
                        self.moment += 1;
                        self.tasks[spawner].turn = Turn::Queued(self.moment);
                    }
                    return Err(Status::WouldBlock);
                }
            }
        }
        if self.refuses_memory {
            return Err(Status::ResourceExhausted);
        }
        if let Some(mine) = mine {
            self.tasks[mine].turn = Turn::None;
        }
        if let Some(oldest) = sheds {
            self.told.push(Told::Shed(oldest));
            self.complete(oldest, Outcome::Cancelled, false);
        }
        self.moment += 1;
        self.tasks.push(Task {
            region,
            acts: program.acts().to_vec(),
            repeats: program.repeats(),
            at: 0,
            held: Vec::new(),
            doing: Doing::Ready(self.moment),
            alive: true,
            polls,
            deadline,
            deadline_seen: false,
            cancel: None,
            saw_cancel: false,
            cleanup: 0,
            was_polled: false,
            woken: false,
            turn: Turn::None,
        });
        self.told.push(Told::Spawned(self.tasks.len() - 1));
        Ok(self.tasks.len() - 1)
    }

    fn complete(&mut self, task: usize, outcome: Outcome, forced: bool) {
        for held in &mut self.obligations {
            if held.0 == task && held.2 {
                held.2 = false;
                self.told.push(Told::Leaked(task, held.1));
            }
        }
        for timer in &mut self.timers {
            timer.2 &= timer.1 != task;
        }
        let it = &mut self.tasks[task];
        it.alive = false;
        it.turn = Turn::None;
        let region = &mut self.regions[it.region];
        region.outcome = region.outcome.max(outcome);
        self.told.push(Told::Completed(task, outcome, forced));
        self.grant();
    }

    fn grant(&mut self) {
        loop {
            let granted = self.tasks.iter().filter(|task| task.turn == Turn::Granted).count();
            let queued = self.tasks.iter().enumerate().filter_map(|(serial, task)| match task.turn {
                Turn::Queued(since) => Some((since, serial)),
                _ => None,
            });
            let Some((_, first)) = queued.min() else { return };
            if self.live_tasks() + granted >= SLOTS {
                return;
            }
            self.tasks[first].turn = Turn::Granted;
            self.wake_now(first);
        }
    }

    pub(super) fn run(&mut self, mut polls: u64) -> Status {
        loop {
            self.look();
            if self.next_finalizer().is_none() && self.first_ready().is_none() {
                return if self.live_tasks() == 0 { Status::Ok } else { Status::WouldBlock };
            }
            if polls == 0 {
                return Status::PollBudgetExhausted;
            }
            self.poll_next();
            polls -= 1;
        }
    }

    pub(super) fn drain(&mut self, region: usize, mut polls: u64) -> Status {
        let _ = self.close(region);
        while self.regions[region].state.is_some() {
            self.look();
            if self.regions[region].state.is_none() {
                break;
            }
            if polls == 0 {
                return Status::PollBudgetExhausted;
            }
            self.poll_next();
            polls -= 1;
        }
        Status::Ok
    }

    fn look(&mut self) {
        self.fire();
        self.settle();
    }

    fn first_ready(&self) -> Option<usize> {
        let ready = self.tasks.iter().enumerate().filter_map(|(serial, task)| match task.doing {
            Doing::Ready(moment) if task.alive => Some((moment, self.ids[serial], serial)),
            _ => None,
        });
        ready.min().map(|(_, _, serial)| serial)
    }

    fn next_finalizer(&self) -> Option<usize> {
        self.finalizers.iter().rposition(|finalizer| {
            !finalizer.over && self.regions[finalizer.region].state == Some(RegionState::Finalizing)
        })
    }

    fn poll_next(&mut self) {
        if let Some(finalizer) = self.next_finalizer() {
            self.poll_finalizer(finalizer);
        } else if let Some(task) = self.first_ready() {
            self.poll(task);
        }
        self.settle();
    }

    fn fire(&mut self) {
        let mut due: Vec<(i64, usize)> = self
            .timers
            .iter()
            .enumerate()
            .filter(|(_, timer)| timer.2 && timer.0 <= self.now)
            .map(|(serial, timer)| (timer.0, serial))
            .collect();
        due.sort_unstable();
        for (_, timer) in due {
            self.timers[timer].2 = false;
            let task = self.timers[timer].1;
            self.told.push(Told::Fired(task));
            self.wake_now(task);
        }
        let mut over: Vec<(i64, usize)> = self
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| task.alive && !task.deadline_seen && task.deadline <= self.now)
            .map(|(serial, task)| (task.deadline, serial))
            .collect();
        over.sort_unstable();
        for (_, task) in over {
            self.pass_deadline(task);
        }
    }

    fn pass_deadline(&mut self, task: usize) {
        self.tasks[task].deadline_seen = true;
        self.moment += 1;
        self.cancel(task, CancelKind::Deadline);
    }

    fn settle(&mut self) {
        for _ in 0..4 * (REGIONS + 1) {
            for region in 0..self.regions.len() {
                let Some(state) = self.regions[region].state else { continue };
                let mut children = self.regions.iter().filter(|it| it.parent == Some(region));
                let closing = children.all(|it| it.state != Some(RegionState::Open));
                let mut children = self.regions.iter().filter(|it| it.parent == Some(region));
                let childless = children.all(|it| it.state.is_none());
                let idle = !self.tasks.iter().any(|task| task.alive && task.region == region);
                let done = !self.finalizers.iter().any(|it| !it.over && it.region == region);
                let next = match state {
                    RegionState::Closing if closing => RegionState::Draining,
                    RegionState::Draining if idle && childless => RegionState::Finalizing,
                    RegionState::Finalizing if done => {
                        self.regions[region].state = None;
                        self.told.push(Told::Closed(region, self.regions[region].outcome));
                        continue;
                    }
                    _ => continue,
                };
                self.regions[region].state = Some(next);
                self.told.push(Told::Entered(region, next));
            }
        }
    }

    fn poll_finalizer(&mut self, serial: usize) {
        let it = &mut self.finalizers[serial];
        self.told.push(Told::FinalizerPolled(it.region));
        it.polls += 1;
        let act = it.acts.get(it.at).cloned();
        if !it.repeats || it.at + 1 < it.acts.len() {
            it.at += 1;
        }
        let (polls, region, name) = (it.polls, it.region, it.name);
        // Nothing else that it may try has an effect: its region takes no work, and it is no task.
        if act == Some(Act::Poison) {
            let _ = self.poison(region);
        }
        let (outcome, forced) = match act {
            None => (Outcome::Ok, false),
            Some(Act::Done(outcome)) => (outcome, false),
            Some(Act::Panic) => (Outcome::Panicked, false),
            Some(_) if polls == CLEANUP => (Outcome::Cancelled, true),
            Some(_) => return,
        };
        self.finalizers[serial].over = true;
        self.regions[region].outcome = self.regions[region].outcome.max(outcome);
        self.told.push(Told::Finalized(region, name, outcome, forced));
    }

    fn poll(&mut self, task: usize) {
        let it = &mut self.tasks[task];
        it.doing = Doing::Running;
        it.was_polled = true;
        it.woken = false;
        let cleans = it.cancel.is_some();
        self.told.push(Told::Polled(task));
        let ended = self.act(task);
        let it = &mut self.tasks[task];
        if let Ended::Done(outcome) = ended {
            let outcome = if outcome == Outcome::Ok && it.saw_cancel { Outcome::Cancelled } else { outcome };
            return self.complete(task, outcome, false);
        }
        if cleans {
            it.cleanup += 1;
            if it.cleanup == CLEANUP {
                return self.complete(task, Outcome::Cancelled, true);
            }
        } else if it.polls != u64::MAX {
            it.polls -= 1;
            if it.polls == 0 {
                self.moment += 1;
                self.cancel(task, CancelKind::Timeout);
            }
        }
        self.moment += 1;
        let moment = self.moment;
        let it = &mut self.tasks[task];
        let waits = matches!(ended, Ended::Wait) && !it.woken && it.cancel.is_none();
        it.doing = if waits { Doing::Waiting } else { Doing::Ready(moment) };
        if it.turn == Turn::Granted {
            it.turn = Turn::None;
            self.grant();
        }
    }

    fn act(&mut self, task: usize) -> Ended {
        let it = &mut self.tasks[task];
        let Some(act) = it.acts.get(it.at).cloned() else { return Ended::Done(Outcome::Ok) };
        if !it.repeats || it.at + 1 < it.acts.len() {
            it.at += 1;
        }
        let region = it.region;
        match act {
            Act::Again | Act::Cost(_) => {}
            Act::Wait => return Ended::Wait,
            Act::Sleep(nanos) => {
                if self.set_timer(task, nanos as i64).is_ok() {
                    return Ended::Wait;
                }
            }
            Act::Check => {
                if it.deadline <= self.now && !it.deadline_seen {
                    self.pass_deadline(task);
                }
                let it = &mut self.tasks[task];
                if it.cancel.is_some() {
                    it.saw_cancel = true;
                    return Ended::Done(Outcome::Ok);
                }
            }
            Act::Reserve(name) => {
                if let Ok(held) = self.reserve(task, name) {
                    self.tasks[task].held.push(held);
                }
            }
            Act::Commit | Act::Abort => {
                if let Some(held) = self.tasks[task].held.pop() {
                    let _ = self.resolve(held, act == Act::Commit);
                }
            }
            Act::Spawn(_, program) => {
                if self.spawn(Some(task), region, (u64::MAX, NEVER), &program) == Err(Status::WouldBlock) {
                    self.tasks[task].at -= 1;
                    return Ended::Wait;
                }
            }
            Act::Close => {
                let _ = self.close(region);
            }
            Act::Poison => {
                let _ = self.poison(region);
            }
            Act::Panic => return Ended::Done(Outcome::Panicked),
            Act::Done(outcome) => return Ended::Done(outcome),
        }
        Ended::Again
    }
}
