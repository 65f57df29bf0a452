//! Sets of tasks that are awaited together.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::task::{Context, Poll};

use super::blocking::blocking;
use super::id::Id;
use super::join::{AbortHandle, JoinError, JoinHandle};
use super::slot::WakerSlot;
use super::spawn::spawn_on;
use crate::kernel::{SetKey, current};

/// Tasks of one output type, joined in the order in which they end. Dropping the set aborts them.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// use std::time::Duration;
/// use tourbillon_sim::{task::JoinSet, time::sleep};
/// let mut set = JoinSet::new();
/// for millis in [30, 10, 20] {
///     set.spawn(async move {
///         sleep(Duration::from_millis(millis)).await;
///         millis
///     });
/// }
/// let mut order = Vec::new();
/// while let Some(ended) = set.join_next().await {
///     order.push(ended.unwrap());
/// }
/// assert_eq!(order, [10, 20, 30]);
/// # }).unwrap();
/// ```
pub struct JoinSet<T> {
    /// The kernel's part of it and the world that it belongs to; made for the first task.
    set: Option<(SetKey, u32)>,
    /// By number in the set.
    members: Vec<Option<JoinHandle<T>>>,
    free: Vec<u32>,
}

impl<T> JoinSet<T> {
    /// A set of no tasks.
    pub fn new() -> JoinSet<T> {
        JoinSet { set: None, members: Vec::new(), free: Vec::new() }
    }

    /// Tasks in it, ended or not.
    pub fn len(&self) -> usize {
        self.members.len() - self.free.len()
    }

    /// Whether no task is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: 'static> JoinSet<T> {
    /// Starts a task in the current process, and puts it into the set.
    ///
    /// # Panics
    /// Outside of a simulation.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn_on(task, None, Location::caller()))
    }

    /// The same as [`spawn`](JoinSet::spawn): every task is local.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn_on(task, None, Location::caller()))
    }

    /// As [`spawn_blocking`](super::spawn_blocking), within the set.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, work: F) -> AbortHandle
    where
        F: FnOnce() -> T + 'static,
    {
        self.insert(spawn_on(blocking(work), None, Location::caller()))
    }

    fn insert(&mut self, task: JoinHandle<T>) -> AbortHandle {
        let handle = task.abort_handle();
        let member = match self.free.pop() {
            Some(member) => member,
            None => {
                self.members.push(None);
                u32::try_from(self.members.len() - 1).expect("fewer than 2^32 tasks in a set")
            }
        };
        let known = self.set;
        self.set = current::with(|core| {
            let kernel = &mut core.kernel;
            let set = match known {
                Some((set, nonce)) if nonce == kernel.nonce => set,
                _ => kernel.open_set(),
            };
            kernel.join_set(set, member, task.key());
            (set, kernel.nonce)
        });
        self.members[member as usize] = Some(task);
        handle
    }

    /// Waits for the next task to end: `None` when the set is empty. Nothing is lost when the wait is given up.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// As [`join_next`](JoinSet::join_next), with the task's number.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// A task that has ended, if there is one.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(|ended| ended.map(|(_, output)| output))
    }

    /// As [`try_join_next`](JoinSet::try_join_next), with the task's number.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let mut waker = WakerSlot::Empty;
        self.take_ended(&mut waker)
    }

    /// Polls for the next task to end.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let ended = self.poll_join_next_with_id(cx);
        ended.map(|ended| ended.map(|ended| ended.map(|(_, output)| output)))
    }

    /// As [`poll_join_next`](JoinSet::poll_join_next), with the task's number.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let mut waker = WakerSlot::of(cx.waker());
        match self.take_ended(&mut waker) {
            Some(ended) => Poll::Ready(Some(ended)),
            None => Poll::Pending,
        }
    }

    fn take_ended(&mut self, waker: &mut WakerSlot) -> Option<Result<(Id, T), JoinError>> {
        let (set, nonce) = self.set?;
        let member = current::need("a JoinSet", |core| {
            if core.kernel.nonce == nonce { Some(core.kernel.poll_set(set, waker)) } else { None }
        });
        let member = match member {
            Some(ended) => ended? as usize,
            // In another world its tasks are no more: they answer so, in order of their numbers.
            None => self.members.iter().position(Option::is_some)?,
        };
        let task = self.members[member].take().expect("a member that ends is in the set");
        self.free.push(member as u32);
        let id = task.id();
        Some(task.take().map(|output| (id, output)))
    }

    /// Aborts all and waits until they have ended.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Waits for all, and answers their outputs in the order in which they ended.
    ///
    /// # Panics
    /// When a task panicked, with its payload, or was aborted. The tasks that are left are aborted.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(ended) = self.join_next().await {
            match ended {
                Ok(output) => outputs.push(output),
                Err(error) => match error.try_into_panic() {
                    Ok(payload) => std::panic::resume_unwind(payload),
                    Err(error) => {
                        panic!("a task of a set that was to be joined did not end by itself: {error}")
                    }
                },
            }
        }
        outputs
    }
}

impl<T> JoinSet<T> {
    /// Aborts all. They stay in the set until they are joined.
    pub fn abort_all(&mut self) {
        self.members.iter().flatten().for_each(JoinHandle::abort);
    }

    /// Removes all without aborting them: they go on by themselves.
    pub fn detach_all(&mut self) {
        // First the tasks let go of the set, then the set goes. Their outputs are the user's to drop, one by one.
        let members = std::mem::take(&mut self.members);
        self.free.clear();
        drop(members);
        if let Some((set, nonce)) = self.set.take() {
            let left = current::with(|core| {
                let ours = core.kernel.nonce == nonce;
                if ours { core.kernel.close_set(set) } else { WakerSlot::Empty }
            });
            drop(left);
        }
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
        self.detach_all();
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T: 'static, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> JoinSet<T> {
        let place = Location::caller();
        let mut set = JoinSet::new();
        for task in tasks {
            set.insert(spawn_on(task, None, place));
        }
        set
    }
}
