//! Tasks that end with their owner: a replica that starts anew leaves nothing of its former self behind.

use std::future::Future;

use sim::task::{JoinHandle, spawn};

/// Some tasks, aborted when this is dropped.
#[derive(Debug, Default)]
pub struct Tasks {
    handles: Vec<JoinHandle<()>>,
}

impl Tasks {
    /// Spawns one more; those that ended are forgotten.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        self.handles.retain(|handle| !handle.is_finished());
        self.handles.push(spawn(task));
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for handle in &self.handles {
            handle.abort();
        }
    }
}
